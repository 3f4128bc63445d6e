import { isCoveredBy, isPrivateAcr, parseImage } from '../../acr/registry-domains.ts'
import { shell } from '../../lib/shell-command.ts'
import type { LegacyFacts } from './collect-facts.ts'
import { type Configured, findUncovered } from './find-uncovered.ts'
import { isHelpersImage, LEGACY_NAMESPACE, type OldSecret, type Workload } from './legacy-facts.ts'
import { isUsedFor } from './old-logins.ts'
import { coverageGap, type Dependent, isCurrent, type OurSide, releaseProblems } from './our-side.ts'
import type { Reach } from './pod-admission.ts'
import { reachOf } from './reach.ts'
import { titleOf } from './workload.ts'

/**
 * Finds everything that may need the old helper: objects that use its Secrets for pulls or in
 * another way, texts that name them, and every instance and host that acr-nopass does not cover. If
 * the result is empty, the helper may be stopped.
 * @param configured the old helper's configuration
 * @param isPublic whether the registry serves an image without a login
 */
export function findDependents(
  facts: LegacyFacts,
  ours: OurSide,
  configured: Configured,
  isPublic: (image: string) => boolean = () => false,
): readonly Dependent[] {
  const present = presentSecrets(facts)
  const isPresent = (namespace: string, names: readonly string[]): boolean =>
    names.some((name) => present.get(namespace)?.has(name) ?? false)
  const accounts = facts.accounts.map(({ metadata, imagePullSecrets }) => ({
    namespace: metadata.namespace ?? 'default',
    name: metadata.name,
    list: imagePullSecrets.map(({ name = '' }) => name),
  }))
  const naming = accounts
    .filter(({ namespace, list }) => isPresent(namespace, list))
    .map((account): Naming => ({ ...account, reach: reachOfAccount(account, present, ours) }))
  const lists = new Map(accounts.map(({ namespace, name, list }) => [`${namespace}/${name}`, list]))
  const reached = new Map(naming.map(({ namespace, name, ...account }) => [`${namespace}/${name}`, account]))
  const configuredDomains = configured.entries.flatMap(({ domains }) => domains)
  const known = [...configuredDomains, ...(ours.release?.status?.registries ?? []).flatMap(({ domains }) => domains)]
  const isKnown = (domains: readonly string[], image: string): boolean =>
    domains.some((domain) => isCoveredBy(domain, parseImage(image)))
  const isPulledWith = (secret: OldSecret, image: string): boolean =>
    secret.logins === undefined
      ? isPrivateAcr(image) || isKnown(known, image)
      : secret.logins.hosts.some((key) => isUsedFor(key, image)) || isKnown(configuredDomains, image)
  const pulling = facts.workloads.flatMap((workload): readonly Workload[] => {
    const { images, namespace, references, serviceAccount } = workload
    // A Pod's own list replaces the list of its ServiceAccount. A Pod that was created with the
    // ServiceAccount's list contains a copy of it.
    const list = references.length > 0 ? references : (lists.get(`${namespace}/${serviceAccount}`) ?? [])
    const secrets = list.flatMap((name) => present.get(namespace)?.get(name) ?? [])
    const pulled = images.filter((image) => !isPublic(image) && secrets.some((secret) => isPulledWith(secret, image)))
    return pulled.length === 0 ? [] : [{ ...workload, images: pulled }]
  })
  const elsewhere = facts.workloads.filter(({ kind, namespace, references, images }) => {
    const secrets = references.flatMap((name) => present.get(namespace)?.get(name) ?? [])
    const isPulled = images.some((image) => secrets.some((secret) => isPulledWith(secret, image)))
    // Only a Pod's own images are a fact.
    return kind !== 'Pod' && secrets.length > 0 && !isPulled
  })
  const others = uniqueBySubject(findOtherUses(facts, present, ours))
  const spaces = [...new Set([...naming, ...pulling].map(({ namespace }) => namespace))].sort()
  const general = facts.secrets.length === 0 && spaces.length === 0 ? [] : releaseProblems(ours)
  const declared = [...facts.deployments].flatMap(({ metadata, declaredBy: tool }) =>
    tool === undefined ? [] : [withTool(metadata.name, tool)],
  )
  if (general.length > 0) return [...general, ...declared, ...others]
  return [
    ...declared,
    ...others,
    ...spaces.filter((namespace) => !isCurrent(ours, namespace)).map((namespace) => withoutSecret(namespace, ours)),
    ...naming
      .filter(({ namespace, reach }) => isCurrent(ours, namespace) && reach.is !== 'yes')
      .map(({ namespace, name, reach }) => withoutEntry(`ServiceAccount ${namespace}/${name}`, ours, reach)),
    ...uniqueBySubject(
      pulling.flatMap((workload) => {
        const account = reached.get(`${workload.namespace}/${workload.serviceAccount}`)
        return judgeWorkload(workload, account, ours, facts)
      }),
    ),
    ...elsewhere
      .filter((workload) => !isCurrent(ours, workload.namespace) || !isReached(workload, ours))
      .map((workload) => withOtherImages(titleOf(workload), ours)),
    ...findUncovered(facts, ours, configured, spaces),
  ]
}

