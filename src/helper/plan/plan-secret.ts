import type { NamespaceView, SecretView } from '../../release/views.ts'
import { fightPause } from '../fight.ts'
import type { Decision, WriteReason } from './actions.ts'

export interface Issue {
  readonly at: number
  readonly expiresAt: number
  /** This replica got it as the leader, so its clock is the cloud's. */
  readonly own: boolean
}

/** The part of a credential group that decides: what is in it, and the hash of its bytes. */
export interface GroupSummary {
  readonly key: string
  readonly hash: string
  /** Those of the wanted registries that have a credential. */
  readonly registries: readonly string[]
  /** When the first of its credentials expires, epoch milliseconds on the cloud's clock; undefined: none does. */
  readonly expiresAt: number | undefined
  /** When the credential of a registry was issued, on the cloud's clock; not of static logins. */
  readonly issued: ReadonlyMap<string, Issue>
}

export interface SecretQuestion {
  readonly namespace: NamespaceView
  readonly secret: SecretView | undefined
  /** Registries that the namespace should have. */
  readonly wanted: readonly string[]
  /** The content for them; undefined: no credential of any is known. */
  readonly group: GroupSummary | undefined
  /** The content without any registry. */
  readonly empty: GroupSummary
  /** The mixture that a content with this hash is. */
  readonly carriedIn: (hash: string) => string | undefined
  readonly adopt: boolean
  /** Whether a ServiceAccount of the namespace still has an entry that we shall take back first. */
  readonly attached: boolean
  /** Monotonic times at which other writers changed or deleted it. */
  readonly losses: readonly number[]
  /** Monotonic milliseconds. */
  readonly now: number
  /** Epoch milliseconds on the cloud's clock. */
  readonly cloudNow: number
  /** The Secrets of this namespace cannot be read: what is there is not known. */
  readonly unreadable: boolean
}

const UNREADABLE_PAUSE_MS = 30_000

/** What to do about one namespace's pull secret. */
export function planSecret(question: SecretQuestion): Decision {
  const { namespace, secret, wanted } = question
  if (namespace.terminating) return { kind: 'skip', reason: 'terminating' }
  if (question.unreadable) return { kind: 'wait', reason: 'unreadable', until: question.now + UNREADABLE_PAUSE_MS }
  if (wanted.length === 0) return planRetire(question)
  if (secret && !secret.ours && !question.adopt) return foreign(secret)
  const { group } = question
  if (group === undefined) return { kind: 'wait', reason: secret?.ours ? 'last-good' : 'no-credential' }
  const better = secret?.ours && secret.intact ? findBetter(group, secret, question) : undefined
  if (secret && better) {
    if (secret.hash === group.hash && secret.labelled) return { kind: 'current' }
    if (isSettled(group, secret, better, question)) return leave(group, secret, better, question)
  }
  const pause = fightPause(question.losses, question.now)
  if (pause !== undefined) {
    const manager = secret?.otherManager
    return { kind: 'wait', reason: 'fought', until: pause, ...(manager === undefined ? {} : { manager }) }
  }
  return write(question, group, better)
}

/** What a Secret holds of our registries and nothing of ours may replace (P2). */
interface Better {
  /** Those of which we have no credential, an older one, or one that has ended. */
  readonly carry: readonly string[]
  readonly newer: readonly string[]
  /** All other credentials of ours are in it, and none that it should not have. */
  readonly isComplete: boolean
  /** Names what both have at their best. */
  readonly mixture: string
}

const WRONG_CLOCK_MS = 5_000

function findBetter(group: GroupSummary, secret: SecretView, { wanted, cloudNow }: SecretQuestion): Better {
  const [carry, newer, same]: [string[], string[], string[]] = [[], [], []]
  for (const [index, name] of secret.registries.entries()) {
    const [there, ours] = [secret.issuedAt[index], group.issued.get(name)]
    if (!group.registries.includes(name)) {
      if (wanted.includes(name)) carry.push(name)
    } else if (there !== undefined && ours !== undefined) {
      // Of another that leads by right for a moment; but a time to come is that of a clock that was wrong.
      const isNewer = there > ours.at && (!ours.own || there < cloudNow + WRONG_CLOCK_MS)
      if (isNewer) newer.push(name)
      if (isNewer || ours.expiresAt <= cloudNow) carry.push(name)
      else if (there === ours.at) same.push(name)
    }
  }
  const hasAll = group.registries.every((name) => carry.includes(name) || same.includes(name))
  const isComplete = hasAll && secret.registries.every((name) => wanted.includes(name))
  return { carry, newer, isComplete, mixture: `${group.hash} ${carry.join()} ${hasEnded(secret, cloudNow)}` }
}

/** Whether a Secret that has something better than we do is left as it is. */
function isSettled(group: GroupSummary, secret: SecretView, better: Better, question: SecretQuestion): boolean {
  const { carry, isComplete, mixture } = better
  if (carry.length === 0) return false
  const isOver = hasEnded(secret, question.cloudNow)
  // Which of its logins is whose is not known: all of them stay until the first ends.
  if (!secret.noted) return !isOver
  if (!secret.labelled) return false
  if (secret.hash !== undefined && question.carriedIn(secret.hash) === mixture) return true
  return isComplete && !(isOver && endOfOurs(group, carry) > question.cloudNow)
}

function leave(group: GroupSummary, secret: SecretView, { carry, newer }: Better, question: SecretQuestion): Decision {
  const { expiresAt: end = Number.POSITIVE_INFINITY } = secret
  const { now, cloudNow } = question
  // Ours may live longer than what is better now.
  const mayChange = Number.isFinite(end) && end > cloudNow && (!secret.noted || endOfOurs(group, carry) > end)
  const more = { ...(newer.length > 0 && { newer }), ...(mayChange && { until: now + (end - cloudNow) }) }
  return newer.length === carry.length ? { kind: 'current', ...more } : { kind: 'wait', reason: 'last-good', ...more }
}

/** Whether the first of its credentials has ended. */
function hasEnded({ expiresAt }: SecretView, cloudNow: number): boolean {
  return expiresAt !== undefined && expiresAt <= cloudNow
}

/** When the last of ours for these registries ends. */
function endOfOurs({ issued }: GroupSummary, names: readonly string[]): number {
  return Math.max(...names.map((name) => issued.get(name)?.expiresAt ?? Number.NEGATIVE_INFINITY))
}

function planRetire(question: SecretQuestion): Decision {
  const { namespace, secret, empty } = question
  if (!secret?.ours) return { kind: 'skip', reason: namespace.optedOut ? 'opted-out' : 'not-targeted' }
  if (secret.intact && secret.hash === empty.hash) return { kind: 'none' }
  if (question.attached) return { kind: 'wait', reason: 'detaching' }
  return write(question, empty)
}

function foreign(secret: SecretView): Decision {
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

function write({ namespace, secret }: SecretQuestion, group: GroupSummary, better?: Better): Decision {
  const precondition = secret && { uid: secret.uid, resourceVersion: secret.resourceVersion }
  const by = secret?.ours && secret.intact && secret.labelled ? 'patch' : 'apply'
  const { carry: names = [], newer = [], mixture = '' } = secret?.noted ? (better ?? {}) : {}
  return {
    kind: 'writeSecret',
    namespace: namespace.name,
    group: group.key,
    by,
    precondition,
    reason: reasonOf(secret, [...group.registries, ...names]),
    ...(names.length > 0 && { carry: { names, mixture } }),
    ...(newer.length > 0 && { newer }),
  }
}
