import { ApiError, type Call, isoDate, operationsOf } from '../operation.ts'
import { oidcProviderArn, parseArn, principalArn } from '../ram/arn.ts'
import { noPermission, trustDecision, trusts } from '../ram/authorize.ts'
import { requestContext } from '../ram/condition.ts'
import type { OidcProvider } from '../state.ts'
import { decodeJwt, verifyJwt } from './jwt.ts'
import { createSession, findRoleByArn } from './role-session.ts'
import { readSessionPolicy } from './session-policy.ts'

function getCallerIdentity(call: Call): object {
  const { principal, account } = call
  if (principal === undefined) throw new Error('an anonymous caller has no identity')
  const shared = { AccountId: account.id, Arn: principalArn(principal) }
  const isUser = principal.kind === 'user'
  const id = account.ram[isUser ? 'User' : 'Role'].get(principal.name.toLowerCase())?.id ?? ''
  if (isUser) return { ...shared, IdentityType: 'RAMUser', UserId: id, PrincipalId: id }
  return { ...shared, IdentityType: 'AssumedRoleUser', RoleId: id, PrincipalId: `${id}:${principal.session.name}` }
}

function assumeRole(call: Call): object {
  const { principal, state } = call
  if (principal === undefined) throw new Error('an anonymous caller assumes no role')
  const { role, accountId } = findRoleByArn(call)
  const context = new Map(requestContext(call, principal))
  const externalId = call.get('ExternalId')
  if (externalId !== undefined) context.set('sts:ExternalId', [externalId])
  const trust = trustDecision(role, principal, context)
  if (trust !== 'allow') {
    const { status, code, extra } = noPermission(state, principal, 'sts:AssumeRole', {
      decision: trust,
      policyType: 'AssumeRolePolicy',
    })
    const message =
      'No permission perform sts:AssumeRole on this Role. Maybe you are not authorized to perform sts:AssumeRole ' +
      'or the specified role does not trust you'
    throw new ApiError(status, code, message, extra)
  }
  return createSession(call, accountId, role, readSessionPolicy(call))
}

const assumedRole = (call: Call) => [call.need('RoleArn').replace(/^acs:ram::/, 'acs:ram:*:')]

const SESSION = {
  RoleArn: { required: true },
  RoleSessionName: { required: true, pattern: /^[A-Za-z0-9.@_-]{2,64}$/ },
  DurationSeconds: { integer: [900, 43_200] },
} as const
const CHAIN = { ...SESSION, ExternalId: { pattern: /^[\w+=,.@:/-]{2,1224}$/ } }
const OIDC = { ...SESSION, OIDCProviderArn: { required: true } }

/** STS 2015-04-01. */
export const STS_OPERATIONS = operationsOf('Sts', '2015-04-01', {
  GetCallerIdentity: [undefined, {}, getCallerIdentity],
  AssumeRole: [assumedRole, CHAIN, assumeRole],
  AssumeRoleWithOIDC: [undefined, OIDC, assumeRoleWithOidc, { anonymous: true }],
})

const LEEWAY = 60

/**
 * Assumes a role with a token of one of the account's identity providers. The call itself is not
 * signed. The trust policy sees `oidc:iss`, `oidc:aud` and `oidc:sub`.
 * @throws ApiError with STS's AuthenticationFail.* codes (401)
 */
