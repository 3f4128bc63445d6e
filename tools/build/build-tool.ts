import { readFileSync } from 'node:fs'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { orElse } from '../../src/lib/or-else.ts'
import { cacheFolder, goArchitecture, type Host } from '../host.ts'
import { ledgerFolder, openRun, type Run } from '../process/run.ts'
import type { StepHandle } from '../progress.ts'
import { TestbedError } from '../testbed-error.ts'
import { compileCache } from './build-cache.ts'
import { buildsFolder, type PinnedTool } from './find-tool.ts'

/**
 * No debug information is compiled, because the linker would remove it (`-s -w`). This saves a
 * tenth of the time and a fifth of the compiled packages. The program is the same, so the flag is
 * no part of its key.
 */
const FASTER = ['-gcflags=all=-dwarf=false']

/**
 * Builds one tool into the cache and returns its path. The caller must hold the lock of the tool's
 * module. The program gets its final path only when it is complete. After an interruption the next
 * build continues, because the compiled packages are kept until all builds are done.
 * @throws the codes of `buildFailure`
 */
export async function buildTool(
  tool: PinnedTool,
  go: string,
  host: Host,
  step: StepHandle,
  signal: AbortSignal,
): Promise<string> {
  const { name, plan } = tool
  const parent = buildsFolder(name, host)
  const logs = join(cacheFolder(host), 'logs', 'tools')
  await using run = await openRun(ledgerFolder(host))
  const draft = join(parent, `.unfinished-${run.id}`)
  run.record({ kind: 'folder', path: draft })
  await Promise.all([mkdir(draft, { recursive: true }), mkdir(logs, { recursive: true })])
  const logFile = join(logs, `${name}.log`)
  const args = ['build', '-v', ...FASTER, ...plan.arguments, '-o', join(draft, name), plan.package]
  await writeFile(logFile, `$ go ${args.join(' ')}\n`)
  const readLog = () => orElse(() => readFileSync(logFile, 'utf8'), '')
  const timer = setInterval(() => step.update(describeProgress(readLog())), 500)
  try {
    const { code } = await runGo(tool, { go, host, run, args, logFile, signal })
    if (code !== 0) throw buildFailure(name, readLog(), logFile)
    const folder = join(parent, tool.source)
    await rename(draft, folder)
    return join(folder, name)
  } finally {
    clearInterval(timer)
    step.update('')
  }
}

/**
 * Compiles Go's standard library, so that rows of builds that begin together do not both do it.
 * Settles also if that fails, because the next build then fails with its reason.
 */
export async function compileStandardLibrary(
  tool: PinnedTool,
  go: string,
  host: Host,
  signal: AbortSignal,
): Promise<void> {
  await using run = await openRun(ledgerFolder(host))
  await runGo(tool, { go, host, run, args: ['build', ...FASTER, '-trimpath', '-buildvcs=false', 'std'], signal })
}

interface GoCall {
  readonly go: string
  readonly host: Host
  /** Ends with the signal, and with it the program. */
  readonly run: Run
  readonly args: readonly string[]
  readonly logFile?: string
  readonly signal: AbortSignal
}

/** Runs Go in the folder of a tool's module, and waits for its end. */
async function runGo({ plan, moduleFolder }: PinnedTool, { go, host, run, args, logFile, signal }: GoCall) {
  signal.throwIfAborted()
  const stop = (): void => void run.end()
  signal.addEventListener('abort', stop, { once: true })
  try {
    const build = await run.start({
      name: 'go',
      disposable: true,
      command: go,
      args,
      cwd: moduleFolder,
      ...(logFile !== undefined && { logFile }),
      env: buildEnvironment(plan, host, run),
    })
    const ended = await build.exited
    signal.throwIfAborted()
    return ended
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

function buildEnvironment(plan: PinnedTool['plan'], host: Host, run: Run): NodeJS.ProcessEnv {
  return {
    ...host.env,
    // Proxies and the cache of modules come from the user's environment. Settings that would
    // change the program are overridden.
    GOCACHE: compileCache(host),
    GO111MODULE: 'on',
    GOFLAGS: '-mod=readonly',
    GOWORK: 'off',
    GOOS: plan.target ?? host.platform,
    GOARCH: goArchitecture(host.arch),
    CGO_ENABLED: plan.cgo ? '1' : '0',
    // The compiler collects no garbage below this limit, which saves a seventh of its time.
    GOGC: host.env.GOGC || (host.env.GOMEMLIMIT ? '400' : 'off'),
    GOMEMLIMIT: host.env.GOMEMLIMIT || '2GiB',
    // An older Go downloads the version that the module requires.
    GOTOOLCHAIN: 'auto',
    GOTMPDIR: host.env.GOTMPDIR || run.folder,
  }
}

const isDownload = (line: string): boolean => line.startsWith('go: downloading ')
/** With `-v` Go prints each package that it compiles. */
const isPackage = (line: string): boolean => /^[\w.~/-]+$/.test(line)

function describeProgress(log: string): string {
  const lines = log.split('\n')
  const packages = lines.filter(isPackage).length
  return packages > 0 ? `${packages} packages compiled` : `${lines.filter(isDownload).length} modules downloaded`
}

interface Cause {
  readonly code: 'NO_DISK_SPACE' | 'TOOL_DOWNLOAD_FAILED' | 'TOOL_CHECKSUM' | 'NO_C_COMPILER'
  readonly pattern: RegExp
}

// The order matters: a full disk also breaks downloads, and a checksum mismatch may mention the
// network.
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

/** Returns the error of a failed `go build`, from the first line of its log with a known cause. */
export function buildFailure(tool: string, log: string, logFile: string): TestbedError {
  const fail = (code: Cause['code'] | 'TOOL_BUILD_FAILED', line: string): TestbedError =>
    new TestbedError(code, `${tool} cannot be built: ${shorten(line)} (log: ${logFile})`)
  const isOther = (line: string): boolean => !isDownload(line) && !isPackage(line) && !/^(\$ go .*|\s*)$/.test(line)
  const lines = log.split('\n').filter(isOther)
  for (const { code, pattern } of CAUSES) {
    const line = lines.find((text) => pattern.test(text))
    if (line) return fail(code, line)
  }
  return fail('TOOL_BUILD_FAILED', lines.at(-1) ?? 'go build failed without output')
}

/**
 * Shortens the middle of a long line, which usually contains paths. The error is at the end of the
 * line.
 */
function shorten(line: string): string {
  const text = line.trim().replace(/^go: /, '')
  return text.length <= 280 ? text : `${text.slice(0, 140)} … ${text.slice(-130)}`
}
