import type { ResolvedRegistry } from '../../values/resolved-values.generated.ts'

/** A domain that belongs to an instance automatically, so that values need not contain it. */
export interface OwnDomain {
  /** The instance's name; undefined: the Personal Edition of a region. */
  readonly instance: string | undefined
  readonly region: string
  readonly network: 'public' | 'vpc'
}

const ENTERPRISE = /^([a-z0-9]([-a-z0-9]*[a-z0-9])?)-registry(-vpc)?\.([a-z]+(?:-[a-z0-9]+)+|\*)\.cr\.aliyuncs\.com$/
const PERSONAL = /^registry(-intl)?(-vpc|-internal)?\.([a-z]+(?:-[a-z0-9]+)+|\*)\.aliyuncs\.com$/

/** The instance of a domain; the region may be `*`. Undefined for a custom domain. */
export function readOwnDomain(domain: string): OwnDomain | undefined {
  const enterprise = ENTERPRISE.exec(domain)
  if (enterprise !== null) {
    const [, instance, , vpc, region = ''] = enterprise
    return { instance, region, network: vpc === undefined ? 'public' : 'vpc' }
  }
  const personal = PERSONAL.exec(domain)
  if (personal === null) return undefined
  const [, , vpc, region = ''] = personal
  return { instance: undefined, region, network: vpc === undefined ? 'public' : 'vpc' }
}

/** An instance's domains in values: its own ones by `network`, all others by name. */
export interface SplitDomains {
  readonly network: ResolvedRegistry['network']
  readonly domains: readonly string[]
  /** The instance's name, from one of its own domains. */
  readonly name: string | undefined
}

export function splitDomains(
  given: readonly string[],
  { personal, region }: { readonly personal: boolean; readonly region: string },
): SplitDomains {
  const own = given.flatMap((domain) => {
    const read = readOwnDomain(domain)
    return read !== undefined && read.region === region && (read.instance === undefined) === personal
      ? [{ domain, ...read }]
      : []
  })
  const names = new Set(own.map(({ instance }) => instance))
  // Names of two instances: nothing is known about which of them it is.
  const usable = names.size > 1 ? [] : own
  const networks = new Set(usable.map(({ network }) => network))
  const [only] = networks
  return {
    network: networks.size === 1 && only !== undefined ? only : 'all',
    domains: given.filter((domain) => !usable.some((one) => one.domain === domain)),
    name: usable[0]?.instance,
  }
}
