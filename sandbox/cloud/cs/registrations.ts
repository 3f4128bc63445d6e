import { oidcProviderArn } from '../ram/arn.ts'
import { addProvider, addRole } from '../ram/entities.ts'
import { type CloudCluster, type CloudState, KIND_VIEWS } from '../state.ts'
import type { Jwks } from '../sts/jwt.ts'

export interface ClusterRegistration extends Pick<Required<CloudCluster>, 'name' | 'region' | 'server' | 'kubeconfig'> {
  readonly clusterId: string
  /** The address in the VPC; default: `server`. */
  readonly privateServer?: string
  readonly kind?: CloudCluster['kind'] & {}
  /** One node pool per role; DescribeClusterDetail shows the first. Missing roles are created. */
  readonly workerRoles: readonly string[]
  readonly rrsa?: Pick<OidcProviderRegistration, 'issuer' | 'jwks'>
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

/**
 * Registers an identity provider in the main account and its keys in the emulator. Returns the
 * provider's ARN.
 */
export function addOidcProvider({ issuers, main }: CloudState, provider: OidcProviderRegistration): string {
  const { jwks, name, issuer, clientIds } = provider
  issuers.set(issuer, typeof jwks === 'function' ? jwks : (): Jwks => jwks)
  addProvider(main.ram, { name, issuer, clientIds: [...clientIds] })
  return oidcProviderArn(main.id, name)
}

/**
 * Adds or replaces an ACK cluster with its worker roles and, if RRSA is on, its identity provider.
 */
export function addCluster(state: CloudState, registration: ClusterRegistration): void {
  const { clusterId: id, kind = 'managed', workerRoles, rrsa, ...rest } = registration
  const { ram, clusters } = state.main
  for (const name of workerRoles) {
    if (!ram.Role.has(name.toLowerCase())) addRole(ram, { name, trust: ECS_TRUST })
  }
  const hasRrsa = rrsa !== undefined && KIND_VIEWS[kind].profile !== undefined
  // An account has one provider of an issuer (ims.ts), which another cluster may have created.
  const known = [...ram.OIDCProvider.values()].find(({ issuer }) => issuer === rrsa?.issuer)
  const providerName = known?.name ?? `ack-rrsa-${id}`
  if (hasRrsa) addOidcProvider(state, { ...rrsa, name: providerName, clientIds: ['sts.aliyuncs.com'] })
  const nodePools = workerRoles.map((workerRole, index) => ({ name: `nodepool-${index + 1}`, workerRole }))
  const [workerRole = ''] = workerRoles
  const issued = hasRrsa ? { issuer: rrsa.issuer, providerName } : undefined
  // Only the seed describes these fields, so they are kept.
  const { publicEndpoint, unauthorized, addons, vpc } = clusters.get(id) ?? {}
  const seeded = {
    ...(publicEndpoint !== undefined && { publicEndpoint }),
    ...(unauthorized && { unauthorized }),
    ...(addons && { addons }),
    ...(vpc && { vpc }),
  }
  clusters.set(id, { id, kind, ...seeded, workerRole, nodePools, rrsa: issued, ...rest })
}
