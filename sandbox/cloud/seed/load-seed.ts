import { TestbedError } from '../../../tools/testbed-error.ts'
import { newId } from '../identifiers.ts'
import { ApiError } from '../operation.ts'
import { readPolicy } from '../ram/document.ts'
import { addPolicy, addProvider, addRole, addUser, newKey } from '../ram/entities.ts'
import { defaultReading } from '../ram/reading.ts'
import { findPolicy } from '../ram/system-policies.ts'
import {
  type Account,
  type CloudCluster,
  type CloudState,
  type Endpoint,
  emptyRam,
  type Instance,
  type Policy,
} from '../state.ts'
import type { Seed, SeedAccount, SeedCluster, SeedEndpoint, SeedInstance, SeedPolicies } from './generated/seed.ts'

/** Loads the accounts of a seed. @throws SEED_INVALID for an invalid document or an unknown name */
export function loadSeed(seed: Seed, clock: () => number): CloudState {
  const accounts = new Map<string, Account>()
  for (const account of seed.accounts) {
    if (accounts.has(account.id)) throw invalid(`account ${account.id} is listed twice`)
    accounts.set(account.id, loadAccount(account, clock()))
  }
  const [main] = accounts.values()
  if (main === undefined) throw invalid('the seed has no account')
  const settings = {
    maxSessionSeconds: undefined,
    imdsV1: false,
    clockSkew: 0,
    staleReads: new Map<string, number>(),
    slowEffects: new Map<string, number>(),
    reading: defaultReading(),
    ignoresExpiresInHours: false,
    tokensOutliveSessions: false,
    loginsKeepRights: false,
    stoppedInstancesServe: false,
    metadataVpc: undefined,
    acceptWithoutFingerprints: false,
    rates: new Map(Object.entries(seed.rates ?? {})),
    pullsFrom: undefined,
    sessionPolicyFault: seed.sessionPolicyFault,
    pushNeedsCreateRepository: false,
    deniesUnknownRepositories: seed.denyUnknownRepositories ?? false,
  }
  return {
    accounts,
    main,
    sessions: new Map(),
    registryCredentials: new Map(),
    repositories: new Set(seed.accounts.flatMap(({ instances = [] }) => instances.flatMap(repositoriesOf))),
    nonces: new Set(),
    issuers: new Map(),
    issuerChains: new Map(Object.entries(seed.issuerChains ?? {})),
    settings,
    now: () => clock() + settings.clockSkew,
  }
}

function loadAccount(seed: SeedAccount, now: number): Account {
  const ram = emptyRam()
  const policiesOf = ({ system = [], custom = [] }: SeedPolicies = {}): Policy[] => [
    ...system.map((name) => findPolicy(ram, name, 'System')),
    ...custom.map((name) => findPolicy(ram, name, 'Custom')),
  ]
  for (const [name, document] of Object.entries(seed.policies ?? {})) {
    withEntityName(name, () => addPolicy(ram, now, JSON.stringify(document), { name }))
  }
  for (const { name, policies } of seed.users) {
    addUser(
      ram,
      name,
      [newKey()],
      withEntityName(name, () => policiesOf(policies)),
    )
  }
  for (const { name, tags = {}, trust, policies, ...rest } of seed.roles ?? []) {
    withEntityName(name, () => {
      const sets = { tags: new Map(Object.entries(tags)), policies: new Set(policiesOf(policies)) }
      addRole(ram, { name, trust: JSON.stringify(trust), ...sets, ...rest })
    })
  }
  for (const { name, issuer, clientIds, fingerprints = [] } of seed.oidcProviders ?? []) {
    addProvider(ram, { name, issuer, clientIds: [...clientIds], fingerprints: [...fingerprints] })
  }
  for (const { name: cluster, workerRole, nodePools = [] } of seed.clusters ?? []) {
    for (const name of [workerRole, ...nodePools.map((pool) => pool.workerRole)]) {
      if (name && !ram.Role.has(name.toLowerCase())) throw invalid(`cluster ${cluster}: role ${name} does not exist`)
    }
  }
  const controlPolicies = Object.entries(seed.controlPolicies ?? {}).map(([name, document]) => {
    const text = JSON.stringify(document)
    withEntityName(name, () => readPolicy(text))
    return text
  })
  return {
    id: seed.id,
    ram,
    past: [],
    controlPolicies,
    instances: (seed.instances ?? []).map((instance) => loadInstance(instance, now)),
    clusters: new Map((seed.clusters ?? []).map((cluster) => [cluster.id, loadCluster(cluster)])),
  }
}

function loadCluster(seed: SeedCluster): CloudCluster {
  const { id, rrsaIssuer: issuer } = seed
  return issuer === undefined ? seed : { ...seed, rrsa: { issuer, providerName: `ack-rrsa-${id}` } }
}

function loadInstance(seed: SeedInstance, created: number): Instance {
  return {
    // Instances of the Personal Edition have no id.
    id: seed.edition === 'personal' ? '' : (seed.id ?? newId.instance()),
    name: seed.name,
    region: seed.region,
    edition: seed.edition,
    status: seed.status ?? 'RUNNING',
    created,
    endpoints: loadEndpoints(seed),
    namespaces: Object.keys(seed.namespaces ?? {}),
    publicRepositories: new Set(seed.publicRepositories),
  }
}

function repositoriesOf({ namespaces = {} }: SeedInstance): string[] {
  return Object.entries(namespaces).flatMap(([namespace, names]) => names.map((name) => `${namespace}/${name}`))
}

function loadEndpoints({ name, region, edition, endpoints }: SeedInstance): Endpoint[] {
  const vendorDefault = (network: '' | '-vpc'): SeedEndpoint => {
    const host = edition === 'personal' ? `registry${network}.${region}` : `${name}-registry${network}.${region}.cr`
    return { domains: [`${host}.aliyuncs.com`], ...(network === '-vpc' ? { vpcs: ['vpc-bp1opxu1zkhn00gzvp6x8'] } : {}) }
  }
  const chosen = endpoints ?? { internet: vendorDefault(''), vpc: vendorDefault('-vpc') }
  return (['internet', 'vpc'] as const).flatMap((type) => {
    const endpoint = chosen[type]
    if (endpoint === undefined) return []
    const { enabled = true, acl = [], domains, customDomains = [], vpcs = [], links = [] } = endpoint
    const system = domains.map((domain) => ({ domain, type: 'SYSTEM' as const }))
    const user = customDomains.map((domain) => ({ domain, type: 'USER' as const }))
    const linked = [...vpcs.map((id) => ({ id })), ...links].map((link) => {
      return { vswitch: 'vsw-bp1c3m0n5qx7z9k2j4h6f', ...link }
    })
    return [{ type, enabled, acl, domains: [...system, ...user], vpcs: linked }]
  })
}

/** Adds the name of the seed's entity to RAM's errors. */
function withEntityName<T>(name: string, load: () => T): T {
  try {
    return load()
  } catch (error) {
    throw error instanceof ApiError ? invalid(`${name}: ${error.message}`) : error
  }
}

function invalid(message: string): TestbedError {
  return new TestbedError('SEED_INVALID', message)
}
