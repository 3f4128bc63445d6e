import { randomInt } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { createProgress } from '../../tools/progress.ts'
import { describeFailure } from '../../tools/testbed-error.ts'
import { runHostileNamespace } from './hostile-namespace.ts'
import { runMemory } from './memory.ts'
import { runRivals } from './run-rivals.ts'
import { runSoak } from './run-soak.ts'
import { readSoakOptions, SOAK_USAGE } from './soak-options.ts'
import { soakSimulation } from './soak-simulation.ts'
import { soakZoo } from './soak-zoo.ts'

const interrupt = new AbortController()
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => interrupt.abort(name))

const root = fileURLToPath(new URL('../..', import.meta.url))
try {
  const [first, ...rest] = process.argv.slice(2)
  if (first === 'simulation') {
    process.exitCode = await soakSimulation(rest, (text) => console.log(text), interrupt.signal)
    process.exit()
  }
  if (first === 'zoo') {
    process.exitCode = await soakZoo(rest, (text) => console.log(text), interrupt.signal)
    process.exit()
  }
  if (first === 'memory') {
    const progress = createProgress(process.stderr, process.env.CI)
    const print = (text: string): void => console.log(text)
    const sizes = { pods: 10_000, replicaSets: 20_000, rollouts: 0 }
    process.exitCode = await runMemory(sizes, { progress, print }, interrupt.signal)
    process.exit()
  }
  const options = readSoakOptions(process.argv.slice(2), () => randomInt(0x7fffffff))
  if (options.help) console.log(SOAK_USAGE)
  else {
    const progress = createProgress(process.stderr, process.env.CI)
    const print = (text: string): void => console.log(text)
    process.exitCode = options.rivals
      ? await runRivals(options, { root, progress, print, now: Date.now }, interrupt.signal)
      : options.hostile
        ? await runHostileNamespace({ giant: 500, plain: 10_000 }, { progress, print }, interrupt.signal)
        : await runSoak(options, { root, progress, print, now: Date.now }, interrupt.signal)
  }
} catch (error) {
  if (interrupt.signal.aborted) {
    console.error(`Interrupted by ${interrupt.signal.reason}; the same seed continues where this run stopped.`)
    process.exitCode = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }[String(interrupt.signal.reason)] ?? 1
  } else {
    console.error(error instanceof TypeError ? `${error.message}\n\n${SOAK_USAGE}` : describeFailure(error))
    process.exitCode = 1
  }
}
