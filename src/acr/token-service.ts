import type { HttpResponse } from '../alibaba/transport/http-sender.ts'
import { parseObject, textOf } from '../lib/json.ts'
import { isLoopback } from '../proxy-rules.ts'
import { REGIONS } from '../values/checks/regions.ts'
import { isAcrHost } from './registry-domains.ts'

/** The address of a registry, and the login for it. */
export interface RegistryAccess {
  readonly username: string
  readonly password: string
  /**
   * True if ACR issued this login (every edition except `static`). ACR's token services may then
   * receive it even if the registry has a custom domain.
   */
  readonly issuedByAcr: boolean
  /**
   * `endpoints.registry`: this URL is called instead of https://<domain>. Loopback only (tests and
   * the sandbox).
   */
  readonly registry?: URL | undefined
}

/**
 * Where the login is sent. `basic`: to the registry itself. `bearer`: to the registry's token
 * service. `skipped`: nowhere, because neither is allowed.
 */
export type LoginTarget =
  | { readonly kind: 'basic' }
  | { readonly kind: 'bearer'; readonly url: URL }
  | { readonly kind: 'skipped'; readonly detail: string }

/**
 * All hosts of ACR's token service. Neither the region nor a pattern can replace this list. A
 * registry's realm is often in another region (Hangzhou's for a `crpi-…` in Shanghai), and some
 * regions put their name before the first dot. And `dockerauth-x.oss-cn-hangzhou.aliyuncs.com` is
 * an OSS bucket that anyone can create.
 */
const TOKEN_SERVICES: ReadonlySet<string> = new Set([
  // This host has no region. Public registries of several regions return it (observed 2018 to
  // 2026).
  'dockerauth.aliyuncs.com',
  ...REGIONS.flatMap((region) => [
    `dockerauth-${region}.aliyuncs.com`,
    ...['', '-ee'].flatMap((edition) =>
      ['', '-vpc', '-internal'].map((network) => `dockerauth${edition}${network}.${region}.aliyuncs.com`),
    ),
  ]),
])

/**
 * Finds where a registry that responded with 401 expects the login. The registry's own host is
 * allowed. ACR's token services are allowed only over https and for a login that ACR issued
 * (docs/en/decisions.md#verify-login).
 */
export function findLoginTarget(response: HttpResponse, base: URL, access: RegistryAccess): LoginTarget {
  const challenge = parseChallenge(response.headers['www-authenticate'])
  if (challenge?.scheme === 'basic') return { kind: 'basic' }
  const realm = challenge?.parameters.realm
  if (challenge?.scheme !== 'bearer' || realm === undefined || !URL.canParse(realm)) {
    return { kind: 'skipped', detail: 'the registry returned no known token service' }
  }
  const url = new URL(realm)
  if (!mayLogInAt(url, base, access)) {
    return { kind: 'skipped', detail: `the token service ${url.host} belongs neither to the registry nor to ACR` }
  }
  const { service } = challenge.parameters
  if (service !== undefined) url.searchParams.set('service', service)
  if (access.username !== '') url.searchParams.set('account', access.username)
  return { kind: 'bearer', url }
}

function mayLogInAt(realm: URL, base: URL, access: RegistryAccess): boolean {
  if (access.registry !== undefined && isLoopback(base.hostname)) return isLoopback(realm.hostname)
  if (realm.protocol !== 'https:' || realm.username !== '' || realm.password !== '') return false
  if (realm.host === base.host) return true
  const isOfAcr = access.issuedByAcr || isAcrHost(base.host)
  return isOfAcr && realm.port === '' && TOKEN_SERVICES.has(realm.hostname)
}

export function basicAuthorization({ username, password }: { username: string; password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
}

/**
 * Returns the token in the response of a token service; undefined if there is none.
 * Source: https://distribution.github.io/distribution/spec/auth/token/
 */
export function issuedToken({ text }: HttpResponse): string | undefined {
  const { token, access_token: other } = parseObject(text) ?? {}
  return textOf(token) || textOf(other) || undefined
}

/**
 * Why a request got no response: Node's error code, else the error's name. Never a message, because
 * a message may quote the request.
 */
export function networkReasonOf(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: unknown }
  return typeof code === 'string' ? code : String(name)
}

interface Challenge {
  /** Lower case: `bearer`, `basic`. */
  readonly scheme: string
  readonly parameters: Readonly<Record<string, string | undefined>>
}

/** Real challenges are about 200 characters long. */
const LONGEST = 4096

/** The first challenge of a `WWW-Authenticate` header (RFC 9110 11.6.1), as registries send it. */
export function parseChallenge(header: string | undefined): Challenge | undefined {
  const match = header !== undefined && header.length <= LONGEST ? /^\s*([A-Za-z]+)\s*(.*)$/s.exec(header) : null
  if (match === null) return undefined
  const [, scheme = '', rest = ''] = match
  const parameters: Record<string, string> = {}
  for (const [, name = '', quoted, plain] of rest.matchAll(
    /(?<![A-Za-z_])([A-Za-z_]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/g,
  )) {
    parameters[name.toLowerCase()] ??= quoted === undefined ? (plain ?? '') : quoted.replace(/\\(.)/g, '$1')
  }
  return { scheme: scheme.toLowerCase(), parameters }
}
