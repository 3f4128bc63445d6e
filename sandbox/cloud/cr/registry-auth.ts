import { createPrivateKey, randomUUID, X509Certificate } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { BlockList } from 'node:net'
import type { ApiRequest, CallRecord } from '../http/request.ts'
import { equalsInConstantTime } from '../http/signature.ts'
import { newId } from '../identifiers.ts'
import type { Call } from '../operation.ts'
import { principalArn } from '../ram/arn.ts'
import { decide } from '../ram/authorize.ts'
import type { CloudState, Instance, RegistryCredential } from '../state.ts'
import { signJwt } from '../sts/jwt.ts'

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
 * request without a credential gets a token for public repositories only. The registry denies any
 * other pull with that token.
 */
export function createRegistryTokenService(
  state: CloudState,
  auth: RegistryAuth,
  keyPem: string,
  push: PushCredential,
): (request: ApiRequest, response: ServerResponse) => CallRecord {
  const key = createPrivateKey(keyPem)
  const x5c = [new X509Certificate(auth.certificatePem).raw.toString('base64')]

  const issue = (subject: string, secondsLeft: number, access: readonly Access[]): object => {
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

const RAM_ACTIONS: Readonly<Record<string, string>> = { pull: 'cr:PullRepository', push: 'cr:PushRepository' }

/**
 * Reads scopes such as `repository:team/app:pull,push`, separated by spaces, as `access` claims;
 * ignores others.
 */
function parseScopes(scopes: readonly string[]) {
  return scopes
    .join(' ')
    .split(' ')
    .flatMap((scope) => {
      const [, name, actions] = /^repository:(.+):([a-z*,]+)$/.exec(scope) ?? []
      if (name === undefined || actions === undefined) return []
      return [{ type: 'repository', name, actions: actions.split(',') }]
    })
}

type Access = ReturnType<typeof parseScopes>[number]

/** True if the client's address may not use the public endpoint of the repository's instance. */
function isShutOut(state: CloudState, repository: string): boolean {
  const { pullsFrom } = state.settings
  if (pullsFrom === undefined) return false
  const [namespace = ''] = repository.split('/')
  const all = [...state.accounts.values()].flatMap(({ instances }) => instances)
  const endpoint = all
    .find(({ namespaces }) => namespaces.includes(namespace))
    ?.endpoints.find(({ type }) => type === 'internet')
  if (endpoint?.enabled !== true) return true
  return endpoint.acl.length > 0 && !endpoint.acl.some((entry) => isInBlock(pullsFrom.address, entry))
}

/** An entry of an allow-list is an IPv4 address or a CIDR block. */
function isInBlock(address: string, entry: string): boolean {
  const [network = '', length = '32'] = entry.split('/')
  const block = new BlockList()
  block.addSubnet(network, Number(length))
  return block.check(address)
}

/** Grants pulls from public repositories, and nothing else. */
function grantPublicAccess(state: CloudState, requested: readonly Access[]): readonly Access[] {
  return requested.flatMap((access) =>
    access.actions.includes('pull') && isPublic(state, access.name) ? [{ ...access, actions: ['pull'] }] : [],
  )
}

function isPublic(state: CloudState, repository: string): boolean {
  const instances = [...state.accounts.values()].flatMap((account) => account.instances)
  return instances.some(({ publicRepositories }) => publicRepositories.has(repository))
}

/**
 * Returns the part of the requested access that the credential currently has. The vendor documents
 * that a temporary password has the permissions of its requester. Therefore the principal's
 * policies at the time of the pull count.
 */
function grantAccess(
  state: CloudState,
  credential: RegistryCredential,
  requested: readonly Access[],
): readonly Access[] {
  return requested.flatMap((access) => {
    const actions = access.actions.filter((action) => isAllowed(state, credential, access.name, action))
    return actions.length === 0 ? [] : [{ ...access, actions }]
  })
}

function isAllowed(state: CloudState, credential: RegistryCredential, repository: string, verb: string): boolean {
  const { principal, instanceId } = credential
  const { accountId } = principal
  const action = RAM_ACTIONS[verb]
  if (verb === 'pull' && isPublic(state, repository)) return true
  const [namespace = ''] = repository.split('/')
  if (action === undefined || namespace === repository) return false
  const instances = state.accounts.get(accountId)?.instances ?? []
  return instances.some((instance) => {
    const isCovered = instanceId === undefined ? instance.edition === 'personal' : instance.id === instanceId
    if (!isCovered || !instance.namespaces.includes(namespace)) return false
    const resource = repositoryArn(accountId, instance, repository)
    return decide(state, principal, action, resource, new Map()).decision === 'allow'
  })
}

function repositoryArn(accountId: string, instance: Instance, repository: string): string {
  const prefix = instance.edition === 'enterprise' ? `${instance.id}/` : ''
  return `acs:cr:${instance.region}:${accountId}:repository/${prefix}${repository}`
}

/**
 * Issues a temporary user name and password with the caller's rights. They are valid for one hour
 * or the requested hours, but not longer than the caller's STS session. Source: CR,
 * GetAuthorizationToken. That page does not say whether the session also limits ExpiresInHours.
 */
export function issueRegistryCredential(call: Call, instanceId: string | undefined, hours = 1): RegistryCredential {
  const { state, principal } = call
  if (principal === undefined) throw new Error('an anonymous caller gets no registry credential')
  const seconds = hours * 3600
  const expiresAt = state.now() + Math.min(seconds, state.settings.maxSessionSeconds ?? seconds) * 1000
  const credential: RegistryCredential = {
    username: 'cr_temp_user',
    password: newId.registryToken(),
    principal,
    instanceId,
    expiresAt: principal.kind === 'role' ? Math.min(expiresAt, principal.session.expiresAt) : expiresAt,
  }
  state.registryCredentials.set(credential.password, credential)
  return credential
}
