import type { IncomingMessage } from 'node:http'
import { KubeApiError } from './api-error.ts'
import { createWatchParser, type WatchEvent } from './watch-stream.ts'

/** Reads a watch to its end; `title` names the call in errors. Resolves when the server ends it, throws KUBE_UNREACHABLE when it is cut. */
export function readEvents<T>(
  answer: IncomingMessage,
  title: () => string,
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
  title: () => string,
  limit: number,
  signal: AbortSignal | undefined,
): Promise<string> {
  return consume(answer, title, signal, () => {
    const chunks: Buffer[] = []
    let size = 0
    return {
      take: (chunk) => {
        chunks.push(chunk)
        size += chunk.length
        if (size > limit) {
          throw new KubeApiError(0, `${title()} was answered with more than ${limit} bytes`, {
            code: 'KUBE_BAD_ANSWER',
          })
        }
      },
      result: () => (chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)).toString('utf8'),
    }
  })
}

/**
 * Reads an answer to its end by events: no extra turn of the event loop between the bytes and their reader. Whoever sent the
 * request destroys the answer on an abort or a timeout, with the reason.
 */
function consume<R>(
  answer: IncomingMessage,
  title: () => string,
  signal: AbortSignal | undefined,
  createReader: () => { take(chunk: Buffer): void; result(): R },
): Promise<R> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      answer.destroy()
      return reject(signal.reason)
    }
    const reader = createReader()
    let over = false
    const fail = (error: unknown): void => {
      over = true
      reject(error)
      answer.destroy()
    }
    const lost = (cause?: unknown): void => {
      if (over) return
      over = true
      if (signal?.aborted) reject(signal.reason)
      else reject(cause instanceof KubeApiError ? cause : broken(title, cause))
    }
    answer.on('data', (chunk: Buffer) => {
      try {
        reader.take(chunk)
      } catch (error) {
        fail(error)
      }
    })
    answer.once('end', () => {
      over = true
      try {
        resolve(reader.result())
      } catch (error) {
        fail(error)
      }
    })
    answer.once('error', lost)
    answer.once('close', () => lost())
  })
}

function broken(title: () => string, cause?: unknown): KubeApiError {
  const message = `${title()}: the connection broke in the middle of the answer`
  return new KubeApiError(0, message, { code: 'KUBE_UNREACHABLE', ...(cause === undefined ? {} : { cause }) })
}
