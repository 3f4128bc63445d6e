import { NopassError } from '../../errors.ts'
import type { CredentialProvider } from '../credentials.ts'
import { assumeRoleWithOidc, type RoleRequest, type StsTarget } from '../sts.ts'
import { createSessionProvider } from './session-provider.ts'

export interface OidcRoleOptions extends StsTarget, RoleRequest {
  readonly name: string
  readonly oidcProviderArn: string
  /** Called at each renewal, because the token expires before the session does. */
  readonly oidcToken: (signal: AbortSignal) => Promise<string>
}

/** A role assumed with an OIDC token: RRSA in a cluster, the workflow's role on GitHub. */
export function createOidcRoleProvider(options: OidcRoleOptions): CredentialProvider {
  const { name, transport } = options
  return createSessionProvider({
    name,
    clock: transport.clock,
    load: async (signal) => {
      // A token file often ends with a line feed, which STS would take for a part of the token.
      const oidcToken = (await options.oidcToken(signal)).trim()
      if (oidcToken === '') throw new NopassError('CREDENTIALS_MISSING', `${name}: the OIDC token is empty`)
      return assumeRoleWithOidc(options, { ...options, oidcToken }, signal)
    },
  })
}

export interface GithubIdentityOptions extends StsTarget {
  readonly roleArn: string
  readonly oidcProviderArn: string
  /** Default `sts.aliyuncs.com`; must be among the provider's client ids. */
  readonly audience?: string | undefined
  readonly durationSeconds?: number | undefined
  /** Requests an ID token from the runner (`@actions/core` getIDToken); called at each renewal. */
  readonly getIdToken: (audience: string, signal?: AbortSignal) => Promise<string>
  /** Shown in ActionTrail: identifies the run. */
  readonly sessionName: string
}

/** The workflow's role, assumed with GitHub's ID token: there is no stored key. */
export function createGithubIdentity(options: GithubIdentityOptions): CredentialProvider {
  const audience = options.audience ?? 'sts.aliyuncs.com'
  const oidcToken = (signal: AbortSignal): Promise<string> => options.getIdToken(audience, signal)
  return createOidcRoleProvider({ ...options, name: 'github', oidcToken })
}
