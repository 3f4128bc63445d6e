import type { NamespaceView, SecretView, ServiceAccountView } from '../../release/object-views.ts'
import type { Targets } from '../../release/targets.ts'
import type { HelperConfig } from '../../values/helper-config.generated.ts'
import type { PlannedAction } from './actions.ts'
import { isDetachable, planAttachment } from './plan-attachment.ts'
import { type GroupSummary, planSecret } from './plan-secret.ts'

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

/** A namespace's Secret, or with a name one of its ServiceAccounts. */
export interface PlanKey {
  readonly namespace: string
  readonly serviceAccount?: string
}

/** Plans one key; undefined if it no longer exists. Pure. */
export function planKey(context: PlanContext, key: PlanKey): PlannedAction | undefined {
  const namespace = context.observed.namespace(key.namespace)
  if (namespace === undefined) return undefined
  if (key.serviceAccount === undefined) return planNamespace(context, namespace)
  const serviceAccount = context.observed.serviceAccount(key.namespace, key.serviceAccount)
  return serviceAccount && planServiceAccount(context, namespace, serviceAccount)
}

/** All decisions, for dry runs and the status: each namespace's Secret, then its ServiceAccounts. */
export function* plan(context: PlanContext): Generator<{ key: PlanKey; decision: PlannedAction }> {
  for (const namespace of context.observed.namespaces()) {
    yield { key: { namespace: namespace.name }, decision: planNamespace(context, namespace) }
    for (const account of context.observed.serviceAccountsIn(namespace.name)) {
      const key = { namespace: namespace.name, serviceAccount: account.name }
      yield { key, decision: planServiceAccount(context, namespace, account) }
    }
  }
}

function planNamespace(context: PlanContext, namespace: NamespaceView): PlannedAction {
  const { observed, config, groups } = context
  const desired = context.targets.registriesOf(namespace)
  return planSecret({
    namespace,
    secret: observed.secret(namespace.name),
    desired,
    group: desired.length === 0 ? undefined : groups.of(desired),
    empty: groups.empty,
    carriedIn: (hash) => groups.carriedIn(namespace.name, hash),
    adopt: config.adopt,
    attached: desired.length === 0 && isStillAttached(context, namespace.name),
    losses: observed.losses(namespace.name),
    now: context.now,
    cloudNow: context.cloudNow,
    unreadable: observed.unreadable(namespace.name),
  })
}

function planServiceAccount(
  context: PlanContext,
  namespace: NamespaceView,
  account: ServiceAccountView,
): PlannedAction {
  const { observed, targets, config } = context
  const secret = observed.secret(namespace.name)
  const attachedUnseen = observed.attachedUnseen(namespace.name, account.name)
  return planAttachment({
    serviceAccount: account,
    namespace,
    secretName: config.secretName,
    targeted: targets.includes(namespace) && targets.takesServiceAccount(account.name),
    foreignSecret: secret !== undefined && !secret.ours && !config.adopt,
    mayBeOurs: attachedUnseen || (secret === undefined ? targets.names(namespace) : secret.ours),
    mayChange: targets.mayChange(account.name),
    attachedUnseen,
    removals: observed.removals(namespace.name, account.name),
    now: context.now,
  })
}

function isStillAttached({ observed, targets, config }: PlanContext, namespace: string): boolean {
  for (const account of observed.serviceAccountsIn(namespace)) {
    if (targets.mayChange(account.name) && isDetachable(account, config.secretName)) return true
  }
  return false
}

/** Parses `namespace` or `namespace/serviceaccount`, the keys of queue and caches. By position, because a rotation parses thousands. */
export function parsePlanKey(text: string): PlanKey {
  const slash = text.indexOf('/')
  return slash < 0 ? { namespace: text } : { namespace: text.slice(0, slash), serviceAccount: text.slice(slash + 1) }
}

export function formatPlanKey({ namespace, serviceAccount }: PlanKey): string {
  return serviceAccount === undefined ? namespace : `${namespace}/${serviceAccount}`
}
