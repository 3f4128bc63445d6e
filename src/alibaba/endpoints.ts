import { NopassError } from '../errors.ts'
import { isLoopback } from './loopback.ts'

export type Product = 'sts' | 'cr' | 'cs' | 'ram' | 'ims' | 'imds'
export type Network = 'auto' | 'vpc' | 'public'

export interface EndpointOptions {
  /** Values' `endpoints`: a base URL for a product; http only on loopback. */
  readonly overrides?: Readonly<Partial<Record<Product | 'registry', string | undefined>>>
  /** The cluster's own region: `auto` means VPC there and public elsewhere. Empty: unknown. */
  readonly region?: string | undefined
  readonly network?: Network | undefined
}

export interface Endpoints {
  /** Base URL of a product in a region; `network: auto` follows the general setting. Throws ENDPOINT_INVALID. */
  url(product: Product, region?: string, network?: Network): URL
  /** Base URL that stands for every registry domain (tests and the sandbox), else undefined. */
  registry(): URL | undefined
}

/** ECS instance metadata: link-local and plain http by design. */
const INSTANCE_METADATA = 'http://100.100.100.200'
/** Regions whose Container Registry API has no VPC endpoint (Alibaba's endpoint table, December 2025). */
const WITHOUT_CR_VPC: readonly string[] = ['cn-huhehaote', 'cn-wulanchabu', 'cn-heyuan']

/** Where each product is: an override, or Alibaba's host for region and network. */
export function createEndpoints(options: EndpointOptions = {}): Endpoints {
  const { overrides = {}, region: ownRegion = '', network: general = 'auto' } = options
  return {
    registry: () => (overrides.registry ? endpointUrl('registry', overrides.registry) : undefined),
    url(product, region, wish = 'auto') {
      const network = wish === 'auto' ? general : wish
      const override = overrides[product]
      if (override) return endpointUrl(product, override)
      if (product === 'imds') return new URL(INSTANCE_METADATA)
      const where = region || ownRegion
      const inVpc = network === 'vpc' || (network === 'auto' && where !== '' && where === ownRegion)
      return new URL(`https://${hostOf(product, where, inVpc, network)}`)
    },
  }
}

function hostOf(product: Exclude<Product, 'imds'>, region: string, inVpc: boolean, network: Network): string {
  // RAM (with IMS) is one service for all regions and has no VPC endpoint that Alibaba documents.
  if (product === 'ram' || product === 'ims') return `${product}.aliyuncs.com`
  if (product === 'sts' && region === '') return 'sts.aliyuncs.com'
  if (!/^[a-z]{2,}(-[a-z0-9]+)+$/.test(region)) {
    throw new NopassError('ENDPOINT_INVALID', `${product} needs a region, and ${JSON.stringify(region)} is none`, {
      hint: 'Set region, such as cn-hangzhou, or an endpoint for this product under endpoints.',
    })
  }
  // The CS API is called from outside the cluster, so only an explicit `vpc` means its VPC endpoint.
  if (product === 'cs') return network === 'vpc' ? `cs-anony-vpc.${region}.aliyuncs.com` : `cs.${region}.aliyuncs.com`
  const vpc = inVpc && !(product === 'cr' && network === 'auto' && WITHOUT_CR_VPC.includes(region))
  return `${product}${vpc ? '-vpc' : ''}.${region}.aliyuncs.com`
}

function endpointUrl(product: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const plain =
    url?.pathname === '/' && url.search === '' && url.hash === '' && url.username === '' && url.password === ''
  const secure = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname))
  if (url && plain && secure) return url
  throw new NopassError('ENDPOINT_INVALID', `endpoints.${product}: ${JSON.stringify(text)} cannot be used`, {
    hint: 'Write https://host or https://host:port and nothing after it; http is allowed on loopback only.',
  })
}
