import { isCoveredBy, isPrivateAcr, parseImage } from '../../acr/registry-domains.ts'
import type { LegacyFacts } from './collect-facts.ts'
import { isUsedFor } from './old-logins.ts'
import type { OurSide } from './our-side.ts'
import { titleOf } from './workload.ts'

/**
 * A host of ACR from which something pulls in a namespace whose old Secrets have no login for this
 * host.
 */
export interface ForeignHost {
  readonly host: string
  readonly usedBy: string
  /** How many more objects pull from the host. */
  readonly others: number
}

/**
 * Finds hosts of ACR that are used without a login of the old helper, perhaps without any login.
 * They do not prevent the removal, and whether these pulls work is not checked.
 */
export function findForeignHosts({ secrets, workloads }: LegacyFacts, { release }: OurSide): readonly ForeignHost[] {
  const ours = (release?.status?.registries ?? []).flatMap(({ domains }) => domains)
  const byNamespace = Map.groupBy(secrets, ({ metadata }) => metadata.namespace ?? 'default')
  const found = workloads.flatMap((workload) => {
    const logins = (byNamespace.get(workload.namespace) ?? []).map((secret) => secret.logins)
    const keys = logins.flatMap((one) => one?.hosts ?? [])
    if (logins.length === 0 || logins.includes(undefined)) return []
    const isForeign = (image: string): boolean =>
      isPrivateAcr(image) &&
      !keys.some((key) => isUsedFor(key, image)) &&
      !ours.some((domain) => isCoveredBy(domain, parseImage(image)))
    const images = workload.images.filter(isForeign)
    return [...new Set(images.map((image) => parseImage(image).host))].map((host) => ({
      host,
      title: titleOf(workload),
    }))
  })
  return [...Map.groupBy(found, ({ host }) => host)].map(([host, those]) => {
    return { host, usedBy: those[0]?.title ?? '', others: those.length - 1 }
  })
}
