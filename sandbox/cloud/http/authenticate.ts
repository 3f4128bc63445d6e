import { ApiError } from '../operation.ts'
import type { CloudState, Principal } from '../state.ts'
import type { ApiRequest } from './request.ts'
import { readSignature, type SignedClaims } from './signature.ts'

const VALID_FOR = 15 * 60_000

/**
 * Returns the signer of a request.
 * @throws ApiError with the gateway's own codes: MissingAccessKeyId, InvalidTimeStamp.Format,
 * InvalidTimeStamp.Expired, InvalidAccessKeyId.NotFound, InvalidAccessKeyId.Inactive,
 * MissingSecurityToken, InvalidSecurityToken.Malformed, .MismatchWithAccessKey, .Expired,
 * SignatureDoesNotMatch, SignatureNonceUsed
 */
export function authenticate(state: CloudState, request: ApiRequest): Principal {
  const claims = readSignature(request)
  if (claims === undefined) throw new ApiError(400, 'MissingAccessKeyId', 'AccessKeyId is mandatory for this action.')
  checkDate(state, claims.date)
  const { principal, secret } = findKey(state, claims)
  if (!claims.matches(secret)) {
    // The vendor quotes the string to sign here. The emulator does not, because it may contain a
    // secret header.
    throw new ApiError(400, 'SignatureDoesNotMatch', 'Specified signature does not match our calculation.')
  }
  checkNonce(state, claims)
  return principal
}

function checkDate(state: CloudState, date = ''): void {
  const time = Date.parse(date)
  if (Number.isNaN(time) || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(date)) {
    throw new ApiError(400, 'InvalidTimeStamp.Format', 'Specified time stamp or date value is not well formatted.')
  }
  if (Math.abs(state.now() - time) > VALID_FOR) {
    throw new ApiError(400, 'InvalidTimeStamp.Expired', 'Specified time stamp or date value is expired.')
  }
}

function checkNonce(state: CloudState, claims: SignedClaims): void {
  if (!claims.nonce) throw new ApiError(400, 'MissingSignatureNonce', 'SignatureNonce is mandatory for this action.')
  const key = `${claims.accessKeyId} ${claims.nonce}`
  if (state.nonces.has(key)) {
    throw new ApiError(400, 'SignatureNonceUsed', 'Specified signature nonce was used already.')
  }
  state.nonces.add(key)
}

function findKey(state: CloudState, claims: SignedClaims): { principal: Principal; secret: string } {
  const session = state.sessions.get(claims.accessKeyId)
  if (session !== undefined) {
    checkSessionToken(state, claims.securityToken, session.token)
    if (session.expiresAt <= state.now()) {
      throw new ApiError(400, 'InvalidSecurityToken.Expired', 'Specified SecurityToken is expired.')
    }
    const { accountId, role: name } = session
    return { principal: { kind: 'role', accountId, name, session }, secret: session.secret }
  }
  for (const account of state.accounts.values()) {
    for (const user of account.ram.User.values()) {
      const key = user.keys.find((item) => item.id === claims.accessKeyId)
      if (key === undefined) continue
      if (!key.active) throw new ApiError(403, 'InvalidAccessKeyId.Inactive', 'Specified access key is disabled.')
      if (claims.securityToken) throw mismatch()
      return { principal: { kind: 'user', accountId: account.id, name: user.name }, secret: key.secret }
    }
  }
  throw new ApiError(404, 'InvalidAccessKeyId.NotFound', 'Specified access key is not found.')
}

function checkSessionToken(state: CloudState, given: string | undefined, expected: string): void {
  if (!given) throw new ApiError(400, 'MissingSecurityToken', 'SecurityToken is mandatory for this action.')
  if (given === expected) return
  const issued = [...state.sessions.values()].some((session) => session.token === given)
  if (issued) throw mismatch()
  throw new ApiError(400, 'InvalidSecurityToken.Malformed', 'Specified SecurityToken is malformed.')
}

function mismatch(): ApiError {
  const message = 'Specified SecurityToken mismatch with the AccessKey.'
  return new ApiError(400, 'InvalidSecurityToken.MismatchWithAccessKey', message)
}
