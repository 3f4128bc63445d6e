import { NopassError, reworded } from '../errors.ts'
import { type JsonObject, textOf } from '../lib/json.ts'
import type { CredentialProvider, Credentials } from './credentials.ts'
import type { StsCaller, StsSession, StsSessions } from './sdk-types.ts'
import type { CloudClock } from './transport/cloud-clock.ts'
import type { CloudCall, CloudService } from './transport/cloud-transport.ts'
import { isFixOfGuardrail } from './transport/denial.ts'

type SignedCall = Pick<CloudCall, 'action' | 'query' | 'form' | 'credentials'>

function call(
  { transport, endpoint, publicEndpoint }: CloudService,
  request: SignedCall,
  signal?: AbortSignal,
): Promise<JsonObject> {
  return transport.call({ product: 'sts', version: '2015-04-01', endpoint, publicEndpoint, ...request }, signal)
}

export interface RoleRequest {
  readonly roleArn: string
  /** Shown in ActionTrail. Characters that STS does not accept are replaced. */
  readonly sessionName: string
  /** Seconds, from 900 to the role's maximum. The cloud's default is 3600. */
  readonly durationSeconds?: number | undefined
  /** A RAM policy. The session may only do what both the role and this policy allow. */
  readonly policy?: string | undefined
}

/** @throws CLOUD_DENIED, also if the role does not trust the caller */
export function assumeRole(
  target: CloudService,
  credentials: CredentialProvider | Credentials,
  request: RoleRequest & { readonly externalId?: string | undefined },
  signal?: AbortSignal,
): Promise<Credentials> {
  const query: StsSessions['AssumeRole'] = { ...roleParameters(request), ExternalId: request.externalId }
  return openSession(target, { action: 'AssumeRole', query, credentials }, request, signal)
}

/** The token is sent in the body, because URLs end up in logs. */
export function assumeRoleWithOidc(
  target: CloudService,
  request: RoleRequest & { readonly oidcProviderArn: string; readonly oidcToken: string },
  signal?: AbortSignal,
): Promise<Credentials> {
  const { oidcProviderArn, oidcToken } = request
  const form: StsSessions['AssumeRoleWithOIDC'] = {
    ...roleParameters(request),
    OIDCProviderArn: oidcProviderArn,
    OIDCToken: oidcToken,
  }
  return openSession(target, { action: 'AssumeRoleWithOIDC', form, credentials: undefined }, request, signal)
}

const roleParameters = ({
  roleArn,
  sessionName,
  durationSeconds,
  policy,
}: RoleRequest): StsSessions[keyof StsSessions] => ({
  RoleArn: roleArn,
  RoleSessionName: sessionNameOf(sessionName),
  DurationSeconds: durationSeconds,
  Policy: policy,
})

async function openSession(
  target: CloudService,
  request: SignedCall,
  { roleArn }: RoleRequest,
  signal?: AbortSignal,
): Promise<Credentials> {
  try {
    return sessionOf(await call(target, request, signal), target.transport.clock)
  } catch (error) {
    if (!(error instanceof NopassError)) throw error
    const hint = isFixOfGuardrail(error.hint) ? error.hint : HINTS[error.code]?.(request.action, error.reason)
    const { retryAfterMs, cause } = error
    if (error.reason === 'InvalidParameter.PolicySize') {
      const { reason, requestId } = error
      throw new NopassError('LIMIT_TOO_LONG', `STS refuses the session policy for the role ${roleArn} as too long`, {
        reason,
        requestId,
        retryAfterMs,
        cause,
      })
    }
    if (hint === undefined) throw error
    throw reworded(error, `${error.message} for the role ${roleArn}`, { hint, retryAfterMs, cause })
  }
}

export type CallerIdentity = Awaited<ReturnType<typeof getCallerIdentity>>

