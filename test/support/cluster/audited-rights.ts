import type { AuditEntry } from './audit-log.ts'

/** The helper whose requests are checked, and the names that it may use. */
export interface AuditedHelper {
  readonly home: string
  readonly release: string
  readonly secretName: string
  /**
   * True if the server was restarted. Until it has loaded its roles, it denies allowed requests.
   */
  readonly serverRestarted?: boolean
}

/** The allowed `verb resource` in any namespace, in attach mode `serviceAccounts` or `both`. */
const ANYWHERE: ReadonlySet<string> = new Set([
  'list namespaces',
  'watch namespaces',
  'list serviceaccounts',
  'watch serviceaccounts',
  'patch serviceaccounts',
  'create events',
])
const OWN_SECRET: ReadonlySet<string> = new Set(['list secrets', 'watch secrets', 'patch secrets'])
const AT_HOME: ReadonlySet<string> = new Set([
  'get leases',
  'watch leases',
  'update leases',
  'get configmaps',
  'watch configmaps',
  'patch configmaps',
])

/**
 * Finds requests that RBAC or the guard denied, and requests for other owners' objects, as `verb
 * URI -> code`.
 */
export function findUnauthorized(entries: readonly AuditEntry[], helper: AuditedHelper): string[] {
  const user = `system:serviceaccount:${helper.home}:${helper.release}`
  const own = entries.filter((entry) => entry.user.username === user)
  const wrong = own.filter((entry) => !isCovered(entry, helper) || (!helper.serverRestarted && isRefused(entry)))
  return wrong.map(({ verb, requestURI, responseStatus }) => `${verb} ${requestURI} -> ${responseStatus?.code}`)
}

/**
 * Whether RBAC or the guard denied a request; quotas, webhooks and terminating namespaces respond
 * with 403 too.
 */
function isRefused({ annotations, responseStatus }: AuditEntry): boolean {
  const decision = annotations?.['authorization.k8s.io/decision']
  return decision === 'forbid' || /ValidatingAdmissionPolicy 'acr-nopass\./.test(responseStatus?.message ?? '')
}

function isCovered(entry: AuditEntry, { home, release, secretName }: AuditedHelper): boolean {
  const { resource, namespace, name, subresource } = entry.objectRef ?? {}
  if (subresource !== undefined) return false
  const what = `${entry.verb} ${resource}`
  const named = name ?? new URL(entry.requestURI, 'https://api').searchParams.get('fieldSelector')?.split('=')[1]
  if (OWN_SECRET.has(what)) return named === secretName
  if (AT_HOME.has(what)) return namespace === home && (named === release || named === `${release}-status`)
  return ANYWHERE.has(what)
}
