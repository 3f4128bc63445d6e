import { ByteCollector } from '../../lib/byte-collector.ts'
import { KubeApiError, TOO_LARGE } from '../api-error.ts'
import { createWatchParser, type WatchEvent } from '../watch/watch-stream.ts'
import type { ResponseReader } from './transport.ts'

export interface WholeResponse {
  readonly status: number
  readonly text: string
  readonly retryAfter: string | undefined
}

/**
 * Collects the body as text. `title` names the call in errors. A body over `limit` bytes fails with
 * KUBE_BAD_ANSWER.
 */
export function readWhole(
  title: string,
  limit: number,
  onResponse: (response: WholeResponse) => void,
  fail: (error: unknown) => void,
): ResponseReader {
  const body = new ByteCollector()
  let status = 0
  let retryAfter: string | undefined
  return {
    head(code, header) {
      status = code
      if (code >= 400) retryAfter = header('retry-after')
    },
    data(chunk) {
      if (body.size + chunk.length > limit) {
        const message = `${title} returned more than ${limit} bytes`
        throw new KubeApiError(0, message, { code: 'KUBE_BAD_ANSWER', reason: TOO_LARGE })
      }
      body.add(chunk)
    },
    end() {
      onResponse({ status, text: body.take().toString('utf8'), retryAfter })
    },
    fail,
  }
}

/**
 * Reads a watch. If the response is not a watch, the reader `refusal` receives it. A stream that
 * ends within an event fails with KUBE_UNREACHABLE.
 */
export function readEvents<T>(
  title: string,
  onEvent: (event: WatchEvent<T>) => void,
  onEnd: () => void,
  refusal: ResponseReader,
): ResponseReader {
  const parser = createWatchParser<T>()
  let refused = false
  return {
    head(status, header) {
      refused = status !== 200
      if (refused) refusal.head(status, header)
    },
    data(chunk) {
      if (refused) return refusal.data(chunk)
      for (const event of parser.push(chunk)) onEvent(event)
    },
    end() {
      if (refused) return refusal.end()
      if (!parser.end().cut) return onEnd()
      const message = `${title}: the connection broke in the middle of the response`
      refusal.fail(new KubeApiError(0, message, { code: 'KUBE_UNREACHABLE' }))
    },
    fail: refusal.fail,
  }
}
