import type { InstanceEndpoint, InstanceSummary } from '../alibaba/cr.ts'
import type { ClusterDetail, ClusterSummary } from '../alibaba/cs.ts'

/** A read that failed, such as a read that RAM denies. */
export interface Unread {
  readonly what: string
  readonly why: string
}

/** A list of the account, or what could be read of it. */
export interface FoundList<Item> {
  readonly items: readonly Item[]
  /** Why the list may lack items. Undefined if it is whole. */
  readonly cut: string | undefined
}

/** A cluster that was chosen. */
export interface ClusterFacts extends Pick<ClusterSummary, 'clusterId' | 'name' | 'region'> {
  /** Undefined if neither the list nor the detail could be read. */
  readonly kind: ClusterSummary['kind'] | undefined
  readonly state: string
  /** Undefined if it could not be read. */
  readonly detail: Pick<ClusterDetail, 'vpcId' | 'rrsa' | 'hasPublicEndpoint'> | undefined
  /** Alibaba's own credential helper; undefined if there is none, or if it could not be read. */
  readonly addon: string | undefined
}

/** An Enterprise instance that was chosen. */
export interface InstanceFacts extends InstanceSummary {
  /** Undefined if they could not be read. */
  readonly endpoints: readonly InstanceEndpoint[] | undefined
}
