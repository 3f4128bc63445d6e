import type { HttpResponse, HttpSender } from '../alibaba/transport/http-sender.ts'
import { hostOf } from './registry-domains.ts'
import {
  basicAuthorization,
  findLoginTarget,
  issuedToken,
  networkReasonOf,
  type RegistryAccess,
} from './token-service.ts'

export interface LoginVerdict {
  readonly result: 'accepted' | 'refused' | 'unreachable' | 'skipped'
  /** The reason, in one line without secrets. */
  readonly detail: string
}

export interface VerifyLoginRequest extends RegistryAccess {
  /**
   * `host`, `host:port` or `host/namespace`: a domain of the registry, or a domain that the user
   * gave.
   */
  readonly domain: string
}

const TIMEOUT = 10_000

/**
 * Checks whether the registry itself accepts a login. Sends the password only to the domain's own
 * host, or over https to ACR's token services (docs/en/decisions.md#verify-login). Rejects only
 * when `signal` aborts.
 */
export async function verifyLogin(
  send: HttpSender,
  request: VerifyLoginRequest,
  signal?: AbortSignal,
): Promise<LoginVerdict> {
  const base = request.registry ?? new URL(`https://${hostOf(request.domain)}`)
  try {
    const first = await get(send, new URL('/v2/', base), {}, signal)
    if (first.status === 200) return { result: 'skipped', detail: 'the registry requires no login' }
    if (first.status !== 401)
      return { result: 'unreachable', detail: `the registry responded with HTTP ${first.status}` }
    const login = findLoginTarget(first, base, request)
    if (login.kind === 'skipped') return { result: 'skipped', detail: login.detail }
    const target = login.kind === 'basic' ? new URL('/v2/', base) : login.url
    const authorization = basicAuthorization(request)
    const response = await get(send, target, { authorization }, signal)
    const verdict = verdictOf(response, target)
    // A proxy may respond to any request with 200.
    if (verdict.result === 'accepted' && login.kind === 'bearer' && issuedToken(response) === undefined) {
      const detail = `${target.host} responded with HTTP ${response.status}, but no token was in the response`
      return { result: 'unreachable', detail }
    }
    return verdict
  } catch (error) {
    if (signal?.aborted) throw error
    return { result: 'unreachable', detail: `no response: ${networkReasonOf(error)}` }
  }
}

function verdictOf(response: HttpResponse, { host }: URL): LoginVerdict {
  const { status } = response
  // A 403 may also come from an address list, a firewall or throttling. These say nothing about the
  // login.
  const refused = status === 401 || (status === 403 && /UNAUTHORIZED|DENIED/.test(response.text))
  if (refused) return { result: 'refused', detail: `${host} responded with HTTP ${status}` }
  if (status >= 200 && status < 300) return { result: 'accepted', detail: `${host} accepted it` }
  return { result: 'unreachable', detail: `${host} responded with HTTP ${status}` }
}

function get(send: HttpSender, url: URL, headers: Record<string, string>, signal?: AbortSignal): Promise<HttpResponse> {
  return send({ url, method: 'GET', headers: { accept: 'application/json', ...headers }, timeout: TIMEOUT }, signal)
}
