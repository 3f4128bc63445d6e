import { isRecord } from '../lib/json.ts'
import { KubeApiError, TOO_LARGE } from './api-error.ts'
import type { KubeCall, KubeClient } from './client.ts'
import type { KubeList } from './types.ts'

export interface ListCall extends Pick<KubeCall, 'path' | 'query' | 'accept'> {
  readonly pageSize: number
}

/**
 * The maximum size of one page, in bytes. Parsing temporarily needs about five times as much
 * memory.
 */
const PAGE_LIMIT = 8 * 1024 * 1024

/**
 * Yields all pages of a list. If a page has too many bytes, it is requested again with half as many
 * objects. A user of one namespace can create objects of up to 1.5 MiB, etcd's limit.
 * @throws the errors of `request`
 */
export async function* listPages<T>(
  client: KubeClient,
  { path, query, accept, pageSize }: ListCall,
  signal?: AbortSignal,
): AsyncGenerator<KubeList<T>, void> {
  let limit = pageSize
  let next: string | undefined
  for (;;) {
    const call = { path, accept, query: { ...query, limit, continue: next }, bodyLimit: PAGE_LIMIT }
    let page: KubeList<T>
    try {
      page = await client.request<KubeList<T>>({ method: 'GET', ...call }, signal)
    } catch (error) {
      if (limit === 1 || !(error instanceof KubeApiError && error.reason === TOO_LARGE)) throw error
      limit = Math.ceil(limit / 2)
      continue
    }
    requireList(page, path)
    yield page
    next = page.metadata.continue || undefined
    if (next === undefined) return
    // There may be only a few large objects, so pages grow back to the full size after them.
    limit = Math.min(pageSize, limit * 2)
  }
}

/**
 * Refuses JSON that is no list, such as that of a login page. As an empty list it would show that
 * nothing exists.
 */
function requireList(page: unknown, path: string): void {
  if (isRecord(page) && isRecord(page.metadata) && (page.items === null || Array.isArray(page.items))) return
  throw new KubeApiError(200, `GET ${path} returned something that is not a list`, { code: 'KUBE_BAD_ANSWER' })
}
