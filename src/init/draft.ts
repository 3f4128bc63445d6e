import type { InstanceEndpoint } from '../alibaba/cr.ts'
import { type IdentityDecision, type IdentityType, KEY_SECRET } from './decide-identity.ts'
import type { ClusterFacts, InstanceFacts } from './facts.ts'

export interface DraftRegistry {
  /** The name of the entry. */
  readonly name: string
  readonly instanceId: string
  readonly region: string
  /** The domains with which images begin; undefined if they could not be read. */
  readonly domains: readonly string[] | undefined
}

export interface DraftCluster {
  /** The unique name of the entry. */
  readonly name: string
  readonly clusterId: string
  readonly region: string
  readonly identity: IdentityDecision
  /** Set if the identity differs from the values of all clusters. */
  readonly ownIdentity: boolean
  readonly isPrivate: boolean
  /** Alibaba's add-on, if it is installed. The helper runs beside it until the migration ends. */
  readonly addon: string | undefined
}

/** What the files will say. */
export interface Draft {
  /** The account, if STS responded. */
  readonly accountId: string | undefined
  readonly registries: readonly DraftRegistry[]
  readonly repositories: readonly string[]
  /** The identity of most clusters. */
  readonly identity: IdentityDecision
  /** The region of all clusters; undefined if they are in several. */
  readonly region: string | undefined
  readonly clusters: readonly DraftCluster[]
}

export interface Answers {
  readonly accountId: string | undefined
  readonly clusters: readonly { readonly facts: ClusterFacts; readonly identity: IdentityDecision }[]
  readonly instances: readonly InstanceFacts[]
  readonly repositories: readonly string[]
}

/** Drafts the files. At least one cluster and one instance are chosen. */
export function draftFiles({ accountId, clusters, instances, repositories }: Answers): Draft {
  const identity = commonIdentity(clusters.map((one) => one.identity))
  const regions = new Set(clusters.map(({ facts }) => facts.region))
  const nameCluster = createNames()
  const nameRegistry = createNames()
  return {
    accountId,
    repositories,
    identity,
    region: regions.size === 1 ? [...regions][0] : undefined,
    registries: instances.map((instance) => ({
      name: nameRegistry(instance.name, instance.instanceId),
      instanceId: instance.instanceId,
      region: instance.region,
      domains: instance.endpoints && openDomains(instance.endpoints),
    })),
    clusters: clusters.map(({ facts, identity: own }) => ({
      name: nameCluster(facts.name, facts.clusterId),
      clusterId: facts.clusterId,
      region: facts.region,
      identity: own,
      ownIdentity: own.type !== identity.type,
      isPrivate: facts.detail?.hasPublicEndpoint === false,
      addon: facts.addon,
    })),
  }
}

/** Returns the values of an identity. `apply` adds the ARNs of `rrsa`. */
export function identityValues(type: IdentityType): object {
  return type === 'access-key' ? { type, accessKey: { existingSecret: KEY_SECRET } } : { type }
}

/**
 * Returns the identity of most clusters. An AccessKey is the common identity only of clusters that
 * all need it: its key would stay in the merged values of every other cluster.
 */
function commonIdentity(decisions: readonly IdentityDecision[]): IdentityDecision {
  const usable = decisions.filter(({ type }) => type !== 'access-key')
  const counted = [...Map.groupBy(usable.length > 0 ? usable : decisions, ({ type }) => type).values()]
  const [[most] = []] = counted.sort((a, b) => b.length - a.length)
  if (most === undefined) throw new Error('no cluster was chosen')
  return most
}

/** The domains of the endpoints that are on. */
function openDomains(endpoints: readonly InstanceEndpoint[]): readonly string[] {
  return endpoints.filter(({ enabled }) => enabled).flatMap(({ domains }) => domains.map(({ domain }) => domain))
}

/** Returns a function that makes a foreign name a unique name of an entry. */
function createNames(): (name: string, id: string) => string {
  const taken = new Set<string>()
  return (name, id) => {
    const own = entryName(name)
    // A name without Latin letters becomes empty, and two names may become equal.
    const candidates = [own, own && `${own.slice(0, 54)}-${entryName(id.slice(-8))}`, entryName(id)]
    const chosen = candidates.find((text) => text !== '' && !taken.has(text)) ?? `entry-${taken.size + 1}`
    taken.add(chosen)
    return chosen
  }
}

/** Lower-case letters, digits and single dashes; empty if nothing is left. */
function entryName(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 63)
    .replaceAll(/^-+|-+$/g, '')
}
