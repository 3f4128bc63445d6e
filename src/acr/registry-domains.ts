import type { InstanceEndpoint } from '../alibaba/cr.ts'

export type DomainNetwork = 'all' | 'vpc' | 'public'

/** A domain and the network it is on; a custom one is written whatever network was chosen. */
export interface OwnDomain {
  readonly domain: string
  readonly kind: 'public' | 'vpc' | 'custom'
}

/**
 * The keys under which a registry's credential is written: its own domains on the chosen network, and those that the
 * user gave (`host`, `host:port` or `host/namespace`), sorted. A host given with a namespace is written with it alone,
 * so that two accounts can share one host.
 */
export function chooseDomains(
  own: readonly OwnDomain[],
  given: readonly string[],
  network: DomainNetwork,
): readonly string[] {
  const narrowed = new Set(given.filter((domain) => domain.includes('/')).map(hostOf))
  const chosen = own
    .filter(({ kind }) => network === 'all' || kind === 'custom' || kind === network)
    .map(({ domain }) => domain)
    .filter((domain) => !narrowed.has(domain))
  return [...new Set([...chosen, ...given.map((domain) => domain.toLowerCase())])].sort()
}

/** `shop-registry.cn-hangzhou.cr.aliyuncs.com/team` -> the host, with its port. */
export function hostOf(domain: string): string {
  return (domain.split('/')[0] ?? '').toLowerCase()
}

/** A host name of two labels at least: no address, no port, no path. */
const HOST_NAME = /^([a-z0-9]([-a-z0-9]*[a-z0-9])?\.)+[a-z]([-a-z0-9]*[a-z0-9])?$/

/** RFC 1035, 2.3.4. */
const LONGEST_HOST = 253

/** The domains of an Enterprise instance; what is not a host name gets no credential, whatever the cloud reported. */
export function enterpriseDomains(endpoints: readonly InstanceEndpoint[]): readonly OwnDomain[] {
  return endpoints.flatMap(({ type, domains }) =>
    domains
      .filter(({ domain }) => domain.length <= LONGEST_HOST && HOST_NAME.test(domain))
      .map(({ domain, custom }): OwnDomain => {
        return { domain, kind: custom ? 'custom' : type === 'vpc' ? 'vpc' : 'public' }
      }),
  )
}

/** The hosts of the (old) Personal Edition in a region: of both Alibaba Cloud sites, in VPCs and in the classic network. */
const PERSONAL_HOSTS: readonly (readonly [label: string, kind: 'public' | 'vpc'])[] = [
  ['registry', 'public'],
  ['registry-intl', 'public'],
  ['registry-vpc', 'vpc'],
  ['registry-intl-vpc', 'vpc'],
  ['registry-internal', 'vpc'],
  ['registry-intl-internal', 'vpc'],
]

/** The domains of the (old) Personal Edition in a region. */
export function personalDomains(region: string): readonly OwnDomain[] {
  return PERSONAL_HOSTS.map(([label, kind]) => ({ domain: `${label}.${region}.aliyuncs.com`, kind }))
}

/**
 * ACR's own domains as an expression that JavaScript, CEL and Helm's templates read alike; the chart's copy is generated
 * from it. Everything below `cr.aliyuncs.com` belongs to ACR (Enterprise, `crpi-…`), the rest are the Personal Edition's.
 */
export const ACR_DOMAINS: string = [
  '([a-z0-9-]+\\.)+cr\\.aliyuncs\\.com',
  `(${PERSONAL_HOSTS.map(([label]) => label).join('|')})\\.[a-z0-9-]+\\.aliyuncs\\.com`,
].join('|')

const ACR_HOST = new RegExp(`^(${ACR_DOMAINS})(:[0-9]+)?$`)

/** Whether a host (with or without a port) is one of ACR's own, of any edition. */
export function isAcrHost(host: string): boolean {
  return ACR_HOST.test(host)
}
