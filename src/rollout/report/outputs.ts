import { type ClusterResult, isFailure } from '../cluster-result.ts'
import type { ClusterSettings } from '../inputs/settings.ts'

/**
 * Returns the outputs of a run for later jobs, without secrets and addresses. `matrix` is for
 * `strategy.matrix` with `fromJSON`.
 */
export function describeOutputs(clusters: readonly ClusterSettings[], results: readonly ClusterResult[]) {
  const include = clusters.map(({ name, wave, environment }) => ({ name, wave, ...(environment && { environment }) }))
  const waves = [...new Set(clusters.map(({ wave }) => wave))].toSorted((a, b) => a - b)
  const namesOf = (filter: (result: ClusterResult) => boolean): readonly string[] =>
    results.filter(filter).map(({ name }) => name)
  return {
    matrix: { include },
    waves: waves.map((wave) => ({ wave, matrix: { include: include.filter((entry) => entry.wave === wave) } })),
    results: results.map(
      ({ plan: _plan, overview: _overview, steps: _steps, ramSteps: _made, unverified: _unverified, ...rest }) => rest,
    ),
    changed: namesOf(
      ({ status, ramChanged }) =>
        status === 'deployed' ||
        status === 'planned' ||
        status === 'uninstalled' ||
        (status === 'unchanged' && ramChanged === true),
    ),
    failed: namesOf(isFailure),
    skipped: namesOf(({ status }) => status === 'skipped' || status === 'cancelled'),
  }
}
