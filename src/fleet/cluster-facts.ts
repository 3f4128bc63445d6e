import type { Observed } from '../doctor/observed.ts'
import type { NopassError } from '../errors.ts'
import type { InstalledRelease } from '../helm/release/release-record.ts'
import type { Revision } from '../helm/release/release-state.ts'

/** How a live object differs from its manifest. Names only fields, because values may be secret. */
export interface ObjectDrift {
  /** `Deployment acr-nopass/acr-nopass`. */
  readonly object: string
  readonly change: 'missing' | 'changed'
  /** Paths of changed and removed fields, such as `spec.replicas`; empty for a missing object. */
  readonly fields: readonly string[]
  /** Paths of fields that another client added. */
  readonly added: readonly string[]
}

/** What Helm recorded of the release, and how the cluster differs from it. */
export interface ReleaseFacts {
  readonly namespace: string
  readonly name: string
  /** The revisions, oldest first; empty: no record. Undefined: not readable. */
  readonly history: readonly Revision[] | undefined
  /** The newest deployed revision. Undefined: not readable, or there is none. */
  readonly deployed: InstalledRelease | undefined
  /** Undefined: not compared. */
  readonly objects: readonly ObjectDrift[] | undefined
  /** Keys at which the stored values differ from the list's. Undefined: not compared. */
  readonly values: readonly string[] | undefined
}

/** A cluster whose API server was reached. */
export interface ReachedCluster {
  /** Identifies the cluster, whatever name and address the list gives it. */
  readonly kubeSystemUid: string
  readonly observed: Observed
  readonly release: ReleaseFacts
  /** `attach` of the list's values, else of the release; may be `auto`. Undefined: not known. */
  readonly attach: string | undefined
}

/** What a check read of one cluster, or why it could not be reached. */
export type ClusterFacts = { readonly name: string; readonly ack: AckCluster | null } & (
  | { readonly reached: ReachedCluster }
  | { readonly error: NopassError }
)

/** The ACK cluster, if the list names a cluster by its ID. */
export interface AckCluster {
  readonly clusterId: string
  readonly region: string
}

/** What a check compares clusters with. */
export interface CheckRules {
  /** Name and version of the chart that a rollout would install; undefined: another chart. */
  readonly chart: string | undefined
  /** The helper's version in that chart; undefined: another chart. */
  readonly version: string | undefined
  /** How far ahead the check looks (milliseconds). */
  readonly horizonMs: number
}
