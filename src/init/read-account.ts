import { type InstanceSummary, instancePages, listInstanceEndpoint } from '../alibaba/cr.ts'
import type { CredentialProvider } from '../alibaba/credentials.ts'
import { type ClusterSummary, clusterPages, describeClusterDetail, listAddons } from '../alibaba/cs.ts'
import { getCallerIdentity } from '../alibaba/sts.ts'
import type { AbortableTarget, CloudTransport } from '../alibaba/transport/cloud-transport.ts'
import type { Endpoints, Product } from '../alibaba/transport/endpoints.ts'
import { type ErrorCode, NopassError } from '../errors.ts'
import type { ClusterFacts, FoundList, InstanceFacts, Unread } from './facts.ts'

export interface AccountSources {
  readonly transport: CloudTransport
  readonly endpoints: Pick<Endpoints, 'url'>
  readonly credentials: CredentialProvider
  readonly signal: AbortSignal
  /** Is called with the noun of each read. */
  readonly onRead: (what: string) => void
}

/** Failures of the credentials themselves. No read would work, so nothing can be asked. */
const FATAL: readonly ErrorCode[] = [
  'CREDENTIALS_EXPIRED',
  'CREDENTIALS_REFUSED',
  'CREDENTIALS_MISSING',
  'IDENTITY_NOT_TRUSTED',
  'IDENTITY_UNAVAILABLE',
  'CLOUD_CLOCK',
]

/** ACK's names of Alibaba's own credential helper: the managed and the self-managed add-on. */
const HELPER_ADDONS: readonly string[] = ['managed-aliyun-acr-credential-helper', 'aliyun-acr-credential-helper']

export type AccountReader = ReturnType<typeof createAccountReader>

/**
 * Creates a reader of one account. A read that fails is recorded in `unread`, and the other reads
 * continue. It only reads.
 */
export function createAccountReader(sources: AccountSources) {
  const { transport, endpoints, credentials, signal } = sources
  const unread: Unread[] = []
  const at = (product: Product, region: string): AbortableTarget => {
    return { transport, credentials, signal, endpoint: endpoints.url(product, region) }
  }

  /**
   * Returns undefined, and records why, if the read failed.
   * @throws INTERRUPTED, failures of the credentials, and CLOUD_NOT_FOUND
   */
  async function attempt<Result>(what: string, read: () => Promise<Result>): Promise<Result | undefined> {
    sources.onRead(what)
    try {
      return await read()
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof NopassError) || error.code === 'CLOUD_NOT_FOUND' || FATAL.includes(error.code)) throw error
      unread.push({ what, why: error.message })
      return undefined
    }
  }

  /** Collects pages. If a page fails, the pages before it are kept, and `cut` names the failure. */
  async function collect<Item>(
    what: string,
    pages: () => AsyncGenerator<readonly Item[]>,
  ): Promise<FoundList<Item> & { readonly isRead: boolean }> {
    const items: Item[] = []
    const read = async (): Promise<boolean> => {
      for await (const page of pages()) items.push(...page)
      return true
    }
    const isRead = (await attempt(what, read)) ?? false
    const cut = isRead ? undefined : `${what} could not be read${items.length > 0 ? ' to the end' : ''}`
    return { items, isRead, cut }
  }

  /**
   * Reads one list per region, and joins them. An item that several regions return is kept once.
   */
  async function collectRegions<Item>(
    what: string,
    regions: readonly string[],
    pages: (region: string) => AsyncGenerator<readonly Item[]>,
    idOf: (item: Item) => string,
  ): Promise<FoundList<Item>> {
    const lists = await Promise.all(regions.map((region) => collect(`${what} in ${region}`, () => pages(region))))
    const items = new Map(lists.flatMap((list) => list.items).map((item) => [idOf(item), item]))
    const cuts = lists.flatMap(({ cut }) => cut ?? [])
    return { items: [...items.values()], cut: cuts.length === 0 ? undefined : cuts.join('; ') }
  }

  return {
    unread,

    /** The caller, or undefined if STS did not respond. The call needs no right in RAM. */
    caller: () =>
      attempt('the account', async () => {
        const target = { transport, endpoint: endpoints.url('sts') }
        const caller = await getCallerIdentity(target, credentials, signal)
        // The workflow contains the number.
        if (/^\d{1,20}$/.test(caller.accountId)) return caller
        throw new NopassError('CLOUD_UNAVAILABLE', 'the response of STS has no number of an account')
      }),

    /**
     * Lists the clusters. Each endpoint lists the clusters of all regions; more than one endpoint
     * is asked only if the user names several regions.
     */
    clusters: (regions: readonly string[]): Promise<FoundList<ClusterSummary>> =>
      collectRegions(
        'the list of clusters',
        regions,
        (region) => clusterPages(at('cs', region)),
        ({ clusterId }) => clusterId,
      ),

    /** Lists the Enterprise instances: each region has a list of its own. */
    instances: (regions: readonly string[]): Promise<FoundList<InstanceSummary>> =>
      collectRegions(
        'the list of instances',
        regions,
        (region) => instancePages(at('cr', region)),
        ({ instanceId }) => instanceId,
      ),

    /** @throws CLOUD_NOT_FOUND if the account has no such cluster in this region */
    async cluster(chosen: ClusterSummary | Named): Promise<ClusterFacts> {
      const { clusterId, region } = chosen
      const target = at('cs', region)
      const [detail, addons] = await Promise.all([
        attempt(`cluster ${clusterId}`, () => describeClusterDetail(target, clusterId)),
        attempt(`the add-ons of cluster ${clusterId}`, () => listAddons(target, clusterId)),
      ])
      return {
        clusterId,
        name: chosen.name || detail?.name || '',
        region: detail?.region || region,
        kind: detail?.kind ?? chosen.kind,
        state: chosen.state,
        detail,
        addon: addons?.find((name) => HELPER_ADDONS.includes(name)),
      }
    },

    /** @throws CLOUD_NOT_FOUND if the account has no such instance in this region */
    async instance(chosen: InstanceSummary): Promise<InstanceFacts> {
      const { instanceId, region } = chosen
      const read = () => listInstanceEndpoint(at('cr', region), instanceId)
      return { ...chosen, endpoints: await attempt(`the domains of instance ${instanceId}`, read) }
    },
  }
}

/** A cluster that the user named, but that is in no list. */
interface Named extends Pick<ClusterSummary, 'clusterId' | 'name' | 'region' | 'state'> {
  readonly kind: undefined
}
