import { NopassError } from '../../errors.ts'
import type { CredentialProvider } from '../credentials.ts'
import { assumeRole, assumeRoleWithOidc, type RoleRequest } from '../sts.ts'
import type { CloudService } from '../transport/cloud-transport.ts'
import { createSessionProvider } from './session-provider.ts'

/** One step of a chain: a role that the previous identity may assume. */
export interface AssumeRoleStep {
  readonly roleArn: string
  readonly externalId?: string | undefined
  readonly durationSeconds?: number | undefined
}

/** The name of a session, and the RAM policy that limits it. */
export interface SessionLimit {
  readonly sessionName: string
  readonly policy: string
}

/**
 * `base` assumes the first role of the chain, and each role assumes the next. `fresh` renews only
 * the last session, which `limit` limits.
 */
export function createAssumedRoleProvider(
  base: CredentialProvider,
  chain: readonly AssumeRoleStep[],
  target: CloudService & { readonly sessionName: string },
  limit?: SessionLimit,
): CredentialProvider {
  return chain.reduce<CredentialProvider>((previous, step, index) => {
    const session = { sessionName: target.sessionName, ...(index === chain.length - 1 && limit) }
    return createSessionProvider({
      name: `${previous.name} > ${step.roleArn}`,
      clock: target.transport.clock,
      load: (signal) => assumeRole(target, previous, { ...step, ...session }, signal),
    })
  }, base)
}

export interface OidcRoleOptions extends CloudService, RoleRequest {
  readonly name: string
  readonly oidcProviderArn: string
  /** Called at each renewal, because the token expires before the session does. */
  readonly oidcToken: (signal: AbortSignal) => Promise<string>
}

/** A role that is assumed with an OIDC token: RRSA in a cluster, the workflow's role on GitHub. */
export function createOidcRoleProvider(options: OidcRoleOptions): CredentialProvider {
  const { name, transport } = options
  return createSessionProvider({
    name,
    clock: transport.clock,
    load: async (signal) => {
      // A token file often ends with a line feed, which STS would read as part of the token.
      const oidcToken = (await options.oidcToken(signal)).trim()
      if (oidcToken === '') throw new NopassError('CREDENTIALS_MISSING', `${name}: the OIDC token is empty`)
      return assumeRoleWithOidc(options, { ...options, oidcToken }, signal)
    },
  })
}