export async function getCallerIdentity(
  target: CloudService,
  credentials: CredentialProvider | Credentials,
  signal?: AbortSignal,
) {
  const response: StsCaller = await call(target, { action: 'GetCallerIdentity', credentials }, signal)
  return { accountId: textOf(response.AccountId), arn: textOf(response.Arn) }
}

/**
 * Reads the session in a response of STS or of instance metadata. Their fields have the same four
 * names.
 */
export function sessionOf(response: JsonObject, clock: CloudClock): Credentials {
  const session = (response.Credentials ?? response) as NonNullable<StsSession['Credentials']>
  const { AccessKeyId, AccessKeySecret, SecurityToken, Expiration } = session
  const expiresAt = Date.parse(textOf(Expiration))
  const complete = [AccessKeyId, AccessKeySecret, SecurityToken].every(
    (part) => typeof part === 'string' && part !== '',
  )
  if (!complete || Number.isNaN(expiresAt)) {
    throw new NopassError('CLOUD_UNAVAILABLE', 'the session in the response has no key, token or expiry')
  }
  return {
    accessKeyId: textOf(AccessKeyId),
    accessKeySecret: textOf(AccessKeySecret),
    securityToken: textOf(SecurityToken),
    issuedAt: clock.now(),
    expiresAt,
  }
}

/** STS accepts 2 to 64 letters, digits and `.@-_`. */
function sessionNameOf(desired: string): string {
  return desired
    .replace(/[^A-Za-z0-9.@_-]/g, '-')
    .slice(0, 64)
    .padEnd(2, '-')
}

const HINTS: Readonly<Record<string, (action: string, reason: string | undefined) => string | undefined>> = {
  CLOUD_DENIED: (action) =>
    action === 'AssumeRole'
      ? 'Two sides must allow it: a policy of the caller (sts:AssumeRole on this ARN) and the trust policy of the role, with the same external id. `acr-nopass policy` prints both.'
      : "The role's trust policy must name this OIDC provider, and its issuer, audience and subject. `acr-nopass policy` prints it.",
  IDENTITY_NOT_TRUSTED: (_action, reason) =>
    PROVIDER_HINTS.get(reason) ??
    "Compare the token's issuer, audience and subject with the OIDC provider and with the role's trust policy; `acr-nopass policy` prints the trust policy.",
  CLOUD_REJECTED: (_action, reason) =>
    reason === 'InvalidParameter.DurationSeconds'
      ? "Lower `durationSeconds`, or raise the role's maximum session duration (RAM's MaxSessionDuration, 3600 by default)."
      : undefined,
  CREDENTIALS_EXPIRED: (action) =>
    action === 'AssumeRole'
      ? undefined
      : 'The OIDC token has expired. In a cluster the kubelet renews the token: check the clock of the API server, which sets its expiry. Elsewhere request a new token.',
  CLOUD_NOT_FOUND: () => 'Check the role ARN and the OIDC provider ARN: account, name, spelling.',
}

/** Explanations of STS's error codes about the OIDC provider in RAM. */
const PROVIDER_HINTS: ReadonlyMap<string | undefined, string> = new Map([
  [
    'AuthenticationFail.OIDCToken.PublicKeyFingerprintMismatch',
    "The OIDC provider in RAM lacks the fingerprint of the certificate authority that the issuer's address uses now. Add the fingerprints of the root and of the intermediates, at most five (`aliyun ims AddFingerprintToOIDCProvider`), because issuers such as GitHub change the intermediate.",
  ],
  [
    'AuthenticationFail.OIDCToken.HttpsUrlInvalid',
    "STS cannot validate the certificate of the issuer's address. The address must send its whole certificate chain, up to a public certificate authority. The OIDC provider must have the fingerprint of that authority (`aliyun ims AddFingerprintToOIDCProvider`).",
  ],
  [
    'AuthenticationFail.OIDCToken.AudienceNotMatch',
    'The OIDC provider in RAM does not have the audience of the token among its client ids: add it (`aliyun ims AddClientIdToOIDCProvider`), or request tokens for one of them, such as sts.aliyuncs.com.',
  ],
])