async function assumeRoleWithOidc(call: Call): Promise<object> {
  const { provider, accountId } = findProvider(call)
  const claims = await readToken(call, provider)
  if (!claims.aud.some((aud) => provider.clientIds.includes(aud))) {
    throw authenticationFailure('OIDCToken.AudienceNotMatch', 'Invalid audience.')
  }
  const found = findRoleByArn(call)
  const context = new Map([
    ['oidc:iss', [claims.iss]],
    ['oidc:aud', claims.aud],
    ['oidc:sub', [claims.sub]],
  ])
  const isTrusted = trusts(found.role, 'Federated', oidcProviderArn(accountId, provider.name), context)
  if (found.accountId !== accountId || !isTrusted) {
    const message = 'This operator is not authorized to perform this action by the trust policy of the role.'
    throw authenticationFailure('NoPermission', message)
  }
  const policy = readSessionPolicy(call)
  const isIgnored = call.state.settings.sessionPolicyFault === 'ignored-for-oidc'
  return {
    ...createSession(call, accountId, found.role, isIgnored ? undefined : policy),
    OIDCTokenInfo: {
      Issuer: claims.iss,
      Subject: claims.sub,
      ClientIds: claims.aud.join(','),
      IssuanceTime: isoDate(claims.iat * 1000),
      ExpirationTime: isoDate(claims.exp * 1000),
      VerificationInfo: 'Success',
    },
  }
}

function findProvider(call: Call): { readonly provider: OidcProvider; readonly accountId: string } {
  const arn = parseArn(call.need('OIDCProviderArn'), 'oidc-provider')
  const provider = arn && call.state.accounts.get(arn.accountId)?.ram.OIDCProvider.get(arn.name.toLowerCase())
  if (arn === undefined || provider === undefined)
    throw authenticationFailure('NoPermission', 'No such OIDC Provider registered.')
  return { provider, accountId: arn.accountId }
}

/** Verifies the token in a call and returns its claims. */
async function readToken(call: Call, provider: OidcProvider) {
  const text = call.need('OIDCToken')
  if (text === '') throw invalid('The OIDCToken can not empty.')
  if (text.split('.').length !== 3) {
    throw invalid("The number of Jwt field should be divided into 3 parts with '.' .")
  }
  const token = decodeJwt(text)
  const { iss, sub, aud, iat, exp } = token?.claims ?? {}
  if (token === undefined || typeof iss !== 'string' || typeof sub !== 'string' || typeof exp !== 'number') {
    throw invalid('The Jwt content is invalid that cannot be recognized.')
  }
  const { alg } = token.header
  if (alg !== 'RS256' && alg !== 'ES256') {
    throw invalid(`The algorithm ${String(alg)} that be specified in Jwt header is unknown.`)
  }
  if (iss !== provider.issuer) {
    throw authenticationFailure('OIDCToken.IssuerNotMatch', 'The issuer of the token is not the registered one.')
  }
  checkFingerprints(call, provider)
  const jwks = await call.state.issuers.get(iss)?.()
  if (jwks === undefined || !verifyJwt(token, jwks)) {
    throw authenticationFailure('OIDCToken.InvalidSignature', 'OIDC token validate failed: invalid signature.')
  }
  if (exp + LEEWAY < call.state.now() / 1000)
    throw authenticationFailure('OIDCToken.Expired', 'This JsonWebToken is expired.')
  const audiences = (Array.isArray(aud) ? aud : [aud]).filter((item): item is string => typeof item === 'string')
  return { iss, sub, exp, aud: audiences, iat: typeof iat === 'number' ? iat : exp }
}

/**
 * Checks the certificate authority of the issuer. STS reads the issuer's discovery document over
 * HTTPS, and the provider must list the fingerprint of the authority that signed the address's
 * certificate. The code and its message are known from
 * https://github.com/gardenlinux/gardenlinux/issues/4794, after GitHub had changed its
 * intermediate.
 */
function checkFingerprints({ state }: Call, { issuer, fingerprints }: OidcProvider): void {
  const chain = state.issuerChains.get(issuer)
  if (chain === undefined || fingerprints.some((one) => chain.includes(one))) return
  if (fingerprints.length === 0 && state.settings.acceptWithoutFingerprints) return
  throw authenticationFailure(
    'OIDCToken.PublicKeyFingerprintMismatch',
    'The https fingerprint of this discovery is invalid',
  )
}

const invalid = (message: string): ApiError => authenticationFailure('OIDCToken.Invalid', message)

function authenticationFailure(code: string, message: string): ApiError {
  return new ApiError(401, `AuthenticationFail.${code}`, message)
}
