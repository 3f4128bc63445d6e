import { NopassError } from '../errors.ts'
import type { ManifestObject } from '../helm/release/manifest.ts'
import type { ReleaseContent } from '../helm/release/release-record.ts'
import type { KubeCaller } from '../kube/client.ts'
import { discoverResources } from './api-resources.ts'

/** The rights that helm needs for each object and hook, and for its own release records. */
export async function neededRights(
  caller: KubeCaller,
  { objects, hooks }: Pick<ReleaseContent, 'objects' | 'hooks'>,
  release: {
    readonly namespace: string
    readonly createNamespace: boolean
    readonly watches: boolean
    /** Where helm keeps its records. */
    readonly records: 'secrets' | 'configmaps'
  },
): Promise<readonly Right[]> {
  const resourceOf = await discoverResources(caller, [...objects, ...hooks])
  const rightsTo = (object: ManifestObject, verbs: readonly string[], named: readonly string[]): readonly Right[] => {
    const resource = resourceOf(object)
    if (!resource) return []
    const { group, plural, namespaced } = resource
    const where = { group, ...(namespaced && { namespace: object.namespace ?? release.namespace }) }
    return [...rights(verbs, plural, where), ...rights(named, plural, { ...where, name: object.name })]
  }
  // Helm 4 waits by watching every kind of the chart.
  const verbs = release.watches ? ['create', 'list', 'watch'] : ['create']
  const all = [
    ...rights(['create', 'get', 'list', 'update', 'delete'], release.records, { namespace: release.namespace }),
    ...rights(release.createNamespace ? ['create'] : [], 'namespaces'),
    ...objects.flatMap((object) => rightsTo(object, verbs, ['get', 'patch'])),
    // Helm creates a hook, watches it until it is complete, and deletes it before the next run.
    ...hooks.flatMap((hook) => rightsTo(hook, ['create', 'get', 'list', 'watch', 'delete'], [])),
  ]
  return [...new Map(all.map((right) => [formatRight(right), right])).values()]
}

/**
 * What the verification does in `existing`, or in a namespace whose name is not known yet: then the rights must be cluster-wide.
 */
export function probeRights(secretName: string, image: boolean, existing: string | undefined): readonly Right[] {
  if (existing === undefined) {
    return [
      ...rights(['create', 'delete'], 'namespaces'),
      ...rights(['get'], 'secrets', { name: secretName }),
      ...rights(image ? ['create', 'get'] : ['create'], 'pods'),
    ]
  }
  const inside = { namespace: existing }
  return [
    ...rights(['get'], 'namespaces', { name: existing }),
    ...rights(['get'], 'secrets', { ...inside, name: secretName }),
    ...rights(['create', 'delete'], 'serviceaccounts', inside),
    ...rights(image ? ['create', 'get', 'delete'] : ['create'], 'pods', inside),
  ]
}

/** Rights to a resource, by default of the core group and in the whole cluster. */
export function rights(
  verbs: readonly string[],
  resource: string,
  where: Partial<Pick<Right, 'group' | 'namespace' | 'name'>> = {},
): readonly Right[] {
  return verbs.map((verb) => ({ verb, group: '', resource, ...where }))
}

const EVERYTHING: Right = { verb: '*', group: '*', resource: '*' }

/**
 * No namespace can have this name, so no RoleBinding is in it: its rules are those of ClusterRoleBindings, which hold in all namespaces
 * and for cluster-scoped objects (Kubernetes, pkg/registry/rbac/validation/rule.go, VisitRulesFor).
 */
const NOWHERE = 'acr-nopass.none'

interface Subject {
  readonly user: string
  readonly groups: readonly string[]
}

/**
 * The rights that the API server's authorizer denies the caller, or the `subject`. One review recognises an administrator. Of any other
 * caller the rules that hold everywhere are read with one review, and with one per namespace those in it; only the remaining rights are
 * reviewed one by one, because each is a request.
 */
export async function missingRights(
  caller: KubeCaller,
  needed: readonly Right[],
  subject?: Subject,
): Promise<readonly Right[]> {
  if (await isAllowed(caller, EVERYTHING, subject)) return []
  const open = subject === undefined ? await withoutGranted(caller, needed) : needed
  const allowed = await Promise.all(open.map((right) => isAllowed(caller, right, subject)))
  return open.filter((_, index) => !allowed[index])
}

async function withoutGranted(caller: KubeCaller, needed: readonly Right[]): Promise<readonly Right[]> {
  const places = [...new Set(needed.map(({ namespace = NOWHERE }) => namespace))]
  const rules = new Map(await Promise.all(places.map(async (place) => [place, await rulesIn(caller, place)] as const)))
  return needed.filter((right) => !isGranted(right, rules.get(right.namespace ?? NOWHERE) ?? []))
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
async function review<Status>({ client, signal }: KubeCaller, kind: string, spec: object): Promise<Status | undefined> {
  const path = `/apis/authorization.k8s.io/v1/${kind.toLowerCase()}s`
  const body = { apiVersion: 'authorization.k8s.io/v1', kind, spec }
  return (await client.request<{ status?: Status }>({ method: 'POST', path, body }, signal)).status
}

/** Whether the API server allows one right; `*` as verb, group and resource means everything. */
async function isAllowed(caller: KubeCaller, right: Right, subject?: Subject): Promise<boolean> {
  const kind = subject === undefined ? 'SelfSubjectAccessReview' : 'SubjectAccessReview'
  const spec = { ...subject, resourceAttributes: right }
  return (await review<{ allowed?: boolean }>(caller, kind, spec))?.allowed === true
}

/** The rules in a namespace. They may be incomplete: what they do not contain has to be reviewed separately. */
async function rulesIn(caller: KubeCaller, namespace: string): Promise<readonly Rule[]> {
  type Rules = { readonly resourceRules?: readonly Rule[] }
  return (await review<Rules>(caller, 'SelfSubjectRulesReview', { namespace }))?.resourceRules ?? []
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
