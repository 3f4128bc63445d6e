import type { NamespaceView, SecretView } from '../../installation/object-views.ts'
import { fightPause, type PlannedAction, type WriteReason } from './actions.ts'
import { isDetachable } from './plan-attachment.ts'
import type { GroupSummary, PlanContext } from './plan-context.ts'

const UNREADABLE_PAUSE_MS = 30_000

/** What to do about one namespace's pull secret. */
export function planSecret(context: PlanContext, namespace: NamespaceView): PlannedAction {
  const { observed, targets, groups, config, now, cloudNow } = context
  const { name } = namespace
  if (namespace.terminating) return { kind: 'skip', reason: 'terminating' }
  if (observed.unreadable(name)) return { kind: 'wait', reason: 'unreadable', until: now + UNREADABLE_PAUSE_MS }
  const secret = observed.secret(name)
  const desired = targets.registriesOf(namespace)
  if (desired.length === 0) return planRetire(context, namespace, secret)
  if (secret && !secret.ours && !config.adopt) return foreign(secret)
  const group = groups.of(desired)
  if (group === undefined) return { kind: 'wait', reason: secret?.ours ? 'last-good' : 'no-credential' }
  const better = secret?.ours && secret.intact ? findBetter(group, secret, desired, cloudNow) : undefined
  if (secret && better) {
    // A registry may have got another name, and the same login.
    const isNamed = secret.registries.join() === group.registries.join()
    if (secret.hash === group.hash && secret.labelled && isNamed) return { kind: 'current' }
    const carriedIn = secret.hash === undefined ? undefined : groups.carriedIn(name, secret.hash)
    if (isSettled(group, secret, better, { carriedIn, cloudNow })) return leave(group, secret, better, context)
  }
  const pause = fightPause(observed.losses(name), now)
  if (pause !== undefined) {
    const manager = secret?.otherManager
    return { kind: 'wait', reason: 'conflict', until: pause, ...(manager === undefined ? {} : { manager }) }
  }
  return write(name, secret, group, better)
}

/** Credentials in a Secret that ours must not replace (P2). */
interface Better {
  /** Registries of which ours is missing, older or expired. */
  readonly carry: readonly string[]
  readonly newer: readonly string[]
  /** The Secret has all other credentials of ours, and no registry that it should not have. */
  readonly isComplete: boolean
  /** Identifies the combination of both. */
  readonly mixture: string
}

const WRONG_CLOCK_MS = 5_000
/** Two replicas' clocks follow the cloud's whole seconds, so which of two credentials is newer is not known within this time. */
export const CLOCKS_DIFFER_MS = 2_000

function findBetter(group: GroupSummary, secret: SecretView, desired: readonly string[], cloudNow: number): Better {
  const [carry, newer, same]: [string[], string[], string[]] = [[], [], []]
  for (const [index, name] of secret.registries.entries()) {
    const [there, ours] = [secret.issuedAt[index], group.issued.get(name)]
    if (!group.registries.includes(name)) {
      if (desired.includes(name)) carry.push(name)
    } else if (there !== undefined && ours !== undefined) {
      // A proof was got beside the leader's, whose credential is the one that all other Secrets have.
      const from = ours.proof ? ours.at - CLOCKS_DIFFER_MS : ours.at
      // Another replica that leads for a moment may have written it; but a time in the future is from a wrong clock.
      const isNewer = there > from && there !== ours.at && (!ours.own || there < cloudNow + WRONG_CLOCK_MS)
      if (isNewer) newer.push(name)
      if (isNewer || ours.expiresAt <= cloudNow) carry.push(name)
      else if (there === ours.at) same.push(name)
    }
  }
  const hasAll = group.registries.every((name) => carry.includes(name) || same.includes(name))
  const isComplete = hasAll && secret.registries.every((name) => desired.includes(name))
  return { carry, newer, isComplete, mixture: `${group.hash} ${carry.join()} ${hasEnded(secret, cloudNow)}` }
}

/** Whether a Secret with better credentials than ours is left unchanged. */
function isSettled(
  group: GroupSummary,
  secret: SecretView,
  better: Better,
  { carriedIn, cloudNow }: { readonly carriedIn: string | undefined; readonly cloudNow: number },
): boolean {
  const { carry, isComplete, mixture } = better
  if (carry.length === 0) return false
  const isOver = hasEnded(secret, cloudNow)
  // Without notes it is not known which login belongs to which registry, so all stay until the first expires.
  if (!secret.noted) return !isOver
  if (!secret.labelled) return false
  if (carriedIn === mixture) return true
  return isComplete && !(isOver && endOfOurs(group, carry) > cloudNow)
}

function leave(group: GroupSummary, secret: SecretView, { carry, newer }: Better, context: PlanContext): PlannedAction {
  const { expiresAt: end = Number.POSITIVE_INFINITY } = secret
  const { now, cloudNow } = context
  // Ours may expire later than the better one.
  const mayChange = Number.isFinite(end) && end > cloudNow && (!secret.noted || endOfOurs(group, carry) > end)
  const more = { ...(newer.length > 0 && { newer }), ...(mayChange && { until: now + (end - cloudNow) }) }
  return newer.length === carry.length ? { kind: 'current', ...more } : { kind: 'wait', reason: 'last-good', ...more }
}

/** Whether the first of its credentials has expired. */
function hasEnded({ expiresAt }: SecretView, cloudNow: number): boolean {
  return expiresAt !== undefined && expiresAt <= cloudNow
}

/** When the last of our credentials for these registries expires. */
function endOfOurs({ issued }: GroupSummary, names: readonly string[]): number {
  return Math.max(...names.map((name) => issued.get(name)?.expiresAt ?? Number.NEGATIVE_INFINITY))
}

function planRetire(context: PlanContext, namespace: NamespaceView, secret: SecretView | undefined): PlannedAction {
  const { observed, targets, config, groups } = context
  if (!secret?.ours) return { kind: 'skip', reason: namespace.optedOut ? 'opted-out' : 'not-targeted' }
  if (secret.intact && secret.hash === groups.empty.hash) return { kind: 'none' }
  for (const account of observed.serviceAccountsIn(namespace.name)) {
    const mayDetach = targets.mayChange(account.name) && isDetachable(account, config.secretName)
    if (mayDetach) return { kind: 'wait', reason: 'detaching' }
  }
  return write(namespace.name, secret, groups.empty)
}

function foreign(secret: SecretView): PlannedAction {
  const { otherManager } = secret
  return { kind: 'skip', reason: 'foreign-secret', ...(otherManager === undefined ? {} : { manager: otherManager }) }
}

function reasonOf(secret: SecretView | undefined, left: readonly string[]): WriteReason {
  if (secret === undefined) return 'missing'
  if (!secret.ours) return 'adopted'
  if (!secret.intact) return 'tampered'
  if (!secret.labelled) return 'relabelled'
  return secret.registries.every((name) => left.includes(name)) ? 'rotated' : 'shrunk'
}

function write(namespace: string, secret: SecretView | undefined, group: GroupSummary, better?: Better): PlannedAction {
  const precondition = secret && { uid: secret.uid, resourceVersion: secret.resourceVersion }
  const by = secret?.ours && secret.intact && secret.labelled ? 'patch' : 'apply'
  const { carry: names = [], newer = [], mixture = '' } = secret?.noted ? (better ?? {}) : {}
  return {
    kind: 'writeSecret',
    namespace,
    group: group.key,
    by,
    precondition,
    reason: reasonOf(secret, [...group.registries, ...names]),
    ...(names.length > 0 && { carry: { names, mixture } }),
    ...(newer.length > 0 && { newer }),
  }
}
