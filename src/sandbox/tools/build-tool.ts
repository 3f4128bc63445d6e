import { chmod, mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { NopassError } from '../../errors.ts'
import { formatDuration } from '../../lib/format-duration.ts'
import type { StepHandle } from '../progress.ts'
import { type GoModule, runGoBuild } from './go-build.ts'
import { type GoProgram, isOlderRelease } from './go-program.ts'
import { cacheFolder, goArchitecture, type Host } from './host.ts'
import type { BuildPlan } from './tool-key.ts'
import type { ToolName } from './tool-table.ts'

/** The build of one missing tool. */
export interface ToolBuild {
  readonly name: ToolName
  readonly module: GoModule
  readonly plan: BuildPlan
  readonly key: string
  readonly go: GoProgram
  /** Expected duration with empty caches in milliseconds. */
  readonly estimate: number
}

/**
 * Builds one tool into the cache and returns its path. The caller must hold the lock of the tool's module. The program
 * gets its final path only when it is complete.
 * @throws the codes of `buildFailure`
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
    await writeBuildInfo(draft, build, seconds)
    await rename(draft, join(parent, build.key))
    return join(parent, build.key, build.name)
  } finally {
    step.update('')
    await rm(draft, { recursive: true, force: true })
  }
}

/** Formats progress as `210 packages compiled, about 40 s left`; before that with the number of downloaded modules. */
function describeCount(count: { downloads: number; packages: number }, elapsed: number, estimate: number): string {
  const left = estimate - elapsed
  const timeLeft = left > 0 ? `about ${formatDuration(Math.ceil(left / 5_000) * 5_000)} left` : 'longer than usual'
  if (count.packages > 0) return `${count.packages} packages compiled, ${timeLeft}`
  if (count.downloads > 0) return `${count.downloads} modules downloaded, ${timeLeft}`
  return timeLeft
}

async function writeBuildInfo(draft: string, build: ToolBuild, seconds: number): Promise<void> {
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
    // Proxies and caches are the user's; settings that would change the program are overridden.
    GO111MODULE: 'on',
    GOFLAGS: '-mod=readonly',
    GOWORK: 'off',
    GOOS: host.platform,
    GOARCH: goArchitecture(host.arch),
    CGO_ENABLED: build.plan.cgo ? '1' : '0',
    GOTOOLCHAIN: isOlderRelease(build.go.version, build.module.go) ? 'auto' : 'local',
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
