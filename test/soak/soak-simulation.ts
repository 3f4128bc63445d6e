import { randomInt } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { explain, runSeeds } from '../simulation/run-seeds.ts'
import { planOf } from '../simulation/simulate.ts'

/** How many failing seeds are minimized and printed. */
const EXPLAINED = 3

/** Runs new seeds of the simulation for this many minutes. Returns 1 if a seed broke a rule. */
export async function soakSimulation(
  argv: readonly string[],
  print: (text: string) => void,
  signal: AbortSignal,
): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: { minutes: { type: 'string', default: '30' }, from: { type: 'string' } },
  })
  const minutes = Number(values.minutes)
  // Beyond the seeds of `npm test`.
  const first = values.from === undefined ? randomInt(1_000_000, 0x7fffffff) : Number(values.from)
  if (!(minutes > 0) || !Number.isInteger(first)) throw new TypeError('--minutes and --from take numbers')
  const end = performance.now() + minutes * 60_000
  let count = 0
  function* seeds(): Generator<number> {
    for (; performance.now() < end && !signal.aborted; count += 1) yield first + count
  }
  print(`seeds from ${first} on, for ${minutes} minutes`)
  const broken: number[] = []
  let [time, faults, done] = [0, 0, 0]
  await runSeeds(seeds(), availableParallelism(), (outcome) => {
    done += 1
    time += outcome.time
    faults += outcome.plan.faults.length
    const { seed } = outcome.plan
    if (outcome.violations.length > 0) {
      broken.push(seed)
      print(`✖ seed ${seed}: ${outcome.violations[0]?.rule}: ${outcome.violations[0]?.detail}`)
    }
    if (done % 200 === 0) print(`${done} seeds, ${broken.length} broke a rule`)
  })
  for (const seed of broken.slice(0, EXPLAINED)) print(`\n${await explain(planOf(seed))}`)
  const hours = Math.round(time / 3_600_000)
  print(
    `${done} seeds (${first} to ${first + count - 1}), ${hours} simulated hours, ${faults} faults, ${broken.length} broke a rule`,
  )
  return broken.length > 0 ? 1 : 0
}
