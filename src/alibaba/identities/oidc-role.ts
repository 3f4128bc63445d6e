import { NopassError } from '../../errors.ts'
import type { CredentialProvider } from '../credentials.ts'
import { assumeRoleWithOidc, type RoleRequest, type StsTarget } from '../sts.ts'
import { createSessionProvider } from './session-provider.ts'

export interface OidcRoleOptions extends StsTarget, RoleRequest {
  readonly name: string
  readonly oidcProviderArn: string
  /** A token of now: asked for at each renewal, for it lives shorter than the session it buys. */
  readonly oidcToken: (signal: AbortSignal) => Promise<string>
}

/** A role by an OIDC token: RRSA in a cluster, the workflow's role on GitHub. Throws IDENTITY_NOT_TRUSTED and others. */
export function createOidcRoleProvider(options: OidcRoleOptions): CredentialProvider {
  const { name, transport } = options
  return createSessionProvider({
    name,
    clock: transport.clock,
    load: async (signal) => {
      // A token file ends with a line feed as often as not, and STS takes it for a part of the token.
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
  /** Asks the runner for an ID token (`@actions/core` getIDToken); called again at each renewal. */
  readonly getIdToken: (audience: string, signal?: AbortSignal) => Promise<string>
  /** Shows up in ActionTrail: which run it was. */
  readonly sessionName: string
}

/** The workflow's role by GitHub's ID token: no stored key. */
export function createGithubIdentity(options: GithubIdentityOptions): CredentialProvider {
  const audience = options.audience ?? 'sts.aliyuncs.com'
  const oidcToken = (signal: AbortSignal): Promise<string> => options.getIdToken(audience, signal)
  return createOidcRoleProvider({ ...options, name: 'github', oidcToken })
}
