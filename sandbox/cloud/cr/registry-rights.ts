import { BlockList } from 'node:net'
import { decide } from '../ram/authorize.ts'
import type { CloudState, Instance, RegistryCredential } from '../state.ts'

const RAM_ACTIONS: Readonly<Record<string, string>> = { pull: 'cr:PullRepository', push: 'cr:PushRepository' }

/**
 * Reads scopes such as `repository:team/app:pull,push`, separated by spaces, as `access` claims;
 * ignores others.
 */
export function parseScopes(scopes: readonly string[]) {
  return scopes
    .join(' ')
    .split(' ')
    .flatMap((scope) => {
      const [, name, actions] = /^repository:(.+):([a-z*,]+)$/.exec(scope) ?? []
      if (name === undefined || actions === undefined) return []
      return [{ type: 'repository', name, actions: actions.split(',') }]
    })
}

export type Access = ReturnType<typeof parseScopes>[number]

/** True if the client's address may not use the public endpoint of the repository's instance. */
export function isShutOut(state: CloudState, repository: string): boolean {
  const { pullsFrom } = state.settings
  if (pullsFrom === undefined) return false
  const [namespace = ''] = repository.split('/')
  const all = [...state.accounts.values()].flatMap(({ instances }) => instances)
  const endpoint = all
    .find(({ namespaces }) => namespaces.includes(namespace))
    ?.endpoints.find(({ type }) => type === 'internet')
  if (endpoint?.enabled !== true) return true
  // No page of the vendor says whether a list without entries allows nobody. Live ones allow all.
  return endpoint.acl.length > 0 && !endpoint.acl.some((entry) => isInBlock(pullsFrom.address, entry))
}

/** An entry of an allow-list is an IPv4 address or a CIDR block. */
function isInBlock(address: string, entry: string): boolean {
  const [network = '', length = '32'] = entry.split('/')
  const block = new BlockList()
  block.addSubnet(network, Number(length))
  return block.check(address)
}

/** Grants pulls from public repositories, and nothing else. */
export function grantPublicAccess(state: CloudState, requested: readonly Access[]): readonly Access[] {
  return requested.flatMap((access) =>
    access.actions.includes('pull') && isPublic(state, access.name) ? [{ ...access, actions: ['pull'] }] : [],
  )
}

function isPublic(state: CloudState, repository: string): boolean {
  const instances = [...state.accounts.values()].flatMap((account) => account.instances)
  return instances.some(({ publicRepositories }) => publicRepositories.has(repository))
}

/**
 * Returns the part of the requested access that the credential currently has. "If you log on to an
 * instance by using the temporary password obtained through STS, you have the same permissions as
 * the STS token" (GetAuthorizationToken,
 * https://www.alibabacloud.com/help/en/doc-detail/145324.htm). Therefore the policies of the role
 * at the time of the pull count, and the session policy with which the password was requested. That
 * ACR evaluates a session policy at a pull follows from this sentence, but no page says it.
 */
export function grantAccess(
  state: CloudState,
  credential: RegistryCredential,
  requested: readonly Access[],
): readonly Access[] {
  return requested.flatMap((access) => {
    const actions = access.actions.filter((action) => isAllowed(state, credential, access.name, action))
    return actions.length === 0 ? [] : [{ ...access, actions }]
  })
}

function isAllowed(state: CloudState, credential: RegistryCredential, repository: string, verb: string): boolean {
  const { principal, instanceId, issuedWith } = credential
  const documents = state.settings.loginsKeepRights ? issuedWith : undefined
  const { accountId } = principal
  const action = RAM_ACTIONS[verb]
  if (verb === 'pull' && isPublic(state, repository)) return true
  const [namespace = ''] = repository.split('/')
  if (action === undefined || namespace === repository) return false
  const creates = verb === 'push' && state.settings.pushNeedsCreateRepository && !state.repositories.has(repository)
  const instances = state.accounts.get(accountId)?.instances ?? []
  return instances.some((instance) => {
    const isCovered = instanceId === undefined ? instance.edition === 'personal' : instance.id === instanceId
    if (!isCovered || !instance.namespaces.includes(namespace)) return false
    const may = (one: string, path: string): boolean => {
      const request = { action: one, resource: repositoryArn(accountId, instance, path), context: new Map() }
      return decide(state, principal, request, 'registry', documents).decision === 'allow'
    }
    // CreateRepository of the Enterprise Edition is authorized on the namespace:
    // https://help.aliyun.com/document_detail/451336.htm
    const created = instance.edition === 'enterprise' ? namespace : repository
    return may(action, repository) && (!creates || may('cr:CreateRepository', created))
  })
}

function repositoryArn(accountId: string, instance: Instance, path: string): string {
  const prefix = instance.edition === 'enterprise' ? `${instance.id}/` : ''
  return `acs:cr:${instance.region}:${accountId}:repository/${prefix}${path}`
}

/**
 * Records the repositories that this access creates: a push begins with a token. Removes the pull
 * of repositories that do not exist, if the registry denies it to everybody.
 */
export function withExistence(state: CloudState, granted: readonly Access[]): readonly Access[] {
  for (const { name, actions } of granted) if (actions.includes('push')) state.repositories.add(name)
  if (!state.settings.deniesUnknownRepositories) return granted
  return granted.filter(({ name }) => state.repositories.has(name))
}
