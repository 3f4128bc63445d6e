import { KubeApiError } from '../../kube/api-error.ts'
import type { KubeCall, KubeClient } from '../../kube/client.ts'
import type { Unread } from './unread.ts'

/** Reads that may be forbidden: what could not be read is noted, and the rest goes on. */
export interface Reader {
  /** Undefined: not readable. `null`: not there (404). */
  get<T>(what: string, path: string): Promise<T | null | undefined>
  /** All pages; undefined: not readable. An API that the server does not have is an empty list. */
  list<T>(what: string, path: string, options?: Pick<KubeCall, 'query' | 'accept'>): Promise<readonly T[] | undefined>
  /** Any read; undefined: not readable. */
  attempt<T>(what: string, work: () => Promise<T>): Promise<T | undefined>
  readonly unread: readonly Unread[]
}

const PAGE = 500

/**
 * A reader over one client. Whatever is no refusal of a single read is thrown (no connection, wrong credential).
 * `onProgress` is told what is being read, and how much of it is there.
 */
export function createReader(
  client: KubeClient,
  signal: AbortSignal,
  onProgress: (what: string, items: number) => void = () => {},
): Reader {
  const unread: Unread[] = []

  async function attempt<T>(what: string, work: () => Promise<T>): Promise<T | undefined> {
    onProgress(what, 0)
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof KubeApiError) || error.status !== 403) throw error
      unread.push({ what, why: error.message.replace(/^.*? was answered with 403: /, '') })
      return undefined
    }
  }
  return {
    unread,
    attempt,
    get: (what, path) => attempt(what, () => orNull(client.request({ method: 'GET', path }, signal))),
    list: <T>(what: string, path: string, options: Pick<KubeCall, 'query' | 'accept'> = {}) =>
      attempt(what, async () => {
        const items: T[] = []
        let next = ''
        do {
          const query = { ...options.query, limit: PAGE, ...(next === '' ? {} : { continue: next }) }
          const call = { method: 'GET', path, ...options, query } as const
          const page = await orNull(client.request<Page<T>>(call, signal))
          items.push(...(page?.items ?? []))
          onProgress(what, items.length)
          next = page?.metadata?.continue ?? ''
        } while (next !== '')
        return items
      }),
  }
}

interface Page<T> {
  readonly metadata?: { readonly continue?: string }
  readonly items?: readonly T[]
}

async function orNull<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work
  } catch (error) {
    if (error instanceof KubeApiError && error.status === 404) return null
    throw error
  }
}
