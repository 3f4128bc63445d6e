import { parseArgs } from 'node:util'
import type { HelmName } from '../action/support/cancel-points.ts'

export interface SoakOptions {
  readonly count: number
  readonly seed: number
  readonly helm: 'both' | HelmName
  /** Forget what an earlier run with the same seed has done. */
  readonly fresh: boolean
  /** Write the table to docs/*\/reliability.md. */
  readonly write: boolean
  /** Runs the scenario in which ServiceAccounts fill a namespace, instead of the cancels. */
  readonly hostile: boolean
  /** Runs several concurrent deployers instead of the cancels. */
  readonly rivals: boolean
  /** With `rivals`: only this run of the seed. */
  readonly run: number | undefined
  readonly help: boolean
}

export const SOAK_USAGE = `npm run soak [-- OPTIONS]     cancels jobs at random moments and looks at what is left

  --count N              how many (default 200)
  --seed N               of the moments (default: a new one, which is printed)
  --helm both|helm3|helm4   which Helm does the work (default both, by turns)
  --fresh                start again; else a run with the same seed and Helm continues where it was interrupted
  --write, --no-write    put the table into docs/*/reliability.md (default: only from 200 on)
  --hostile              instead: 500 ServiceAccounts of 1.3 MB and 10,000 plain ones beside a helper
  --rivals               instead: two jobs, a person's helm and cancels at once on two clusters, 100 times
  --run K                of the rivals: only run K of the seed

npm run soak -- simulation [--minutes N] [--from SEED]     runs new seeds of test/simulation for so long (default 30)
npm run soak -- zoo [--minutes N] [--from SEED]            runs new seeds of test/zoo for so long (default 20)

npm run soak -- memory     the most memory that doctor and cleanup --legacy need with 10,000 Pods and 20,000 ReplicaSets (a minute)`

/** @throws TypeError for an unknown option or an invalid number */
export function readSoakOptions(argv: readonly string[], newSeed: () => number): SoakOptions {
  const { values } = parseArgs({
    args: [...argv],
    allowNegative: true,
    options: {
      count: { type: 'string' },
      seed: { type: 'string' },
      helm: { type: 'string', default: 'both' },
      fresh: { type: 'boolean', default: false },
      write: { type: 'boolean' },
      hostile: { type: 'boolean', default: false },
      rivals: { type: 'boolean', default: false },
      run: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const count = toNumber('count', values.count ?? (values.rivals ? '100' : '200'), 1)
  const { helm } = values
  if (helm !== 'both' && helm !== 'helm3' && helm !== 'helm4') {
    throw new TypeError(`--helm takes both, helm3 or helm4, not ${helm}`)
  }
  return {
    count,
    seed: values.seed === undefined ? newSeed() : toNumber('seed', values.seed, 0),
    helm,
    fresh: values.fresh,
    write: values.write ?? count >= 200,
    hostile: values.hostile,
    rivals: values.rivals,
    run: values.run === undefined ? undefined : toNumber('run', values.run, 0),
    help: values.help,
  }
}

function toNumber(name: string, text: string, least: number): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= least && value <= 0x7fffffff) return value
  throw new TypeError(`--${name} takes a whole number from ${least} on, not ${text}`)
}
