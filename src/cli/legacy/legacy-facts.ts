import type { KubeObject, ObjectMeta } from '../../kube/types.ts'

/** A ServiceAccount with its list as it stands. */
export interface LegacyAccount {
  readonly metadata: ObjectMeta
  readonly imagePullSecrets: readonly { readonly name?: string }[]
}

/** A Pod, or what makes Pods, reduced to what tells what it pulls and with which Secrets. */
export interface Workload {
  readonly kind: string
  readonly namespace: string
  readonly name: string
  readonly serviceAccount: string
  /** Secrets that it names itself; of a Pod also those of its ServiceAccount. */
  readonly references: readonly string[]
  readonly images: readonly string[]
  readonly optedOut: boolean
  /** `ReplicaSet/web-5d9`: what made it; undefined for one on its own. */
  readonly owner: string | undefined
}

/** One object of the cluster that is nothing but a leftover. */
export interface LegacyPart {
  readonly kind: string
  readonly path: string
  readonly metadata: ObjectMeta
  /** Of a Deployment: the labels of its Pods. */
  readonly selector?: Readonly<Record<string, string>>
}

/** What there is of Alibaba's own helper, and of what works with it. No content of any Secret. */
export interface LegacyFacts {
  /** The data of `acr-configuration`; undefined: there is none. */
  readonly configuration: Readonly<Record<string, string>> | undefined
  /** Secrets of the helper's names, as metadata. */
  readonly secrets: readonly KubeObject[]
  /** ServiceAccounts that name one of them. */
  readonly accounts: readonly LegacyAccount[]
  /** Pods that are not over, and everything that makes Pods. */
  readonly workloads: readonly Workload[]
  readonly deployments: readonly LegacyPart[]
  readonly webhooks: readonly LegacyPart[]
  /** Bindings of the helper's ServiceAccount alone, its ClusterRole, itself. */
  readonly rbac: readonly LegacyPart[]
  /** Bindings that name the helper's ServiceAccount among others: nothing to delete as a whole. */
  readonly sharedBindings: readonly string[]
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
