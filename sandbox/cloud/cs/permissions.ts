import { orElse } from '../../../src/lib/or-else.ts'
import { ApiError, type Call } from '../operation.ts'

/**
 * https://www.alibabacloud.com/help/en/ack/ack-managed-and-ack-dedicated/developer-reference/api-cs-2015-12-15-grantpermissions
 */
interface Permission {
  readonly cluster?: unknown
  readonly role_name?: unknown
  readonly role_type?: unknown
  readonly is_ram_role?: unknown
}

/**
 * Replaces all rights of a user or role in the account's clusters. Only the role `admin` is
 * emulated. A caller without it gets a kubeconfig without rights, because the emulator does not
 * have the narrower roles.
 */
export function grantPermissions(call: Call): object {
  const uid = call.need('uid')
  const permissions = readPermissions(call)
  const { User, Role } = call.account.ram
  const role = [...Role.values()].find(({ id }) => id === uid)
  const { name } = role ?? [...User.values()].find(({ id }) => id === uid) ?? {}
  if (name === undefined) throw invalid(`${uid} is the id of no RAM user or role`)
  const { clusters } = call.account
  const isAdministrator = (id: string): boolean =>
    permissions.some(({ role_type, cluster }) => role_type === 'all-clusters' || cluster === id)
  for (const { cluster, role_type, role_name, is_ram_role = false } of permissions) {
    if (is_ram_role !== (role !== undefined)) throw invalid(`is_ram_role is ${String(is_ram_role)}`)
    if (role_name !== 'admin') throw invalid(`the role ${String(role_name)} is not emulated`)
    const isKnown =
      role_type === 'all-clusters' ? cluster === '' : role_type === 'cluster' && clusters.has(String(cluster))
    if (!isKnown) throw invalid(`${String(role_type)} ${String(cluster)}`)
  }
  for (const [id, cluster] of clusters) {
    const others = (cluster.unauthorized ?? []).filter((one) => one !== name)
    clusters.set(id, { ...cluster, unauthorized: isAdministrator(id) ? others : [...others, name] })
  }
  return {}
}

function readPermissions({ request }: Call): readonly Permission[] {
  const body: unknown = orElse(() => JSON.parse(request.body.toString()), undefined)
  if (Array.isArray(body) && body.every((one) => typeof one === 'object' && one !== null)) return body
  throw invalid('the body is not a list of permissions')
}

function invalid(what: string): ApiError {
  return new ApiError(400, 'InvalidParameter', `The specified parameter is not valid: ${what}`, { status: 400 })
}
