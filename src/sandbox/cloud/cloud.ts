import type { PushCredential, RegistryAuth } from './cr/registry-auth.ts'
import type { ClusterKind } from './cs/cluster-kinds.ts'
import type { Faults } from './faults.ts'
import type { CallRecord } from './http/call-record.ts'
import type { Endpoint, KubeconfigRequest } from './state.ts'
import type { GithubJob, GithubRunner } from './sts/github-oidc.ts'
import type { RoleOf } from './sts/imds.ts'
import type { Jwks } from './sts/jwt.ts'

/** Base URLs by product, all of one server. */
export interface Endpoints {
  readonly ram: string
  readonly sts: string
  readonly cs: string
  readonly cr: string
  readonly imds: string
  readonly oidc: string
}

export interface InstanceSummary {
  /** Empty for the Personal Edition, which has no instance ids. */
  readonly id: string
  readonly name: string
  readonly region: string
  readonly edition: 'enterprise' | 'personal'
  /** The account that owns it. */
  readonly accountId: string
  readonly domains: readonly string[]
}

export interface AccessKeyPair {
  readonly accessKeyId: string
  readonly accessKeySecret: string
}

export interface ClusterRegistration {
  readonly clusterId: string
  readonly name: string
  readonly region: string
  /** Default: managed. */
  readonly kind?: ClusterKind
  /** The first is that of DescribeClusterDetail; the others are those of node pools. Missing roles are created. */
  readonly workerRoles: readonly string[]
  readonly rrsa?:
    | {
        readonly issuer: string
        /** What ACK lists behind it; default `https://kubernetes.default.svc`. */
        readonly furtherIssuers?: readonly string[]
        readonly jwks: Jwks | (() => Jwks | Promise<Jwks>)
      }
    | undefined
  /** URL of the API server. */
  readonly server: string
  readonly kubeconfig: (request: KubeconfigRequest) => Promise<string>
}

export interface OidcProviderRegistration {
  readonly name: string
  readonly issuer: string
  readonly jwks: Jwks | (() => Jwks | Promise<Jwks>)
  readonly clientIds: readonly string[]
  /** Default: the main account. */
  readonly accountId?: string
}

/** An emulated Alibaba Cloud, running. */
export interface Cloud {
  readonly endpoints: Endpoints
  /** The same over TLS, if requested, with the file of the CA to trust. */
  readonly tlsEndpoints: Endpoints | undefined
  readonly caFile: string | undefined
  /** A user with AdministratorAccess of the main account. */
  readonly administrator: AccessKeyPair
  readonly accountId: string
  readonly regionId: string
  readonly instances: readonly InstanceSummary[]
  readonly registryAuth: RegistryAuth
  readonly registryPush: PushCredential
  /** Every call so far, oldest first. */
  readonly calls: readonly CallRecord[]
  readonly faults: Faults
  readonly control: CloudControl
  /** The access key of any user of any account, or of `root`, the account itself; throws SEED_INVALID for an unknown one. */
  accessKeyOf(userName: string, accountId?: string): AccessKeyPair
  /**
   * Starts a metadata service for an instance with this worker role, or for ECI, where the role depends on the caller. Returns the
   * URL to use instead of 100.100.100.200.
   */
  imdsFor(role: string | RoleOf): Promise<string>
  registerCluster(cluster: ClusterRegistration): void
  /** Returns the provider's ARN. */
  registerOidcProvider(provider: OidcProviderRegistration): string
  /** A GitHub Actions ID token of a job of this repository. */
  issueGithubToken(job: GithubJob & { readonly audience: string }): string
  /** The runner's environment for a job of this repository, to request ID tokens. */
  githubRunner(job: GithubJob): GithubRunner
  stop(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

export interface InstanceChange {
  readonly status?: string
  readonly region?: string
  readonly internet?: Partial<Pick<Endpoint, 'enabled' | 'acl'>>
  readonly vpc?: Partial<Pick<Endpoint, 'enabled' | 'vpcs'>>
}

/** Changes to the cloud for tests and demos, outside of its API. Roles and policies are those of the main account. */
export interface CloudControl {
  /** Creates or replaces a custom policy and attaches it to a role. */
  grant(roleName: string, policyName: string, document: object): void
  /** Detaches one or all policies from a role. */
  revoke(roleName: string, policyName?: string): void
  /** Creates or replaces a role. */
  putRole(roleName: string, trust: object): void
  /** Changes an Enterprise instance and its endpoints; throws SEED_INVALID for an unknown one. */
  changeInstance(instanceId: string, change: InstanceChange): void
  /** Milliseconds that the cloud's clock is ahead. */
  setClockSkew(ms: number): void
  /** Limits the lifetime of new sessions and registry credentials; undefined removes the limit. */
  shortSessions(seconds: number | undefined): void
  /** Expires all registry credentials. */
  expireTokens(): void
  /** Expires all sessions. */
  expireSessions(): void
  /** Delays the effect of RAM changes by so many milliseconds. */
  delayRam(ms: number): void
  /** Whether the metadata service responds without a token. */
  allowImdsV1(allowed: boolean): void
  disableAccessKey(accessKeyId: string): void
}
