import { parseArgs } from 'node:util'
import { FIGURES } from './figures.ts'
import type { Settings } from './scenario.ts'
import { SCENARIOS } from './scenarios.ts'

export interface BenchOptions {
  /** The scenarios to run, in the order of the page. */
  readonly scenarios: readonly string[]
  /** The figures to print. */
  readonly figures: readonly string[]
  /** Whether the figures are written to the pages; default: if all scenarios run in full. */
  readonly write: boolean
  readonly list: boolean
  readonly help: boolean
  readonly settings: Settings
}

export const BENCH_USAGE = `npm run bench [-- NAME… OPTIONS]     everything, or these figures and scenarios

  --list                 the scenarios with how long they take, their figures and bars
  --only NAME            one figure or scenario, as NAME; several: repeat it
  --quick                one round of little: whether the bench works, not how fast anything is
  --long                 also fewer than ten thousand namespaces, for the plots, and the parts of a rollout
  --write, --no-write    write the figures into the pages, docs/*/performance.md and scale.md (default: only when all scenarios ran)
  --rounds N             of which the medians count (default 3)
  --namespaces N         of cold start and rotation (default 1000)
  --singles N            new namespaces, one at a time, per round (default 600)
  --burst N              namespaces of a burst, per round (default 200)
  --pods N               Pods that come early, per delay (default 500)
  --deployments N        Deployments that Helm installs (default 200)
  --steady SECONDS       how long the idle helper is watched (default 60)
  --sizes N,N,…          namespaces of scale, ascending (default 10000; with --long 1000,2000,5000,10000)

Ctrl-C ends it at any time: what is printed and written by then stays, and nothing is left running.`

const FULL = { rounds: 3, namespaces: 1000, singles: 600, burst: 200, pods: 500, deployments: 200, steady: 60 }
const QUICK = { rounds: 1, namespaces: 200, singles: 50, burst: 50, pods: 25, deployments: 10, steady: 10 }

/** @throws TypeError for an unknown name or option, or an invalid number */
export function readBenchOptions(argv: readonly string[]): BenchOptions {
  const number = { type: 'string' } as const
  const flag = { type: 'boolean', default: false } as const
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    allowNegative: true,
    options: {
      list: flag,
      only: { type: 'string', multiple: true, default: [] },
      quick: flag,
      long: flag,
      write: { type: 'boolean' },
      help: { type: 'boolean', short: 'h', default: false },
      rounds: number,
      namespaces: number,
      singles: number,
      burst: number,
      pods: number,
      deployments: number,
      steady: number,
      sizes: number,
    },
  })
  const { quick, long } = values
  const names = [...positionals, ...values.only]
  const figures = FIGURES.filter(({ id, scenario }) => isChosen(names, id) || isChosen(names, scenario))
  const scenarios = SCENARIOS.map(({ name }) => name).filter((name) => figures.some((one) => one.scenario === name))
  for (const name of names) {
    if (FIGURES.some(({ id, scenario }) => id === name || scenario === name)) continue
    throw new TypeError(`there is no figure or scenario ${name}; --list names them`)
  }
  // A page shows all figures of a scenario.
  const isWhole = FIGURES.every((one) => !scenarios.includes(one.scenario) || figures.includes(one))
  if (values.write && (quick || !isWhole)) {
    throw new TypeError('--write takes whole scenarios, measured in full')
  }
  const count = (name: keyof typeof FULL): number =>
    values[name] === undefined ? (quick ? QUICK : FULL)[name] : toCount(name, values[name])
  const sizes = values.sizes ?? (quick ? '200' : long ? '1000,2000,5000,10000' : '10000')
  return {
    scenarios,
    figures: figures.map(({ id }) => id),
    write: values.write ?? (names.length === 0 && !quick),
    list: values.list,
    help: values.help,
    settings: {
      rounds: count('rounds'),
      namespaces: count('namespaces'),
      singles: count('singles'),
      burst: count('burst'),
      pods: count('pods'),
      deployments: count('deployments'),
      steadySeconds: count('steady'),
      sizes: sizes.split(',').map((size) => toCount('sizes', size)),
      long,
    },
  }
}

function isChosen(names: readonly string[], name: string): boolean {
  return names.length === 0 || names.includes(name)
}

function toCount(name: string, text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new TypeError(`--${name} takes a whole number from 1 on, not ${text}`)
  return Number(text)
}
