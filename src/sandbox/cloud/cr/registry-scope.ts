import { decide } from '../ram/authorize.ts'
import type { CloudState, Instance, RegistryCredential } from '../state.ts'

/** What a token may do; the shape of the `access` claim of a registry token. */
export interface Access {
  readonly type: string
  readonly name: string
  readonly actions: readonly string[]
}

const RAM_ACTIONS: Readonly<Record<string, string>> = { pull: 'cr:PullRepository', push: 'cr:PushRepository' }

/** Reads `repository:team/app:pull,push`, several separated by blanks; what it cannot read it leaves out. */
export function parseScopes(scopes: readonly string[]): readonly Access[] {
  return scopes
    .flatMap((scope) => scope.split(' '))
    .flatMap((scope) => {
      const [, type, name, actions] = /^([a-z]+(?:\([a-z]+\))?):(.+):([a-z*,]+)$/.exec(scope) ?? []
      if (type === undefined || name === undefined || actions === undefined) return []
      return [{ type, name, actions: actions.split(',') }]
    })
}

/**
 * The part of the wanted access that a credential has now. The vendor's documents say that the temporary password has the
 * permissions of who asked for it, so the principal's policies count as they are at the time of the pull.
 */
export function grantAccess(
  state: CloudState,
  credential: RegistryCredential,
  wanted: readonly Access[],
): readonly Access[] {
  return wanted.flatMap((access) => {
    if (access.type !== 'repository') return []
    const actions = access.actions.filter((action) => mayDo(state, credential, access.name, action))
    return actions.length === 0 ? [] : [{ ...access, actions }]
  })
}

function mayDo(state: CloudState, credential: RegistryCredential, repository: string, verb: string): boolean {
  const action = RAM_ACTIONS[verb]
  const [namespace = ''] = repository.split('/')
  if (action === undefined || namespace === repository) return false
  const instances = state.accounts.get(credential.accountId)?.instances ?? []
  return instances.some((instance) => {
    const own =
      credential.instanceId === undefined ? instance.edition === 'personal' : instance.id === credential.instanceId
    if (!own || !instance.namespaces.has(namespace)) return false
    const resource = repositoryArn(credential.accountId, instance, repository)
    return decide(state, credential.principal, action, resource, new Map()) === 'allow'
  })
}

function repositoryArn(accountId: string, instance: Instance, repository: string): string {
  const prefix = instance.edition === 'enterprise' ? `${instance.id}/` : ''
  return `acs:cr:${instance.region}:${accountId}:repository/${prefix}${repository}`
}
