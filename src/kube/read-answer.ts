import type { IncomingMessage } from 'node:http'
import { KubeApiError } from './api-error.ts'
import { createWatchParser, type WatchEvent } from './watch-stream.ts'

/** Reads a watch to its end; resolves when the server ends it, throws KUBE_UNREACHABLE when it is cut. */
export function readEvents<T>(
  answer: IncomingMessage,
  title: string,
  onEvent: (event: WatchEvent<T>) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  return consume(answer, title, signal, () => {
    const parser = createWatchParser<T>()
    return {
      take: (chunk) => {
        for (const event of parser.push(chunk)) onEvent(event)
      },
      result: () => {
        if (parser.end().cut) throw broken(title)
      },
    }
  })
}

/** The whole body as text. Throws KUBE_BAD_ANSWER over `limit` bytes, KUBE_TIMEOUT, KUBE_UNREACHABLE. */
export function readBody(
  answer: IncomingMessage,
  title: string,
  limit: number,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<string> {
  const timer = setTimeout(
    () => answer.destroy(new KubeApiError(0, `${title} stopped in the middle of its answer`, { code: 'KUBE_TIMEOUT' })),
    timeoutMs,
  )
  return consume(answer, title, signal, () => {
    const chunks: Buffer[] = []
    let size = 0
    return {
      take: (chunk) => {
        chunks.push(chunk)
        size += chunk.length
        if (size > limit) {
          throw new KubeApiError(0, `${title} was answered with more than ${limit} bytes`, { code: 'KUBE_BAD_ANSWER' })
        }
      },
      result: () => (chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)).toString('utf8'),
    }
  }).finally(() => clearTimeout(timer))
}

/** Reads an answer to its end by events: no extra turn of the event loop between the bytes and their reader. */
function consume<R>(
  answer: IncomingMessage,
  title: string,
  signal: AbortSignal | undefined,
  createReader: () => { take(chunk: Buffer): void; result(): R },
): Promise<R> {
  return new Promise((resolve, reject) => {
    const reader = createReader()
    const onAbort = (): void => {
      answer.destroy()
      finish(() => reject(signal?.reason))
    }
    let finished = false
    const finish = (act: () => void): void => {
      if (finished) return
      finished = true
      signal?.removeEventListener('abort', onAbort)
      act()
    }
    const guard = (act: () => void): void => {
      try {
        act()
      } catch (error) {
        finish(() => reject(error))
        answer.destroy()
      }
    }
    answer.on('data', (chunk: Buffer) => guard(() => reader.take(chunk)))
    answer.once('end', () => guard(() => finishWith(reader.result())))
    answer.once('error', (cause) => finish(() => reject(cause instanceof KubeApiError ? cause : broken(title, cause))))
    answer.once('close', () => finish(() => reject(broken(title))))
    const finishWith = (result: R): void => finish(() => resolve(result))
    if (signal?.aborted) onAbort()
    else signal?.addEventListener('abort', onAbort, { once: true })
  })
}

function broken(title: string, cause?: unknown): KubeApiError {
  const message = `${title}: the connection broke in the middle of the answer`
  return new KubeApiError(0, message, { code: 'KUBE_UNREACHABLE', ...(cause === undefined ? {} : { cause }) })
}
