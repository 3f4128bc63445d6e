import { chmod, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { NopassError } from '../../errors.ts'
import { formatDuration, type StepHandle } from '../progress.ts'
import { type GoModule, runGoBuild } from './go-build.ts'
import { type GoProgram, isOlder } from './go-program.ts'
import { cacheFolder, goArchitecture, type Host } from './host.ts'
import type { BuildPlan } from './tool-key.ts'
import type { ToolName } from './tool-table.ts'

/** One missing tool, with everything that its build needs. */
export interface ToolBuild {
  readonly name: ToolName
  readonly module: GoModule
  readonly plan: BuildPlan
  readonly key: string
  readonly go: GoProgram
  /** Expected duration with empty caches, milliseconds. */
  readonly estimate: number
}

/**
 * Builds one tool into the cache and returns its path. The caller holds the lock of the tool's module. The program appears under its
 * name only when it is complete. Throws the codes of `buildFailure`.
 */
export async function buildTool(build: ToolBuild, host: Host, step: StepHandle, signal: AbortSignal): Promise<string> {
  const cache = cacheFolder(host)
  const parent = join(cache, 'tools', build.name)
  const logs = join(cache, 'logs', 'tools')
  await Promise.all([mkdir(parent, { recursive: true }), mkdir(logs, { recursive: true })])
  await removeUnfinished(parent)
  const draft = join(parent, `.unfinished-${build.key}`)
  await mkdir(draft)
  try {
    const started = performance.now()
    const logFile = join(logs, `${build.name}.log`)
    const { code, output } = await runGoBuild(
      {
        go: build.go.path,
        cwd: build.module.folder,
        arguments: ['build', '-v', ...build.plan.arguments, '-o', join(draft, build.name), build.plan.package],
        env: buildEnvironment(build, host),
        logFile,
        onCount: (count) => step.update(describeCount(count, performance.now() - started, build.estimate)),
      },
      signal,
    )
    if (code !== 0) throw buildFailure(build.name, output, logFile)
    const seconds = Math.round((performance.now() - started) / 1000)
    await finish(draft, build, seconds)
    await rename(draft, join(parent, build.key))
    return join(parent, build.key, build.name)
  } finally {
    step.update('')
    await rm(draft, { recursive: true, force: true })
  }
}

/** `210 packages compiled, about 40 s left`; before that the fetched modules. */
function describeCount(count: { downloads: number; packages: number }, elapsed: number, estimate: number): string {
  const left = estimate - elapsed
  const when = left > 0 ? `about ${formatDuration(Math.ceil(left / 5_000) * 5_000)} left` : 'longer than usual'
  if (count.packages > 0) return `${count.packages} packages compiled, ${when}`
  if (count.downloads > 0) return `${count.downloads} modules fetched, ${when}`
  return when
}

async function finish(draft: string, build: ToolBuild, seconds: number): Promise<void> {
  await chmod(join(draft, build.name), 0o755)
  const { size } = await stat(join(draft, build.name))
  const facts = { version: build.module.version, go: build.go.version, seconds, size }
  await writeFile(join(draft, 'build.json'), `${JSON.stringify(facts)}\n`)
}

async function removeUnfinished(parent: string): Promise<void> {
  for (const entry of await readdir(parent)) {
    if (entry.startsWith('.unfinished-')) await rm(join(parent, entry), { recursive: true, force: true })
  }
}

function buildEnvironment(build: ToolBuild, host: Host): Record<string, string | undefined> {
  return {
    ...host.env,
    // The user's proxies and caches are kept; settings that would change the program are overridden.
    GO111MODULE: 'on',
    GOFLAGS: '-mod=readonly',
    GOWORK: 'off',
    GOOS: host.platform,
    GOARCH: goArchitecture(host.arch),
    CGO_ENABLED: build.plan.cgo ? '1' : '0',
    GOTOOLCHAIN: isOlder(build.go.version, build.module.go) ? 'auto' : 'local',
  }
}

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

/** The error of a failed `go build`, from the first line of its output that shows a known cause. */
export function buildFailure(tool: string, output: string, logFile: string): NopassError {
  const lines = output.split('\n').filter((line) => line.trim() !== '')
  for (const { code, sign } of CAUSES) {
    const line = lines.find((text) => sign.test(text))
    if (line) return new NopassError(code, `${tool} cannot be built: ${shorten(line)} (log: ${logFile})`)
  }
  const last = lines.findLast((line) => !line.startsWith('go: downloading ')) ?? 'go build ended without a word'
  return new NopassError('TOOL_BUILD_FAILED', `${tool} cannot be built: ${shorten(last)} (log: ${logFile})`)
}

/** Shortens a long line in the middle, which is mostly paths; its end has the error. */
function shorten(line: string): string {
  const text = line.trim().replace(/^go: /, '')
  return text.length <= 280 ? text : `${text.slice(0, 140)} … ${text.slice(-130)}`
}
