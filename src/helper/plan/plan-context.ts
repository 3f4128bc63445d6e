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
  /** When other writers changed or deleted our Secret in the namespace, monotonic milliseconds. */
  losses(namespace: string): readonly number[]
  /**
   * True if the helper's own copy was read after this version of the namespace's Secret was seen.
   * If not, `notBefore`: when the helper's own copy may be read for this namespace, monotonic
   * milliseconds.
   */
  logReadFor(namespace: string, resourceVersion: string): true | { readonly notBefore: number }
  /** With scope `namespaces`: true if the permission to list the namespace's Secrets is missing. */
  unreadable(namespace: string): boolean
  /**
   * True if our entry was added before the Secret was in the cache, and no Secret of ours has
   * appeared since.
   */
  attachedUnseen(namespace: string, serviceAccount: string): boolean
}

/** The parts of the content for a set of registries that the plan needs. */
export interface Groups {
  /**
   * Returns the content for these registries. `inSecret`: what the Secret has. Undefined if none of
   * the registries has a credential.
   */
  of(registries: readonly string[], inSecret?: readonly string[]): GroupSummary | undefined
  readonly empty: GroupSummary
  /** The empty content of the helper's own copy, which keeps the highest number of the log. */
  readonly emptyOwn: GroupSummary
  /** Returns the content for the helper's own copy. */
  own(): GroupSummary | undefined
  /** Returns true if this replica's last request for this registry's credential failed. */
  isFailing(registry: string): boolean
  /**
   * Returns the version of the helper's own copy that the next write replaces. `unread`: the
   * helper's own copy must be read first.
   */
  ownVersion(): { readonly uid: string; readonly resourceVersion: string } | 'absent' | 'unread'
}

export interface PlanContext {
  readonly observed: ClusterView
  readonly targets: Targets
  readonly groups: Groups
  readonly config: Pick<HelperConfig, 'secretName' | 'adopt' | 'attach' | 'release'>
  /** Monotonic milliseconds. */
  readonly now: number
  /** Epoch milliseconds on the cloud's clock. */
  readonly cloudNow: number
  /**
   * Epoch milliseconds by the earlier of two clocks, until the cloud has answered
   * (docs/en/decisions.md#cloud-clock).
   */
  readonly cloudAtLeast: number
}

/** The parts of a credential group that the plan needs. */
export interface GroupSummary {
  readonly key: string
  readonly hash: string
  /** The desired registries that have a credential. */
  readonly registries: readonly string[]
  /**
   * When the first of the credentials expires, epoch milliseconds on the cloud's clock. Undefined
   * if none expires.
   */
  readonly expiresAt: number | undefined
  /** The note of Secrets with this content. */
  readonly note: string
  /** UID of the helper's own copy in which the numbers were assigned. */
  readonly log: string
  /**
   * The credentials by name. No number: the credential is not in the log. `isFresh`: this
   * replica obtained the credential as the leader.
   */
  readonly entries: ReadonlyMap<string, { readonly number: number | undefined; readonly isFresh: boolean }>
}
