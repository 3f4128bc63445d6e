import type { HttpResponse, HttpSender } from '../alibaba/transport/http-sender.ts'
import {
  describeResponse,
  errorCodes,
  type Headers,
  isDenial,
  logIn,
  type ManifestRequest,
  toQuery,
} from './query-manifest.ts'
import { networkReasonOf } from './token-service.ts'

/** Whether a login may push to a repository. */
export interface PushVerdict {
  /**
   * `absent`: the registry does not know the repository, and does not create it. `unknown`: the
   * responses do not show it.
   */
  readonly grant: 'granted' | 'denied' | 'absent' | 'unknown'
  /** One line without secrets: the host and its response. */
  readonly detail: string
  /** True if the upload was started, but the registry did not confirm that it was cancelled. */
  readonly uploadRemains: boolean
}

const TIMEOUT = 10_000

/**
 * Asks whether a login may push to a repository: starts the upload of a blob, and cancels the
 * upload before any byte of it. Rejects only when `signal` aborts.
 */
export async function queryPush(
  send: HttpSender,
  request: Omit<ManifestRequest, 'reference'>,
  signal?: AbortSignal,
): Promise<PushVerdict> {
  const own = toQuery(send, { ...request, reference: '' }, signal)
  const uploads = new URL(`/v2/${request.repository}/blobs/uploads/`, own.base)
  const call = (method: string, url: URL, headers: Headers): Promise<HttpResponse> =>
    send({ url, method, headers, timeout: TIMEOUT }, signal)
  const verdict = (grant: PushVerdict['grant'], response: HttpResponse): PushVerdict => {
    return { grant, detail: describeResponse(own.base, response), uploadRemains: false }
  }
  try {
    const first = await call('POST', uploads, {})
    // A registry that starts an upload without a login says nothing about the login.
    if (first.status !== 401) return verdict('unknown', first)
    const login = await logIn(own, first, 'pull,push')
    if ('result' in login) {
      const { response, detail } = login
      const isRefused = response !== undefined && isDenial(response)
      return { grant: isRefused ? 'denied' : 'unknown', detail, uploadRemains: false }
    }
    const response = await call('POST', uploads, login.headers)
    // OCI distribution specification, "POST then PUT": 202 and the upload's location.
    if (response.status === 202) {
      const cancel = async (url: URL): Promise<HttpResponse> => {
        const removed = await call('DELETE', url, login.headers)
        if (removed.status !== 401) return removed
        // Distribution requires `delete`, which the token of a push lacks (`appendAccessRecords` in
        // registry/handlers/app.go of distribution 3.1.2).
        const another = await logIn(own, removed, 'delete')
        return 'result' in another ? removed : call('DELETE', url, another.headers)
      }
      // The answer about the push stays, whatever becomes of the upload.
      const orNothing = (error: unknown): undefined => {
        if (signal?.aborted) throw error
      }
      const isCancelled = await cancelUpload(response, own.base, (url) => cancel(url).catch(orNothing))
      return { ...verdict('granted', response), uploadRemains: !isCancelled }
    }
    if (response.status === 404 && errorCodes(response.text).includes('NAME_UNKNOWN')) {
      return verdict('absent', response)
    }
    return verdict(isDenial(response) ? 'denied' : 'unknown', response)
  } catch (error) {
    if (signal?.aborted) throw error
    const detail = `${own.base.host} gave no response: ${networkReasonOf(error)}`
    return { grant: 'unknown', detail, uploadRemains: false }
  }
}

/**
 * Cancels an upload. Its location may be on another host, which must not receive the registry's
 * token. Source:
 * https://docs.docker.com/reference/api/registry/latest/operations/CancelBlobUpload/
 */
async function cancelUpload(
  { headers: { location = '' } }: HttpResponse,
  base: URL,
  remove: (url: URL) => Promise<HttpResponse | undefined>,
): Promise<boolean> {
  const url = URL.canParse(location, base.href) ? new URL(location, base) : undefined
  if (url === undefined || location === '' || url.origin !== base.origin) return false
  const response = await remove(url)
  return response?.status === 204 || response?.status === 404
}
