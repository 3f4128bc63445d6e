import type { Socket } from 'node:net'
import { HTTPParser } from 'http-parser-js'
import { readPlainAnswer } from './plain-answer.ts'

/** Takes one answer, piece by piece. After `end` or `fail` nothing more comes. */
export interface AnswerReader {
  /** `header` takes a name in lower case. */
  head(status: number, header: (name: string) => string | undefined): void
  /** What it throws fails the exchange. */
  data(chunk: Buffer): void
  end(): void
  fail(error: unknown): void
}

/** A connection for one exchange at a time. */
export interface HttpSocket {
  /** An answer has come over it before. */
  readonly used: boolean
  /** `request`: head and body as they are sent. `onFree`: called before the reader's `end` where the connection may be used again. */
  exchange(request: Buffer, reader: AnswerReader, onFree: () => void): void
  /** Ends the connection, and with this error the exchange under way. */
  destroy(error?: unknown): void
  /** Between two exchanges: it keeps no process alive, and ends itself before an API server would (90 s). */
  rest(): void
  wake(): void
}

const IDLE_MS = 80_000

/** The server closed the connection where an answer was due. */
class ConnectionClosed extends Error {
  readonly code = 'ECONNRESET'
}

/** What came is not an answer of HTTP/1.1. */
export class MalformedAnswer extends Error {}

/**
 * HTTP/1.1 over a socket. Not by Node's own client, which costs nearly three times the CPU (measured once: 338 and 127 µs for one
 * write of 2 kB over TLS, the mean of 1,000; `npm run bench -- cold-start` has a program on Node's client beside the helper), and a
 * rotation is nothing but such writes. `onClosed`: it can't be used any more.
 */
export function createHttpSocket(socket: Socket, onClosed: () => void): HttpSocket {
  const parser = new HTTPParser(HTTPParser.RESPONSE)
  // How far it has read: the library's types leave it out.
  const place = parser as unknown as { readonly offset: number; readonly end: number }
  let reader: AnswerReader | undefined
  let onFree: (() => void) | undefined
  let used = false
  let closed = false
  let interim = false
  let complete = false
  let reusable = false
  // Of the answer that is due nothing has come yet.
  let untouched = true

  const close = (): void => {
    if (closed) return
    closed = true
    socket.destroy()
    onClosed()
  }
  const fail = (error: unknown = new Error('the connection was closed')): void => {
    const failing = reader
    reader = undefined
    close()
    failing?.fail(error)
  }
  const finish = (): void => {
    const finished = reader
    complete = false
    untouched = true
    used = true
    reader = undefined
    if (reusable) onFree?.()
    else close()
    finished?.end()
  }

  parser[HTTPParser.kOnHeadersComplete] = ({ statusCode, headers, shouldKeepAlive }) => {
    if (complete || statusCode === 101) throw new MalformedAnswer('an answer that nobody asked for')
    interim = statusCode < 200
    if (interim) return
    reusable = shouldKeepAlive
    reader?.head(statusCode, (name) => headerOf(headers, name))
  }
  parser[HTTPParser.kOnBody] = (chunk, offset, length) => reader?.data(chunk.subarray(offset, offset + length))
  parser[HTTPParser.kOnMessageComplete] = () => {
    complete = !interim
    // More behind an answer belongs to none: who reads on takes it for the next one.
    if (complete && place.offset < place.end) reusable = false
  }

  /** What is wrong with it: the reader's own objection, or that it is not HTTP. */
  const read = (chunk: Buffer): unknown => {
    try {
      const plain = untouched ? readPlainAnswer(chunk) : undefined
      if (plain !== undefined) {
        reusable = true
        reader?.head(plain.status, plain.header)
        if (plain.body.length > 0) reader?.data(plain.body)
        complete = true
        return undefined
      }
      untouched = false
      const result = parser.execute(chunk)
      return typeof result === 'number' ? undefined : new MalformedAnswer('an answer that is not HTTP')
    } catch (error) {
      return error
    }
  }

  socket.on('data', (chunk: Buffer) => {
    // Bytes between two answers belong to none.
    if (reader === undefined) return fail()
    const error = read(chunk)
    if (complete) finish()
    else if (error !== undefined) fail(error)
  })
  socket.once('end', () => {
    // An answer without a length lasts until the connection does.
    if (reader !== undefined) parser.finish()
    if (complete) finish()
    else fail(new ConnectionClosed('the server closed the connection'))
  })
  socket.once('timeout', () => fail())
  socket.once('error', fail)
  socket.once('close', () => fail(new ConnectionClosed('the connection was closed')))

  return {
    get used() {
      return used
    },
    exchange(request, next, free) {
      reader = next
      onFree = free
      socket.write(request)
    },
    destroy: fail,
    rest() {
      socket.setTimeout(IDLE_MS)
      socket.unref()
    },
    wake() {
      socket.setTimeout(0)
      socket.ref()
    },
  }
}

function headerOf(headers: readonly string[], name: string): string | undefined {
  for (let at = 0; at < headers.length; at += 2) {
    if (headers[at]?.toLowerCase() === name) return headers[at + 1]
  }
  return undefined
}
