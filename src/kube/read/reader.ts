import { hasStatus, KubeApiError, unlessStatus } from '../api-error.ts'
import { get, type KubeCall, type KubeClient, METADATA_ONLY_LIST } from '../client.ts'
import { listPages } from '../list-pages.ts'

interface ListOptions<T, K> extends Pick<KubeCall, 'query' | 'accept'> {
  /** Reduces each object to what is kept. Default: the whole object. */
  readonly transform?: (object: T) => K
  /** True for objects that are as small as metadata alone. */
  readonly isSmall?: boolean
}

/**
 * Objects per page. Parsed Pods may need 20 times the memory of their text, and garbage is
 * collected late. So pages are small, and lists are read one at a time. With 200 objects per page,
 * a removal needed 230 MiB instead of 169 (docs/en/performance.md).
 */
export const OBJECTS_PER_PAGE = 100

/**
 * ServiceAccounts and metadata are small: 500 of them are as long as 100 Pods. A page that is too
 * long all the same is requested again in halves ({@link listPages}).
 */
const SMALL_OBJECTS_PER_PAGE = 500

/** Objects per page: whole objects, and those that are as small as metadata alone. */
export interface PageSizes {
  readonly whole: number
  readonly small: number
}

const PAGES: PageSizes = { whole: OBJECTS_PER_PAGE, small: SMALL_OBJECTS_PER_PAGE }

export interface ReaderOptions {
  /** Receives what is being read, and how many items have been read. */
  readonly onProgress?: (what: string, items: number) => void
  readonly pages?: PageSizes
  /** True if the work continues without the data for which the API server responded this. */
  readonly mayLack?: (error: KubeApiError) => boolean
}

export type Reader = ReturnType<typeof createReader>

/**
 * Creates a reader for data that the caller may not be allowed to read. A refused read is recorded,
 * and the work continues. Other errors are thrown (no connection, wrong credential).
 */
export function createReader(client: KubeClient, signal: AbortSignal, options: ReaderOptions = {}) {
  const { onProgress = () => undefined, pages = PAGES, mayLack = () => false } = options
  const unread: Unread[] = []
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = last.then(work)
    last = turn.catch(() => undefined)
    return turn
  }

  /** Runs any read. Returns undefined if the data is not readable. */
  async function attempt<T>(what: string, work: () => Promise<T>): Promise<T | undefined> {
    onProgress(what, 0)
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof KubeApiError)) throw error
      if (error.status !== 403 && !mayLack(error)) throw error
      unread.push({ what, why: error.message.replace(/^.*? returned 403: /, '') })
      return undefined
    }
  }
  /** A read that must succeed. */
  const request = <T>(path: string, more?: Omit<KubeCall, 'method' | 'path'>) => get<T>({ client, signal }, path, more)
  return {
    client,
    signal,
    request,
    unread: unread as readonly Unread[],
    /** Records data that could not be read for a reason other than a refusal. */
    note: (what: string, why: string): void => void unread.push({ what, why }),
    attempt,
    /** Returns undefined if the object is not readable, and `null` if it is not found (404). */
    get: <T>(what: string, path: string, accept?: string): Promise<T | null | undefined> =>
      attempt(what, async () => (await unlessStatus(request<T>(path, { accept }), 404)) ?? null),
    /**
     * Returns the items of all pages. Returns undefined if any page is not readable. An API that
     * the server does not have is an empty list.
     */
    list: <T, K = T>(
      what: string,
      path: string,
      { transform, isSmall = false, ...call }: ListOptions<T, K> = {},
    ): Promise<readonly K[] | undefined> =>
      attempt(what, async () => {
        const items: K[] = []
        const pageSize = isSmall || call.accept === METADATA_ONLY_LIST ? pages.small : pages.whole
        let isBegun = false
        const read = async (): Promise<void> => {
          for await (const page of listPages<T>(client, { path, pageSize, ...call }, signal)) {
            isBegun = true
            for (const object of page.items ?? []) items.push(transform ? transform(object) : (object as unknown as K))
            onProgress(what, items.length)
          }
        }
        try {
          await inTurn(read)
          return items
        } catch (error) {
          if (!hasStatus(error, 404)) throw error
          if (!isBegun && !IN_EVERY_SERVER.test(path)) return []
          const which = isBegun ? 'a later page of a list' : 'a list that every API server has'
          unread.push({ what, why: `the server responds 404 to ${which}` })
          return undefined
        }
      }),
  }
}

/**
 * Every API server has these APIs, so a 404 comes from a proxy in between. It does not show that
 * there are no objects.
 */
const IN_EVERY_SERVER = /^\/(?:api\/v1|apis\/(?:apps|batch|rbac\.authorization\.k8s\.io)\/v1)\//

/** Data that the caller may not read, so that nothing is known about it. */
export interface Unread {
  /** The beginning of a sentence, such as `Pods of all namespaces`. */
  readonly what: string
  readonly why: string
}
