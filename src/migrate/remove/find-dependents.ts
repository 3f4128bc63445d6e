import { isCoveredBy, isPrivateAcr, parseImage } from '../../acr/registry-domains.ts'
import type { LegacyFacts } from './collect-facts.ts'
import { LEGACY_NAMESPACE, LEGACY_SECRETS, type Workload } from './legacy-facts.ts'
import { coverageGap, type Dependent, isCurrent, isReferenced, type OurSide, releaseProblems } from './our-side.ts'
import { titleOf } from './workload.ts'

/**
 * Everything that needs the old Secrets, for pulling or otherwise. References to a Secret that does not exist and images of other
 * registries do not count. Empty: the Secrets may be deleted.
 *
 * @param legacyDomains custom domains that the old helper was configured with
 */
export function findDependents(
  facts: LegacyFacts,
  ours: OurSide,
  legacyDomains: readonly string[],
): readonly Dependent[] {
  const present = presentSecrets(facts)
  const isPresent = (namespace: string, names: readonly string[]): boolean =>
    names.some((name) => present.get(namespace)?.has(name) ?? false)
  const accounts = facts.accounts.map(({ metadata, imagePullSecrets }) => ({
    namespace: metadata.namespace ?? 'default',
    name: metadata.name,
    list: imagePullSecrets.map(({ name = '' }) => name),
  }))
  const naming = accounts.filter(({ namespace, list }) => isPresent(namespace, list))
  const lists = new Map(accounts.map(({ namespace, name, list }) => [`${namespace}/${name}`, list]))
  const known = [...legacyDomains, ...(ours.release?.status?.registries ?? []).flatMap(({ domains }) => domains)]
  const isPulled = (image: string): boolean =>
    isPrivateAcr(image) || known.some((domain) => isCoveredBy(domain, parseImage(image)))
  const pulling = facts.workloads
    .map((workload) => ({ ...workload, images: workload.images.filter(isPulled) }))
    .filter(({ images, namespace, references, serviceAccount }) => {
      // A list of its own hides that of the ServiceAccount, which a Pod carries as its own.
      const list = references.length > 0 ? references : (lists.get(`${namespace}/${serviceAccount}`) ?? [])
      return images.length > 0 && isPresent(namespace, list)
    })
  const others = uniqueBySubject(otherUses(facts, present, ours))
  const spaces = [...new Set([...naming, ...pulling].map(({ namespace }) => namespace))].sort()
  const general = spaces.length === 0 ? [] : releaseProblems(ours)
  const declared = [...facts.deployments].flatMap(({ metadata, declaredBy: tool }) =>
    tool === undefined ? [] : [withTool(metadata.name, tool)],
  )
  if (general.length > 0) return [...general, ...declared, ...others]
  return [
    ...declared,
    ...others,
    ...spaces.filter((namespace) => !isCurrent(ours, namespace)).map((namespace) => withoutSecret(namespace, ours)),
    ...naming
      .filter(({ namespace }) => isCurrent(ours, namespace))
      .filter(({ namespace, name, list }) => !isReferenced(ours, { namespace, serviceAccount: name, list }))
      .map(({ namespace, name }) => withoutEntry(`ServiceAccount ${namespace}/${name}`, ours)),
    ...uniqueBySubject(pulling.flatMap((workload) => judgeWorkload(workload, ours, facts.replicaSetOwners))),
  ]
}

