import type { HttpRequest, HttpSender } from '../../src/alibaba/transport/http-sender.ts'
import { includesRepository } from '../../src/values/repositories.ts'
import { createStreams, type Random } from './random.ts'
import { type ProcessTime, type Scheduler, START } from './time.ts'

/**
 * A credential that the cloud issued. Times are in milliseconds since 1970. `expiresAt` is null if
 * the credential does not expire.
 */
export interface Issued {
  /** For a limited credential of instance `l`: `l` and its list. */
  readonly registry: string
  /** The list of a limited credential. */
  readonly repositories?: readonly string[]
  /** Increases with each credential of a registry. */
  readonly serial: number
  readonly issuedAt: number
  readonly expiresAt: number | null
  /** The process that requested the credential. Empty for a static login. */
  readonly to: string
  revoked: boolean
  /** True if a login with the credential has succeeded. */
  accepted: boolean
}

/**
 * True if a namespace has a credential that the log lost: the log has no credential of the
 * registry, or only an earlier one. Such a Secret stays as it is until its first credential expires
 * (docs/en/decisions.md#which-credential).
 */
export function isLost(inSecret: Issued | undefined, inLog: Issued | undefined): boolean {
  if (inSecret === undefined) return false
  return inLog === undefined || (inLog.registry === inSecret.registry && inLog.serial < inSecret.serial)
}

export type CloudFault =
  | 'down'
  | 'hung'
  | 'throttled'
  | 'failing'
  | 'denied'
  | 'garbage'
  | 'expired'
  | 'nanoseconds'
  | 'short'
  | 'refused'

export const CLOUD_FAULTS: readonly CloudFault[] = [
  'down',
  'hung',
  'throttled',
  'failing',
  'denied',
  'garbage',
  'expired',
  'nanoseconds',
  'short',
  'refused',
]

export interface CloudOptions {
  readonly scheduler: Scheduler
  readonly random: Random
  /** The lifetime of a token in milliseconds. */
  readonly lifetime: number
  readonly onCall: (process: string, what: string) => void
  readonly onIssued: (process: string, registry: string, password: string) => void
}

/**
 * A simulated cloud. It has sessions, tokens, domains, a node's metadata service, and registries
 * that check logins.
 */
export interface SimulatedCloud {
  senderFor(process: string, time: ProcessTime): HttpSender
  /** Returns the credential with this password. */
  issued(password: string): Issued | undefined
  /** Returns the newest credential of a registry with this expiry. */
  issuedUntil(registry: string, expiresAt: number): Issued | undefined
  /** The login of a static registry. */
  staticLogin(registry: string): { username: string; password: string }
  changeStaticLogin(registry: string): void
  revoke(registry: string): void
  /**
   * Sets the fault of a registry; undefined clears the fault. An empty name means all registries.
   */
  setFault(registry: string, fault: CloudFault | undefined): void
  readonly faults: ReadonlyMap<string, CloudFault>
  clearFaults(): void
}

/** Returns the instance of a registry: `cri-a` of `a`, and `cri-l` of all limited entries. */
export const instanceOf = (registry: string): string => `cri-${registry.startsWith('l') ? 'l' : registry}`

/** Returns the name under which the cloud counts the credentials with this list. */
export const limitedName = (repositories: readonly string[]): string => `l ${repositories.join(' ')}`

