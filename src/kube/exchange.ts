import { NopassError } from '../errors.ts'
import type { AbortListeners } from './abort-listeners.ts'
import { KubeApiError } from './api-error.ts'
import { type AnswerReader, MalformedAnswer } from './http-socket.ts'
import type { SocketPool } from './socket-pool.ts'
import type { TransportRequest } from './transport-request.ts'

export interface Exchange {
  readonly request: TransportRequest
  /** Of the request. */
  readonly bytes: Buffer
  /** For messages. */
  readonly host: string
  readonly pool: SocketPool
  readonly reader: AnswerReader
  readonly aborts: AbortListeners
  readonly signal: AbortSignal | undefined
}

/** One request with its time limit, its abort, and a second try where a kept connection turns out to be closed. */
export function startExchange({ request, bytes, host, pool, reader, aborts, signal }: Exchange): void {
  const repeatable = request.method === 'GET' || request.method === 'PATCH'
  let mayRepeat = false
  let answered = false
  let stop: (error: unknown) => void
  // The same time again for the body: one timer for the whole exchange, as thousands of these are made in a rotation.
  const timer = setTimeout(() => stop(timeoutOf(request)), request.timeoutMs)
  const forget = signal && aborts.add(signal, (reason) => stop(reason))
  const settle = (): void => {
    clearTimeout(timer)
    forget?.()
  }
  const attempt: AnswerReader = {
    head(status, header) {
      answered = true
      if (request.lane === 'watch') clearTimeout(timer)
      else timer.refresh()
      reader.head(status, header)
    },
    data: reader.data,
    end() {
      settle()
      reader.end()
    },
    fail(error) {
      // A kept connection that the server closed while we wrote: the request was not looked at.
      if (mayRepeat && !answered && !signal?.aborted && isClosed(error)) return send(true)
      settle()
      reader.fail(signal?.aborted ? signal.reason : failureOf(request, host, error, answered))
    },
  }
  function send(fresh: boolean): void {
    let withdraw: (() => void) | undefined
    mayRepeat = false
    stop = (error) => {
      withdraw?.()
      attempt.fail(error)
    }
    withdraw = pool.take(
      (socket, free) => {
        mayRepeat = repeatable && socket.used
        stop = socket.destroy
        socket.exchange(bytes, attempt, free)
      },
      attempt.fail,
      fresh,
    )
  }
  send(false)
}

function isClosed(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ECONNRESET' || code === 'EPIPE'
}

function timeoutOf(request: TransportRequest): KubeApiError {
  const message = `${titleOf(request)} got no whole answer within ${request.timeoutMs / 1000} s`
  return new KubeApiError(0, message, { code: 'KUBE_TIMEOUT' })
}

function failureOf(request: TransportRequest, host: string, cause: unknown, answered: boolean): NopassError {
  if (cause instanceof NopassError) return cause
  const title = titleOf(request)
  if (cause instanceof MalformedAnswer) {
    return new KubeApiError(0, `${title} was answered with something that is not HTTP`, { code: 'KUBE_BAD_ANSWER' })
  }
  const { code } = cause as NodeJS.ErrnoException
  const message = answered
    ? `${title}: the connection broke in the middle of the answer`
    : `${title} did not reach ${host}`
  const reason = code === undefined ? {} : { reason: code }
  return new KubeApiError(0, message, { code: 'KUBE_UNREACHABLE', cause, ...reason })
}

function titleOf({ lane, method, path }: TransportRequest): string {
  return `${lane === 'watch' ? 'WATCH' : method} ${path.split('?')[0]}`
}
