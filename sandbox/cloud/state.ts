import type { Reading } from './ram/reading.ts'
import type { Seed, SeedCluster } from './seed/generated/seed.ts'
import type { Jwks } from './sts/jwt.ts'

export interface Account {
  readonly id: string
  readonly ram: RamState
  /** Former states of `ram`, oldest first, each with the moment of the write that ended it. */
  readonly past: { readonly until: number; readonly ram: RamState }[]
  /**
   * Documents of the control policies that apply to the account in addition to FullAliyunAccess.
   * Empty outside of a directory.
   */
  controlPolicies: readonly string[]
  readonly instances: Instance[]
  readonly clusters: Map<string, CloudCluster>
}

/**
 * The RAM entities of one account: by kind (named as in the vendor's error codes), then by name in
 * lower case.
 */
export type RamState = { readonly [K in EntityKind]: Map<string, Entities[K]> }

export type EntityKind = keyof Entities

export interface Entities {
  readonly User: User
  readonly Role: Role
  readonly Policy: Policy
  readonly OIDCProvider: OidcProvider
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
  readonly policies: Set<Policy>
}

export interface Role {
  readonly name: string
  readonly id: string
  readonly description: string
  readonly trust: string
  readonly maxSessionSeconds: number
  readonly tags: Map<string, string>
  readonly policies: Set<Policy>
}

export interface Policy {
  readonly name: string
  readonly type: 'System' | 'Custom'
  description: string
  readonly tags: Map<string, string>
  readonly created: number
  updated: number
  /** Documents by the ids of their versions, oldest first. */
  readonly versions: Map<string, string>
  defaultVersion: string
}

export interface OidcProvider {
  readonly name: string
  readonly issuer: string
  clientIds: string[]
  fingerprints: string[]
  description: string
}

export interface Endpoint {
  readonly type: 'internet' | 'vpc'
  readonly enabled: boolean
  readonly acl: readonly string[]
  readonly domains: readonly { readonly domain: string; readonly type: 'SYSTEM' | 'USER' }[]
  readonly vpcs: readonly LinkedVpc[]
}

export interface LinkedVpc {
  readonly id: string
  readonly vswitch: string
  /** Default: RUNNING. */
  readonly status?: 'CREATING' | 'RUNNING' | undefined
  /** What ACR reports about the link; default: nothing. */
  readonly issue?: string | undefined
  /** Whether ACR's own DNS resolves the VPC domain in this VPC; default: only in the first VPC. */
  readonly defaultAccess?: boolean | undefined
}

export interface Instance {
  readonly id: string
  readonly name: string
  readonly region: string
  readonly edition: 'enterprise' | 'personal'
  status: string
  readonly created: number
  endpoints: Endpoint[]
  readonly namespaces: readonly string[]
  /** `namespace/repository` of the repositories that anyone can pull. */
  readonly publicRepositories: Set<string>
}

export interface KubeconfigRequest {
  readonly minutes: number
  readonly private: boolean
  /** The address of the API server in the requested network. */
  readonly server: string
  /** The caller's ARN. */
  readonly principal: string
  /** The caller's groups in the cluster: administrators', or none. */
  readonly groups: readonly string[]
}

/**
 * A cluster of the seed. A registered cluster also has an API server and may have an identity
 * provider.
 */
export interface CloudCluster extends SeedCluster {
  readonly rrsa?: { readonly issuer: string; readonly providerName: string } | undefined
  readonly server?: string
  /** The address in the VPC; default: `server`. */
  readonly privateServer?: string | undefined
  readonly kubeconfig?: (request: KubeconfigRequest) => Promise<string>
}

/** A role session, issued by STS or the metadata service. */
export interface Session {
  readonly accessKeyId: string
  readonly secret: string
  readonly token: string
  readonly accountId: string
  readonly role: string
  readonly name: string
  /** The document of the session policy; undefined: the session has all rights of its role. */
  readonly policy: string | undefined
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
  /**
   * Undefined for a credential of the Personal Edition, which is valid for all personal instances
   * of the account.
   */
  readonly instanceId: string | undefined
  /** The documents of the principal's policies at the time of the request. */
  readonly issuedWith: readonly string[]
  expiresAt: number
}

