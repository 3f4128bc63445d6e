import { createPrivateKey, randomUUID, X509Certificate } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import type { ApiRequest, CallRecord } from '../http/request.ts'
import { equalsInConstantTime } from '../http/signature.ts'
import { newId } from '../identifiers.ts'
import type { Call } from '../operation.ts'
import { principalArn } from '../ram/arn.ts'
import { attachedDocuments } from '../ram/authorize.ts'
import type { CloudState, RegistryCredential } from '../state.ts'
import { signJwt } from '../sts/jwt.ts'
import {
  type Access,
  grantAccess,
  grantPublicAccess,
  isShutOut,
  parseScopes,
  withExistence,
} from './registry-rights.ts'

/** The settings with which a distribution registry accepts the emulator's tokens. */
export interface RegistryAuth {
  /** The URL at which clients request tokens. */
  readonly realm: string
  /** The realm of ACR's real registries, often in another region. */
  readonly vendorRealm: string
  readonly service: string
  readonly issuer: string
  /** The certificate of the key that signs the tokens. */
  readonly certificatePem: string
}

export interface PushCredential {
  readonly username: string
  readonly password: string
}

const TOKEN_SECONDS = 300

/**
 * Creates the registry's token server (Docker token authentication). It accepts GET with Basic
 * authentication, and POST with `grant_type` password, which containerd sends. A valid ACR
 * credential gets access, limited to its principal's current rights. As in the real cloud, a
 * request without a credential gets a token for public repositories only.
 *
 * The token service responds with 200 also if it grants nothing. The registry then refuses the
 * token with 401 and `insufficient_scope`, which a node reported of an Enterprise instance
 * (https://github.com/aliyun/kvc-3fs-operator/issues/4).
 */
export function createRegistryTokenService(
  state: CloudState,
  auth: RegistryAuth,
  keyPem: string,
  push: PushCredential,
): (request: ApiRequest, response: ServerResponse) => CallRecord {
  const key = createPrivateKey(keyPem)
  const x5c = [new X509Certificate(auth.certificatePem).raw.toString('base64')]

  const issue = (subject: string, secondsLeft: number, granted: readonly Access[]): object => {
    const access = withExistence(state, granted)
    const now = Math.floor(state.now() / 1000)
    const expires_in = Math.min(TOKEN_SECONDS, secondsLeft)
    const claims = { iss: auth.issuer, sub: subject, aud: auth.service, iat: now, nbf: now - 5, exp: now + expires_in }
    const token = signJwt({ ...claims, jti: randomUUID(), access }, key, { x5c })
    return { token, access_token: token, expires_in, issued_at: new Date(now * 1000).toISOString() }
  }

  return (request, response) => {
    const requestId = newId.request()
    const respond = (status: number, body: object, principal = '-', code = ''): CallRecord => {
      response.writeHead(status, { 'content-type': 'application/json', 'x-request-id': requestId })
      response.end(JSON.stringify(body))
      const call = { product: 'registry', action: 'token', principal, write: false }
      return { at: state.now(), ...call, status, code, requestId }
    }
    const refuse = (status: number, code: string, message: string): CallRecord =>
      respond(status, { errors: [{ code, message }] }, '-', code)

    const service = request.parameters.get('service') || auth.service
    if (service !== auth.service) return refuse(400, 'UNSUPPORTED', 'unknown service')
    const given = readCredential(request)
    const requested = parseScopes(request.scopes)
    // The allow-list is documented ("Configure access over the Internet"). The registry's response
    // is not.
    if (requested.some(({ name }) => isShutOut(state, name))) {
      return refuse(403, 'DENIED', 'requested access to the resource is denied')
    }
    if (given === undefined) return respond(200, issue('', TOKEN_SECONDS, grantPublicAccess(state, requested)))
    if (given.username === push.username && equalsInConstantTime(given.password, push.password)) {
      return respond(200, issue(push.username, TOKEN_SECONDS, requested), push.username)
    }
    const credential = state.registryCredentials.get(given.password)
    const secondsLeft = Math.floor(((credential?.expiresAt ?? 0) - state.now()) / 1000)
    if (credential?.username !== given.username || secondsLeft <= 0) {
      return refuse(401, 'UNAUTHORIZED', 'authentication required')
    }
    const name = principalArn(credential.principal)
    return respond(200, issue(name, secondsLeft, grantAccess(state, credential, requested)), name)
  }
}

/**
 * Returns undefined without a credential. An unreadable credential is returned with an empty user
 * name, which is never valid.
 */
function readCredential(request: ApiRequest): PushCredential | undefined {
  const get = (name: string): string => request.parameters.get(name) ?? ''
  const unreadable = { username: '', password: '' }
  if (request.method === 'POST') return { username: get('username'), password: get('password') }
  const header = request.headers.authorization
  if (header === undefined) return undefined
  const basic = /^Basic\s+(\S+)$/i.exec(header)?.[1]
  const text = Buffer.from(basic ?? '', 'base64').toString()
  const colon = text.indexOf(':')
  return colon < 0 ? unreadable : { username: text.slice(0, colon), password: text.slice(colon + 1) }
}

/**
 * Issues a temporary user name and password with the caller's rights. They are valid for one hour
 * or the requested hours, but not longer than the caller's STS session. Source: CR,
 * GetAuthorizationToken. That page does not say whether the session also limits ExpiresInHours.
 */
export function issueRegistryCredential(call: Call, instanceId: string | undefined, hours = 1): RegistryCredential {
  const { state, principal } = call
  if (principal === undefined) throw new Error('an anonymous caller gets no registry credential')
  const { maxSessionSeconds, ignoresExpiresInHours, tokensOutliveSessions } = state.settings
  const seconds = ignoresExpiresInHours ? 3600 : hours * 3600
  const expiresAt = state.now() + Math.min(seconds, maxSessionSeconds ?? seconds) * 1000
  const isBounded = principal.kind === 'role' && !tokensOutliveSessions
  const credential: RegistryCredential = {
    username: 'cr_temp_user',
    password: newId.registryToken(),
    principal,
    instanceId,
    issuedWith: attachedDocuments(state, principal),
    expiresAt: isBounded ? Math.min(expiresAt, principal.session.expiresAt) : expiresAt,
  }
  state.registryCredentials.set(credential.password, credential)
  return credential
}
