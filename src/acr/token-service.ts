import type { HttpAnswer } from '../alibaba/transport/http-sender.ts'
import { isLoopback } from '../lib/loopback.ts'
import { REGIONS } from '../values/checks/regions.ts'
import { isAcrHost } from './registry-domains.ts'

/** Where and as whom a registry is called. */
export interface RegistryAccess {
  readonly username: string
  /**
   * ACR issued this login (every edition but `static`), so ACR's token services may see it whatever the registry's host is
   * called: instances have custom domains.
   */
  readonly issuedByAcr: boolean
  /** `endpoints.registry`: asked instead of https://<domain>, on loopback only (tests and the sandbox). */
  readonly registry?: URL | undefined
}

/** `basic`: the login goes to the registry itself; `bearer`: to its token service; `skipped`: it may go to neither. */
export type LoginPlace =
  | { readonly kind: 'basic' }
  | { readonly kind: 'bearer'; readonly url: URL }
  | { readonly kind: 'skipped'; readonly detail: string }

/**
 * Hosts of ACR's token service, the whole set. A registry's realm is often in another region than the registry (Hangzhou's
 * for a `crpi-…` in Shanghai), and some regions put their name before the first dot, so neither the region nor a pattern
 * decides: `dockerauth-x.oss-cn-hangzhou.aliyuncs.com` is an OSS bucket that anyone can create.
 */
const TOKEN_SERVICES: ReadonlySet<string> = new Set(
  REGIONS.flatMap((region) => [
    `dockerauth-${region}.aliyuncs.com`,
    ...['', '-ee'].flatMap((edition) =>
      ['', '-vpc', '-internal'].map((network) => `dockerauth${edition}${network}.${region}.aliyuncs.com`),
    ),
  ]),
)

/**
 * Where a registry that responded with 401 wants the login to be sent, if it may be sent there: the registry's own host, or
 * over https one of ACR's token services for a login of ACR's (docs/en/decisions.md#verify-login).
 */
export function findLoginPlace(knock: HttpAnswer, base: URL, access: RegistryAccess): LoginPlace {
  const challenge = parseChallenge(knock.headers['www-authenticate'])
  if (challenge?.scheme === 'basic') return { kind: 'basic' }
  const realm = challenge?.parameters.realm
  if (challenge?.scheme !== 'bearer' || realm === undefined || !URL.canParse(realm)) {
    return { kind: 'skipped', detail: 'the registry names no token service that we know' }
  }
  const url = new URL(realm)
  if (!mayLogInAt(url, base, access)) {
    return { kind: 'skipped', detail: `the token service ${url.host} is not the registry's own or ACR's` }
  }
  const { service } = challenge.parameters
  if (service !== undefined) url.searchParams.set('service', service)
  url.searchParams.set('account', access.username)
  return { kind: 'bearer', url }
}

function mayLogInAt(realm: URL, base: URL, access: RegistryAccess): boolean {
  if (access.registry !== undefined && isLoopback(base.hostname)) return isLoopback(realm.hostname)
  if (realm.protocol !== 'https:' || realm.username !== '' || realm.password !== '') return false
  if (realm.host === base.host) return true
  const isOfAcr = access.issuedByAcr || isAcrHost(base.host)
  return isOfAcr && realm.port === '' && TOKEN_SERVICES.has(realm.hostname)
}

export interface Challenge {
  /** Lower case: `bearer`, `basic`. */
  readonly scheme: string
  readonly parameters: Readonly<Record<string, string | undefined>>
}

/** Real ones have about 200 characters. */
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
