import {
  type ImageReference,
  isAcrHost,
  isCoveredBy,
  isHostName,
  parseImage,
  personalDomains,
} from './registry-domains.ts'

/** What an entry of `registries` says about its domains. */
export interface CoveringEntry {
  readonly edition: 'enterprise' | 'personal' | 'static'
  readonly region?: string | undefined
  readonly domains: readonly string[]
}

/** True if the image is on a domain that the entry names, or on one that its instance may have. */
export function mayServe({ edition, region = '', domains }: CoveringEntry, image: ImageReference): boolean {
  if (domains.some((domain) => isCoveredBy(domain, image))) return true
  if (edition === 'static') return false
  if (edition === 'personal') return personalDomains(region).some(({ domain }) => domain === image.host)
  const [, own] = /^[^.]+\.([^.]+)\.cr\.aliyuncs\.com$/.exec(image.host) ?? []
  return own !== undefined && (region === '' || own === region)
}

/**
 * True if no login of these entries can be for the image. False if the image may be on a custom
 * domain, which only the instance itself lists.
 */
export function isCertainlyUncovered(entries: readonly CoveringEntry[], name: string): boolean {
  const image = parseImage(name)
  const { host } = image
  const isCustom = isHostName(host) && !isAcrHost(host) && host !== 'docker.io' && !host.endsWith('.docker.io')
  return !entries.some((entry) => (isCustom && entry.edition === 'enterprise') || mayServe(entry, image))
}
