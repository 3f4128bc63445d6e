import type { ShellCommand } from '../../lib/shell-command.ts'
import { describeOldPod, OTHER_IMAGES } from '../remove/find-dependents.ts'
import type { Workload } from '../remove/legacy-facts.ts'
import { isUsedFor } from '../remove/old-logins.ts'
import {
  coverageGap,
  isCurrent,
  type OurSide,
  READ_RELEASE,
  RELEASE_UNREAD,
  releaseProblems,
} from '../remove/our-side.ts'
import type { Reach } from '../remove/pod-admission.ts'
import { reachOf } from '../remove/reach.ts'
import { titleOf } from '../remove/workload.ts'
import type { PullSecret } from './pull-secret.ts'
import type { NamingAccount, PasswordFacts } from './read-passwords.ts'

/** An object that names a Secret with a static login. */
export interface SecretUser {
  readonly subject: string
  /** Whether the object would lose something without the Secret. */
  readonly blocks: 'yes' | 'no' | 'unknown'
  readonly why: string
  readonly fix?: string
  readonly command?: ShellCommand
  /** An image that could not be pulled. */
  readonly image?: string
  /** How many Pods. Undefined: the object is not a Pod. */
  readonly pods?: number
}

/** Finds what names the Secret, and whether acr-nopass already replaces it there. */
export function findUsers(
  secret: PullSecret,
  facts: PasswordFacts,
  ours: OurSide,
  isPublic: (image: string) => boolean,
): readonly SecretUser[] {
  const { namespace, name } = secret
  const own = facts.workloads.filter((workload) => workload.namespace === namespace && !workload.clusterScoped)
  const accounts = facts.accounts.filter((account) => account.namespace === namespace)
  const judged = accounts
    .filter(({ list }) => list.includes(name))
    .map((account) => judgeAccount(account, secret, ours))
  const naming = new Set(accounts.filter(({ list }) => isOnlyNamed(list, name, ours)).map((account) => account.name))
  const templates = own
    .filter(({ kind, references, optedOut, serviceAccount }) => {
      const inherits = optedOut && references.length === 0 && naming.has(serviceAccount)
      return kind !== 'Pod' && (references.includes(name) || inherits)
    })
    .map((workload) => judgeTemplate(workload, secret, ours, isPublic))
  const blocked = new Set(
    [...judged, ...templates].filter(({ blocks }) => blocks !== 'no').map(({ subject }) => subject),
  )
  const pods = own
    .filter(({ kind, references }) => kind === 'Pod' && references.includes(name))
    .map((pod) => judgePod(pod, secret, { facts, ours, blocked, isPublic }))
  return sortUsers([
    ...accounts
      .filter(({ secrets }) => secrets.includes(name))
      .map((account) => describeUse(accountTitle(account), ours)),
    ...own.filter(({ uses }) => uses.includes(name)).map((workload) => describeUse(titleOf(workload), ours)),
    ...judged,
    ...templates,
    ...mergePods(pods),
    ...facts.workloads.filter((workload) => isMention(workload, secret)).map(describeMention),
  ])
}

function isOnlyNamed(list: readonly string[], name: string, { secretName }: OurSide): boolean {
  return list.includes(name) && !list.includes(secretName)
}

/** What blocks comes first. */
function sortUsers(users: readonly SecretUser[]): readonly SecretUser[] {
  const rank = { yes: 0, unknown: 1, no: 2 }
  return users.toSorted((a, b) => rank[a.blocks] - rank[b.blocks])
}

/** Merges the Pods of a controller, of which a cluster may have thousands. */
function mergePods(pods: readonly SecretUser[]): readonly SecretUser[] {
  const groups = Map.groupBy(pods, ({ subject, why }) => `${subject} ${why}`)
  return [...groups.values()].flatMap((group) => group.slice(0, 1).map((user) => ({ ...user, pods: group.length })))
}

