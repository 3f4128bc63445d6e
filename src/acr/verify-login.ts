import type { HttpAnswer, HttpSender } from '../alibaba/transport/http-sender.ts'
import { hostOf } from './registry-domains.ts'
import { findLoginPlace, type RegistryAccess } from './token-service.ts'

export interface LoginVerdict {
  readonly result: 'accepted' | 'refused' | 'unreachable' | 'skipped'
  /** One line without secrets: why. */
  readonly detail: string
}

export interface VerifyLoginRequest extends RegistryAccess {
  /** `host`, `host:port` or `host/namespace`: one of the registry's own domains, or of those the user gave. */
  readonly domain: string
  readonly password: string
}

const TIMEOUT = 10_000

/**
 * Whether the registry itself accepts a login. The password goes to the domain's own host, or over https to one of ACR's token
 * services, and nowhere else (docs/en/decisions.md#verify-login). Rejects only for `signal`.
 */
export async function verifyLogin(
  send: HttpSender,
  request: VerifyLoginRequest,
  signal?: AbortSignal,
): Promise<LoginVerdict> {
  const base = request.registry ?? new URL(`https://${hostOf(request.domain)}`)
  try {
    const knock = await get(send, new URL('/v2/', base), {}, signal)
    if (knock.status === 200) return { result: 'skipped', detail: 'the registry asks for no login' }
    if (knock.status !== 401) return { result: 'unreachable', detail: `the registry answered HTTP ${knock.status}` }
    const target = targetOf(knock, base, request)
    if ('result' in target) return target
    const authorization = `Basic ${Buffer.from(`${request.username}:${request.password}`).toString('base64')}`
    return verdictOf(await get(send, target, { authorization }, signal), target)
  } catch (error) {
    if (signal?.aborted) throw error
    return { result: 'unreachable', detail: `no answer: ${reasonOf(error)}` }
  }
}

function targetOf(knock: HttpAnswer, base: URL, request: VerifyLoginRequest): URL | LoginVerdict {
  const place = findLoginPlace(knock, base, request)
  if (place.kind === 'skipped') return { result: 'skipped', detail: place.detail }
  return place.kind === 'basic' ? new URL('/v2/', base) : place.url
}

function verdictOf(answer: HttpAnswer, asked: URL): LoginVerdict {
  const { status } = answer
  // A 403 may also come from an address list, a firewall or throttling: those say nothing about the login.
  const refused = status === 401 || (status === 403 && /UNAUTHORIZED|DENIED/.test(answer.text))
  if (refused) return { result: 'refused', detail: `${asked.host} answered HTTP ${status}` }
  if (status >= 200 && status < 300) return { result: 'accepted', detail: `${asked.host} took it` }
  return { result: 'unreachable', detail: `${asked.host} answered HTTP ${status}` }
}

function get(send: HttpSender, url: URL, headers: Record<string, string>, signal?: AbortSignal): Promise<HttpAnswer> {
  return send({ url, method: 'GET', headers: { accept: 'application/json', ...headers }, timeout: TIMEOUT }, signal)
}

function reasonOf(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: unknown }
  return typeof code === 'string' ? code : String(name)
}