/** Returns the list of a session policy for instance `cri-l`, as an access key ID contains it. */
const listOf = (text: string): readonly string[] =>
  [...text.matchAll(/repository\/cri-l\/([^"]+)"/g)].map(([, glob = '']) => glob)
const encode = (text: string): string => Buffer.from(text).toString('hex')
/** `a2` is another instance with the domain of `a`. */
export const domainOf = (registry: string): string => `${registry.slice(0, 1)}-registry.cn-hangzhou.cr.aliyuncs.com`

const SESSION_MS = 3_600_000
const CLOCK_TOLERANCE = 15 * 60_000

export function createCloud(options: CloudOptions): SimulatedCloud {
  const { scheduler, random, lifetime } = options
  const streams = createStreams(random)
  const tokens = new Map<string, Issued>()
  const serials = new Map<string, number>()
  const statics = new Map<string, string>()
  const faults = new Map<string, CloudFault>()
  const now = (): number => START + scheduler.time

  const issue = (registry: string, expiresAt: number | null, to: string, repositories?: readonly string[]): string => {
    const serial = (serials.get(registry) ?? 0) + 1
    serials.set(registry, serial)
    const password = `${registry}-${serial}`
    const times = { issuedAt: now(), expiresAt }
    const limit = repositories && { repositories }
    tokens.set(password, { registry, serial, ...times, to, revoked: false, accepted: false, ...limit })
    return password
  }

  type CloudResponse = { status: number; body: unknown; headers?: Record<string, string> }
  const json = (body: object, status = 200): CloudResponse => ({ status, body })
  const failure = (status: number, code: string): CloudResponse =>
    json({ Code: code, Message: code, RequestId: 'r' }, status)
  const session = (policy = ''): object => ({
    AccessKeyId: `STS.${encode(listOf(policy).join(' '))}`,
    AccessKeySecret: 'secret',
    SecurityToken: 'token',
    Expiration: new Date(now() + SESSION_MS).toISOString().replace(/\.\d+Z$/, 'Z'),
  })

  function respond(process: string, request: HttpRequest): CloudResponse {
    const { url, headers } = request
    if (url.hostname === '100.100.100.200') return metadata(url)
    const action = headers['x-acs-action'] ?? url.searchParams.get('Action') ?? ''
    if (action === '') return registry(url, headers)
    const registryName = (url.searchParams.get('InstanceId') ?? '').replace(/^cri-/, '')
    options.onCall(process, `${action} ${registryName}`)
    const at = Date.parse(headers['x-acs-date'] ?? url.searchParams.get('Timestamp') ?? '')
    if (Math.abs(at - now()) > CLOCK_TOLERANCE) return failure(400, 'InvalidTimeStamp.Expired')
    if (action === 'AssumeRoleWithOIDC' || action === 'AssumeRole') {
      const { searchParams: query } = url
      const policy = query.get('Policy') ?? new URLSearchParams(request.body?.toString()).get('Policy')
      return json({ Credentials: session(policy ?? ''), RequestId: 'r' })
    }
    if (!/^[a-dl]2?$/.test(registryName)) return failure(404, 'INSTANCE_NOT_EXIST')
    const fault = faults.get(registryName) ?? faults.get('')
    switch (fault) {
      case 'throttled':
        return { ...failure(429, 'Throttling.User'), headers: random.chance(0.5) ? { 'retry-after': '20' } : {} }
      case 'failing':
        return failure(503, 'ServiceUnavailable')
      case 'denied':
        return failure(403, 'NoPermission')
      case 'garbage':
        return { status: 200, body: random.pick(['<html>', '{"IsSuccess":true}', '[]', '']) }
      default:
    }
    if (action === 'ListInstanceEndpoint') {
      const Domains = [{ Domain: domainOf(registryName), Type: 'SYSTEM' }]
      return json({
        IsSuccess: true,
        Code: 'success',
        Endpoints: [{ EndpointType: 'internet', Enable: true, Domains }],
      })
    }
    if (action !== 'GetAuthorizationToken') return failure(400, 'UnsupportedOperation')
    const expiresAt = fault === 'expired' ? now() - 1000 : now() + (fault === 'short' ? lifetime / 10 : lifetime)
    const AuthorizationToken =
      registryName === 'l' ? issueLimited(headers, expiresAt, process) : issue(registryName, expiresAt, process)
    options.onIssued(process, tokens.get(AuthorizationToken)?.registry ?? registryName, AuthorizationToken)
    const ExpireTime = fault === 'nanoseconds' ? expiresAt * 1e6 : expiresAt
    return json({ IsSuccess: true, Code: 'success', TempUsername: 'cr_temp_user', AuthorizationToken, ExpireTime })
  }

  /** Issues a token with the list of the session that requests it. */
  function issueLimited(headers: HttpRequest['headers'], expiresAt: number, process: string): string {
    const key = Buffer.from((headers['x-acs-accesskey-id'] ?? '').replace(/^STS\./, ''), 'hex').toString()
    const repositories = key.split(' ').filter(Boolean)
    return issue(limitedName(repositories), expiresAt, process, repositories)
  }

  function metadata(url: URL): CloudResponse {
    if (url.pathname === '/latest/api/token') return { status: 200, body: 'metadata-token' }
    const roles = '/latest/meta-data/ram/security-credentials/'
    if (url.pathname === roles) return { status: 200, body: 'worker' }
    return json({ Code: 'Success', ...session() })
  }

  /**
   * Responds as a registry that requires a token, and as the registry's token service, which checks
   * the login.
   */
  function registry(url: URL, headers: HttpRequest['headers']): CloudResponse {
    const [, repository] = /^\/v2\/(.+)\/manifests\//.exec(url.pathname) ?? []
    const bearer = headers.authorization?.startsWith('Bearer ') ? tokens.get(headers.authorization.slice(7)) : undefined
    if (repository !== undefined && headers.authorization?.startsWith('Bearer ')) {
      const mayPull =
        isLive(bearer) && (bearer.repositories?.some((glob) => includesRepository([glob], repository)) ?? true)
      const body = { errors: [{ code: mayPull ? 'NAME_UNKNOWN' : 'UNAUTHORIZED' }] }
      return json(body, mayPull ? 404 : 401)
    }
    if (url.pathname === '/v2/' || repository !== undefined) {
      const realm = `https://${url.host}/auth`
      return { status: 401, body: '', headers: { 'www-authenticate': `Bearer realm="${realm}",service="sim"` } }
    }
    const login = Buffer.from((headers.authorization ?? '').replace(/^Basic /, ''), 'base64').toString()
    const token = tokens.get(login.slice(login.indexOf(':') + 1))
    const name = url.host.split('-registry')[0] ?? ''
    if (faults.get(name) === 'refused' || faults.get('') === 'refused') return { status: 401, body: '{}' }
    const isValid = isLive(token)
    if (isValid) token.accepted = true
    const body = isValid ? { token: login.slice(login.indexOf(':') + 1) } : {}
    return { status: isValid ? 200 : 401, body: JSON.stringify(body) }
  }

  function isLive(token: Issued | undefined): token is Issued {
    return token !== undefined && !token.revoked && (token.expiresAt === null || token.expiresAt > now())
  }

  return {
    senderFor(process, time) {
      return (request, signal) =>
        new Promise((resolve, reject) => {
          const { promise, resolve: settle } = Promise.withResolvers<void>()
          void promise.then(() => signal?.removeEventListener('abort', onAbort))
          const onAbort = (): void => {
            cancel()
            settle()
            reject(signal?.reason)
          }
          if (signal?.aborted) return reject(signal.reason)
          signal?.addEventListener('abort', onAbort, { once: true })
          const cancel = time.after(request.timeout, () => {
            settle()
            reject(Object.assign(new Error('timeout'), { name: 'TimeoutError' }))
          })
          const name = (request.url.searchParams.get('InstanceId') ?? '').replace(/^cri-/, '')
          const fault = faults.get(name) ?? faults.get('')
          if (fault === 'hung') return
          const own = streams(`${process} ${request.headers['x-acs-action'] ?? request.url.hostname} ${name}`)
          scheduler.after(5 + own() * 100, () => {
            const response = fault === 'down' ? undefined : respond(process, request)
            scheduler.after(5 + own() * 100, () =>
              time.run(() => {
                cancel()
                settle()
                if (response === undefined) return reject(Object.assign(new Error('down'), { code: 'ECONNREFUSED' }))
                const { status, headers, body } = response
                const text = typeof body === 'string' ? body : JSON.stringify(body)
                const date = new Date(now()).toUTCString()
                resolve({ status, headers: { date, ...headers }, text })
              }),
            )
          })
        })
    },
    issued: (password) => tokens.get(password),
    issuedUntil: (name, time) =>
      [...tokens.values()].findLast(
        ({ registry, expiresAt }) => registry === name && Math.abs((expiresAt ?? 0) - time) < 1,
      ),
    staticLogin(name) {
      const password = statics.get(name) ?? issue(name, null, '')
      statics.set(name, password)
      return { username: 'robot', password }
    },
    changeStaticLogin(name) {
      statics.set(name, issue(name, null, ''))
    },
    revoke(name) {
      for (const token of tokens.values()) if (token.registry === name && token.expiresAt !== null) token.revoked = true
    },
    setFault(name, fault) {
      if (fault === undefined) faults.delete(name)
      else faults.set(name, fault)
    },
    faults,
    clearFaults: () => faults.clear(),
  }
}
