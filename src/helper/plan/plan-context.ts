import type { NamespaceView, SecretView, ServiceAccountView } from '../../installation/object-views.ts'
import type { Targets } from '../../installation/targets.ts'
import type { HelperConfig } from '../../values/generated/helper-config.ts'

/** The plan's view of the cluster. */
export interface ClusterView {
  namespace(name: string): NamespaceView | undefined
  secret(namespace: string): SecretView | undefined
  serviceAccount(namespace: string, name: string): ServiceAccountView | undefined
  serviceAccountsIn(namespace: string): Iterable<ServiceAccountView>
  namespaces(): Iterable<NamespaceView>
  removals(namespace: string, serviceAccount: string): readonly number[]
  /** When other writers changed or deleted the Secret of ours there, monotonic. */
  losses(namespace: string): readonly number[]
  /** Scope `namespaces`: the permission to list its Secrets is missing. */
  unreadable(namespace: string): boolean
  /** Our entry was added before the Secret was in the cache, and the Secret has not been ours since. */
  attachedUnseen(namespace: string, serviceAccount: string): boolean
}

/** The content for a set of registries, as far as the plan needs it. */
export interface Groups {
  /** Undefined when none of them has a credential. */
  of(registries: readonly string[]): GroupSummary | undefined
  readonly empty: GroupSummary
  /** The mixture that the last one of a namespace is, if this is its hash. */
  carriedIn(namespace: string, hash: string): string | undefined
}

export interface PlanContext {
  readonly observed: ClusterView
  readonly targets: Targets
  readonly groups: Groups
  readonly config: Pick<HelperConfig, 'secretName' | 'adopt' | 'attach'>
  /** Monotonic milliseconds. */
  readonly now: number
  /** Epoch milliseconds on the cloud's clock. */
  readonly cloudNow: number
}

export interface Issue {
  readonly at: number
  readonly expiresAt: number
  /** This replica got it as the leader, so `at` is exact. */
  readonly own: boolean
  /** This replica got it as a follower, to verify the configuration. */
  readonly proof: boolean
}

/** The parts of a credential group that the plan needs. */
export interface GroupSummary {
  readonly key: string
  readonly hash: string
  /** The desired registries that have a credential. */
  readonly registries: readonly string[]
  /** When the first of its credentials expires, epoch milliseconds on the cloud's clock; undefined: none does. */
  readonly expiresAt: number | undefined
  /** When the credential of each registry was issued, on the cloud's clock; without static logins. */
  readonly issued: ReadonlyMap<string, Issue>
}
