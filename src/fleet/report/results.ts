import { VERSION } from '../../version.ts'
import type { FleetOutcome } from '../check-fleet.ts'
import { countStates, sortChecks } from './verdict.ts'

/** Describes a check as JSON (schemas/fleet-check.schema.json), the worst clusters first. */
export function describeResults({ checkedAt, clusters }: FleetOutcome) {
  return {
    version: 1,
    acrNopass: VERSION,
    checkedAt,
    states: countStates(clusters),
    clusters: sortChecks(clusters),
  }
}
