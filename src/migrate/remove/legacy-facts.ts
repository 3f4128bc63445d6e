import type { KubeObject, ObjectMeta } from '../../kube/types.ts'

/** A ServiceAccount that names an old Secret, with its list as it is. */
export interface LegacyAccount {
  readonly metadata: ObjectMeta
  /** Old Secrets that it names under `secrets`. */
  readonly secrets: readonly string[]
  readonly imagePullSecrets: readonly { readonly name?: string }[]
  /** Names in it that the old helper wrote: a Secret of the name that is there is the helper's own. */
  readonly old: readonly string[]
}

/** The controller of an object. */
export interface Owner {
  /** API group; '' for the core group. */
  readonly group: string
  readonly kind: string
  readonly name: string
}

/** A Pod, or an object with a Pod template, reduced to what it pulls and with which Secrets. */
export interface Workload {
  readonly kind: string
  readonly namespace: string
  readonly name: string
  readonly serviceAccount: string
  /** Pull secrets that it names itself; of a Pod also those of its ServiceAccount. */
  readonly references: readonly string[]
  /** Old Secrets that it names elsewhere: in volumes, environments, fields of its own. */
  readonly uses: readonly string[]
  readonly images: readonly string[]
  readonly optedOut: boolean
  /** The object is in no namespace. */
  readonly clusterScoped: boolean
  /** Undefined for one without a controller. */
  readonly owner: Owner | undefined
}

/** One object of the cluster that is nothing but a leftover. */
export interface LegacyPart {
  readonly kind: string
  readonly path: string
  readonly metadata: ObjectMeta
  /** Of a Deployment: the labels of its Pods. */
  readonly selector?: Readonly<Record<string, string>>
  /** The tool that would create it again. */
  readonly declaredBy?: string
}

/** What there is of Alibaba's own helper, and of what works with it. No content of any Secret. */
export interface LegacyFacts {
  /** The data of `acr-configuration`; undefined: there is none. */
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
  /** Bindings of the helper's ServiceAccount alone, its ClusterRole and itself, where nothing else needs them. */
  readonly rbac: readonly LegacyPart[]
  /** Bindings that name the helper's ServiceAccount among others: nothing to delete as a whole. */
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
