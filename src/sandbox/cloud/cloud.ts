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
  /** Empty for the Personal Edition, which knows no instance ids. */
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
  /** The first is what DescribeClusterDetail says; the others are those of node pools. Missing roles are made. */
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
  /** The same over TLS, where asked for, with the file of the CA to trust. */
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
   * A metadata service of its own for an instance with this worker role, or for ECI, where the caller decides; the URL to
   * use instead of 100.100.100.200.
   */
  imdsFor(role: string | RoleOf): Promise<string>
  registerCluster(cluster: ClusterRegistration): void
  /** Returns the provider's ARN. */
  registerOidcProvider(provider: OidcProviderRegistration): string
  /** A GitHub Actions ID token, as a job of this repository would get it. */
  issueGithubToken(job: GithubJob & { readonly audience: string }): string
  /** The runner's environment for a job of this repository: where and with what it asks for ID tokens. */
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

/** What a test or a demo does to the cloud behind the product's back. Roles and policies are those of the main account. */
export interface CloudControl {
  /** Makes or replaces a custom policy and attaches it to a role. */
  grant(roleName: string, policyName: string, document: object): void
  /** Detaches policies from a role: this one, or all. */
  revoke(roleName: string, policyName?: string): void
  /** Makes or replaces a role. */
  putRole(roleName: string, trust: object): void
  /** Changes an Enterprise instance and from where it can be reached; throws SEED_INVALID for an unknown one. */
  changeInstance(instanceId: string, change: InstanceChange): void
  /** Milliseconds that the cloud's clock is ahead. */
  setClockSkew(ms: number): void
  /** Sessions and registry credentials from now on live at most so long; undefined ends it. */
  shortSessions(seconds: number | undefined): void
  /** All registry credentials end now. */
  expireTokens(): void
  /** All sessions end now. */
  expireSessions(): void
  /** RAM changes count only after so many milliseconds. */
  delayRam(ms: number): void
  /** Whether the metadata service answers without a token. */
  allowImdsV1(allowed: boolean): void
  disableAccessKey(accessKeyId: string): void
}
