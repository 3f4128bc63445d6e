import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { NopassError } from '../../errors.ts'
import type { StepHandle } from '../progress.ts'
import { buildName, buildsFolder, type PinnedTool } from './find-tool.ts'
import { runGoBuild } from './go-build.ts'
import type { GoProgram } from './go-program.ts'
import { cacheFolder, goArchitecture, type Host } from './host.ts'

/**
 * Builds one tool into the cache and returns its path. The caller must hold the lock of the tool's module. The program
 * gets its final path only when it is complete.
 * @throws the codes of `buildFailure`
 */
export async function buildTool(
  tool: PinnedTool,
  go: GoProgram,
  host: Host,
  step: StepHandle,
  signal: AbortSignal,
): Promise<string> {
  const { name, plan } = tool
  const parent = buildsFolder(name, host)
  const logs = join(cacheFolder(host), 'logs', 'tools')
  await Promise.all([mkdir(parent, { recursive: true }), mkdir(logs, { recursive: true })])
  await removeUnfinished(parent)
  const draft = join(parent, `.unfinished-${tool.source}`)
  await mkdir(draft)
  try {
    const logFile = join(logs, `${name}.log`)
    const { code, output } = await runGoBuild(
      {
        go: go.path,
        cwd: tool.moduleFolder,
        arguments: ['build', '-v', ...plan.arguments, '-o', join(draft, name), plan.package],
        env: {
          ...host.env,
          // Proxies and caches are the user's; settings that would change the program are overridden.
          GO111MODULE: 'on',
          GOFLAGS: '-mod=readonly',
          GOWORK: 'off',
          GOOS: host.platform,
          GOARCH: goArchitecture(host.arch),
          CGO_ENABLED: plan.cgo ? '1' : '0',
          // An older Go downloads the one that the module requires.
          GOTOOLCHAIN: 'auto',
        },
        logFile,
        onProgress: (text) => step.update(text),
      },
      signal,
    )
    if (code !== 0) throw buildFailure(name, output, logFile)
    const folder = join(parent, buildName(tool, go.version))
    await rename(draft, folder)
    return join(folder, name)
  } finally {
    step.update('')
    await rm(draft, { recursive: true, force: true })
  }
}

async function removeUnfinished(parent: string): Promise<void> {
  for (const entry of await readdir(parent)) {
    if (entry.startsWith('.unfinished-')) await rm(join(parent, entry), { recursive: true, force: true })
  }
}

interface Cause {
  readonly code: 'NO_DISK_SPACE' | 'TOOL_DOWNLOAD_FAILED' | 'TOOL_CHECKSUM' | 'NO_C_COMPILER'
  readonly pattern: RegExp
}

// The order matters: a full disk also breaks downloads, and a checksum mismatch may mention the network.
const CAUSES: readonly Cause[] = [
  { code: 'NO_DISK_SPACE', pattern: /no space left on device|disk quota exceeded/i },
  { code: 'TOOL_CHECKSUM', pattern: /checksum mismatch|SECURITY ERROR|missing go\.sum entry/ },
  {
    code: 'TOOL_DOWNLOAD_FAILED',
    pattern:
      /dial tcp|no such host|connection (refused|reset)|i\/o timeout|TLS handshake|proxyconnect|network is unreachable|unexpected EOF|module lookup disabled|toolchain not available|: (40[347]|410|429|5\d\d) [A-Z]|x509:/,
  },
  { code: 'NO_C_COMPILER', pattern: /C compiler .* not found|"(gcc|cc|clang)": executable file not found|cgo: .*exec/ },
]

/** Returns the error of a failed `go build`, from the first line of its output with a known cause. */
export function buildFailure(tool: string, output: string, logFile: string): NopassError {
  const lines = output.split('\n').filter((line) => line.trim() !== '')
  for (const { code, pattern } of CAUSES) {
    const line = lines.find((text) => pattern.test(text))
    if (line) return new NopassError(code, `${tool} cannot be built: ${shorten(line)} (log: ${logFile})`)
  }
  const last = lines.findLast((line) => !line.startsWith('go: downloading ')) ?? 'go build failed without output'
  return new NopassError('TOOL_BUILD_FAILED', `${tool} cannot be built: ${shorten(last)} (log: ${logFile})`)
}

/** Shortens a long line in the middle, which usually consists of paths; the error is at its end. */
function shorten(line: string): string {
  const text = line.trim().replace(/^go: /, '')
  return text.length <= 280 ? text : `${text.slice(0, 140)} … ${text.slice(-130)}`
}
