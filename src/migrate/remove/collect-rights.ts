import { keyOf } from '../../kube/types.ts'
import { isRecord } from '../../lib/json.ts'
import {
  type AnyObject,
  appliedBy,
  describePart,
  freeOf,
  type Judged,
  LEGACY_HELPER,
  LEGACY_NAMESPACE,
  stayingOf,
  type Workload,
} from './legacy-facts.ts'
import { list, titleOf } from './workload.ts'

/**
 * The helper's rights in the vendor's documents: the ClusterRole of 2019. Before 2019 the documents
 * used `cluster-admin`.
 */
const PUBLISHED: Readonly<Record<string, readonly string[]>> = {
  namespaces: ['get', 'list', 'watch'],
  configmaps: ['get', 'list', 'watch'],
  serviceaccounts: ['create', 'update', 'patch', 'get', 'list', 'watch'],
  secrets: ['create', 'update', 'patch', 'get', 'list', 'watch'],
}
const GIVEN: readonly unknown[] = ['cluster-admin', LEGACY_HELPER]

/**
 * Collects the helper's rights. A right is free if it certainly belongs to the helper and nothing
 * else uses it. For each other right the reason is given.
 */
export function collectRights(
  objects: readonly AnyObject[],
  workloads: readonly Workload[],
  deployments: readonly AnyObject[],
) {
  const bindings = objects.filter(({ kind }) => kind === 'ClusterRoleBinding')
  const ofHelper = bindings.filter((object) => list(object, 'subjects').some(isHelper))
  const user = findUser(workloads, deployments)
  const judged = ofHelper.map((object): Judged => ({ object, why: whyBindingStays(object, user) }))
  const going = freeOf(judged)
  const staying = objects.filter(
    (object) => (object.kind === 'ClusterRoleBinding' || object.kind === 'RoleBinding') && !going.includes(object),
  )
  const roles = objects
    .filter(({ kind, metadata }) => kind === 'ClusterRole' && metadata.name === LEGACY_HELPER)
    .map((object) => ({ object, why: whyRoleStays(object, staying) }))
  const accounts = objects
    .filter(({ kind, metadata }) => {
      const { name, namespace = LEGACY_NAMESPACE } = metadata
      return kind === 'ServiceAccount' && name === LEGACY_HELPER && namespace === LEGACY_NAMESPACE
    })
    .map((object) => ({ object, why: whyAccountStays(object, user, staying) }))
  return {
    rbac: [...going, ...freeOf(roles), ...freeOf(accounts)].map(describePart),
    sharedBindings: ofHelper
      .filter((object) => !list(object, 'subjects').every(isHelper))
      .map(({ metadata }) => metadata.name),
    shared: stayingOf([...judged, ...roles, ...accounts]),
  }
}

/** Finds a workload that runs as the helper's ServiceAccount but is not the helper's. */
function findUser(workloads: readonly Workload[], deployments: readonly AnyObject[]): Workload | undefined {
  const own = new Set(deployments.map(({ metadata }) => `Deployment ${metadata.name}`))
  const running = workloads.filter(
    ({ namespace, serviceAccount }) => namespace === LEGACY_NAMESPACE && serviceAccount === LEGACY_HELPER,
  )
  const isOwn = ({ kind, name, owner }: Workload): boolean =>
    own.has(`${kind} ${name}`) || (owner !== undefined && own.has(`${owner.kind} ${owner.name}`))
  // ReplicaSets are added first, whatever their order, so that their Pods are recognized as the
  // helper's.
  for (const workload of running) if (isOwn(workload)) own.add(`${workload.kind} ${workload.name}`)
  return running.find((workload) => !isOwn(workload))
}

function whyBindingStays(object: AnyObject, user: Workload | undefined): string | undefined {
  if (!list(object, 'subjects').every(isHelper)) return 'it has other subjects too'
  const { kind, name } = isRecord(object.roleRef) ? object.roleRef : {}
  if (kind !== 'ClusterRole' || !GIVEN.includes(name)) {
    return `it gives ${kind} ${name}, which Alibaba's own helper never had`
  }
  if (user !== undefined) return `it gives rights to ${titleOf(user)}`
  return appliedBy(object, ['f:subjects'])
}

function whyRoleStays(object: AnyObject, staying: readonly AnyObject[]): string | undefined {
  const user = staying.find(({ roleRef }) => {
    return isRecord(roleRef) && roleRef.kind === 'ClusterRole' && roleRef.name === LEGACY_HELPER
  })
  if (user !== undefined) return `${user.kind} ${keyOf(user.metadata)} refers to it`
  if (object.aggregationRule !== undefined) return 'it is aggregated from other roles'
  // A ClusterRole with any aggregation label counts. Kubernetes and its documents use these labels.
  const labels = Object.keys(object.metadata.labels ?? {})
  if (labels.some((key) => key.includes('/aggregate-to-'))) return 'it is aggregated into other roles'
  const rules = Array.isArray(object.rules) ? object.rules : []
  if (!rules.every(isPublished)) return "it allows what Alibaba's own helper is not known to need"
  return appliedBy(object, ['f:rules'])
}

function whyAccountStays(
  object: AnyObject,
  user: Workload | undefined,
  staying: readonly AnyObject[],
): string | undefined {
  if (user !== undefined) return `${titleOf(user)} runs as it`
  const secrets = list(object, 'secrets')
  // The helper's own token, a Secret that Kubernetes before 1.24 creates.
  const foreign = secrets.find(({ name }) => !String(name).startsWith(`${LEGACY_HELPER}-token-`))
  if (foreign !== undefined) return `it names the Secret ${foreign.name}`
  const tool = appliedBy(object, ['f:metadata'])
  if (tool !== undefined) return tool
  // While a binding still names the account, nobody else must be able to create an account with
  // that name.
  const binding = staying.find((one) => list(one, 'subjects').some(isHelper))
  return binding && `${binding.kind} ${keyOf(binding.metadata)} gives it rights`
}

function isPublished(rule: unknown): boolean {
  if (!isRecord(rule)) return false
  const { apiGroups, resources, verbs, nonResourceURLs } = rule
  const texts = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(String) : [])
  if (texts(nonResourceURLs).length > 0 || texts(apiGroups).some((group) => group !== '')) return false
  return texts(resources).every((resource) => texts(verbs).every((verb) => PUBLISHED[resource]?.includes(verb)))
}

function isHelper({ kind, name, namespace }: Readonly<Record<string, unknown>>): boolean {
  return kind === 'ServiceAccount' && name === LEGACY_HELPER && namespace === LEGACY_NAMESPACE
}
