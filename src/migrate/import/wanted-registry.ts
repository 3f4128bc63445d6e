import { parseImage } from '../../acr/registry-domains.ts'
import type { LegacyFacts } from '../remove/collect-facts.ts'
import type { ImportLog } from './import-log.ts'
import type { AddonEntry } from './read-entry.ts'
import { type AddonSettings, usedPatterns } from './read-settings.ts'
import { type IsServed, loginHosts } from './served-images.ts'

/** A registry that the old helper served, with its region. */
export type WantedRegistry = Pick<AddonEntry, 'instanceId' | 'domains' | 'assumeRole' | 'duration'> & {
  readonly place: string
  /** The instance's name, if its ID is not known. */
  readonly instanceName: string | undefined
  readonly region: string
}

interface Known {
  /** The cluster's own region. */
  readonly region: string | undefined
  readonly isServed: IsServed
}

/**
 * Returns the registries that the old helper served. If the old helper has a configuration, these
 * are its entries. The version of 2018 has no configuration. It served the account's Personal
 * Editions in the regions for which its Secrets have a login. If the Secrets are not readable, the
 * regions of the images in use and the cluster's region are used.
 */
export function findWanted(
  settings: AddonSettings | undefined,
  facts: LegacyFacts,
  known: Known,
  log: ImportLog,
): readonly WantedRegistry[] {
  const { region } = known
  if (settings !== undefined && settings.entries.length > 0) return fromEntries(settings.entries, region, log)
  const patterns = settings === undefined ? [] : usedPatterns(settings)
  if (patterns.length > 0) return fromPatterns(patterns, facts, known, log)
  const ofLogins = (loginHosts(facts) ?? []).flatMap((host) => personalRegion(host) ?? [])
  const ofImages = (): readonly string[] => [
    ...personalRegionsInUse(facts, known, log),
    ...(region === undefined ? [] : [region]),
  ]
  const regions = new Set(ofLogins.length > 0 ? ofLogins : ofImages())
  if (regions.size === 0) noRegion('the registry of the old helper', log)
  return [...regions].sort().map(personal)
}

function fromEntries(
  entries: readonly AddonEntry[],
  region: string | undefined,
  log: ImportLog,
): readonly WantedRegistry[] {
  return entries.flatMap((entry): readonly WantedRegistry[] => {
    const known = entry.region ?? region
    if (known === undefined) {
      noRegion(`\`${entry.place}\``, log)
      return []
    }
    return [{ ...entry, instanceName: undefined, region: known }]
  })
}

/** Reads the globs of 2019: `registry.*.aliyuncs.com`, `shop-registry.*.cr.aliyuncs.com`. */
function fromPatterns(
  patterns: readonly string[],
  facts: LegacyFacts,
  known: Known,
  log: ImportLog,
): readonly WantedRegistry[] {
  const { region } = known
  const found = new Map<string, WantedRegistry>()
  for (const pattern of patterns) {
    const own = readOwnDomain(pattern.toLowerCase())
    if (own === undefined) {
      const why = 'it does not show which instance it belongs to. Add it to `domains` of the registry'
      log.note('lost', `\`${pattern}\` of \`acr-registry\`: ${why}.`)
      continue
    }
    const inUse =
      own.instance === undefined
        ? () => personalRegionsInUse(facts, known, log)
        : () => regionsInUse(facts, own.instance)
    const named = own.region === '*' ? inUse() : [own.region]
    const regions = named.length > 0 || region === undefined ? named : [region]
    if (regions.length === 0) noRegion(`\`${pattern}\` of \`acr-registry\``, log)
    for (const one of regions) {
      const registry = { ...personal(one), place: 'acr-registry', instanceName: own.instance }
      found.set(`${own.instance ?? ''} ${one}`, registry)
    }
  }
  if (found.size === 0 && log.errors.length === 0) {
    const hint = 'Write the instance into `acr-registry-info`, which the add-on uses since 2020.'
    log.fail('IMPORT_SETTING', '`acr-registry` does not name a known instance', hint)
  }
  return [...found.values()]
}