/** A ServiceAccount that names an old Secret, and whether its new Pods also get our reference. */
interface Naming {
  readonly namespace: string
  readonly name: string
  /** The names in its `imagePullSecrets`. */
  readonly list: readonly string[]
  readonly reach: Reach
}

/** A later Pod may pull from each host of the old Secrets. */
function reachOfAccount({ namespace, name, list }: Omit<Naming, 'reach'>, present: Present, ours: OurSide): Reach {
  const secrets = list.flatMap((one) => present.get(namespace)?.get(one) ?? [])
  const images = secrets.flatMap(({ logins }) => logins?.hosts ?? []).map((host) => `${host}/`)
  return reachOf(ours, { namespace, serviceAccount: name, list, images })
}

/**
 * Finds uses that our pull secret does not replace: volumes, environments, a ServiceAccount's
 * `secrets`, and every text with the name of an old Secret that exists in any namespace.
 */
function findOtherUses(facts: LegacyFacts, present: Present, { secretName }: OurSide): readonly Dependent[] {
  const everywhere = new Set(facts.secrets.map(({ metadata }) => metadata.name))
  const describe = (subject: string, name: string): Dependent => ({
    subject,
    why: `it uses the Secret ${name} in a volume, its environment or its \`secrets\``,
    fix: `Give it its own Secret, or ${secretName} if it reads the content again whenever that changes.`,
  })
  const ofWorkloads = facts.workloads.flatMap((workload): readonly Dependent[] => {
    const { owner, kind, namespace, uses, mentions, images } = workload
    if (images.some(isHelpersImage)) return []
    const isMade = kind === 'Pod' && owner !== undefined
    const subject = isMade ? `${owner.kind} ${namespace}/${owner.name}` : titleOf(workload)
    const used = uses.find((one) => present.get(namespace)?.has(one))
    const mentioned = mentions.find((one) => everywhere.has(one))
    return [
      ...(used === undefined ? [] : [describe(subject, used)]),
      ...(mentioned === undefined ? [] : [describeMention(subject, mentioned, secretName)]),
    ]
  })
  const ofAccounts = facts.accounts.flatMap(({ metadata, secrets }) => {
    const name = secrets.find((one) => present.get(metadata.namespace ?? 'default')?.has(one))
    return name === undefined ? [] : [describe(`ServiceAccount ${metadata.namespace}/${metadata.name}`, name)]
  })
  return [...ofWorkloads, ...ofAccounts]
}

function describeMention(subject: string, name: string, secretName: string): Dependent {
  const fix = `If something pulls with that text, write ${secretName} there.`
  return { subject, why: `its text names the Secret ${name}`, fix, confirm: subject }
}

type Present = ReadonlyMap<string, ReadonlyMap<string, OldSecret>>

/** Groups the existing old Secrets by namespace and name. */
function presentSecrets({ secrets }: LegacyFacts): Present {
  const byNamespace = Map.groupBy(secrets, ({ metadata }) => metadata.namespace ?? 'default')
  return new Map(
    [...byNamespace].map(([namespace, those]) => [namespace, new Map(those.map((one) => [one.metadata.name, one]))]),
  )
}

function judgeWorkload(
  workload: Workload,
  account: Pick<Naming, 'list' | 'reach'> | undefined,
  ours: OurSide,
  facts: LegacyFacts,
): readonly Dependent[] {
  const { kind, namespace, references, images } = workload
  if (!isCurrent(ours, namespace)) return []
  const uncovered = workload.images.flatMap((image) => {
    const gap = coverageGap(ours, namespace, image)
    return gap === undefined ? [] : [withoutRegistry(workload, image, gap)]
  })
  if (uncovered.length > 0) return uncovered.slice(0, 1)
  if (references.includes(ours.secretName)) return []
  if (kind === 'Pod') return [describeOldPod(workload, facts)]
  const isOwn = references.length > 0
  // A workload without a list of its own uses the list of its ServiceAccount. If that does not get
  // our reference, the ServiceAccount is listed.
  if (!isOwn && account?.reach.is !== 'yes') return []
  const reach = reachOf(ours, { ...workload, images, list: isOwn ? references : (account?.list ?? []) })
  return reach.is === 'yes' ? [] : [withoutEntry(titleOf(workload), ours, reach)]
}

