import type { InstanceEndpoint } from '../alibaba/cr.ts'

export type DomainNetwork = 'all' | 'vpc' | 'public'

/**
 * The keys under which a registry's credential is written: its own domains on the chosen network, and those that the
 * user gave (`host` or `host/namespace`), sorted. A host given with a namespace is written with it alone, so that two
 * accounts can share one host.
 */
export function chooseDomains(
  own: readonly { readonly domain: string; readonly vpc: boolean }[],
  given: readonly string[],
  network: DomainNetwork,
): readonly string[] {
  const narrowed = new Set(given.filter((domain) => domain.includes('/')).map(hostOf))
  const chosen = own
    .filter(({ vpc }) => network === 'all' || vpc === (network === 'vpc'))
    .map(({ domain }) => domain)
    .filter((domain) => !narrowed.has(domain))
  return [...new Set([...chosen, ...given.map((domain) => domain.toLowerCase())])].sort()
}

/** `shop-registry.cn-hangzhou.cr.aliyuncs.com/team` -> the host. */
export function hostOf(domain: string): string {
  return (domain.split('/')[0] ?? '').toLowerCase()
}

/** The domains of an Enterprise instance. A custom domain belongs to the network of its endpoint. */
export function enterpriseDomains(endpoints: readonly InstanceEndpoint[]): { domain: string; vpc: boolean }[] {
  return endpoints.flatMap(({ type, domains }) => domains.map(({ domain }) => ({ domain, vpc: type === 'vpc' })))
}

/** The domains of the (old) Personal Edition in a region: of both Alibaba Cloud sites, and the classic network's. */
export function personalDomains(region: string): { domain: string; vpc: boolean }[] {
  return [
    { domain: `registry.${region}.aliyuncs.com`, vpc: false },
    { domain: `registry-intl.${region}.aliyuncs.com`, vpc: false },
    { domain: `registry-vpc.${region}.aliyuncs.com`, vpc: true },
    { domain: `registry-intl-vpc.${region}.aliyuncs.com`, vpc: true },
    { domain: `registry-internal.${region}.aliyuncs.com`, vpc: true },
  ]
}
