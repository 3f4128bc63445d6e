import { NopassError } from '../../errors.ts'
import { readPolicy, readTrust } from './ram/document.ts'
import { addPolicy, addRole } from './ram/entities.ts'
import type { Account, CloudState, Endpoint } from './state.ts'

interface InstanceChange {
  readonly status?: string
  readonly internet?: Partial<Pick<Endpoint, 'enabled' | 'acl'>>
  readonly vpc?: Partial<Pick<Endpoint, 'enabled' | 'vpcs'>>
}

/** Changes the cloud outside its API, for tests and demos. Roles and policies are those of the main account. */
export function createControl(state: CloudState, account: Account) {
  const { ram } = account

  const putPolicy = (name: string, document: object): void => {
    const text = JSON.stringify(document)
    readPolicy(text)
    const now = state.now()
    const old = ram.policies.get(name.toLowerCase())
    if (old === undefined) return void addPolicy(ram, now, { name, document: text })
    const version = { id: `v${old.nextVersion}`, document: text }
    const versions = { defaultVersion: version.id, nextVersion: old.nextVersion + 1, versions: [version] }
    Object.assign(old, { updated: now, ...versions })
  }

  return {
    /** Creates or replaces a custom policy and attaches it to a role. */
    grant: (roleName: string, policyName: string, document: object): void => {
      putPolicy(policyName, document)
      const [principal, policy] = [roleName.toLowerCase(), policyName.toLowerCase()]
      const isAttached = ram.attachments.some(
        (item) => item.on === 'role' && item.principal === principal && item.policy === policy,
      )
      if (!isAttached) ram.attachments.push({ on: 'role', principal, type: 'Custom', policy })
    },
    /** Detaches one policy from a role, or all of them. */
    revoke: (roleName: string, policyName?: string): void => {
      const kept = ram.attachments.filter((item) => {
        const isRole = item.on === 'role' && item.principal === roleName.toLowerCase()
        return !isRole || (policyName !== undefined && item.policy !== policyName.toLowerCase())
      })
      ram.attachments.splice(0, ram.attachments.length, ...kept)
    },
    /** Creates or replaces a role. */
    putRole: (roleName: string, trust: object): void => {
      const text = JSON.stringify(trust)
      readTrust(text)
      addRole(ram, { name: roleName, ...ram.roles.get(roleName.toLowerCase()), trust: text })
    },
    /** Changes an Enterprise instance and its endpoints. @throws SEED_INVALID when the instance does not exist */
    changeInstance: (instanceId: string, { status, ...endpoints }: InstanceChange): void => {
      const instance = account.instances.find(({ id }) => id === instanceId)
      if (instance === undefined) throw new NopassError('SEED_INVALID', `instance ${instanceId} does not exist`)
      instance.status = status ?? instance.status
      instance.endpoints = instance.endpoints.map((endpoint) => ({ ...endpoint, ...endpoints[endpoint.type] }))
    },
    /** Sets how many milliseconds the cloud's clock is ahead. */
    setClockSkew: (ms: number): void => {
      state.settings.clockSkew = ms
    },
    /** Limits the lifetime of new sessions and registry credentials; undefined removes the limit. */
    shortSessions: (seconds: number | undefined): void => {
      state.settings.maxSessionSeconds = seconds
    },
    /** Expires all registry credentials. */
    expireTokens: (): void => {
      for (const credential of state.registryCredentials.values()) credential.expiresAt = state.now()
    },
    expireSessions: (): void => {
      for (const session of state.sessions.values()) session.expiresAt = state.now()
    },
    /** Sets whether the metadata service responds to requests without a token. */
    allowImdsV1: (allowed: boolean): void => {
      state.settings.imdsV1 = allowed
    },
    disableAccessKey: (accessKeyId: string): void => {
      for (const { ram: each } of state.accounts.values()) {
        for (const user of each.users.values()) {
          for (const key of user.keys) if (key.id === accessKeyId) key.active = false
        }
      }
    },
  }
}