const personal = (region: string): WantedRegistry => ({
  place: "the account's own registry",
  region,
  instanceId: undefined,
  instanceName: undefined,
  domains: [],
  assumeRole: undefined,
  duration: undefined,
})

/** Returns the regions of an Enterprise instance whose images are in use. */
function regionsInUse({ workloads }: LegacyFacts, instance: string | undefined): readonly string[] {
  const regions = workloads.flatMap(({ images }) =>
    images.flatMap((image) => {
      const own = readOwnDomain(parseImage(image).host)
      return own !== undefined && own.instance === instance ? [own.region] : []
    }),
  )
  return [...new Set(regions)].sort()
}

/**
 * Returns the regions of the Personal Edition whose private images are in use. Public images need
 * no registry.
 */
function personalRegionsInUse({ workloads }: LegacyFacts, { isServed }: Known, log: ImportLog): readonly string[] {
  const images = workloads.flatMap((workload) => workload.images)
  const hostsOf = (answer: boolean | undefined): readonly string[] => {
    const hosts = images.filter((image) => isServed(image) === answer).map((image) => parseImage(image).host)
    return [...new Set(hosts)].filter((host) => personalRegion(host) !== undefined).sort()
  }
  for (const host of hostsOf(undefined)) {
    const what = 'whether its images are public could not be checked'
    log.note('lost', `${host}: ${what}. If they are not, add a registry of edition \`personal\` for its region.`)
  }
  return [...new Set(hostsOf(true).flatMap((host) => personalRegion(host) ?? []))].sort()
}

/** Returns the region of a Personal Edition's host. */
function personalRegion(host: string): string | undefined {
  const own = readOwnDomain(host)
  return own !== undefined && own.instance === undefined ? own.region : undefined
}

function noRegion(what: string, log: ImportLog): void {
  log.fail('IMPORT_REGION', `the region of ${what} is not known`)
}

const ENTERPRISE =
  /^(?<instance>[a-z0-9]([-a-z0-9]*[a-z0-9])?)-registry(?<vpc>-vpc)?\.(?<region>[a-z]+(-[a-z0-9]+)+|\*)\.cr\.aliyuncs\.com$/
const PERSONAL = /^registry(-intl)?(?<vpc>-vpc|-internal)?\.(?<region>[a-z]+(-[a-z0-9]+)+|\*)\.aliyuncs\.com$/

/**
 * Parses a domain that an instance has automatically, so that values need not list it. An undefined
 * instance is the Personal Edition, and the region may be `*`. Undefined for a custom domain.
 */
function readOwnDomain(domain: string) {
  const { instance, vpc, region } = (ENTERPRISE.exec(domain) ?? PERSONAL.exec(domain))?.groups ?? {}
  return region === undefined ? undefined : { instance, region, network: vpc === undefined ? 'public' : 'vpc' }
}

/**
 * Splits an instance's domains for values: automatic domains become `network` (and show the
 * instance's name), custom domains are listed by name.
 */
export function splitDomains(
  given: readonly string[],
  { personal, region }: { readonly personal: boolean; readonly region: string },
) {
  const own = given.flatMap((domain) => {
    const read = readOwnDomain(domain)
    return read !== undefined && read.region === region && (read.instance === undefined) === personal
      ? [{ domain, ...read }]
      : []
  })
  const names = new Set(own.map(({ instance }) => instance))
  // If the domains contain the names of two instances, it is not known which instance is meant.
  const usable = names.size > 1 ? [] : own
  const networks = new Set(usable.map(({ network }) => network))
  const [only] = networks
  return {
    network: networks.size === 1 && only !== undefined ? only : 'all',
    domains: given.filter((domain) => !usable.some((one) => one.domain === domain)),
    name: usable[0]?.instance,
  }
}
