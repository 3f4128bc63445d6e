import type { CredentialProvider } from '../alibaba/credentials.ts'
import { createEnvironmentProvider } from '../alibaba/identities/access-key.ts'
import {
  type AssumeRoleStep,
  createAssumedRoleProvider,
  createOidcRoleProvider,
  type OidcRoleOptions,
} from '../alibaba/identities/assumed-role.ts'
import {
  findProfile,
  hasAccessKey,
  roleOfEnvironment,
  tokenOfEnvironment,
} from '../alibaba/identities/find-credentials.ts'
import { type IdTokenSource, missingIdToken } from '../alibaba/identities/github-token.ts'
import { masking } from '../alibaba/identities/masking.ts'
import type { CloudTransport } from '../alibaba/transport/cloud-transport.ts'
import { NopassError } from '../errors.ts'
import type { LoginInputs } from './login-inputs.ts'

export interface IdentityDeps {
  readonly transport: CloudTransport
  /** The address of STS. */
  readonly endpoint: URL
  readonly environment: NodeJS.ProcessEnv
  /** Requests the job's ID token. Undefined outside of a workflow, or without the permission. */
  readonly getIdToken: IdTokenSource | undefined
  readonly sessionName: string
  /** Called with every secret before it is used. */
  readonly mask: (secret: string) => void
}

type RoleInputs = Pick<LoginInputs, 'role-to-assume' | 'oidc-provider-arn' | 'audience'>

/** The identity with which the cloud is called, before any session is limited. */
export interface LoginIdentity {
  /** False: the user's own access key, with which no session of STS is requested. */
  readonly isSession: boolean
  /**
   * Creates the identity, followed by a chain of roles. `policy` limits its last session, if STS
   * issues one.
   */
  open(chain: readonly AssumeRoleStep[], durationSeconds: number, policy: string | undefined): CredentialProvider
}

/**
 * Finds the identity of the job: `role-to-assume` by the OIDC token of the workflow or of a file,
 * or with credentials of the environment. Without a role, the order is that of Alibaba Cloud's
 * SDK.
 * @throws CREDENTIALS_MISSING
 */
export async function openIdentity(inputs: RoleInputs, deps: IdentityDeps): Promise<LoginIdentity> {
  const { environment, getIdToken, sessionName } = deps
  const { 'role-to-assume': roleArn, 'oidc-provider-arn': oidcProviderArn, audience } = inputs
  if (roleArn !== '' && oidcProviderArn !== '') {
    // A file is named on purpose. GitHub offers its token to every job that has the permission.
    const fromFile = tokenOfEnvironment(environment)
    const oidcToken = fromFile ?? ((signal: AbortSignal) => (getIdToken ?? missingIdToken)(audience, signal))
    return byToken({ name: fromFile ? 'oidc' : 'github', roleArn, oidcProviderArn, oidcToken, sessionName }, deps)
  }
  const base = await findBase(deps)
  if (roleArn === '') return base
  return {
    isSession: true,
    open: (chain, durationSeconds, policy) =>
      base.open([{ roleArn, durationSeconds }, ...chain], durationSeconds, policy),
  }
}

async function findBase(deps: IdentityDeps): Promise<LoginIdentity> {
  const { environment } = deps
  if (hasAccessKey(environment)) return byKey(createEnvironmentProvider(environment), deps)
  const role = roleOfEnvironment(environment, deps.sessionName)
  if (role !== undefined) return byToken({ name: 'environment', ...role }, deps)
  const profile = await findProfile(environment)
  if (profile !== undefined) return byKey(profile, deps)
  throw new NopassError('CREDENTIALS_MISSING', 'there are no credentials of Alibaba Cloud', {
    hint: 'In a workflow set `role-to-assume` and `oidc-provider-arn`. On another CI set ALIBABA_CLOUD_ROLE_ARN, ALIBABA_CLOUD_OIDC_PROVIDER_ARN and ALIBABA_CLOUD_OIDC_TOKEN_FILE, or an access key. On a machine of your own configure the CLI `aliyun`.',
  })
}

type TokenOptions = Pick<OidcRoleOptions, 'name' | 'roleArn' | 'oidcProviderArn' | 'oidcToken' | 'sessionName'>

function byToken(options: TokenOptions, deps: IdentityDeps): LoginIdentity {
  const { transport, endpoint } = deps
  const create = (more: { durationSeconds: number; policy: string | undefined }): CredentialProvider =>
    masking(createOidcRoleProvider({ transport, endpoint, ...options, ...more }), deps.mask)
  return {
    isSession: true,
    open: (chain, durationSeconds, policy) =>
      chain.length === 0
        ? create({ durationSeconds, policy })
        : withChain(create({ durationSeconds, policy: undefined }), chain, policy, deps),
  }
}

function byKey(key: CredentialProvider, deps: IdentityDeps): LoginIdentity {
  const base = masking(key, deps.mask)
  return {
    isSession: false,
    open: (chain, _durationSeconds, policy) => (chain.length === 0 ? base : withChain(base, chain, policy, deps)),
  }
}

function withChain(
  base: CredentialProvider,
  chain: readonly AssumeRoleStep[],
  policy: string | undefined,
  { transport, endpoint, sessionName, mask }: IdentityDeps,
): CredentialProvider {
  const limit = policy === undefined ? undefined : { sessionName, policy }
  return masking(createAssumedRoleProvider(base, chain, { transport, endpoint, sessionName }, limit), mask)
}
