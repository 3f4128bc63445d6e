import { NopassError } from '../../errors.ts'
import type { CliHost } from '../program/cli-host.ts'
import type { Cli } from '../program/command.ts'

/** `sandbox`: passes its arguments unchanged. */
export function addSandbox({ program, run }: Cli): void {
  program
    .command('sandbox')
    .description('The demo on real parts; `sandbox up|down|cloud` for its parts, `sandbox --help` for more.')
    .argument('[words...]')
    .allowUnknownOption()
    .passThroughOptions()
    .helpOption(false)
    .action(run(async () => (_flags, host, words) => sandbox(words, host)))
}

/** Runs the sandbox, which is part of a checkout only. */
async function sandbox(words: readonly string[], host: CliHost): Promise<number> {
  const [{ runSandbox }, { createProgress }] = await load()
  const { signal, env } = host
  const [stdout, stderr] = [host.stdout.raw ?? host.stdout, host.stderr.raw ?? host.stderr]
  const progress = createProgress(stdout, env.CI)
  return runSandbox(words, { progress, stdout, stderr, signal })
}

async function load() {
  try {
    return await Promise.all([import('../../sandbox/run-sandbox.ts'), import('../../sandbox/progress.ts')])
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause
    throw new NopassError('SANDBOX_ABSENT', 'the sandbox is not here', { cause })
  }
}