function accountTitle({ namespace, name }: NamingAccount): string {
  return `ServiceAccount ${namespace}/${name}`
}

/** A text, or a template of another namespace, may mean the Secret of any namespace. */
function isMention(workload: Workload, { namespace, name }: PullSecret): boolean {
  const { kind, clusterScoped, references, uses, mentions } = workload
  // A Role gives rights to the Secrets of its own namespace only.
  if (kind === 'Role' && workload.namespace !== namespace) return false
  return mentions.includes(name) || (clusterScoped && [...references, ...uses].includes(name))
}

function describeUse(subject: string, { secretName }: OurSide): SecretUser {
  return {
    subject,
    blocks: 'yes',
    why: 'it uses the Secret in a volume, its environment or its `secrets`',
    fix: `Give it its own Secret, or ${secretName} if it reads the content again whenever that changes.`,
  }
}

function describeMention(workload: Workload): SecretUser {
  const subject = titleOf(workload)
  if (workload.kind === 'Role' || workload.kind === 'ClusterRole') {
    const fix = 'Look whether what has these rights still reads the Secret.'
    return { subject, blocks: 'unknown', why: 'its rules name the Secret', fix }
  }
  return {
    subject,
    blocks: 'unknown',
    why: 'its text has the name of the Secret',
    fix: 'Look whether something pulls with that text.',
  }
}

function judgeAccount(account: NamingAccount, { hosts, moreHosts }: PullSecret, ours: OurSide): SecretUser {
  const { namespace, name, list } = account
  const subject = accountTitle(account)
  // A later Pod may pull from each host of the Secret.
  const images = moreHosts > 0 ? [] : hosts.map((host) => `${host}/`)
  const reach = reachOf(ours, { namespace, serviceAccount: name, list, images })
  if (reach.is === 'yes') {
    const why = list.includes(ours.secretName) ? `it also names ${ours.secretName}` : addedBy(ours)
    return { subject, blocks: 'no', why, fix: 'Remove the old name from its list.' }
  }
  const fix = 'Make it a target (`targets` of the values), or remove the old name if nothing pulls with it.'
  return { subject, ...describeMissing('it names the Secret', reach, ours), fix: reach.fix ?? fix }
}

const addedBy = ({ secretName }: OurSide): string => `the API server adds ${secretName} to its Pods`

function describeMissing(
  what: string,
  { is, why }: Reach,
  { secretName }: OurSide,
): Pick<SecretUser, 'blocks' | 'why'> {
  const more = why === undefined ? '' : `; ${why}`
  return { blocks: is === 'unknown' ? 'unknown' : 'yes', why: `${what} and not ${secretName}${more}` }
}

function judgeTemplate(
  workload: Workload,
  secret: PullSecret,
  ours: OurSide,
  isPublic: (image: string) => boolean,
): SecretUser {
  const { references, images } = workload
  const subject = titleOf(workload)
  const settled = judgePulls(workload, secret, ours, isPublic)
  if (settled !== undefined) return { subject, ...settled }
  const pulled = images.filter((image) => isPulledWith(secret, image) && !isPublic(image))
  const reach = reachOf(ours, { ...workload, list: references, images: pulled })
  if (reach.is === 'yes') return { subject, blocks: 'no', why: addedBy(ours) }
  const what = references.length > 0 ? 'its template names the Secret' : 'its ServiceAccount names the Secret'
  if (pulled.length === 0) {
    // Only a Pod's own images are a fact.
    const { why } = describeMissing(what, { is: 'unknown', why: OTHER_IMAGES }, ours)
    return { subject, blocks: 'unknown', why, fix: `Write ${ours.secretName} there too.` }
  }
  return { subject, ...describeMissing(what, reach, ours), fix: reach.fix ?? `Write ${ours.secretName} there instead.` }
}

function isPulledWith({ hosts, moreHosts }: PullSecret, image: string): boolean {
  return moreHosts > 0 || hosts.some((host) => isUsedFor(host, image))
}

