import type { InstanceEndpoint } from '../alibaba/cr.ts'

export type DomainNetwork = 'all' | 'vpc' | 'public'

/** A domain and its network. A custom domain is used on every network. */
export interface OwnDomain {
  readonly domain: string
  readonly kind: 'public' | 'vpc' | 'custom'
}

/**
 * Returns the sorted keys under which a registry's credential is written. These are the registry's
 * own domains on the chosen network, and the domains that the user configured (`host`, `host:port`
 * or `host/namespace`). If a host is configured with a namespace, its key always has the namespace,
 * so that two accounts can share the host.
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
 * Returns the host and port of a domain, without the namespace, as in
 * `shop-registry.cn-hangzhou.cr.aliyuncs.com/team`.
 */
export function hostOf(domain: string): string {
  return (domain.split('/')[0] ?? '').toLowerCase()
}

/** How many hosts of a registry are queried at most, until one gives a clear response. */
const HOSTS = 3

/** Returns one domain for each of the first hosts. The hosts are queried in this order. */
export function domainsToAsk(domains: readonly string[]): readonly string[] {
  return [...new Map(domains.map((domain) => [hostOf(domain), domain])).values()].slice(0, HOSTS)
}

/** A host name of at least two labels: not an address, no port, no path. */
const HOST_NAME = /^([a-z0-9]([-a-z0-9]*[a-z0-9])?\.)+[a-z]([-a-z0-9]*[a-z0-9])?$/

/** RFC 1035, 2.3.4. */
const LONGEST_HOST = 253

/** True for a host name of at least two labels, without a port. */
export function isHostName(host: string): boolean {
  return host.length <= LONGEST_HOST && HOST_NAME.test(host)
}

/**
 * Returns the domains of an Enterprise instance. An endpoint that is not a host name gets no
 * credential.
 */
export function enterpriseDomains(endpoints: readonly InstanceEndpoint[]): readonly OwnDomain[] {
  return endpoints.flatMap(({ type, domains }) =>
    domains
      .filter(({ domain }) => isHostName(domain))
      .map(({ domain, custom }): OwnDomain => {
        return { domain, kind: custom ? 'custom' : type === 'vpc' ? 'vpc' : 'public' }
      }),
  )
}

/**
 * The hosts of the (old) Personal Edition in a region, for both sites of Alibaba Cloud, VPCs and
 * the classic network.
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
 * Matches ACR's own domains. The expression means the same in JavaScript, CEL and Helm's templates;
 * the chart's copy is generated from it. Every domain below `cr.aliyuncs.com` belongs to ACR
 * (Enterprise, `crpi-…`); the other domains belong to the Personal Edition.
 */
export const ACR_DOMAINS: string = [
  '([a-z0-9-]+\\.)+cr\\.aliyuncs\\.com',
  `(${PERSONAL_HOSTS.map(([label]) => label).join('|')})\\.[a-z0-9-]+\\.aliyuncs\\.com`,
].join('|')

const ACR_HOST = new RegExp(`^(${ACR_DOMAINS})(:[0-9]+)?$`)

/** True if a host (with or without a port) is a domain of ACR, of any edition. */
export function isAcrHost(host: string): boolean {
  return ACR_HOST.test(host)
}

/** An image's name, split into the parts that identify its registry and repository. */
export interface ImageReference {
  /** Host with port; `docker.io` for a name without a host. */
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
 * True if the image is pulled from this domain of a registry (`host`, `host:port` or
 * `host/namespace`).
 */
export function isCoveredBy(domain: string, image: ImageReference): boolean {
  const [host = '', ...path] = domain.split('/')
  if (withoutAlias(host.toLowerCase()) !== withoutAlias(image.host)) return false
  const prefix = path.join('/')
  return prefix === '' || image.repository === prefix || image.repository.startsWith(`${prefix}/`)
}

/**
 * To a kubelet, a login of `index.docker.io` is one of Docker Hub (`isDefaultRegistryMatch` in
 * k8s.io/kubernetes/pkg/credentialprovider/keyring.go).
 */
function withoutAlias(host: string): string {
  return host === 'index.docker.io' ? 'docker.io' : host
}

/**
 * True for an image on ACR's own domains that needs a credential. Alibaba's public system images
 * (`acs/…`) need none.
 */
export function isPrivateAcr(image: string): boolean {
  const { host, repository } = parseImage(image)
  return isAcrHost(host) && !(/^registry/.test(host) && repository.startsWith('acs/'))
}
