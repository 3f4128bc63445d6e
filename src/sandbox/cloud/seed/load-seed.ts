import { NopassError } from '../../../errors.ts'
import { newId } from '../identifiers.ts'
import { readPolicy, readTrust } from '../ram/document.ts'
import { addPolicy, addProvider, addRole, addUser, newKey } from '../ram/entities.ts'
import { SYSTEM_POLICIES } from '../ram/lookup.ts'
import { type Account, type CloudState, type Endpoint, emptyRam, type Instance, type RamState } from '../state.ts'
import type { Seed, SeedAccount, SeedEndpoint, SeedInstance, SeedPolicies } from './seed.generated.ts'

/** Loads a seed's accounts into an empty state. @throws SEED_INVALID for an invalid document or an unknown name */
export function loadSeed(state: CloudState, seed: Seed): void {
  for (const account of seed.accounts) {
    if (state.accounts.has(account.id)) throw invalid(`account ${account.id} is listed twice`)
    state.accounts.set(account.id, loadAccount(state, account))
  }
}

function loadAccount(state: CloudState, seed: SeedAccount): Account {
  const now = state.now()
  const ram = emptyRam()
  for (const [name, document] of Object.entries(seed.policies ?? {})) {
    addPolicy(ram, now, { name, document: checked(JSON.stringify(document), 'policy', name) })
  }
  for (const { name, policies } of seed.users) {
    addUser(ram, name, [newKey()])
    attach(ram, 'user', name, policies)
  }
  for (const { name, description = '', maxSessionSeconds = 3600, tags = {}, trust, policies } of seed.roles ?? []) {
    const rest = { description, maxSessionSeconds, tags: new Map(Object.entries(tags)) }
    addRole(ram, { name, trust: checked(JSON.stringify(trust), 'trust', name), ...rest })
    attach(ram, 'role', name, policies)
  }
  for (const { name, issuer, clientIds } of seed.oidcProviders ?? []) {
    addProvider(ram, { name, issuer, clientIds: [...clientIds] })
  }
  const clusters = (seed.clusters ?? []).map((cluster) => {
    const { kind = 'managed', workerRole = '' } = cluster
    const pools = (cluster.nodePools ?? []).map((pool) => {
      return { id: newId.nodePool(), name: pool.name, type: pool.type ?? 'ess', workerRole: pool.workerRole ?? '' }
    })
    for (const name of [workerRole, ...pools.map((pool) => pool.workerRole)].filter((one) => one !== '')) {
      if (!ram.roles.has(name.toLowerCase())) throw invalid(`cluster ${cluster.name}: role ${name} does not exist`)
    }
    return { ...cluster, kind, workerRole, nodePools: pools, rrsa: undefined, server: '', kubeconfig: undefined }
  })
  return {
    id: seed.id,
    ram,
    instances: (seed.instances ?? []).map((instance) => loadInstance(instance, now)),
    clusters: new Map(clusters.map((cluster) => [cluster.id, cluster])),
  }
}

function attach(ram: RamState, on: 'user' | 'role', name: string, policies: SeedPolicies = {}): void {
  const principal = name.toLowerCase()
  for (const policy of policies.system ?? []) {
    if (!SYSTEM_POLICIES.has(policy.toLowerCase())) throw invalid(`${name}: system policy ${policy} does not exist`)
    ram.attachments.push({ on, principal, type: 'System', policy: policy.toLowerCase() })
  }
  for (const policy of policies.custom ?? []) {
    if (!ram.policies.has(policy.toLowerCase())) throw invalid(`${name}: policy ${policy} does not exist`)
    ram.attachments.push({ on, principal, type: 'Custom', policy: policy.toLowerCase() })
  }
}

function loadInstance(seed: SeedInstance, created: number): Instance {
  const isPersonal = seed.edition === 'personal'
  const namespaces = Object.entries(seed.namespaces ?? {}).map(([name, list]) => [name, new Set(list)] as const)
  return {
    // Instances of the Personal Edition have no id.
    id: isPersonal ? '' : (seed.id ?? newId.instance()),
    name: seed.name,
    region: seed.region,
    edition: seed.edition,
    specification: isPersonal ? 'Personal' : 'Enterprise_Basic',
    status: 'RUNNING',
    created,
    endpoints: loadEndpoints(seed),
    namespaces: new Map(namespaces),
  }
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
    const { enabled = true, acl = [], domains, customDomains = [], vpcs = [] } = endpoint
    const system = domains.map((domain) => ({ domain, type: 'SYSTEM' as const }))
    const user = customDomains.map((domain) => ({ domain, type: 'USER' as const }))
    const linked = vpcs.map((id) => ({ id, vswitch: 'vsw-bp1c3m0n5qx7z9k2j4h6f' }))
    return [{ type, enabled, acl, domains: [...system, ...user], vpcs: linked }]
  })
}

function checked(text: string, kind: 'policy' | 'trust', name: string): string {
  try {
    if (kind === 'policy') readPolicy(text)
    else readTrust(text)
    return text
  } catch (error) {
    throw invalid(`${name}: ${error instanceof Error ? error.message : 'malformed document'}`)
  }
}

function invalid(message: string): NopassError {
  return new NopassError('SEED_INVALID', message)
}
