import { parseArgs } from 'node:util'
import type { Settings } from './scenarios/scenario.ts'

export interface BenchOptions {
  readonly names: readonly string[]
  readonly long: boolean
  /** Default: when all scenarios run. */
  readonly write: boolean
  readonly list: boolean
  readonly help: boolean
  readonly settings: Settings
}

export const BENCH_USAGE = `npm run bench [-- NAME… OPTIONS]     all scenarios, or these

  --list                 the scenarios, and how long they take
  --long                 also those with ten thousand namespaces
  --write, --no-write    write the figures into the pages, docs/*/performance.md and scale.md (default: only when all scenarios ran)
  --namespaces N         of cold start and rotation (default 1000)
  --rounds N             of cold start and rotation (default 3)
  --singles N            new namespaces, one at a time (default 600)
  --burst N              namespaces of a burst (default 200)
  --bursts N             bursts (default 3)
  --steady SECONDS       how long the idle helper is watched (default 60)
  --rollouts N           rounds of the rollout to 20 clusters (default 3)
  --sizes N,N,…          namespaces of the plot, ascending (default 1000,2000,5000,10000)`

/** @throws TypeError for words that are no option or no number */
export function readBenchOptions(argv: readonly string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    allowNegative: true,
    options: {
      list: { type: 'boolean', default: false },
      long: { type: 'boolean', default: false },
      write: { type: 'boolean' },
      help: { type: 'boolean', short: 'h', default: false },
      namespaces: { type: 'string', default: '1000' },
      rounds: { type: 'string', default: '3' },
      singles: { type: 'string', default: '600' },
      burst: { type: 'string', default: '200' },
      bursts: { type: 'string', default: '3' },
      steady: { type: 'string', default: '60' },
      rollouts: { type: 'string', default: '3' },
      sizes: { type: 'string', default: '1000,2000,5000,10000' },
    },
  })
  return {
    names: positionals,
    long: values.long,
    write: values.write ?? positionals.length === 0,
    list: values.list,
    help: values.help,
    settings: {
      namespaces: toCount('namespaces', values.namespaces),
      rounds: toCount('rounds', values.rounds),
      singles: toCount('singles', values.singles),
      burst: toCount('burst', values.burst),
      bursts: toCount('bursts', values.bursts),
      steadySeconds: toCount('steady', values.steady),
      rollouts: toCount('rollouts', values.rollouts),
      sizes: values.sizes.split(',').map((size) => toCount('sizes', size)),
    },
  }
}

function toCount(name: string, text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new TypeError(`--${name} takes a whole number from 1 on, not ${text}`)
  return Number(text)
}
