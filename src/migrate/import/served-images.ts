import { isPrivateAcr } from '../../acr/registry-domains.ts'
import type { LegacyFacts } from '../remove/collect-facts.ts'
import { isUsedFor } from '../remove/old-logins.ts'

/** Whether the old helper provided the login for an image; undefined: not known. */
export type IsServed = (image: string) => boolean | undefined

/**
 * Returns the hosts in all old Secrets. Undefined if there is no old Secret, or the content of one
 * was not read.
 */
export function loginHosts({ secrets }: Pick<LegacyFacts, 'secrets'>): readonly string[] | undefined {
  const logins = secrets.map((secret) => secret.logins)
  return logins.length === 0 || logins.includes(undefined) ? undefined : logins.flatMap((one) => one?.hosts ?? [])
}

/**
 * Decides by the hosts in the old Secrets. If those are not known, decides by the registry's own
 * response without a login. Many clusters pull public repositories of the Personal Edition, such as
 * `google_containers`, which need no entry in our values.
 */
export function createIsServed(
  facts: Pick<LegacyFacts, 'secrets'>,
  /** Whether anyone may pull an image. An image without a response is absent. */
  isPublic: ReadonlyMap<string, boolean>,
): IsServed {
  const hosts = loginHosts(facts)
  return (image) => {
    if (!isPrivateAcr(image)) return false
    if (hosts !== undefined) return hosts.some((key) => isUsedFor(key, image))
    const open = isPublic.get(image)
    return open === undefined ? undefined : !open
  }
}