/** Uses that our pull secret does not replace: volumes, environments, a ServiceAccount's `secrets`, fields of unknown kinds. */
function otherUses(
  { workloads, accounts }: LegacyFacts,
  present: ReadonlyMap<string, ReadonlySet<string>>,
  { secretName }: OurSide,
): readonly Dependent[] {
  const everywhere = new Set([...present.values()].flatMap((names) => [...names]))
  const describe = (subject: string, name: string): Dependent => ({
    subject,
    why: `it uses the Secret ${name} in a volume, its environment or a field of its own`,
    fix: `Give it its own Secret, or ${secretName} if it reads the content again whenever that changes.`,
  })
  const ofWorkloads = workloads.flatMap((workload) => {
    // A cluster-scoped object may mean any namespace.
    const there = present.get(workload.namespace) ?? (workload.clusterScoped ? everywhere : undefined)
    const name = workload.uses.find((one) => there?.has(one))
    if (name === undefined) return []
    const { owner, kind, namespace } = workload
    const isMade = kind === 'Pod' && owner !== undefined
    return [describe(isMade ? `${owner.kind} ${namespace}/${owner.name}` : titleOf(workload), name)]
  })
  const ofAccounts = accounts.flatMap(({ metadata, secrets }) => {
    const name = secrets.find((one) => present.get(metadata.namespace ?? 'default')?.has(one))
    return name === undefined ? [] : [describe(`ServiceAccount ${metadata.namespace}/${metadata.name}`, name)]
  })
  return [...ofWorkloads, ...ofAccounts]
}

/** Names of the existing old Secrets, by namespace. */
function presentSecrets({ secrets }: LegacyFacts): ReadonlyMap<string, ReadonlySet<string>> {
  const present = new Map<string, Set<string>>()
  for (const { metadata } of secrets) {
    const namespace = metadata.namespace ?? 'default'
    present.set(namespace, (present.get(namespace) ?? new Set()).add(metadata.name))
  }
  return present
}

function judgeWorkload(
  workload: Workload,
  ours: OurSide,
  replicaSetOwners: LegacyFacts['replicaSetOwners'],
): readonly Dependent[] {
  const { kind, namespace, references, serviceAccount, optedOut } = workload
  if (!isCurrent(ours, namespace)) return []
  const uncovered = workload.images.flatMap((image) => {
    const gap = coverageGap(ours, namespace, image)
    return gap === undefined ? [] : [withoutRegistry(workload, image, gap)]
  })
  if (uncovered.length > 0) return uncovered.slice(0, 1)
  if (references.includes(ours.secretName)) return []
  if (kind === 'Pod') return [madeBefore(workload, replicaSetOwners)]
  const namesItself = references.some((name) => LEGACY_SECRETS.includes(name))
  // What has no list of its own takes that of its ServiceAccount, which is judged separately.
  if (!namesItself || (!optedOut && isReferenced(ours, { namespace, serviceAccount, list: references }))) return []
  return [withoutEntry(titleOf(workload), ours)]
}

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

function withoutEntry(subject: string, { secretName }: OurSide): Dependent {
  return {
    subject,
    why: `it names an old Secret and not ${secretName}`,
    fix: `Name ${secretName} there, add its ServiceAccount to \`targets.serviceAccounts\`, or remove the old name if nothing pulls with it.`,
  }
}

function withoutRegistry(workload: Workload, image: string, gap: 'domain' | 'repository'): Dependent {
  const { host, repository } = parseImage(image)
  const subject = titleOf(workload)
  if (gap === 'repository') {
    return {
      subject,
      why: `its image ${image} is in repository ${repository}, which no \`repositories\` of its registry include`,
      fix: 'Add the repository to `repositories` of the registry in the values, and apply the RAM policy again.',
    }
  }
  return {
    subject,
    why: `its image ${image} is on ${host}, and no registry of acr-nopass has that domain for this namespace`,
    fix: 'Add the registry, or the domain, to `registries` of the values.',
  }
}

/** One line per controller for all its Pods. */
function madeBefore(pod: Workload, replicaSetOwners: LegacyFacts['replicaSetOwners']): Dependent {
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
  if (maker.group === 'apps' && /^(Deployment|StatefulSet|DaemonSet)$/.test(maker.kind)) {
    return { subject, why, fix: 'Restart it.', command: `kubectl -n ${namespace} rollout restart ${target}` }
  }
  if (maker.group === 'batch') return { subject, why, fix: 'Wait until it is finished, or create it again.' }
  return { subject, why, fix: `Let what controls this ${maker.kind} create its Pods again.` }
}

function uniqueBySubject(dependents: readonly Dependent[]): readonly Dependent[] {
  return [...new Map(dependents.map((one) => [`${one.subject} ${one.why}`, one])).values()]
}
