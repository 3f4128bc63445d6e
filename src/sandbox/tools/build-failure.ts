import { NopassError } from '../../errors.ts'

interface Cause {
  readonly code: 'NO_DISK_SPACE' | 'TOOL_DOWNLOAD_FAILED' | 'TOOL_CHECKSUM' | 'NO_C_COMPILER'
  readonly sign: RegExp
}

// In this order: a full disk also breaks downloads, and a wrong checksum is not a broken network.
const CAUSES: readonly Cause[] = [
  { code: 'NO_DISK_SPACE', sign: /no space left on device|disk quota exceeded/i },
  { code: 'TOOL_CHECKSUM', sign: /checksum mismatch|SECURITY ERROR|missing go\.sum entry/ },
  {
    code: 'TOOL_DOWNLOAD_FAILED',
    sign: /dial tcp|no such host|connection (refused|reset)|i\/o timeout|TLS handshake|proxyconnect|network is unreachable|unexpected EOF|module lookup disabled|toolchain not available|: (40[347]|410|429|5\d\d) [A-Z]|x509:/,
  },
  { code: 'NO_C_COMPILER', sign: /C compiler .* not found|"(gcc|cc|clang)": executable file not found|cgo: .*exec/ },
]

/** What a failed `go build` means for a person: the first line that tells the cause, and our fix for it. */
export function buildFailure(tool: string, output: string, logFile: string): NopassError {
  const lines = output.split('\n').filter((line) => line.trim() !== '')
  for (const { code, sign } of CAUSES) {
    const line = lines.find((text) => sign.test(text))
    if (line) return new NopassError(code, `${tool} cannot be built: ${shorten(line)} (log: ${logFile})`)
  }
  const last = lines.findLast((line) => !line.startsWith('go: downloading ')) ?? 'go build ended without a word'
  return new NopassError('TOOL_BUILD_FAILED', `${tool} cannot be built: ${shorten(last)} (log: ${logFile})`)
}

/** One line that fits: the middle of a long one is mostly paths, its end says what happened. */
function shorten(line: string): string {
  const text = line.trim().replace(/^go: /, '')
  return text.length <= 280 ? text : `${text.slice(0, 140)} … ${text.slice(-130)}`
}
