import { LineCounter, YAMLError } from 'yaml'
import { NopassError } from '../../errors.ts'
import { isRecord } from '../../lib/json.ts'
import { parseYaml } from '../../lib/yaml.ts'
import { isLoopback } from '../../proxy-rules.ts'

export type Product = 'sts' | 'cr' | 'cs' | 'ram' | 'ims' | 'imds'
export type Network = 'auto' | 'vpc' | 'public'

export interface EndpointOptions {
  /** `endpoints` in the values: a base URL for each product; http only on loopback. */
  readonly overrides?: Readonly<Partial<Record<Product | 'registry', string | undefined>>>
  /**
   * The cluster's region. In this region, `auto` means the VPC address; elsewhere it means the
   * public address. Empty if unknown.
   */
  readonly region?: string | undefined
  readonly network?: Network | undefined
}

export type Endpoints = ReturnType<typeof createEndpoints>

export interface ServiceLocation {
  readonly endpoint: URL
  /**
   * Set only if `network: auto` chose a VPC address. Used if the VPC address does not resolve,
   * because Alibaba documents only in part which regions have no VPC address (its table names three
   * for CR).
   */
  readonly publicEndpoint?: URL | undefined
}

/** ECS instance metadata: link-local and plain http by design. */
const INSTANCE_METADATA = 'http://100.100.100.200'
/**
 * Regions whose Container Registry API has no VPC endpoint (Alibaba's endpoint table, December
 * 2025).
 */
const WITHOUT_CR_VPC: readonly string[] = ['cn-huhehaote', 'cn-wulanchabu', 'cn-heyuan']

/** Creates the addresses of all products: an override, or Alibaba's host for region and network. */
export function createEndpoints(options: EndpointOptions = {}) {
  const { overrides = {}, region: ownRegion = '', network: general = 'auto' } = options
  /**
   * Returns the base URL of a product in a region. `network: auto` follows the general setting.
   * @throws ENDPOINT_INVALID
   */
  function url(product: Product, region?: string, requested: Network = 'auto'): URL {
    const network = requested === 'auto' ? general : requested
    const override = overrides[product]
    if (override) return endpointUrl(product, override)
    if (product === 'imds') return new URL(INSTANCE_METADATA)
    const where = region || ownRegion
    const inVpc = network === 'vpc' || (network === 'auto' && where !== '' && where === ownRegion)
    return new URL(`https://${hostOf(product, where, inVpc, network)}`)
  }
  return {
    /** The base URL that replaces every registry domain (tests and the sandbox), else undefined. */
    registry: () => (overrides.registry ? endpointUrl('registry', overrides.registry) : undefined),
    url,
    /**
     * Like `url`, for calls that can fall back to the public address.
     * @throws ENDPOINT_INVALID
     */
    locate(product: Product, region?: string, requested: Network = 'auto'): ServiceLocation {
      const endpoint = url(product, region, requested)
      const isAutomatic = requested === 'auto' && general === 'auto'
      const publicEndpoint = isAutomatic ? url(product, region, 'public') : endpoint
      return publicEndpoint.host === endpoint.host ? { endpoint } : { endpoint, publicEndpoint }
    },
  }
}

function hostOf(product: Exclude<Product, 'imds'>, region: string, inVpc: boolean, network: Network): string {
  // RAM (with IMS) is one service for all regions. Like CS, it is called from outside the cluster.
  if (product === 'ram' || product === 'ims') {
    return network === 'vpc' ? `${product}.vpc-proxy.aliyuncs.com` : `${product}.aliyuncs.com`
  }
  if (product === 'sts' && region === '') return 'sts.aliyuncs.com'
  if (!/^[a-z]{2,}(-[a-z0-9]+)+$/.test(region)) {
    throw new NopassError('ENDPOINT_INVALID', `${product} needs a region; ${JSON.stringify(region)} is not one`, {
      hint: 'Set region, such as cn-hangzhou, or an endpoint for this product under endpoints.',
    })
  }
  // The CS API is called from outside the cluster, so only an explicit `vpc` selects its VPC
  // endpoint.
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

const KNOWN: readonly string[] = ['ram', 'sts', 'cs', 'cr']

/**
 * Reads the input `endpoints`.
 * @throws INPUT_INVALID
 */
export function readEndpoints(text: string): Readonly<Partial<Record<Product, string>>> {
  return readAddresses(text, KNOWN)
}

/**
 * Reads the input `endpoints` of a login, in which `registry` replaces every domain of a registry.
 * @throws INPUT_INVALID
 */
export function readLoginEndpoints(text: string): Readonly<Partial<Record<Product | 'registry', string>>> {
  return readAddresses(text, [...KNOWN, 'registry'])
}

function readAddresses(text: string, known: readonly string[]): Readonly<Record<string, string>> {
  const value: unknown = text === '' ? {} : parseInput(text)
  const entries = isRecord(value) ? Object.entries(value) : undefined
  if (entries?.every((entry): entry is [string, string] => known.includes(entry[0]) && typeof entry[1] === 'string')) {
    return Object.fromEntries(entries)
  }
  throw new NopassError('INPUT_INVALID', `endpoints: a YAML map of ${known.join(', ')} to addresses is expected`)
}

/** @throws INPUT_INVALID */
function parseInput(text: string): unknown {
  const lineCounter = new LineCounter()
  try {
    return parseYaml(text, { lineCounter })
  } catch (error) {
    const { line, col } = error instanceof YAMLError ? lineCounter.linePos(error.pos[0]) : { line: 0, col: 0 }
    // The message of the parser may quote the text.
    throw new NopassError('INPUT_INVALID', 'endpoints: this is not YAML', {
      hint: 'Write one line per address, such as `sts: https://sts-vpc.cn-hangzhou.aliyuncs.com`.',
      place: { file: 'endpoints', ...(line > 0 && { line, column: col }) },
    })
  }
}
