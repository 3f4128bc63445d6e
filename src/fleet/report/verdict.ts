import type { Inputs } from '../../rollout/inputs/input-table.ts'
import type { ClusterCheck } from '../cluster-check.ts'
import { type ClusterState, DRIFT, STATES } from '../finding.ts'

export type FailOn = Inputs['fail-on']

/** Sorts by state, the worst first. Clusters of one state keep the order of the list. */
export function sortChecks<Check extends Pick<ClusterCheck, 'state'>>(checks: readonly Check[]): readonly Check[] {
  return checks.toSorted((a, b) => STATES.indexOf(a.state) - STATES.indexOf(b.state))
}

/** True if the cluster differs from its release or from the list, whatever else is wrong. */
function hasDrifted({ findings }: Pick<ClusterCheck, 'findings'>): boolean {
  return findings.some(({ id }) => DRIFT.includes(id))
}

type Judged = Pick<ClusterCheck, 'state' | 'findings'>

/**
 * True if the check fails. A cluster that could not be checked at all is an error. What could not
 * be read of a cluster counts with `warning`.
 */
export function isFailed(checks: readonly Judged[], failOn: FailOn): boolean {
  const hasError = checks.some(({ findings, state }) => state === 'failed' || findings.some(isError))
  switch (failOn) {
    case 'never':
      return false
    case 'error':
      return hasError
    case 'drift':
      return hasError || checks.some(hasDrifted)
    case 'warning':
      return checks.some(({ state }) => state !== 'healthy')
  }
}

const isError = ({ severity }: ClusterCheck['findings'][number]): boolean => severity === 'error'

/** Counts the clusters of each state. */
export function countStates(checks: readonly Judged[]): Readonly<Record<ClusterState, number>> {
  const of = (state: ClusterState): number => checks.filter((check) => check.state === state).length
  return {
    failed: of('failed'),
    unread: of('unread'),
    drifted: of('drifted'),
    warning: of('warning'),
    healthy: of('healthy'),
  }
}

/** `1 failed, 2 healthy`; states without a cluster are left out. */
export function headline(checks: readonly Judged[]): string {
  const counts = countStates(checks)
  return STATES.filter((state) => counts[state] > 0)
    .map((state) => `${counts[state]} ${state}`)
    .join(', ')
}

/** Returns the names for the outputs of a job. */
export function describeOutputs(checks: readonly ClusterCheck[]) {
  const namesOf = (filter: (check: ClusterCheck) => boolean): readonly string[] =>
    checks.filter(filter).map(({ name }) => name)
  return {
    healthy: namesOf(({ state }) => state === 'healthy'),
    failed: namesOf((check) => check.state === 'failed' || check.findings.some(isError)),
    drifted: namesOf(hasDrifted),
  }
}
