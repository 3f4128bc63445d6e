import { NopassError } from '../errors.ts'
import type { ReleaseContent } from '../helm/release/release-record.ts'
import type { KubeClient } from '../kube/client.ts'
import { discoverResources } from './api-resources.ts'

/** The rights that helm needs for each object and hook, and for its own release records. */
export async function neededRights(
  client: KubeClient,
  { objects, hooks }: Pick<ReleaseContent, 'objects' | 'hooks'>,
  release: {
    readonly namespace: string
    readonly createNamespace: boolean
    readonly watches: boolean
    /** Where helm keeps its records. */
    readonly records: 'secrets' | 'configmaps'
  },
  signal?: AbortSignal,
): Promise<readonly Right[]> {
  const resourceOf = await discoverResources(client, [...objects, ...hooks], signal)
  const rights: Right[] = ['create', 'get', 'list', 'update', 'delete'].map((verb) => {
    return { verb, group: '', resource: release.records, namespace: release.namespace }
  })
  if (release.createNamespace) rights.push({ verb: 'create', group: '', resource: 'namespaces' })
  for (const object of objects) {
    const resource = resourceOf(object)
    if (!resource) continue
    const where = resource.namespaced ? { namespace: object.namespace ?? release.namespace } : {}
    const base = { group: resource.group, resource: resource.plural, ...where }
    rights.push({ verb: 'create', ...base })
    for (const verb of ['get', 'patch']) rights.push({ verb, ...base, name: object.name })
    // Helm 4 waits by watching every kind of the chart.
    if (release.watches) for (const verb of ['list', 'watch']) rights.push({ verb, ...base })
  }
  for (const hook of hooks) {
    const resource = resourceOf(hook)
    if (!resource) continue
    const where = resource.namespaced ? { namespace: hook.namespace ?? release.namespace } : {}
    // Helm creates a hook, watches it until it is complete, and deletes it before the next run.
    for (const verb of ['create', 'get', 'list', 'watch', 'delete']) {
      rights.push({ verb, group: resource.group, resource: resource.plural, ...where })
    }
  }
  return [...new Map(rights.map((right) => [formatRight(right), right])).values()]
}

/**
 * What the verification does in `existing`, or in a namespace whose name is not known yet: then the rights must be cluster-wide.
 */
export function probeRights(secretName: string, image: boolean, existing: string | undefined): readonly Right[] {
  if (existing !== undefined) {
    const inside = { group: '', namespace: existing }
    return [
      { verb: 'get', group: '', resource: 'namespaces', name: existing },
      { verb: 'get', ...inside, resource: 'secrets', name: secretName },
      { verb: 'create', ...inside, resource: 'serviceaccounts' },
      { verb: 'delete', ...inside, resource: 'serviceaccounts' },
      { verb: 'create', ...inside, resource: 'pods' },
      ...(image ? ['get', 'delete'].map((verb) => ({ verb, ...inside, resource: 'pods' })) : []),
    ]
  }
  return [
    { verb: 'create', group: '', resource: 'namespaces' },
    { verb: 'delete', group: '', resource: 'namespaces' },
    { verb: 'get', group: '', resource: 'secrets', name: secretName },
    { verb: 'create', group: '', resource: 'pods' },
    ...(image ? [{ verb: 'get', group: '', resource: 'pods' }] : []),
  ]
}

const EVERYTHING: Right = { verb: '*', group: '*', resource: '*' }

/**
 * No namespace can have this name, so no RoleBinding is in it: its rules are those of ClusterRoleBindings, which hold in all namespaces
 * and for cluster-scoped objects (Kubernetes, pkg/registry/rbac/validation/rule.go, VisitRulesFor).
 */
const NOWHERE = 'acr-nopass.none'

/**
 * The missing rights. One review recognises an administrator; one more reads the rules that hold everywhere, and one per namespace those
 * in it; only the remaining rights are reviewed one by one.
 */
export async function missingRights(
  client: KubeClient,
  rights: readonly Right[],
  signal?: AbortSignal,
): Promise<readonly Right[]> {
  if (await isAllowed(client, EVERYTHING, signal)) return []
  const places = [...new Set(rights.map(({ namespace = NOWHERE }) => namespace))]
  const rules = new Map(
    await Promise.all(places.map(async (place) => [place, await rulesIn(client, place, signal)] as const)),
  )
  const open = rights.filter((right) => !isGranted(right, rules.get(right.namespace ?? NOWHERE) ?? []))
  const allowed = await Promise.all(open.map((right) => isAllowed(client, right, signal)))
  return open.filter((_, index) => !allowed[index])
}

/** Fails before the first write instead of in the middle. @throws DEPLOYER_FORBIDDEN with every missing right */
export function requireRights(missing: readonly Right[]): void {
  if (missing.length === 0) return
  const lines = missing.slice(0, 12).map(formatRight)
  const more = missing.length > lines.length ? ` and ${missing.length - lines.length} more` : ''
  throw new NopassError('DEPLOYER_FORBIDDEN', `the deployer may not ${lines.join('; ')}${more}`)
}

/** `patch secrets/acr-nopass in shop`. */
export function formatRight({ verb, group, resource, namespace, name }: Right): string {
  const what = `${resource}${group ? `.${group}` : ''}${name ? `/${name}` : ''}`
  return `${verb} ${what}${namespace ? ` in ${namespace}` : ''}`
}

export interface Right {
  readonly verb: string
  readonly group: string
  readonly resource: string
  readonly namespace?: string
  readonly name?: string
}

interface Rule {
  readonly verbs: readonly string[]
  readonly apiGroups?: readonly string[]
  readonly resources?: readonly string[]
  readonly resourceNames?: readonly string[]
}

/** Asks the API server's authorizer; returns the status of its answer. */
export async function review<Status>(
  client: KubeClient,
  kind: 'SelfSubjectAccessReview' | 'SelfSubjectRulesReview' | 'SubjectAccessReview',
  spec: object,
  signal?: AbortSignal,
): Promise<Status | undefined> {
  const path = `/apis/authorization.k8s.io/v1/${kind.toLowerCase()}s`
  const body = { apiVersion: 'authorization.k8s.io/v1', kind, spec }
  return (await client.request<{ status?: Status }>({ method: 'POST', path, body }, signal)).status
}

/** Whether the API server allows one right; `*` as verb, group and resource means everything. */
async function isAllowed(client: KubeClient, right: Right, signal?: AbortSignal): Promise<boolean> {
  const spec = { resourceAttributes: right }
  return (await review<{ allowed?: boolean }>(client, 'SelfSubjectAccessReview', spec, signal))?.allowed === true
}

/** The rules in a namespace. They may be incomplete: what they do not contain has to be reviewed separately. */
async function rulesIn(client: KubeClient, namespace: string, signal?: AbortSignal): Promise<readonly Rule[]> {
  type Rules = { readonly resourceRules?: readonly Rule[] }
  return (await review<Rules>(client, 'SelfSubjectRulesReview', { namespace }, signal))?.resourceRules ?? []
}

export function isGranted({ verb, group, resource, name }: Right, rules: readonly Rule[]): boolean {
  const includes = (list: readonly string[] | undefined, value: string): boolean =>
    list?.some((one) => one === '*' || one === value) ?? false
  return rules.some(
    ({ verbs, apiGroups, resources, resourceNames = [] }) =>
      includes(verbs, verb) &&
      includes(apiGroups, group) &&
      includes(resources, resource) &&
      (resourceNames.length === 0 || (name !== undefined && resourceNames.includes(name))),
  )
}
