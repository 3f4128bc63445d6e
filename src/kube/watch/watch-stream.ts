import { NopassError } from '../../errors.ts'
import { ByteCollector } from '../../lib/byte-collector.ts'
import { parseJson } from '../../lib/json.ts'

/**
 * One line of a watch. `ERROR` has a `Status`. `BOOKMARK` has an object with only a
 * resourceVersion.
 */
export interface WatchEvent<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'
  readonly object: T
}

/** etcd refuses objects over 1.5 MiB; a longer line is not a Kubernetes object. */
const LINE_LIMIT = 8 * 1024 * 1024

const TYPES: ReadonlySet<unknown> = new Set(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR'])
const NEWLINE = 0x0a

/**
 * Splits a byte stream into watch events, in whatever chunks the bytes arrive. `push` yields each
 * complete event before it parses the next line. `end` reports whether an incomplete line was left
 * (a cut connection).
 * @throws KUBE_BAD_ANSWER for a line that is not a watch event
 */
export function createWatchParser<T>(lineLimit: number = LINE_LIMIT) {
  const held = new ByteCollector()
  const takeLine = (last: Uint8Array): string => {
    held.add(last)
    return held.take().toString('utf8')
  }
  return {
    *push(chunk: Uint8Array): Generator<WatchEvent<T>, void> {
      let start = 0
      for (;;) {
        const end = chunk.indexOf(NEWLINE, start)
        if (end < 0) break
        const line = takeLine(chunk.subarray(start, end)).trim()
        start = end + 1
        if (line !== '') yield parseEvent<T>(line)
      }
      if (start < chunk.length) {
        held.add(chunk.subarray(start))
        if (held.size > lineLimit) throw badResponse(`a watch sent a line longer than ${lineLimit} bytes`)
      }
    },
    end: () => ({ cut: held.size > 0 }),
  }
}

function parseEvent<T>(line: string): WatchEvent<T> {
  const event = parseJson(line, () => badResponse('a watch sent a line that is not JSON'))
  const { type, object } = (event ?? {}) as { type?: unknown; object?: unknown }
  if (!TYPES.has(type) || typeof object !== 'object' || object === null) {
    throw badResponse('a watch sent JSON that is not an event')
  }
  return event as WatchEvent<T>
}

function badResponse(message: string): NopassError {
  return new NopassError('KUBE_BAD_ANSWER', message)
}
