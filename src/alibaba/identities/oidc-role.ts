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