/** What decides about a Pod besides the Pod itself. */
interface PodContext {
  readonly facts: PasswordFacts
  readonly ours: OurSide
  /** The ServiceAccounts and templates that would give a new Pod only the old Secret. */
  readonly blocked: ReadonlySet<string>
  readonly isPublic: (image: string) => boolean
}

function judgePod(pod: Workload, secret: PullSecret, { facts, ours, blocked, isPublic }: PodContext): SecretUser {
  const { subject, why, fix, command } = describeOldPod(pod, { ...facts, workloads: facts.makers })
  const settled = judgePulls(pod, secret, ours, isPublic)
  if (settled !== undefined) return { subject, ...settled }
  const source = [makerTitle(pod, facts), `ServiceAccount ${pod.namespace}/${pod.serviceAccount}`]
  const first = source.find((one) => blocked.has(one))
  if (first !== undefined) {
    return { subject, blocks: 'yes', why, fix: `First change ${first}, from which its Pods have the name.` }
  }
  return { subject, blocks: 'yes', why, fix, ...(command !== undefined && { command }) }
}

/** Returns the title of the object whose template made the Pod. */
function makerTitle({ namespace, owner }: Workload, { replicaSetOwners }: PasswordFacts): string {
  const maker = (owner?.kind === 'ReplicaSet' && replicaSetOwners.get(`${namespace}/${owner.name}`)) || owner
  return maker === undefined ? '' : `${maker.kind} ${namespace}/${maker.name}`
}

const PULLS_NOTHING = 'it pulls no image with these logins'

/** True for a Pod that names the Secret and pulls nothing with it. */
export function isOnlyElsewhere({ why }: SecretUser): boolean {
  return why === PULLS_NOTHING
}

/** Judges what does not depend on who made the object. Undefined: the list of names decides. */
function judgePulls(
  { kind, namespace, references, images }: Workload,
  secret: PullSecret,
  ours: OurSide,
  isPublic: (image: string) => boolean,
): Omit<SecretUser, 'subject'> | undefined {
  const pulled = images.filter((image) => isPulledWith(secret, image) && !isPublic(image))
  if (pulled.length === 0 && kind === 'Pod') return { blocks: 'no', why: PULLS_NOTHING }
  const gap = pulled.length === 0 ? undefined : findGap(namespace, pulled, ours)
  if (gap !== undefined) return gap
  return references.includes(ours.secretName) ? { blocks: 'no', why: `it also names ${ours.secretName}` } : undefined
}

function findGap(namespace: string, images: readonly string[], ours: OurSide): Omit<SecretUser, 'subject'> | undefined {
  if (ours.isReleaseUnread) {
    return { blocks: 'unknown', why: RELEASE_UNREAD, fix: READ_RELEASE }
  }
  const blocks = 'yes'
  if (ours.release === undefined) {
    return { blocks, why: 'acr-nopass is not installed here', fix: ours.toName ?? 'Install it: `acr-nopass apply`.' }
  }
  const [problem] = releaseProblems(ours)
  if (problem !== undefined) return { blocks, why: `${problem.subject}: ${problem.why}`, fix: problem.fix }
  if (!isCurrent(ours, namespace)) {
    const why = `namespace ${namespace} has no current pull secret ${ours.secretName}`
    return { blocks, why, fix: 'Add it to `targets.namespaces` of the values, or see `acr-nopass doctor`.' }
  }
  for (const image of images) {
    const gap = coverageGap(ours, namespace, image)
    if (gap === 'domain') {
      const why = 'no registry of acr-nopass has the domain of its image for this namespace'
      return { blocks, image, why, fix: 'Add the registry, or the domain, to `registries` of the values.' }
    }
    if (gap === 'repository') {
      const why = 'no `repositories` of the registry include the repository of its image'
      return { blocks, image, why, fix: 'Add the repository to `repositories` of the registry in the values.' }
    }
  }
  return undefined
}
