import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { TOOL_OPTIONS } from '../tools/build/tool-options.ts'
import type { Progress } from '../tools/progress.ts'
import { TestbedError } from '../tools/testbed-error.ts'
import type { CommandOutput } from './cloud/run-cloud.ts'

export interface SandboxDeps extends CommandOutput {
  readonly progress: Progress
  readonly signal: AbortSignal
}

/** The usage is a file, because the bootstrap prints it on a machine that has no packages yet. */
const USAGE = new URL('usage.txt', import.meta.url)

/**
 * Runs the command `sandbox` and returns the exit code.
 * @throws SANDBOX_ARGUMENTS for invalid arguments
 */
export async function runSandbox(argv: readonly string[], deps: SandboxDeps): Promise<number> {
  const { command, fast, help, build, 'keep-caches': keepCaches, ...cloud } = readArguments(argv)
  const { progress, signal } = deps
  if (help) {
    deps.stdout.write(readFileSync(USAGE, 'utf8'))
  } else if (command === 'cloud') {
    const { runCloud } = await import('./cloud/run-cloud.ts')
    await runCloud(cloud, deps, signal)
  } else if (command === 'down') {
    const { endSandboxes } = await import('./environment/register.ts')
    deps.stdout.write(`${await endSandboxes(signal)}\n`)
  } else {
    const { startEnvironment } = await import('./environment/start-environment.ts')
    const up = command === 'up'
    const tools = up ? (['helm4'] as const) : (['helm4', 'act'] as const)
    await using environment = await startEnvironment({ tools, fast, build, keepCaches, progress, signal })
    if (up) {
      const { keepUp } = await import('./environment/keep-up.ts')
      await keepUp(environment, deps)
    } else {
      const { runDemo } = await import('./demo/run-demo.ts')
      await runDemo(environment, progress, signal)
    }
  }
  return 0
}

const OPTIONS = {
  ...TOOL_OPTIONS,
  fast: { type: 'boolean', default: false },
  tls: { type: 'boolean', default: false },
  port: { type: 'string', default: '0' },
  help: { type: 'boolean', short: 'h', default: false },
} as const
/** The options of the commands that start clusters. */
const STARTING = ['fast', 'build', 'keep-caches']
/** The options of each command, in addition to `--help`. */
const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  '': STARTING,
  up: STARTING,
  down: [],
  cloud: ['port', 'tls'],
}

function readArguments(argv: readonly string[]) {
  try {
    const config = { args: [...argv], options: OPTIONS, allowPositionals: true, tokens: true } as const
    const { values, positionals, tokens } = parseArgs(config)
    const [command = '', seedFile, ...rest] = positionals
    const own = COMMANDS[command]
    if (own === undefined || (seedFile !== undefined && command !== 'cloud') || rest.length > 0)
      throw new Error(`unknown command: ${positionals.join(' ')}`)
    for (const token of tokens)
      if (token.kind === 'option' && token.name !== 'help' && !own.includes(token.name))
        throw new Error(`${token.rawName} is not an option of sandbox ${command}`.trimEnd())
    const port = Number(values.port)
    if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error('--port must be a number from 0 to 65535')
    return { command, seedFile, ...values, port }
  } catch (error) {
    throw new TestbedError('SANDBOX_ARGUMENTS', error instanceof Error ? error.message : String(error))
  }
}
