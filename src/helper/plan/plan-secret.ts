import type { NamespaceView, SecretView } from '../../release/views.ts'
import { fightPause } from '../fight.ts'
import type { Decision, WriteReason } from './actions.ts'

export interface Issue {
  readonly at: number
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
  if (secret?.ours && secret.intact) {
    // A registry whose credential is unknown for now must not vanish from a Secret that has it (P2).
    const lost = secret.registries.some((name) => wanted.includes(name) && !group.registries.includes(name))
    const until = lost ? endOf(secret, question) : undefined
    if (until !== undefined) return { kind: 'wait', reason: 'last-good', ...(until === Infinity ? {} : { until }) }
    if (secret.hash === group.hash && secret.labelled) return { kind: 'current' }
    const better = judgeBetter(group, secret, question)
    if (better !== undefined) return better
  }
  const pause = fightPause(question.losses, question.now)
  if (pause !== undefined) {
    const manager = secret?.otherManager
    return { kind: 'wait', reason: 'fought', until: pause, ...(manager === undefined ? {} : { manager }) }
  }
  return write(question, group, reasonOf(secret, group))
}

/** When (monotonic) a Secret's first credential expires; undefined: it has. From then on it holds nothing worth the wait of the others. */
function endOf({ expiresAt = Infinity }: SecretView, { now, cloudNow }: SecretQuestion): number | undefined {
  return expiresAt > cloudNow ? now + (expiresAt - cloudNow) : undefined
}

/** A Secret this close to its end may be replaced by what lives longer as a whole, though one credential in it is older. */
const NEAR_END_MS = 60_000
const WRONG_CLOCK_MS = 5_000

/** Nothing that has expired, and nothing older, replaces credentials that work (P2). */
function judgeBetter(group: GroupSummary, secret: SecretView, question: SecretQuestion): Decision | undefined {
  const { now, cloudNow } = question
  const ends = group.expiresAt
  if (ends === undefined) return undefined
  /** Of each that is newer there: how much. */
  const byMs = new Map<string, number>()
  for (const [index, name] of secret.registries.entries()) {
    const [there, ours] = [secret.issuedAt[index], group.issued.get(name)]
    if (there === undefined || ours === undefined || there <= ours.at) continue
    // Of another that leads by right for a moment; but a time to come is that of a clock that was wrong.
    if (!ours.own || there < cloudNow + WRONG_CLOCK_MS) byMs.set(name, there - ours.at)
  }
  const newer = [...byMs.keys()]
  // Of entries of an earlier configuration alone the end is not noted: they are likely to live as long as ours.
  const end = secret.expiresAt ?? ends + Math.min(...byMs.values())
  if (end === Number.POSITIVE_INFINITY) return undefined
  const [isOver, weAreOver] = [end <= cloudNow, ends <= cloudNow]
  if (isOver && !weAreOver) return undefined
  if (secret.labelled && !isOver && weAreOver) return { kind: 'wait', reason: 'last-good' }
  if (newer.length === 0) return undefined
  // Both over, if the clock is right: that is known once the cloud was asked.
  if (isOver) return { kind: 'current', newer }
  const nearEnd = end - NEAR_END_MS
  if (nearEnd > cloudNow) return { kind: 'current', newer, until: now + (nearEnd - cloudNow) }
  if (ends > end) return undefined
  return { kind: 'current', newer, until: now + (end - cloudNow) }
}

function planRetire(question: SecretQuestion): Decision {
  const { namespace, secret, empty } = question
  if (!secret?.ours) return { kind: 'skip', reason: namespace.optedOut ? 'opted-out' : 'not-targeted' }
  if (secret.intact && secret.hash === empty.hash) return { kind: 'none' }
  if (question.attached) return { kind: 'wait', reason: 'detaching' }
  return write(question, empty, 'shrunk')
}

function foreign(secret: SecretView): Decision {
  const { otherManager } = secret
  return { kind: 'skip', reason: 'foreign-secret', ...(otherManager === undefined ? {} : { manager: otherManager }) }
}

function reasonOf(secret: SecretView | undefined, group: GroupSummary): WriteReason {
  if (secret === undefined) return 'missing'
  if (!secret.ours) return 'adopted'
  if (!secret.intact) return 'tampered'
  if (!secret.labelled) return 'relabelled'
  return secret.registries.every((name) => group.registries.includes(name)) ? 'rotated' : 'shrunk'
}

function write({ namespace, secret }: SecretQuestion, group: GroupSummary, reason: WriteReason): Decision {
  const precondition = secret && { uid: secret.uid, resourceVersion: secret.resourceVersion }
  const by = secret?.ours && secret.intact && secret.labelled ? 'patch' : 'apply'
  return { kind: 'writeSecret', namespace: namespace.name, group: group.key, by, precondition, reason }
}