/** Settings that can be changed while the emulator runs. */
interface Settings {
  /** Maximum lifetime of new sessions and registry credentials; undefined for no limit. */
  maxSessionSeconds: number | undefined
  imdsV1: boolean
  /** Milliseconds that the cloud's clock is ahead. */
  clockSkew: number
  /** For how many milliseconds RAM's reads do not show a write, by account. */
  readonly staleReads: Map<string, number>
  /** For how many milliseconds a write to RAM decides about no call, by account. */
  readonly slowEffects: Map<string, number>
  readonly reading: Reading
  /** Whether registry credentials live one hour, whatever their request asks for. */
  ignoresExpiresInHours: boolean
  /** Whether registry credentials outlive the session that requested them. */
  tokensOutliveSessions: boolean
  /**
   * Whether registry credentials keep the rights that their principal had when it requested them.
   * No page says which of the two ACR does.
   */
  loginsKeepRights: boolean
  /** Whether instances that do not run issue credentials. */
  stoppedInstancesServe: boolean
  /** The VPC of the instances with a metadata service; undefined: not in the metadata. */
  metadataVpc: string | undefined
  /** Calls per second that an account may make to a product; no entry: any number. */
  readonly rates: Map<string, number>
  /** The origin of pulls; undefined: a linked VPC. */
  pullsFrom: { readonly network: 'internet'; readonly address: string } | undefined
  /**
   * Whether STS accepts an OIDC provider without fingerprints, for an issuer whose chain is known.
   * The vendor's pages disagree: CreateOIDCProvider calls the fingerprints optional, Resource
   * Orchestration Service calls them required.
   */
  acceptWithoutFingerprints: boolean
  /** Undefined: session policies are evaluated as documented. */
  sessionPolicyFault: Seed['sessionPolicyFault']
  /**
   * Whether the push that creates a repository also needs `cr:CreateRepository`. The vendor's page
   * about pushes to namespaces that create repositories grants it
   * (https://www.alibabacloud.com/help/doc-detail/146303.htm); the page about temporary passwords
   * names only `cr:PushRepository`.
   */
  pushNeedsCreateRepository: boolean
  /**
   * Whether the registry's token service grants nobody the pull of a repository that does not
   * exist. Otherwise it grants the pull by the caller's rights, and the registry responds with 404.
   * The vendor does not document which of the two ACR does.
   */
  deniesUnknownRepositories: boolean
}

export interface CloudState {
  readonly accounts: ReadonlyMap<string, Account>
  /** The first account of the seed. */
  readonly main: Account
  readonly sessions: Map<string, Session>
  readonly registryCredentials: Map<string, RegistryCredential>
  /**
   * `namespace/repository` of the seed's repositories, and of those that a token allowed to push.
   * One registry serves all instances.
   */
  readonly repositories: Set<string>
  /** Used signature nonces. They are never forgotten, like the calls. */
  readonly nonces: Set<string>
  /** Key sets by issuer, with which AssumeRoleWithOIDC verifies tokens. */
  readonly issuers: Map<string, () => Jwks | Promise<Jwks>>
  /**
   * Fingerprints of the certificate authorities by issuer. For other issuers STS does not compare
   * fingerprints.
   */
  readonly issuerChains: Map<string, readonly string[]>
  readonly settings: Settings
  /** The cloud's time in milliseconds since 1970. */
  readonly now: () => number
}

export function emptyRam(): RamState {
  return { User: new Map(), Role: new Map(), Policy: new Map(), OIDCProvider: new Map() }
}

/** ACK's kinds of cluster, by their names in a seed. */
export type ClusterKind = NonNullable<SeedCluster['kind']>

/**
 * `cluster_type` and `profile` of each kind. Only ManagedKubernetes has a profile and supports
 * RRSA, and only ExternalKubernetes is returned without the addresses of the API server.
 */
export const KIND_VIEWS: Readonly<Record<ClusterKind, { readonly type: string; readonly profile?: string }>> = {
  managed: { type: 'ManagedKubernetes', profile: 'Default' },
  dedicated: { type: 'Kubernetes' },
  serverless: { type: 'ManagedKubernetes', profile: 'Serverless' },
  edge: { type: 'ManagedKubernetes', profile: 'Edge' },
  lingjun: { type: 'ManagedKubernetes', profile: 'Lingjun' },
  acs: { type: 'ManagedKubernetes', profile: 'Acs' },
  registered: { type: 'ExternalKubernetes' },
}
