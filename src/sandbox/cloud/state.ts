import type { SeedCluster } from './seed/seed.generated.ts'
import type { Jwks } from './sts/jwt.ts'

/** The RAM entities of one account. Names are case-insensitive, so the maps are keyed by lower-case names. */
export interface RamState {
  readonly users: Map<string, User>
  readonly roles: Map<string, Role>
  readonly policies: Map<string, Policy>
  readonly attachments: Attachment[]
  readonly oidcProviders: Map<string, OidcProvider>
}

export interface Account {
  readonly id: string
  ram: RamState
  readonly instances: Instance[]
  readonly clusters: Map<string, CloudCluster>
}

export interface AccessKey {
  readonly id: string
  readonly secret: string
  active: boolean
}

export interface User {
  readonly name: string
  readonly id: string
  readonly keys: AccessKey[]
}

export interface Role {
  readonly name: string
  readonly id: string
  description: string
  trust: string
  maxSessionSeconds: number
  readonly tags: Map<string, string>
}

export interface PolicyVersion {
  readonly id: string
  readonly document: string
}

export interface Policy {
  readonly name: string
  description: string
  readonly tags: Map<string, string>
  readonly created: number
  updated: number
  defaultVersion: string
  nextVersion: number
  versions: PolicyVersion[]
}

export type PolicyType = 'System' | 'Custom'

/** The attachment of one policy to one user or role; names are in lower case. */
export interface Attachment {
  readonly on: 'user' | 'role'
  readonly principal: string
  readonly type: PolicyType
  readonly policy: string
}

export interface OidcProvider {
  readonly name: string
  readonly issuer: string
  clientIds: string[]
  fingerprints: string[]
  description: string
}

interface Domain {
  readonly domain: string
  readonly type: 'SYSTEM' | 'USER'
}

export interface Endpoint {
  readonly type: 'internet' | 'vpc'
  readonly enabled: boolean
  readonly acl: readonly string[]
  readonly domains: readonly Domain[]
  readonly vpcs: readonly { readonly id: string; readonly vswitch: string }[]
}

export interface Instance {
  readonly id: string
  readonly name: string
  region: string
  readonly edition: 'enterprise' | 'personal'
  readonly specification: string
  status: string
  readonly created: number
  endpoints: Endpoint[]
  /** Repository names by namespace. */
  readonly namespaces: Map<string, Set<string>>
}

interface NodePool {
  readonly id: string
  readonly name: string
  readonly type: PoolType
  /** Empty if it has none. */
  readonly workerRole: string
}

export interface KubeconfigRequest {
  readonly minutes: number
  readonly private: boolean
  /** The caller's ARN. */
  readonly principal: string
}

export interface CloudCluster {
  readonly id: string
  readonly name: string
  readonly region: string
  readonly kind: ClusterKind
  /** Empty if it has none. */
  readonly workerRole: string
  readonly nodePools: readonly NodePool[]
  readonly rrsa: { readonly issuer: string; readonly providerName: string } | undefined
  readonly server: string
  readonly kubeconfig: ((request: KubeconfigRequest) => Promise<string>) | undefined
}

/** A role session, issued by STS or the metadata service. */
export interface Session {
  readonly accessKeyId: string
  readonly secret: string
  readonly token: string
  readonly accountId: string
  readonly role: string
  readonly name: string
  readonly issuedAt: number
  expiresAt: number
}

export type Principal =
  | { readonly kind: 'user'; readonly accountId: string; readonly name: string }
  | { readonly kind: 'role'; readonly accountId: string; readonly name: string; readonly session: Session }

/** The temporary user name and password that the registry's token server accepts. */
export interface RegistryCredential {
  readonly username: string
  readonly password: string
  readonly principal: Principal
  /** Undefined for a credential of the Personal Edition, which is valid for all personal instances of the account. */
  readonly instanceId: string | undefined
  readonly accountId: string
  expiresAt: number
}

/** Settings that can be changed while the emulator runs. */
interface Settings {
  /** Maximum lifetime of new sessions and registry credentials; undefined for no limit. */
  maxSessionSeconds: number | undefined
  imdsV1: boolean
  /** Milliseconds that the cloud's clock is ahead. */
  clockSkew: number
}

export interface CloudState {
  readonly accounts: Map<string, Account>
  readonly sessions: Map<string, Session>
  readonly registryCredentials: Map<string, RegistryCredential>
  /** Used signature nonces and when they may be forgotten. */
  readonly nonces: Map<string, number>
  /** Key sets by issuer, with which AssumeRoleWithOIDC verifies tokens. */
  readonly issuers: Map<string, () => Jwks | Promise<Jwks>>
  readonly settings: Settings
  /** The cloud's time in milliseconds since 1970. */
  readonly now: () => number
}

export function emptyRam(): RamState {
  return { users: new Map(), roles: new Map(), policies: new Map(), attachments: [], oidcProviders: new Map() }
}

export function createState(clock: () => number): CloudState {
  const settings: Settings = {
    maxSessionSeconds: undefined,
    imdsV1: false,
    clockSkew: 0,
  }
  return {
    accounts: new Map(),
    sessions: new Map(),
    registryCredentials: new Map(),
    nonces: new Map(),
    issuers: new Map(),
    settings,
    now: () => clock() + settings.clockSkew,
  }
}

/** ACK's kinds of cluster, by their names in a seed. */
export type ClusterKind = NonNullable<SeedCluster['kind']>
type PoolType = NonNullable<NonNullable<SeedCluster['nodePools']>[number]['type']>

/** How DescribeClusterDetail shows a kind of cluster. */
interface KindView {
  /** `cluster_type`. */
  readonly type: string
  /** Only ManagedKubernetes has one. */
  readonly profile?: string
  /** Whether the kind supports RRSA. */
  readonly rrsa: boolean
  /** Whether ACK returns the addresses of the API server. */
  readonly addresses: boolean
}

export const KIND_VIEWS: Readonly<Record<ClusterKind, KindView>> = {
  managed: { type: 'ManagedKubernetes', profile: 'Default', rrsa: true, addresses: true },
  dedicated: { type: 'Kubernetes', rrsa: false, addresses: true },
  serverless: { type: 'ManagedKubernetes', profile: 'Serverless', rrsa: true, addresses: true },
  edge: { type: 'ManagedKubernetes', profile: 'Edge', rrsa: true, addresses: true },
  lingjun: { type: 'ManagedKubernetes', profile: 'Lingjun', rrsa: true, addresses: true },
  registered: { type: 'ExternalKubernetes', rrsa: false, addresses: false },
}
