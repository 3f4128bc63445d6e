import type { Finding, FindingId } from '../doctor/finding.ts'

/**
 * The ids of findings that only a check of the fleet can make, in the order of the docs. An id
 * never changes its meaning.
 */
export const FLEET_FINDING_IDS = [
  'CLUSTER_UNREAD',
  'CLUSTER_GONE',
  'CLUSTER_DUPLICATE',
  'RELEASE_PENDING',
  'RELEASE_FAILED',
  'RELEASE_OTHER_VERSION',
  'OBJECTS_DRIFTED',
  'VALUES_DRIFTED',
  'CREDENTIAL_NOT_RENEWED',
  'KUBERNETES_UNSUPPORTED',
] as const

export type FleetFindingId = (typeof FLEET_FINDING_IDS)[number]

/** A finding of doctor, or one of the fleet, which has the same form. */
export interface ClusterFinding extends Omit<Finding, 'id' | 'causedBy'> {
  readonly id: FindingId | FleetFindingId
  /** The id of the finding that likely caused this one. */
  readonly causedBy?: FindingId | FleetFindingId
}

/** A finding of the fleet. */
export interface FleetFinding extends Omit<Finding, 'id' | 'causedBy'> {
  readonly id: FleetFindingId
}

/**
 * The state of a cluster, from the worst on. `unread`: something could not be read or judged, and
 * what was read is not an error. `healthy`: everything was read, and nothing needs a person.
 */
export const STATES = ['failed', 'unread', 'drifted', 'warning', 'healthy'] as const

export type ClusterState = (typeof STATES)[number]

/** Findings that mean drift: the cluster differs from what was rolled out, or from the list. */
export const DRIFT: readonly string[] = ['OBJECTS_DRIFTED', 'VALUES_DRIFTED'] satisfies readonly FleetFindingId[]
