import { ByteCollector } from '../../lib/byte-collector.ts'
import { KubeApiError, TOO_LARGE } from '../api-error.ts'
import { createWatchParser, type WatchEvent } from '../watch/watch-stream.ts'
import type { AnswerReader } from './transport.ts'

export interface WholeAnswer {
  readonly status: number
  readonly text: string
  readonly retryAfter: string | undefined
}

/** Collects the body as text; `title` names the call in errors. Fails with KUBE_BAD_ANSWER over `limit` bytes. */
export function readWhole(
  title: string,
  limit: number,
  onAnswer: (answer: WholeAnswer) => void,
  fail: (error: unknown) => void,
): AnswerReader {
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
        const message = `${title} was answered with more than ${limit} bytes`
        throw new KubeApiError(0, message, { code: 'KUBE_BAD_ANSWER', reason: TOO_LARGE })
      }
      body.add(chunk)
    },
    end() {
      onAnswer({ status, text: body.take().toString('utf8'), retryAfter })
    },
    fail,
  }
}

export interface EventReading<T> {
  /** Names the call in errors. */
  readonly title: string
  readonly onEvent: (event: WatchEvent<T>) => void
  /** Gets an answer that is no watch. */
  readonly refusal: AnswerReader
  readonly onEnd: () => void
  readonly fail: (error: unknown) => void
}

/** Reads a watch. One that is cut within an event fails with KUBE_UNREACHABLE. */
export function readEvents<T>({ title, onEvent, refusal, onEnd, fail }: EventReading<T>): AnswerReader {
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
      const message = `${title}: the connection broke in the middle of the answer`
      fail(new KubeApiError(0, message, { code: 'KUBE_UNREACHABLE' }))
    },
    fail,
  }
}
