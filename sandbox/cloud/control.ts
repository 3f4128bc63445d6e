import { TestbedError } from '../../tools/testbed-error.ts'
import type { SessionPolicyFault } from './faults.ts'
import { addPolicy, addRole, addVersion, findEntity } from './ram/entities.ts'
import type { Reading } from './ram/reading.ts'
import type { CloudState, Endpoint } from './state.ts'
import type { Jwks } from './sts/jwt.ts'

interface InstanceChange {
  readonly status?: string
  readonly internet?: Partial<Pick<Endpoint, 'enabled' | 'acl'>>
  readonly vpc?: Partial<Pick<Endpoint, 'enabled' | 'vpcs'>>
}

/** Changes the main account outside the cloud's API, for tests and demos. */
export function createControl(state: CloudState) {
  const { ram, instances } = state.main
  return {
    /** Creates or replaces a custom policy and attaches it to a role. */
    grant: (roleName: string, name: string, document: object): void => {
      const text = JSON.stringify(document)
      const known = ram.Policy.get(name.toLowerCase())
      if (known !== undefined) {
        known.defaultVersion = addVersion(known, state.now(), text)
        for (const id of known.versions.keys()) if (id !== known.defaultVersion) known.versions.delete(id)
      }
      findEntity(ram, 'Role', roleName).policies.add(known ?? addPolicy(ram, state.now(), text, { name }))
    },
    /** Detaches one policy from a role, or all of them. */
    revoke: (roleName: string, policyName?: string): void => {
      const { policies } = findEntity(ram, 'Role', roleName)
      for (const policy of policies) if (policy.name === (policyName ?? policy.name)) policies.delete(policy)
    },
    /**
     * Gives a user or role of the main account the rights of an administrator in a cluster, or
     * none.
     */
    authorize: (clusterId: string, name: string, isAdministrator: boolean): void => {
      const cluster = state.main.clusters.get(clusterId)
      if (cluster === undefined) throw new TestbedError('SEED_INVALID', `cluster ${clusterId} does not exist`)
      const others = (cluster.unauthorized ?? []).filter((one) => one !== name)
      state.main.clusters.set(clusterId, { ...cluster, unauthorized: isAdministrator ? others : [...others, name] })
    },
    /** Replaces the control policies of the resource directory that limit the main account. */
    limit: (...documents: readonly object[]): void => {
      state.main.controlPolicies = documents.map((document) => JSON.stringify(document))
    },
    /** Creates or replaces a role. */
    putRole: (name: string, trust: object): void => {
      addRole(ram, { name, ...ram.Role.get(name.toLowerCase()), trust: JSON.stringify(trust) })
    },
    /**
     * Changes an Enterprise instance and its endpoints.
     * @throws SEED_INVALID when the instance does not exist
     */
    changeInstance: (instanceId: string, { status, ...endpoints }: InstanceChange): void => {
      const instance = instances.find(({ id }) => id === instanceId)
      if (instance === undefined) throw new TestbedError('SEED_INVALID', `instance ${instanceId} does not exist`)
      instance.status = status ?? instance.status
      instance.endpoints = instance.endpoints.map((endpoint) => ({ ...endpoint, ...endpoints[endpoint.type] }))
    },
    /**
     * Makes a repository public or private.
     * @throws SEED_INVALID when no instance has its namespace
     */
    setVisibility: (repository: string, visibility: 'public' | 'private'): void => {
      const [namespace = ''] = repository.split('/')
      const instance = instances.find(({ namespaces }) => namespaces.includes(namespace))
      if (instance === undefined) throw new TestbedError('SEED_INVALID', `namespace ${namespace} does not exist`)
      instance.publicRepositories[visibility === 'public' ? 'add' : 'delete'](repository)
    },
    /** Sets how many milliseconds the cloud's clock is ahead. */
    setClockSkew: (ms: number): void => {
      state.settings.clockSkew = ms
    },
    /**
     * Sets for how many milliseconds the reads of an account's RAM do not show a write. 0:
     * immediately visible.
     */
    setStaleReads: (ms: number, accountId = state.main.id): void => {
      state.settings.staleReads.set(accountId, ms)
    },
    /** Sets for how many milliseconds a write to an account's RAM has no effect. */
    setSlowEffects: (ms: number, accountId = state.main.id): void => {
      state.settings.slowEffects.set(accountId, ms)
    },
    /** Changes how RAM reads what its pages do not specify. */
    read: (reading: Partial<Reading>): void => void Object.assign(state.settings.reading, reading),
    /** Sets whether registry credentials live one hour, whatever their request asks for. */
    ignoreExpiresInHours: (ignored: boolean): void => {
      state.settings.ignoresExpiresInHours = ignored
    },
    /** Sets whether registry credentials outlive the session that requested them. */
    outliveSessions: (outlive: boolean): void => {
      state.settings.tokensOutliveSessions = outlive
    },
    /** Sets whether registry credentials keep the rights with which they were requested. */
    keepLoginRights: (keep: boolean): void => {
      state.settings.loginsKeepRights = keep
    },
    /** Sets whether instances that do not run issue credentials. */
    serveStopped: (serve: boolean): void => {
      state.settings.stoppedInstancesServe = serve
    },
    /** Moves the instances with a metadata service into a VPC. */
    setMetadataVpc: (vpcId: string | undefined): void => {
      state.settings.metadataVpc = vpcId
    },
    /** Serves an issuer's keys, without an identity provider in RAM. */
    publishKeys: (issuer: string, jwks: Jwks): void => {
      state.issuers.set(issuer, () => jwks)
    },
    /**
     * Limits the lifetime of new sessions and registry credentials; undefined removes the limit.
     */
    shortSessions: (seconds: number | undefined): void => {
      state.settings.maxSessionSeconds = seconds
    },
    /** Expires registry credentials (default: all). */
    expireTokens: (passwords: Iterable<string> = state.registryCredentials.keys()): void => {
      for (const password of passwords) {
        const credential = state.registryCredentials.get(password)
        if (credential !== undefined) credential.expiresAt = state.now()
      }
    },
    expireSessions: (): void => {
      for (const session of state.sessions.values()) session.expiresAt = state.now()
    },
    /**
     * Changes the certificate authorities of an issuer's address. Undefined: STS does not compare
     * them.
     */
    setIssuerChain: (issuer: string, fingerprints: readonly string[] | undefined): void => {
      if (fingerprints === undefined) state.issuerChains.delete(issuer)
      else state.issuerChains.set(issuer, fingerprints)
    },
    /** Limits the calls of each account to a product per second; undefined removes the limit. */
    limitRate: (product: 'Ram' | 'Ims' | 'Sts' | 'CS' | 'cr', perSecond: number | undefined): void => {
      if (perSecond === undefined) state.settings.rates.delete(product)
      else state.settings.rates.set(product, perSecond)
    },
    /**
     * Makes pulls come from the internet, with this source address; undefined: from a linked VPC.
     */
    pullFromInternet: (address: string | undefined): void => {
      state.settings.pullsFrom = address === undefined ? undefined : { network: 'internet', address }
    },
    /** Sets whether STS accepts an OIDC provider without fingerprints. */
    acceptWithoutFingerprints: (accepted: boolean): void => {
      state.settings.acceptWithoutFingerprints = accepted
    },
    /** Changes what session policies do, until further notice; undefined: as documented. */
    breakSessionPolicies: (fault: SessionPolicyFault | undefined): void => {
      state.settings.sessionPolicyFault = fault
    },
    /**
     * Sets whether the registry denies everybody a repository that does not exist, instead of
     * responding with 404 to those who may pull it.
     */
    denyUnknownRepositories: (denied: boolean): void => {
      state.settings.deniesUnknownRepositories = denied
    },
    /** Sets whether the push that creates a repository also needs `cr:CreateRepository`. */
    requireCreateRepository: (required: boolean): void => {
      state.settings.pushNeedsCreateRepository = required
    },
    /** Sets whether the metadata service responds to requests without a token. */
    allowImdsV1: (allowed: boolean): void => {
      state.settings.imdsV1 = allowed
    },
    disableAccessKey: (accessKeyId: string): void => {
      for (const { keys } of ram.User.values()) {
        for (const key of keys) if (key.id === accessKeyId) key.active = false
      }
    },
  }
}
