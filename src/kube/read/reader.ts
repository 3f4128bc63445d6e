import { hasStatus, unlessStatus } from '../api-error.ts'
import { get, type KubeCall, type KubeClient } from '../client.ts'
import { listPages } from '../list-pages.ts'

interface ListOptions<T, K> extends Pick<KubeCall, 'query' | 'accept'> {
  /** Reduces each object to what is kept (default: everything). */
  readonly transform?: (object: T) => K
}

/**
 * Objects per page. Parsed Pods may need 20 times the memory of their text, and garbage is
 * collected late, so pages are small and lists are read one at a time. With 200 a removal needed
 * 230 MiB instead of 169 (docs/en/performance.md).
 */
export const OBJECTS_PER_PAGE = 100

export type Reader = ReturnType<typeof createReader>

/**
 * Reads that may be forbidden: what could not be read is recorded, and the rest continues. Other
 * errors are thrown (no connection, wrong credential). `onProgress` gets what is being read, and
 * how many items so far.
 */
export function createReader(
  client: KubeClient,
  signal: AbortSignal,
  onProgress: (what: string, items: number) => void = () => {},
) {
  const unread: Unread[] = []
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = last.then(work)
    last = turn.catch(() => undefined)
    return turn
  }

  /** Any read; undefined: not readable. */
  async function attempt<T>(what: string, work: () => Promise<T>): Promise<T | undefined> {
    onProgress(what, 0)
    try {
      return await work()
    } catch (error) {
      if (!hasStatus(error, 403)) throw error
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
    /** Records what could not be read for a reason other than a refusal. */
    note: (what: string, why: string): void => void unread.push({ what, why }),
    attempt,
    /** Undefined: not readable. `null`: not found (404). */
    get: <T>(what: string, path: string, accept?: string): Promise<T | null | undefined> =>
      attempt(what, async () => (await unlessStatus(request<T>(path, { accept }), 404)) ?? null),
    /**
     * All pages; undefined: not readable, also if only a part is. An API that the server does not
     * have is an empty list.
     */
    list: <T, K = T>(
      what: string,
      path: string,
      { transform, ...call }: ListOptions<T, K> = {},
    ): Promise<readonly K[] | undefined> =>
      attempt(what, async () => {
        const items: K[] = []
        let isBegun = false
        const read = async (): Promise<void> => {
          for await (const page of listPages<T>(client, { path, pageSize: OBJECTS_PER_PAGE, ...call }, signal)) {
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

/** A proxy in between may hide them. That nothing is there must not be concluded from it. */
const IN_EVERY_SERVER = /^\/(?:api\/v1|apis\/(?:apps|batch|rbac\.authorization\.k8s\.io)\/v1)\//

/** Something that the caller may not read, so that nothing is known about it. */
export interface Unread {
  /** The beginning of a sentence: `Pods of all namespaces`. */
  readonly what: string
  readonly why: string
}
