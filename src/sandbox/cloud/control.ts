import { NopassError } from '../../errors.ts'
import type { CloudControl } from './cloud.ts'
import { rememberRam } from './ram/authorize.ts'
import { readPolicy, readTrust } from './ram/document.ts'
import { addPolicy, addRole } from './ram/entities.ts'
import type { Account, CloudState } from './state.ts'

export function createControl(state: CloudState, account: Account): CloudControl {
  const { ram } = account
  const changeRam = (): void => rememberRam(state, account.id)

  const putPolicy = (name: string, document: object): void => {
    const text = JSON.stringify(document)
    readPolicy(text)
    const now = state.now()
    const old = ram.policies.get(name.toLowerCase())
    if (old === undefined) return void addPolicy(ram, now, { name, document: text })
    const version = { id: `v${old.nextVersion}`, document: text, created: now }
    const versions = { defaultVersion: version.id, nextVersion: old.nextVersion + 1, versions: [version] }
    Object.assign(old, { updated: now, ...versions })
  }

  return {
    grant: (roleName, policyName, document) => {
      changeRam()
      putPolicy(policyName, document)
      const [principal, policy] = [roleName.toLowerCase(), policyName.toLowerCase()]
      const isAttached = ram.attachments.some(
        (item) => item.on === 'role' && item.principal === principal && item.policy === policy,
      )
      if (!isAttached) ram.attachments.push({ on: 'role', principal, type: 'Custom', policy, at: state.now() })
    },
    revoke: (roleName, policyName) => {
      changeRam()
      const kept = ram.attachments.filter((item) => {
        const isRole = item.on === 'role' && item.principal === roleName.toLowerCase()
        return !isRole || (policyName !== undefined && item.policy !== policyName.toLowerCase())
      })
      ram.attachments.splice(0, ram.attachments.length, ...kept)
    },
    putRole: (roleName, trust) => {
      changeRam()
      const text = JSON.stringify(trust)
      readTrust(text)
      const now = state.now()
      addRole(ram, now, { name: roleName, ...ram.roles.get(roleName.toLowerCase()), trust: text, updated: now })
    },
    changeInstance: (instanceId, { status, ...endpoints }) => {
      const instance = account.instances.find(({ id }) => id === instanceId)
      if (instance === undefined) throw new NopassError('SEED_INVALID', `instance ${instanceId} does not exist`)
      instance.status = status ?? instance.status
      instance.endpoints = instance.endpoints.map((endpoint) => ({ ...endpoint, ...endpoints[endpoint.type] }))
    },
    setClockSkew: (ms) => {
      state.settings.clockSkew = ms
    },
    shortSessions: (seconds) => {
      state.settings.maxSessionSeconds = seconds
    },
    expireTokens: () => {
      for (const credential of state.registryCredentials.values()) credential.expiresAt = state.now()
    },
    expireSessions: () => {
      for (const session of state.sessions.values()) session.expiresAt = state.now()
    },
    delayRam: (ms) => {
      state.settings.ramDelay = ms
    },
    allowImdsV1: (allowed) => {
      state.settings.imdsV1 = allowed
    },
    disableAccessKey: (accessKeyId) => {
      for (const { ram: each } of state.accounts.values()) {
        for (const user of each.users.values()) {
          for (const key of user.keys) if (key.id === accessKeyId) key.active = false
        }
      }
    },
  }
}
