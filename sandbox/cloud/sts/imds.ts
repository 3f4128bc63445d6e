import { randomBytes } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import type { ApiRequest, CallRecord } from '../http/request.ts'
import { isoDate } from '../operation.ts'
import { trusts } from '../ram/authorize.ts'
import type { CloudState, Session } from '../state.ts'
import { credentialsView, openSession } from './role-session.ts'

/** Serves one request below `/latest/` or `/2016-01-01/`. */
export type MetadataService = (request: ApiRequest, response: ServerResponse) => CallRecord

const SESSION_SECONDS = 6 * 3600
const CREDENTIALS = 'meta-data/ram/security-credentials/'

/**
 * Creates the metadata service of one ECS instance. The service supports version 2 (with a token),
 * and with `imdsV1` also version 1. Without `imdsV1`, requests of version 1 get 403. All callers
 * share one session per role, which is replaced when a sixth of its lifetime is left.
 */
export function createMetadataService(
  state: CloudState,
  /** The role of the instance. On ECI each Pod is an instance, and a Pod may have no role. */
  roleOf: () => string | undefined,
  region: string,
): MetadataService {
  const tokens = new Map<string, number>()
  const sessions = new Map<string, Session>()

  const sharedSession = (role: string): Session => {
    const now = state.now()
    const current = sessions.get(role)
    if (current !== undefined && current.expiresAt - now >= (current.expiresAt - current.issuedAt) / 6) return current
    const own = { accountId: state.main.id, role, name: 'vm-ram-i-bp1emulated', policy: undefined }
    const fresh = openSession(state, { ...own, seconds: SESSION_SECONDS })
    sessions.set(role, fresh)
    return fresh
  }

  const newToken = (request: ApiRequest): TextResponse => {
    const seconds = Number(request.headers['x-aliyun-ecs-metadata-token-ttl-seconds'])
    if (request.method !== 'PUT') return [405, '405 - Method Not Allowed']
    if (!Number.isInteger(seconds) || seconds < 1 || seconds > 21_600) return [400, '400 - Bad Request']
    const token = randomBytes(40).toString('base64')
    tokens.set(token, state.now() + seconds * 1000)
    return [200, token]
  }

  const allowed = (request: ApiRequest): boolean => {
    const token = request.headers['x-aliyun-ecs-metadata-token']
    if (token === undefined) return state.settings.imdsV1
    return (tokens.get(token) ?? 0) > state.now()
  }

  const credentials = (role: string): string => {
    const session = sharedSession(role)
    return JSON.stringify({ ...credentialsView(session), LastUpdated: isoDate(session.issuedAt), Code: 'Success' })
  }

  const respond = (request: ApiRequest): TextResponse => {
    const path = request.path.replace(/^\/(latest|2016-01-01)\//, '')
    if (path === 'api/token') return newToken(request)
    if (!allowed(request)) return [403, '403 - Forbidden']
    const name = roleOf() ?? ''
    const role = state.main.ram.Role.get(name.toLowerCase())
    // Only a role that trusts ECS can be attached to an instance.
    const isBound = role !== undefined && trusts(role, 'Service', 'ecs.aliyuncs.com')
    if (path === CREDENTIALS && isBound) return [200, name]
    if (path === CREDENTIALS + name && isBound) return [200, credentials(name)]
    if (path === 'meta-data/region-id') return [200, region]
    const { metadataVpc } = state.settings
    if (path === 'meta-data/vpc-id' && metadataVpc !== undefined) return [200, metadataVpc]
    return [404, '404 - Not Found']
  }

  return (request, response) => {
    const [status, text] = respond(request)
    response.setHeader('date', new Date(state.now()).toUTCString())
    response.writeHead(status, { 'content-type': 'text/plain' }).end(text)
    const action = `${request.method} ${request.path}`
    const outcome = { status, code: status < 400 ? '' : String(status), requestId: '', write: false }
    return { at: state.now(), product: 'imds', action, principal: '-', ...outcome }
  }
}

type TextResponse = readonly [status: number, text: string]
