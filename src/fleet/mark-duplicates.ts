import type { ClusterCheck } from './cluster-check.ts'
import type { ClusterFacts } from './cluster-facts.ts'
import type { FleetFinding } from './finding.ts'

/** A check, and which release of which cluster it is about. Undefined: it was not reached. */
export interface PlacedCheck {
  readonly check: ClusterCheck
  readonly place: string | undefined
}

/** Returns the place of a cluster's release, as a rollout compares it. */
export function placeOf(facts: ClusterFacts): string | undefined {
  if (!('reached' in facts)) return undefined
  const { kubeSystemUid, release } = facts.reached
  return `${kubeSystemUid} ${release.namespace}/${release.name}`
}

/**
 * Adds a finding to entries of the list that are the same release in the same cluster. Each of them
 * may be healthy, while the cluster that one of them should name is not checked at all.
 */
export function markDuplicates(placed: readonly PlacedCheck[]): readonly ClusterCheck[] {
  const groups = Map.groupBy(placed, ({ place }) => place)
  return placed.map(({ check, place }) => {
    const same = place === undefined ? [] : (groups.get(place) ?? [])
    const others = same.flatMap((one) => (one.check === check ? [] : [one.check.name]))
    if (others.length === 0) return check
    return { ...check, state: 'failed', findings: [describeDuplicate(check.name, others), ...check.findings] }
  })
}

function describeDuplicate(name: string, others: readonly string[]): FleetFinding {
  return {
    id: 'CLUSTER_DUPLICATE',
    severity: 'error',
    subject: `cluster ${name}`,
    message: `${others.join(', ')} ${others.length === 1 ? 'is' : 'are'} the same release in the same cluster`,
    cause: 'Several entries of the list lead to one cluster, so another cluster may not be checked.',
    fix: 'Correct `kubeconfig` or `ack` of the wrong entry, or remove it. A rollout of this list is refused too.',
  }
}
