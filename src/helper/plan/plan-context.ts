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
  /**
   * The own copy was read after this version of the namespace's Secret was seen; or when it may be
   * read for it again, monotonic.
   */
  logReadFor(namespace: string, resourceVersion: string): true | { readonly notBefore: number }
  /** Scope `namespaces`: the permission to list its Secrets is missing. */
  unreadable(namespace: string): boolean
  /**
   * Our entry was added before the Secret was in the cache, and the Secret has not been ours since.
   */
  attachedUnseen(namespace: string, serviceAccount: string): boolean
}

/** The content for a set of registries, as far as the plan needs it. */
export interface Groups {
  /** Undefined when none of them has a credential. */
  of(registries: readonly string[]): GroupSummary | undefined
  readonly empty: GroupSummary
  /** The same for the own copy, which keeps its highest number. */
  readonly emptyOwn: GroupSummary
  /** The content for the helper's own copy. */
  own(): GroupSummary | undefined
  /**
   * The version of the own copy that its next write replaces; `unread`: it has to be read first.
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
   * The same where only the earlier of two clocks counts, until the cloud has answered
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
   * When the first of its credentials expires, epoch milliseconds on the cloud's clock; undefined:
   * none does.
   */
  readonly expiresAt: number | undefined
  /** The note of Secrets with this content. */
  readonly note: string
  /** UID of the own copy in which the numbers were given. */
  readonly log: string
  /**
   * Its credentials by name; no number: not in the log. `isFresh`: this replica got it as the
   * leader.
   */
  readonly entries: ReadonlyMap<string, { readonly number: number | undefined; readonly isFresh: boolean }>
}