function isReached(workload: Workload, ours: OurSide): boolean {
  return reachOf(ours, { ...workload, list: workload.references }).is === 'yes'
}

function withOtherImages(subject: string, { secretName }: OurSide): Dependent {
  return {
    subject,
    why: `it names an old Secret and not ${secretName}; ${OTHER_IMAGES}`,
    fix: `Name ${secretName} there too, or remove the old name if nothing pulls with it.`,
    confirm: subject,
  }
}

/** Why a template or a custom object without an image of the registries may still need a Secret. */
export const OTHER_IMAGES: string = 'its images are elsewhere, and a webhook or an operator may set others'

function withTool(name: string, tool: string): Dependent {
  return {
    subject: `Deployment ${LEGACY_NAMESPACE}/${name}`,
    why: `${tool} applies it and would create it again`,
    fix: `Remove it from what ${tool} applies.`,
  }
}

function withoutSecret(namespace: string, { secretName, targets, namespaces }: OurSide): Dependent {
  const view = namespaces.get(namespace)
  const isTarget = view !== undefined && targets?.includes(view)
  return {
    subject: `namespace ${namespace}`,
    why: `it has no current pull secret ${secretName}`,
    fix: isTarget
      ? 'Run `acr-nopass doctor`: it shows what prevents the helper from writing it.'
      : 'Add it to `targets.namespaces` of the values, or remove the old names from its ServiceAccounts by hand.',
  }
}

function withoutEntry(subject: string, { secretName }: OurSide, { why, fix }: Reach): Dependent {
  return {
    subject,
    why: `it names an old Secret and not ${secretName}${why === undefined ? '' : `; ${why}`}`,
    fix:
      fix ??
      `Name ${secretName} there, add its ServiceAccount to \`targets.serviceAccounts\`, or remove the old name if nothing pulls with it.`,
  }
}

function withoutRegistry(workload: Workload, image: string, gap: 'domain' | 'repository'): Dependent {
  const { host, repository } = parseImage(image)
  const subject = titleOf(workload)
  if (gap === 'repository') {
    return {
      subject,
      image,
      why: `its image ${image} is in repository ${repository}, which no \`repositories\` of its registry include`,
      fix: 'Add the repository to `repositories` of the registry in the values, and apply the RAM policy again.',
    }
  }
  return {
    subject,
    image,
    confirm: host,
    why: `its image ${image} is on ${host}, and no registry of acr-nopass has that domain for this namespace`,
    fix: 'Add the registry, or the domain, to `registries` of the values.',
  }
}

/** What shows which object makes Pods again. */
export interface Makers extends Pick<LegacyFacts, 'replicaSetOwners'> {
  readonly workloads: readonly Pick<Workload, 'kind' | 'namespace' | 'name'>[]
}

/** Describes all Pods of a controller in one line. */
export function describeOldPod(pod: Workload, { replicaSetOwners, workloads }: Makers): Dependent {
  const { namespace, owner } = pod
  const why =
    'its Pods were created before the pull secret was attached, and keep the list with which they were created'
  if (owner === undefined) {
    const alone = 'it was created before the pull secret was attached, and keeps the list with which it was created'
    return { subject: titleOf(pod), why: alone, fix: 'Create it again from its manifest.' }
  }
  const isReplicaSet = owner.group === 'apps' && owner.kind === 'ReplicaSet'
  const maker = (isReplicaSet && replicaSetOwners.get(`${namespace}/${owner.name}`)) || owner
  const target = `${maker.kind.toLowerCase()}/${maker.name}`
  const subject = `${target} in ${namespace}`
  // Anyone who creates a Pod can write its owner. Therefore a command is printed only for an owner
  // that was read.
  const isRead = workloads.some(
    ({ kind, name, namespace: where }) => kind === maker.kind && name === maker.name && where === namespace,
  )
  if (isRead && maker.group === 'apps' && /^(Deployment|StatefulSet|DaemonSet)$/.test(maker.kind)) {
    const command = shell`kubectl -n ${namespace} rollout restart ${maker.kind.toLowerCase()}/${maker.name}`
    return { subject, why, fix: 'Restart it.', command }
  }
  if (maker.group === 'batch') return { subject, why, fix: 'Wait until it is finished, or create it again.' }
  return { subject, why, fix: `Let what controls this ${maker.kind} create its Pods again.` }
}

function uniqueBySubject(dependents: readonly Dependent[]): readonly Dependent[] {
  return [...new Map(dependents.map((one) => [`${one.subject} ${one.why}`, one])).values()]
}
