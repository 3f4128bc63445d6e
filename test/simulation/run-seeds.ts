import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { shrink } from './shrink.ts'
import { type Plan, planOf, type Report, simulate } from './simulate.ts'

/** The result of a run, as reported by a worker. */
export type Outcome = Pick<Report, 'plan' | 'violations' | 'time' | 'events'>

const WORKER = fileURLToPath(new URL('worker.ts', import.meta.url))

/**
 * Runs the seeds on several threads, in any order. The order does not change the outcome of a seed.
 */
export async function runSeeds(
  seeds: Iterator<number>,
  threads: number,
  onOutcome: (outcome: Outcome) => void,
): Promise<void> {
  await Promise.all(Array.from({ length: threads }, () => runThread(seeds, onOutcome)))
}

/**
 * A thread is replaced after this many seeds, because Node keeps the AbortSignals of killed
 * processes (0.6 MB per seed).
 */
const SEEDS_PER_THREAD = 500

async function runThread(seeds: Iterator<number>, onOutcome: (outcome: Outcome) => void): Promise<void> {
  while (await runBatch(seeds, onOutcome));
}

/** Runs a batch of seeds on a new thread. Returns true if there may be more seeds. */
function runBatch(seeds: Iterator<number>, onOutcome: (outcome: Outcome) => void): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(WORKER)
    let left = SEEDS_PER_THREAD
    const next = (): void => {
      const isFull = left === 0
      const { value, done } = isFull ? { value: 0, done: true } : seeds.next()
      left -= 1
      if (done) void worker.terminate().then(() => resolve(isFull))
      else worker.postMessage(value)
    }
    worker.on('message', (outcome: Outcome) => {
      onOutcome(outcome)
      next()
    })
    worker.on('error', reject)
    next()
  })
}

/**
 * Explains a violation by the fewest faults that still cause it, with the command that runs them
 * again.
 */
export async function explain(plan: Plan): Promise<string> {
  const report = await shrink(plan)
  const { violations, plan: short } = report
  const whole = planOf(plan.seed)
  const only = short.faults.map((fault) =>
    whole.faults.findIndex((one) => JSON.stringify(one) === JSON.stringify(fault)),
  )
  return [
    ...violations.slice(0, 5).map(({ rule, at, detail }) => `${rule} at ${(at / 1000).toFixed(3)} s: ${detail}`),
    `settings: ${JSON.stringify(short.settings)}`,
    'the shortest sequence of faults:',
    ...short.faults.map((fault) => `  ${JSON.stringify(fault)}`),
    `again: npm test -- simulation --seed ${plan.seed}${only.length === whole.faults.length ? '' : ` --only ${only.join()}`}`,
  ].join('\n')
}

/** Runs a seed, or only some of its faults, with a trace. */
export async function replay(seed: number, only: readonly number[] | undefined): Promise<Report> {
  const whole = planOf(seed)
  const plan =
    only === undefined ? whole : { ...whole, faults: whole.faults.filter((_, index) => only.includes(index)) }
  return simulate(plan, { trace: true })
}
