import type { KubeObject, ObjectMeta } from '../../kube/types.ts'

/** A ServiceAccount that refers to an old Secret, with its current list. */
export interface LegacyAccount {
  readonly metadata: ObjectMeta
  /** Old Secrets that it names under `secrets`. */
  readonly secrets: readonly string[]
  readonly imagePullSecrets: readonly { readonly name?: string }[]
  /** Names in it that the old helper wrote: an existing Secret of the name is the helper's. */
  readonly old: readonly string[]
}

/** The controller of an object. */
export interface Owner {
  /** API group; '' for the core group. */
  readonly group: string
  readonly kind: string
  readonly name: string
}

/** A Pod, or an object with a Pod template, reduced to its images and Secrets. */
export interface Workload {
  readonly kind: string
  readonly namespace: string
  readonly name: string
  readonly serviceAccount: string
  /** Its pull secrets; of a Pod also those of its ServiceAccount. */
  readonly references: readonly string[]
  /** Old Secrets that it uses otherwise: in volumes, environments, other fields. */
  readonly uses: readonly string[]
  readonly images: readonly string[]
  readonly optedOut: boolean
  /** Cluster-scoped. */
  readonly clusterScoped: boolean
  /** Undefined: no controller. */
  readonly owner: Owner | undefined
}

/** A leftover object. */
export interface LegacyPart {
  readonly kind: string
  readonly path: string
  readonly metadata: ObjectMeta
  /** Of a Deployment: the labels of its Pods. */
  readonly selector?: Readonly<Record<string, string>>
  /** The tool that would create it again. */
  readonly declaredBy?: string
}

/** What exists of Alibaba's own helper and of its users, without the content of Secrets. */
export interface LegacyFacts {
  /** The data of `acr-configuration`; undefined: absent. */
  readonly configuration: Readonly<Record<string, string>> | undefined
  /** The helper's Secrets, as metadata. */
  readonly secrets: readonly KubeObject[]
  /** ServiceAccounts that name one of them. */
  readonly accounts: readonly LegacyAccount[]
  /** Pods that are not finished, and every object with a Pod template or the name of an old Secret. */
  readonly workloads: readonly Workload[]
  /** Controllers of ReplicaSets, by `namespace/name`. */
  readonly replicaSetOwners: ReadonlyMap<string, Owner>
  readonly deployments: readonly LegacyPart[]
  readonly webhooks: readonly LegacyPart[]
  /** The helper's ServiceAccount, its ClusterRole and bindings of it alone, if nothing else needs them. */
  readonly rbac: readonly LegacyPart[]
  /** Bindings with further subjects, which must not be deleted. */
  readonly sharedBindings: readonly string[]
  /** What stays because something else uses it too, each with the reason. */
  readonly shared: readonly string[]
  readonly configMap: LegacyPart | undefined
  /** Whether the key of a registered or self-built cluster is there. */
  readonly addonKey: boolean
  /** The cluster's own region, as its nodes are labelled. */
  readonly region: string | undefined
  /** Minor of Kubernetes 1.x; undefined where it is not known. */
  readonly minor: number | undefined
}

/** Whether there is any trace. */
export function hasLegacy(facts: LegacyFacts): boolean {
  const { configuration, secrets, accounts, deployments, rbac, configMap, webhooks } = facts
  const parts = [secrets, accounts, deployments, rbac, webhooks]
  return configuration !== undefined || configMap !== undefined || parts.some((list) => list.length > 0)
}
