import type { InstanceEndpoint } from '../alibaba/cr.ts'

export type DomainNetwork = 'all' | 'vpc' | 'public'

/** A domain and its network; a custom one is used on every network. */
export interface OwnDomain {
  readonly domain: string
  readonly kind: 'public' | 'vpc' | 'custom'
}

/**
 * The keys under which a registry's credential is written: its own domains on the chosen network
 * and those that the user configured (`host`, `host:port` or `host/namespace`), sorted. A host that
 * is configured with a namespace is written only with it, so that two accounts can share a host.
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

/**
 * The host of a domain, with its port: that of `shop-registry.cn-hangzhou.cr.aliyuncs.com/team`.
 */
export function hostOf(domain: string): string {
  return (domain.split('/')[0] ?? '').toLowerCase()
}

/** A host name of at least two labels: not an address, no port, no path. */
const HOST_NAME = /^([a-z0-9]([-a-z0-9]*[a-z0-9])?\.)+[a-z]([-a-z0-9]*[a-z0-9])?$/

/** RFC 1035, 2.3.4. */
const LONGEST_HOST = 253

/** The domains of an Enterprise instance; anything that is not a host name gets no credential. */
export function enterpriseDomains(endpoints: readonly InstanceEndpoint[]): readonly OwnDomain[] {
  return endpoints.flatMap(({ type, domains }) =>
    domains
      .filter(({ domain }) => domain.length <= LONGEST_HOST && HOST_NAME.test(domain))
      .map(({ domain, custom }): OwnDomain => {
        return { domain, kind: custom ? 'custom' : type === 'vpc' ? 'vpc' : 'public' }
      }),
  )
}

/**
 * The hosts of the (old) Personal Edition in a region: both Alibaba Cloud sites, VPCs and the
 * classic network.
 */
const PERSONAL_HOSTS: readonly (readonly [label: string, kind: 'public' | 'vpc'])[] = [
  ['registry', 'public'],
  ['registry-intl', 'public'],
  ['registry-vpc', 'vpc'],
  ['registry-intl-vpc', 'vpc'],
  ['registry-internal', 'vpc'],
  ['registry-intl-internal', 'vpc'],
]

export function personalDomains(region: string): readonly OwnDomain[] {
  return PERSONAL_HOSTS.map(([label, kind]) => ({ domain: `${label}.${region}.aliyuncs.com`, kind }))
}

/**
 * ACR's own domains, as an expression that means the same in JavaScript, CEL and Helm's templates;
 * the chart's copy is generated from it. Everything below `cr.aliyuncs.com` belongs to ACR
 * (Enterprise, `crpi-…`), the rest to the Personal Edition.
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

/** An image's name, split at what identifies the registry. */
export interface ImageReference {
  /** With its port; `docker.io` for a name without a host. */
  readonly host: string
  /** Without tag and digest. */
  readonly repository: string
}

/** Parses an image's name as container runtimes do. */
export function parseImage(image: string): ImageReference {
  const [first = '', ...rest] = image.split('/')
  const hasHost = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost')
  const host = hasHost ? first.toLowerCase() : 'docker.io'
  const path = hasHost ? rest.join('/') : image
  const repository = path.split('@')[0]?.replace(/:[^/:]*$/, '') ?? path
  return { host, repository: hasHost || rest.length > 0 ? repository : `library/${repository}` }
}

/**
 * Whether a domain of a registry (`host`, `host:port` or `host/namespace`) is the one that the
 * image is pulled from.
 */
export function isCoveredBy(domain: string, image: ImageReference): boolean {
  const [host = '', ...path] = domain.split('/')
  if (host.toLowerCase() !== image.host) return false
  const prefix = path.join('/')
  return prefix === '' || image.repository === prefix || image.repository.startsWith(`${prefix}/`)
}

/**
 * An image on ACR's own domains that needs a credential, unlike Alibaba's public system images
 * (`acs/…`).
 */
export function isPrivateAcr(image: string): boolean {
  const { host, repository } = parseImage(image)
  return isAcrHost(host) && !(/^registry/.test(host) && repository.startsWith('acs/'))
}
