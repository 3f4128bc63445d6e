import { newId } from '../identifiers.ts'
import { addProvider, addRole } from '../ram/entities.ts'
import { oidcProviderArn } from '../ram/ram-views.ts'
import { type Account, type CloudState, type ClusterKind, KIND_VIEWS, type KubeconfigRequest } from '../state.ts'
import type { Jwks } from '../sts/jwt.ts'

export interface ClusterRegistration {
  readonly clusterId: string
  readonly name: string
  readonly region: string
  /** Default: managed. */
  readonly kind?: ClusterKind
  /** One node pool per role; DescribeClusterDetail shows the first. Missing roles are created. */
  readonly workerRoles: readonly string[]
  readonly rrsa?: Pick<OidcProviderRegistration, 'issuer' | 'jwks'>
  /** URL of the API server. */
  readonly server: string
  readonly kubeconfig: (request: KubeconfigRequest) => Promise<string>
}

export interface OidcProviderRegistration {
  readonly name: string
  readonly issuer: string
  readonly jwks: Jwks | (() => Jwks | Promise<Jwks>)
  readonly clientIds: readonly string[]
}

/** The trust policy of an ECS instance's role. */
const ECS_TRUST = JSON.stringify({
  Version: '1',
  Statement: [{ Action: 'sts:AssumeRole', Effect: 'Allow', Principal: { Service: ['ecs.aliyuncs.com'] } }],
})

/** Registers an identity provider in the account and its keys in the emulator. Returns the provider's ARN. */
export function addOidcProvider(state: CloudState, account: Account, provider: OidcProviderRegistration): string {
  const { jwks, name } = provider
  state.issuers.set(provider.issuer, typeof jwks === 'function' ? jwks : (): Jwks => jwks)
  const { issuer, clientIds } = provider
  addProvider(account.ram, { name, issuer, clientIds: [...clientIds] })
  return oidcProviderArn(account.id, name)
}

/** Adds or replaces an ACK cluster with its worker roles and, if RRSA is on, its identity provider. */
export function addCluster(state: CloudState, account: Account, registration: ClusterRegistration): void {
  const { clusterId, name, region, kind = 'managed', workerRoles, server, kubeconfig } = registration
  const rrsa = KIND_VIEWS[kind].rrsa ? registration.rrsa : undefined
  for (const role of workerRoles) {
    if (!account.ram.roles.has(role.toLowerCase())) addRole(account.ram, { name: role, trust: ECS_TRUST })
  }
  const providerName = `ack-rrsa-${clusterId}`
  if (rrsa !== undefined) {
    const { issuer, jwks } = rrsa
    addOidcProvider(state, account, { name: providerName, issuer, jwks, clientIds: ['sts.aliyuncs.com'] })
  }
  const nodePools = workerRoles.map((role, index) => {
    return { id: newId.nodePool(), name: `nodepool-${index + 1}`, type: 'ess', workerRole: role } as const
  })
  account.clusters.set(clusterId, {
    id: clusterId,
    name,
    region,
    kind,
    workerRole: workerRoles[0] ?? '',
    nodePools,
    rrsa: rrsa && { issuer: rrsa.issuer, providerName },
    server,
    kubeconfig,
  })
}
