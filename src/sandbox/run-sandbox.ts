import { parseArgs } from 'node:util'
import { NopassError } from '../errors.ts'
import type { CommandOutput } from './cloud/run-cloud.ts'
import type { Progress } from './progress.ts'

export interface SandboxDeps extends CommandOutput {
  readonly progress: Progress
  readonly signal: AbortSignal
}

export const SANDBOX_USAGE = `usage: npm run sandbox [-- COMMAND] [--fast]

  (no command)  runs the demo: two real clusters, an emulated Alibaba Cloud, a workflow, a Pod that pulls; removes everything at the end
  up            starts clusters, cloud and registry and keeps them running until Ctrl-C or \`down\`
  down          stops a sandbox that runs in another terminal, and removes what a killed one left behind
  cloud         serves only the emulated Alibaba Cloud (cloud --help)

  --fast        do not start the real node (containerd and kubelet)
`

/** Runs the command `sandbox` and returns the exit code. @throws SANDBOX_ARGUMENTS for invalid arguments */
export async function runSandbox(argv: readonly string[], deps: SandboxDeps): Promise<number> {
  if (argv[0] === 'cloud') {
    const { runCloud } = await import('./cloud/run-cloud.ts')
    return runCloud(argv.slice(1), deps, deps.signal)
  }
  const { command, fast, help } = readArguments(argv)
  if (help) {
    deps.stdout.write(SANDBOX_USAGE)
    return 0
  }
  if (command === 'down') {
    const { endSandboxes } = await import('./environment/register.ts')
    deps.stdout.write(`${await endSandboxes(deps.signal)}\n`)
    return 0
  }
  const { startEnvironment } = await import('./environment/start-environment.ts')
  const { progress, signal } = deps
  const up = command === 'up'
  await using environment = await startEnvironment({ tools: up ? ['helm4'] : ['helm4', 'act'], fast, progress, signal })
  if (up) {
    const { keepUp } = await import('./environment/keep-up.ts')
    await keepUp(environment, deps)
  } else {
    const { runDemo } = await import('./demo/run-demo.ts')
    await runDemo(environment, progress, signal)
  }
  return 0
}

interface Arguments {
  readonly command: '' | 'up' | 'down'
  readonly fast: boolean
  readonly help: boolean
}

function readArguments(argv: readonly string[]): Arguments {
  try {
    const options = { fast: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const
    const { values, positionals } = parseArgs({ args: [...argv], options, allowPositionals: true })
    const [command = '', ...rest] = positionals
    if (rest.length > 0 || (command !== '' && command !== 'up' && command !== 'down')) {
      throw new Error(`unknown command: ${positionals.join(' ')}`)
    }
    return { command, fast: values.fast === true, help: values.help === true }
  } catch (error) {
    throw new NopassError('SANDBOX_ARGUMENTS', error instanceof Error ? error.message : String(error))
  }
}
