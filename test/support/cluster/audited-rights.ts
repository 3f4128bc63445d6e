import type { AuditEntry } from '../../../src/sandbox/cluster/audit-log.ts'

/** Whose requests are looked at, and the names that it may use. */
export interface AuditedHelper {
  readonly home: string
  readonly release: string
  readonly secretName: string
  /** The server was restarted: until it knows its roles again it refuses what is allowed, which is no fault of who asked. */
  readonly serverRestarted?: boolean
}

/** `verb resource` of all that a helper in attach mode `serviceAccounts` or `both` asks for, by where it may. */
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

/** Requests of the helper that rights or guard refused, or that touch another object than its own; as `verb URI -> code`. */
export function beyondRights(entries: readonly AuditEntry[], helper: AuditedHelper): string[] {
  const user = `system:serviceaccount:${helper.home}:${helper.release}`
  const own = entries.filter((entry) => entry.user.username === user)
  const wrong = own.filter((entry) => !isCovered(entry, helper) || (!helper.serverRestarted && isRefused(entry)))
  return wrong.map(({ verb, requestURI, responseStatus }) => `${verb} ${requestURI} -> ${responseStatus?.code}`)
}

/** By authorization, or by the guard; a quota, a webhook or the end of a namespace answer with 403 as well. */
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
