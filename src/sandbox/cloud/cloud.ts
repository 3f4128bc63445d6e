import type { CloudControl } from './control.ts'
import type { PushCredential, RegistryAuth } from './cr/registry-auth.ts'
import type { Faults } from './faults.ts'
import type { CallRecord } from './http/request.ts'
import type { ClusterKind, KubeconfigRequest } from './state.ts'
import type { GithubJob, GithubRunner } from './sts/github-oidc.ts'
import type { RoleOf } from './sts/imds.ts'
import type { Jwks } from './sts/jwt.ts'

/** Base URLs by product; one server serves them all. */
export interface Endpoints {
  readonly ram: string
  readonly sts: string
  readonly cs: string
  readonly cr: string
  readonly imds: string
  readonly oidc: string
}

export interface InstanceSummary {
  /** Empty for the Personal Edition, whose instances have no id. */
  readonly id: string
  readonly name: string
  readonly region: string
  readonly edition: 'enterprise' | 'personal'
  /** The account that owns the instance. */
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
  /** First the role that DescribeClusterDetail shows, then those of node pools. Missing roles are created. */
  readonly workerRoles: readonly string[]
  readonly rrsa?:
    | {
        readonly issuer: string
        /** Issuers that ACK lists after it; default `https://kubernetes.default.svc`. */
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

/** A running emulated Alibaba Cloud. */
export interface Cloud {
  readonly endpoints: Endpoints
  /** The same endpoints over TLS, if requested. */
  readonly tlsEndpoints: Endpoints | undefined
  /** The CA certificate that clients of `tlsEndpoints` have to trust. */
  readonly caFile: string | undefined
  /** The access key of a user of the main account with AdministratorAccess. */
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
  /** The access key of a user, or of the account itself (`root`). @throws SEED_INVALID when there is none */
  accessKeyOf(userName: string, accountId?: string): AccessKeyPair
  /**
   * Starts the metadata service of an instance with this worker role, or of ECI, where the role depends on the caller.
   * Returns the URL to use instead of `http://100.100.100.200`.
   */
  imdsFor(role: string | RoleOf): Promise<string>
  registerCluster(cluster: ClusterRegistration): void
  /** Returns the provider's ARN. */
  registerOidcProvider(provider: OidcProviderRegistration): string
  /** Issues a GitHub Actions ID token for a job. */
  issueGithubToken(job: GithubJob & { readonly audience: string }): string
  /** Opens a job and returns the runner's environment variables for requesting ID tokens. */
  githubRunner(job: GithubJob): GithubRunner
  stop(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}
