import { isCoveredBy, parseImage } from '../../acr/image-reference.ts'
import type { Dependent } from './dependent.ts'
import { coveredDomains, isCurrent, isReferenced, releaseProblems } from './judge-ours.ts'
import type { LegacyFacts, Workload } from './legacy-facts.ts'
import { LEGACY_SECRETS } from './legacy-names.ts'
import type { OurSide } from './our-side.ts'
import { isPrivateAcr, titleOf } from './workload.ts'

/**
 * Everything that only the old Secrets keep pulling. A name of a Secret that is not there keeps nothing, and an image of
 * another registry needs none of it. Empty: they may go.
 *
 * @param legacyDomains custom domains that the old helper was told
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
  const spaces = [...new Set([...naming, ...pulling].map(({ namespace }) => namespace))].sort()
  const general = spaces.length === 0 ? [] : releaseProblems(ours)
  if (general.length > 0) return general
  return [
    ...spaces.filter((namespace) => !isCurrent(ours, namespace)).map((namespace) => withoutSecret(namespace, ours)),
    ...naming
      .filter(({ namespace }) => isCurrent(ours, namespace))
      .filter(({ namespace, name, list }) => !isReferenced(ours, { namespace, serviceAccount: name, list }))
      .map(({ namespace, name }) => withoutEntry(`ServiceAccount ${namespace}/${name}`, ours)),
    ...uniqueBySubject(pulling.flatMap((workload) => judgeWorkload(workload, ours))),
  ]
}

/** Names of the old Secrets that are there, by namespace. */
function presentSecrets({ secrets }: LegacyFacts): ReadonlyMap<string, ReadonlySet<string>> {
  const present = new Map<string, Set<string>>()
  for (const { metadata } of secrets) {
    const namespace = metadata.namespace ?? 'default'
    present.set(namespace, (present.get(namespace) ?? new Set()).add(metadata.name))
  }
  return present
}

function judgeWorkload(workload: Workload, ours: OurSide): readonly Dependent[] {
  const { kind, namespace, references, serviceAccount, optedOut } = workload
  if (!isCurrent(ours, namespace)) return []
  const domains = coveredDomains(ours, namespace)
  const uncovered = workload.images.find((image) => !domains.some((domain) => isCoveredBy(domain, parseImage(image))))
  if (uncovered !== undefined) return [withoutRegistry(workload, uncovered)]
  if (references.includes(ours.secretName)) return []
  if (kind === 'Pod') return [madeBefore(workload)]
  const namesItself = references.some((name) => LEGACY_SECRETS.includes(name))
  // What has no list of its own takes that of its ServiceAccount, which is judged by itself.
  if (!namesItself || (!optedOut && isReferenced(ours, { namespace, serviceAccount, list: references }))) return []
  return [withoutEntry(titleOf(workload), ours)]
}

function withoutSecret(namespace: string, { secretName, targets, namespaces }: OurSide): Dependent {
  const view = namespaces.get(namespace)
  const isTarget = view !== undefined && targets?.includes(view)
  return {
    subject: `namespace ${namespace}`,
    why: `it has no current pull secret ${secretName}`,
    cure: isTarget
      ? 'Run `acr-nopass doctor`: it says what keeps the helper from writing it.'
      : 'Add it to `targets.namespaces` of the values, or take the old names out of its ServiceAccounts by hand.',
  }
}

function withoutEntry(subject: string, { secretName }: OurSide): Dependent {
  return {
    subject,
    why: `it names an old Secret and not ${secretName}`,
    cure: `Name ${secretName} there, add its ServiceAccount to \`targets.serviceAccounts\`, or take the old name away if nothing pulls with it.`,
  }
}

function withoutRegistry(workload: Workload, image: string): Dependent {
  const { host } = parseImage(image)
  return {
    subject: titleOf(workload),
    why: `its image ${image} is on ${host}, and no registry of acr-nopass has that domain for this namespace`,
    cure: 'Add the registry, or the domain, to `registries` of the values.',
  }
}

/** One line for all Pods of one maker. */
function madeBefore(pod: Workload): Dependent {
  const { namespace, owner } = pod
  const [kind = '', name = ''] = owner?.split('/') ?? []
  const why = 'its Pods were made before the pull secret was attached, and keep the list that they were made with'
  // A ReplicaSet is named after its Deployment, with a hash.
  const target =
    kind === 'ReplicaSet' ? `deployment/${name.replace(/-[a-z0-9]+$/, '')}` : `${kind.toLowerCase()}/${name}`
  if (/^(ReplicaSet|StatefulSet|DaemonSet)$/.test(kind)) {
    const command = `kubectl -n ${namespace} rollout restart ${target}`
    return { subject: `${target} in ${namespace}`, why, cure: 'Restart it.', command }
  }
  if (owner !== undefined) {
    return { subject: `${target} in ${namespace}`, why, cure: 'Wait until it is over, or make it anew.' }
  }
  const alone = 'it was made before the pull secret was attached, and keeps the list that it was made with'
  return { subject: titleOf(pod), why: alone, cure: 'Delete it and make it anew.' }
}

function uniqueBySubject(dependents: readonly Dependent[]): readonly Dependent[] {
  return [...new Map(dependents.map((one) => [`${one.subject} ${one.why}`, one])).values()]
}
