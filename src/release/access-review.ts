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

interface Subject {
  readonly user: string
  readonly groups: readonly string[]
}

/** The rights that the API server's authorizer denies the caller, or the `subject`. One review recognises an administrator. */
export async function missingRights(
  caller: KubeCaller,
  rights: readonly Right[],
  subject?: Subject,
): Promise<readonly Right[]> {
  if (await isAllowed(caller, EVERYTHING, subject)) return []
  const allowed = await Promise.all(rights.map((right) => isAllowed(caller, right, subject)))
  return rights.filter((_, index) => !allowed[index])
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

async function isAllowed({ client, signal }: KubeCaller, right: Right, subject?: Subject): Promise<boolean> {
  const kind = subject === undefined ? 'SelfSubjectAccessReview' : 'SubjectAccessReview'
  const path = `/apis/authorization.k8s.io/v1/${kind.toLowerCase()}s`
  const body = { apiVersion: 'authorization.k8s.io/v1', kind, spec: { ...subject, resourceAttributes: right } }
  const { status } = await client.request<{ status?: { allowed?: boolean } }>({ method: 'POST', path, body }, signal)
  return status?.allowed === true
}
