import type { NamespaceView, SecretView } from '../../installation/object-views.ts'
import { fightPause, type PlannedAction, type Question, type WriteReason, type WriteSecret } from './actions.ts'
import { parseNote } from './log-note.ts'
import { isDetachable } from './plan-attachment.ts'
import type { GroupSummary, PlanContext } from './plan-context.ts'

const UNREADABLE_PAUSE_MS = 30_000
const RETIRING_PAUSE_MS = 2_000
/**
 * A Secret that stays unchanged is planned again after this time, because the clock may be
 * corrected, or a request may fail.
 */
const SHORTEST_STAY_MS = 2_000
const LONGEST_STAY_MS = 60_000

/**
 * Decides what to do about one namespace's pull secret. The first line that applies counts
 * (docs/en/decisions.md#which-credential).
 */
export function planSecret(context: PlanContext, namespace: NamespaceView): PlannedAction {
  const { observed, targets, groups, config, now } = context
  const { name } = namespace
  const isOwn = name === config.release.namespace
  if (namespace.terminating) return { kind: 'skip', reason: 'terminating' }
  if (observed.unreadable(name)) return { kind: 'wait', reason: 'unreadable', until: now + UNREADABLE_PAUSE_MS }
  const secret = observed.secret(name)
  const desired = targets.registriesOf(namespace)
  if (desired.length === 0) return planRetire(context, namespace, secret)
  if (secret && !secret.ours && !config.adopt) return foreign(secret)
  const ours = isOwn ? groups.own() : groups.of(desired, secret?.registries)
  if (ours === undefined) return { kind: 'wait', reason: secret?.ours ? 'last-good' : 'no-credential' }
  if (secret && hasContent(secret, ours)) return { kind: 'current' }
  const kept = isOwn || !secret?.ours || !secret.intact ? undefined : keep(context, name, secret, ours, desired)
  if (kept !== undefined) return kept
  const pause = fightPause(observed.losses(name), now)
  if (pause !== undefined) {
    const manager = secret?.otherManager
    return { kind: 'wait', reason: 'conflict', until: pause, ...(manager === undefined ? {} : { manager }) }
  }
  if (!isOwn) return write(name, secret, ours, secret && versionOf(secret))
  // The log is replaced only if it still has the version that this replica knows.
  const version = groups.ownVersion()
  if (version === 'unread') return { kind: 'wait', reason: 'log-unread', ask: 'log' }
  return write(name, secret, ours, version === 'absent' ? undefined : version)
}

function hasContent({ registries, ...secret }: SecretView, content: GroupSummary): boolean {
  const { ours, intact, labelled, hash, note } = secret
  const isSame = ours && intact && labelled && hash === content.hash && note === content.note
  // The registry may have been renamed while its login is the same.
  return isSame && registries.join() === content.registries.join()
}

/**
 * Returns the action that keeps the content of our Secret although the log has other credentials
 * (P2). Undefined if the Secret is to be written.
 */
function keep(
  { observed, groups, now, cloudNow, cloudAtLeast }: PlanContext,
  namespace: string,
  secret: SecretView,
  ours: GroupSummary,
  desired: readonly string[],
): PlannedAction | undefined {
  // Only the Secret's note changes.
  if (secret.hash === ours.hash) return undefined
  // A Secret whose expiry is not known is replaced when the log has a newer credential.
  const end = secret.expiresAt ?? Number.POSITIVE_INFINITY
  const stay = Math.min(LONGEST_STAY_MS, Math.max(SHORTEST_STAY_MS, end - cloudAtLeast))
  const wait = (ask?: Question, until = now + stay): PlannedAction => ({
    kind: 'wait',
    reason: 'last-good',
    until,
    ...(ask !== undefined && { ask }),
  })
  const note = parseNote(secret.note)
  const there = [...ours.entries].map(([name, entry]) => ({ name, ...entry, noted: note?.numbers.get(name) }))
  // Another leader wrote credentials that it could not log, so the log may be outdated.
  const unlogged = there.filter(({ noted, isFresh }) => noted === 'unlogged' && !isFresh).map(({ name }) => name)
  const renew = unlogged.filter((name) => !groups.isFailing(name))
  if (renew.length > 0) return wait({ renew })
  // The first of the Secret's credentials has expired.
  if (end <= cloudAtLeast) return undefined
  // The Secret has an entry that the log lost and the registry does not replace.
  if (secret.registries.some((name) => desired.includes(name) && !ours.registries.includes(name))) return wait()
  // A credential of ours has expired.
  if (ours.expiresAt !== undefined && ours.expiresAt <= cloudNow) return wait()
  if (unlogged.length > 0) return wait()
  // The Secret is newer than the log that this replica knows.
  const isAhead = there.some(({ number, noted }) => number !== undefined && typeof noted === 'number' && noted > number)
  if (note?.log !== ours.log || !isAhead) return undefined
  const read = observed.logReadFor(namespace, secret.resourceVersion)
  if (read === true) return undefined
  return read.notBefore <= now ? wait('log') : wait(undefined, read.notBefore)
}

function planRetire(context: PlanContext, namespace: NamespaceView, secret: SecretView | undefined): PlannedAction {
  const { observed, targets, config, groups, now } = context
  const { name } = namespace
  if (!secret?.ours) return { kind: 'skip', reason: namespace.optedOut ? 'opted-out' : 'not-targeted' }
  const isEmpty = (one: SecretView): boolean => one.intact && one.hash === groups.empty.hash
  if (isEmpty(secret)) return { kind: 'none' }
  for (const account of observed.serviceAccountsIn(name)) {
    const mayDetach = targets.mayChange(account.name) && isDetachable(account, config.secretName)
    if (mayDetach) return { kind: 'wait', reason: 'detaching' }
  }
  if (name !== config.release.namespace) return write(name, secret, groups.empty, versionOf(secret))
  // The log records what the other Secrets contain, so it is emptied last.
  for (const other of observed.namespaces()) {
    const isLeft = other.name === name || other.terminating || observed.unreadable(other.name)
    const left = isLeft ? undefined : observed.secret(other.name)
    if (left?.ours && !isEmpty(left)) return { kind: 'wait', reason: 'detaching', until: now + RETIRING_PAUSE_MS }
  }
  return write(name, secret, groups.emptyOwn, versionOf(secret))
}

function foreign(secret: SecretView): PlannedAction {
  const { otherManager } = secret
  return { kind: 'skip', reason: 'foreign-secret', ...(otherManager === undefined ? {} : { manager: otherManager }) }
}

function reasonOf(secret: SecretView | undefined, { registries }: GroupSummary): WriteReason {
  if (secret === undefined) return 'missing'
  if (!secret.ours) return 'adopted'
  if (!secret.intact) return 'tampered'
  if (!secret.labelled) return 'relabelled'
  return secret.registries.every((name) => registries.includes(name)) ? 'rotated' : 'shrunk'
}

function versionOf({ uid, resourceVersion }: SecretView): WriteSecret['precondition'] {
  return { uid, resourceVersion }
}

function write(
  namespace: string,
  secret: SecretView | undefined,
  group: GroupSummary,
  precondition: WriteSecret['precondition'],
): PlannedAction {
  const isUnchanged = secret?.ours === true && secret.intact && secret.labelled && precondition !== undefined
  const by = isUnchanged ? 'patch' : 'apply'
  return { kind: 'writeSecret', namespace, group: group.key, by, precondition, reason: reasonOf(secret, group) }
}
