import type { Draft } from './draft.ts'
import type { ClusterFacts, InstanceFacts, Unread } from './facts.ts'

export interface NotedFacts {
  readonly clusters: readonly ClusterFacts[]
  readonly instances: readonly InstanceFacts[]
  readonly unread: readonly Unread[]
  /** Why lists may lack items. */
  readonly cuts: readonly string[]
}

/** Returns what a person should know or do, the most important first. */
export function collectNotes(draft: Draft, { clusters, instances, unread, cuts }: NotedFacts): readonly string[] {
  return [
    ...draft.clusters.flatMap(({ name, identity }) => (identity.todo ? [`${name}: ${identity.todo}`] : [])),
    ...draft.clusters.flatMap(({ name, addon }) => (addon ? [`${name} has Alibaba's ${addon}: ${MIGRATE}`] : [])),
    ...clusters.flatMap((facts) => noteState('cluster', facts.clusterId, facts.state, 'running')),
    ...instances.flatMap((facts) => noteState('instance', facts.instanceId, facts.status, 'RUNNING')),
    ...clusters.flatMap((cluster) => instances.flatMap((instance) => noteNetwork(cluster, instance))),
    ...cuts.map((cut) => `the list was not complete: ${cut}`),
    ...unread.map(({ what, why }) => `not read: ${what} (${why})`),
  ]
}

const MIGRATE =
  'both may run side by side at first, so coexist is set; acr-nopass import takes over its settings (docs/en/migrate.md)'

function noteState(noun: string, id: string, state: string, healthy: string): readonly string[] {
  return state === '' || state === healthy ? [] : [`${noun} ${id} is not running: ${state}`]
}

/** Nodes reach an instance of their region over its VPC domain, or else over its public domain. */
function noteNetwork(cluster: ClusterFacts, { instanceId, region, endpoints }: InstanceFacts): readonly string[] {
  const vpcId = cluster.detail?.vpcId
  if (endpoints === undefined || !vpcId) return []
  const [isPublic, vpc] = ['internet', 'vpc'].map((type) =>
    endpoints.find((endpoint) => endpoint.type === type && endpoint.enabled),
  )
  const isLinked = region === cluster.region && vpc?.vpcIds?.includes(vpcId) === true
  if (isLinked) return []
  const missing = `instance ${instanceId} is not linked with ${vpcId}, the VPC of cluster ${cluster.clusterId}`
  return isPublic
    ? [`${missing}: its nodes pull over the public domain, ${isPublic.domains.map(({ domain }) => domain).join(', ')}`]
    : [
        `${missing}, and its public endpoint is off: its nodes cannot pull until the VPC is linked (ACR console, Access Control)`,
      ]
}
