import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { openZooCluster } from '../zoo/cluster.ts'
import { planOf } from '../zoo/draw-zoo.ts'
import { explain } from '../zoo/explain.ts'
import { runZoo } from '../zoo/run-zoo.ts'

/** How many failing seeds are minimized and printed. */
const EXPLAINED = 3

/** Runs new clusters of the zoo for this many minutes. Returns 1 if a cluster broke a rule. */
export async function soakZoo(
  argv: readonly string[],
  print: (text: string) => void,
  signal: AbortSignal,
): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: { minutes: { type: 'string', default: '20' }, from: { type: 'string' } },
  })
  const minutes = Number(values.minutes)
  // Beyond the seeds of `npm test -- zoo`.
  const first = values.from === undefined ? randomInt(1_000_000, 0x7fffffff) : Number(values.from)
  if (!(minutes > 0) || !Number.isInteger(first)) throw new TypeError('--minutes and --from take numbers')
  print(`seeds from ${first} on, for ${minutes} minutes`)
  await using zoo = await openZooCluster()
  const end = performance.now() + minutes * 60_000
  const broken: number[] = []
  let count = 0
  for (; performance.now() < end && !signal.aborted; count += 1) {
    const { plan, violations } = await runZoo(zoo, planOf(first + count))
    if (violations.length > 0) {
      broken.push(plan.seed)
      print(`✖ seed ${plan.seed} (${plan.operation}): ${violations[0]?.rule}: ${violations[0]?.detail}`)
    }
    if (count % 50 === 49) print(`${count + 1} clusters, ${broken.length} broke a rule`)
  }
  for (const seed of broken.slice(0, EXPLAINED)) {
    if (!signal.aborted) print(`\n${await explain(zoo, planOf(seed))}`)
  }
  print(`${count} clusters (seeds ${first} to ${first + count - 1}), ${broken.length} broke a rule`)
  return broken.length > 0 ? 1 : 0
}
