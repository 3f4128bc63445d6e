import { acquireLock } from '../bootstrap/lock.mjs'
import { type Host, moduleLock, readHost } from '../host.ts'
import type { Progress, StepHandle } from '../progress.ts'
import { TestbedError } from '../testbed-error.ts'
import { buildTool } from './build-tool.ts'
import { findTool, type PinnedTool, pinnedTool } from './find-tool.ts'
import { checkCompiler, findGo } from './go-program.ts'
import { TOOLS, type ToolName } from './tool-table.ts'

/** The absolute paths of the requested tools, and of no others. */
export type ToolPaths = Readonly<Record<ToolName, string>>

interface EnsureOptions {
  readonly progress: Progress
  readonly signal: AbortSignal
  readonly host?: Host
}

/**
 * Finds the named tools, builds the missing tools, and returns the paths of all.
 * @throws GO_MISSING, GO_TOO_OLD, NO_C_COMPILER, TOOL_NOT_HERE and the codes of `buildFailure`
 */
export async function ensureTools(
  names: readonly ToolName[],
  { progress, signal, host = readHost() }: EnsureOptions,
): Promise<ToolPaths> {
  const paths: Partial<Record<ToolName, string>> = {}
  const missing: PinnedTool[] = []
  for (const name of new Set(names)) {
    const tool = await pinnedTool(name, host)
    const found = await findTool(tool, host)
    if (found) paths[name] = found.path
    else missing.push(tool)
  }
  if (missing.length > 0) {
    for (const { name } of missing) checkPlatform(name, host)
    const go = await findGo(host, signal)
    if (missing.some(({ plan }) => plan.cgo)) await checkCompiler(go, host, signal)
    const list = missing.map(({ name, version }) => `${name} ${version}`).join(', ')
    progress.note(`To build once, up to half an hour for all tools: ${list}`)
    for (const [index, tool] of missing.entries()) {
      const title = `tool ${index + 1} of ${missing.length}: build ${tool.name} ${tool.version}`
      paths[tool.name] = await progress.step(title, (step) => buildLocked(tool, go, host, step, signal))
    }
  }
  return paths as ToolPaths
}

function checkPlatform(name: ToolName, host: Host): void {
  if (TOOLS[name].linuxOnly && host.platform !== 'linux') {
    throw new TestbedError('TOOL_NOT_HERE', `${name} runs on Linux only; this machine is ${host.platform}`)
  }
}

/** Takes a lock per module so that a concurrent run waits and then finds the finished tool. */
async function buildLocked(
  tool: PinnedTool,
  go: string,
  host: Host,
  step: StepHandle,
  signal: AbortSignal,
): Promise<string> {
  const release = await acquireLock(moduleLock(TOOLS[tool.name].folder, host), {
    what: `building ${tool.name}`,
    onWait: (holder) =>
      step.update(`waiting for another run (process ${holder.pid}, ${holder.what} since ${holder.since})`),
    signal,
  })
  try {
    const built = await findTool(tool, host)
    if (built) step.update('another run has built it')
    return built?.path ?? (await buildTool(tool, go, host, step, signal))
  } finally {
    release()
  }
}
