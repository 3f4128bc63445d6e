import { VERSION } from '../../version.ts'
import type { FleetOutcome } from '../check-fleet.ts'
import { RESULTS_VERSION } from './results-version.ts'
import type { Change } from './since.ts'
import { countStates, sortChecks } from './verdict.ts'

/**
 * Describes a check as JSON (schemas/fleet-check.schema.json), the worst clusters first. It has all
 * clusters, also with `since`, so that the next check can be compared with it.
 */
export function describeResults({ checkedAt, clusters }: FleetOutcome, since?: Change) {
  return {
    version: RESULTS_VERSION,
    acrNopass: VERSION,
    checkedAt,
    states: countStates(clusters),
    ...(since && { since }),
    clusters: sortChecks(clusters),
  }
}
