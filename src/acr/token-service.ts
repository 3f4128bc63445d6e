import type { HttpAnswer } from '../alibaba/http-sender.ts'
import { isLoopback } from '../alibaba/loopback.ts'
import { parseChallenge } from './challenge.ts'

/** Where and as whom a registry is asked. */
export interface RegistryAccess {
  readonly username: string
  /** Region of the registry, for the host names of its token service. */
  readonly region?: string | undefined
  /** `endpoints.registry`: asked instead of https://<domain>, on loopback only (tests and the sandbox). */
  readonly registry?: URL | undefined
}

/** `basic`: the login goes to the registry itself; `bearer`: to its token service; `skipped`: it may go to neither. */
export type LoginPlace =
  | { readonly kind: 'basic' }
  | { readonly kind: 'bearer'; readonly url: URL }
  | { readonly kind: 'skipped'; readonly detail: string }

/**
 * Where a registry that answered 401 wants the login to be sent, if it may be sent there: the registry's own host, or over
 * https Alibaba's token service of that region (decision 6).
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
    return { kind: 'skipped', detail: `the token service ${url.host} is not the registry's own` }
  }
  const { service } = challenge.parameters
  if (service !== undefined) url.searchParams.set('service', service)
  url.searchParams.set('account', access.username)
  return { kind: 'bearer', url }
}

function mayLogInAt(realm: URL, base: URL, access: RegistryAccess): boolean {
  if (access.registry !== undefined && isLoopback(base.hostname)) return isLoopback(realm.hostname)
  if (realm.protocol !== 'https:') return false
  if (realm.host === base.host) return true
  const service = /^dockerauth[a-z0-9-]*\.([a-z0-9-]+)\.aliyuncs\.com$/.exec(realm.hostname)
  return service !== null && service[1] === access.region && realm.port === ''
}
