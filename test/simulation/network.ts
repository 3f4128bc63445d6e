import { errorFromResponse, KubeApiError } from '../../src/kube/api-error.ts'
import type { CallReport, KubeCall, KubeClient } from '../../src/kube/client.ts'
import type { WatchEvent } from '../../src/kube/watch/watch-stream.ts'
import { createStreams, type Random } from './random.ts'
import type { ServerRequest, ServerResponse, SimulatedServer } from './server.ts'
import type { ProcessTime, Scheduler } from './time.ts'

/** The delivery of one request. */
export interface Delivery {
  /** Milliseconds from the client to the server, and back. */
  readonly outMs: number
  readonly backMs: number
  /** `before`: the request is lost; `after`: it is performed and the response is lost. */
  readonly lost?: 'before' | 'after' | undefined
  /** With `lost`: true if the connection breaks, false if the client has to time out. */
  readonly reset?: boolean | undefined
  /** A response by a proxy or policy before the server. The request is then not performed. */
  readonly rejection?: ServerResponse | undefined
}

export interface Sent {
  readonly process: string
  readonly method: string
  readonly path: string
  readonly watch: boolean
  readonly lane: 'call' | 'lease'
}

export interface NetworkOptions {
  readonly scheduler: Scheduler
  readonly random: Random
  readonly server: SimulatedServer
  /** Decides how a request is delivered. */
  readonly delivery: (sent: Sent) => Delivery
  /** The delay of watch events in milliseconds. */
  readonly lag: () => number
  /** Called when a request is sent, after it has waited `waitedMs` for a connection. */
  readonly onSend: (sent: Sent, waitedMs: number) => void
  /** Called before the server handles a request that was sent at this time. */
  readonly onArrive: (sentAt: number) => void
}

/** Called for each response, as the real client does. */
type OnCall = (report: Pick<CallReport, 'milliseconds' | 'date'>) => void

export interface Network {
  /** Creates the client of a process. It sends requests as this user. */
  clientFor(process: string, time: ProcessTime, user: string, onCall: OnCall): KubeClient
  /** Ends open watches. */
  cut(how: 'end' | 'reset', matches: (process: string) => boolean): void
  /** Restarts the API server, which breaks requests in flight and open watches. */
  restart(): void
  readonly watches: number
}

/**
 * The number of connections of the real client (src/kube/http/agents.ts). Each watch has a
 * connection of its own.
 */
const CONNECTIONS = { call: 16, lease: 2 } as const
const TIMEOUT_MS = 30_000

export function createNetwork(options: NetworkOptions): Network {
  const { scheduler, server } = options
  const streams = createStreams(options.random)
  let starts = 0
  const open = new Set<{ readonly process: string; cut(how: 'end' | 'reset'): void }>()

  function clientFor(process: string, time: ProcessTime, user: string, onCall: OnCall): KubeClient {
    const lanes = {
      call: { busy: 0, waiting: [] as (() => void)[] },
      lease: { busy: 0, waiting: [] as (() => void)[] },
    }

    /**
     * Sends a request as soon as a connection is free. Calls `done` exactly once, unless the
     * process has ended.
     */
    function send(
      sent: Sent,
      laneName: 'call' | 'lease',
      work: () => ServerResponse,
      timeoutMs: number,
      maySend: (() => boolean) | undefined,
      signal: AbortSignal | undefined,
      done: (response: ServerResponse | undefined, error?: unknown) => void,
    ): void {
      const title = `${sent.watch ? 'WATCH' : sent.method} ${sent.path.split('?')[0]}`
      const [requestedAt, begin] = [scheduler.time, time.monotonic()]
      const lane = lanes[laneName]
      let state: 'waiting' | 'sent' | 'over' = 'waiting'
      const finish = (response: ServerResponse | undefined, error?: unknown): void => {
        if (state === 'over') return
        const held = state === 'sent' && !sent.watch
        state = 'over'
        cancel()
        signal?.removeEventListener('abort', onAbort)
        done(response, error)
        if (!held) return
        lane.busy -= 1
        lane.waiting.shift()?.()
      }
      const onAbort = (): void => finish(undefined, signal?.reason)
      const cancel = time.after(timeoutMs, () => {
        finish(undefined, new KubeApiError(0, `${title} got no complete response`, { code: 'KUBE_TIMEOUT' }))
      })
      signal?.addEventListener('abort', onAbort, { once: true })
      const broken = (): void =>
        time.run(() => finish(undefined, new KubeApiError(0, `${title} broke`, { code: 'KUBE_UNREACHABLE' })))
      const start = (): void => {
        if (state === 'over') {
          lane.waiting.shift()?.()
          return
        }
        if (maySend?.() === false) {
          finish(undefined, new KubeApiError(0, `${title} was not sent`, { code: 'KUBE_UNREACHABLE' }))
          lane.waiting.shift()?.()
          return
        }
        state = 'sent'
        if (!sent.watch) lane.busy += 1
        options.onSend(sent, scheduler.time - requestedAt)
        const delivery = options.delivery(sent)
        const [sentTo, sentAt] = [starts, scheduler.time]
        scheduler.after(delivery.outMs, () => {
          if (sentTo !== starts) return broken()
          if (delivery.lost === 'before') {
            if (delivery.reset) broken()
            return
          }
          // A request arrives even if the client has aborted it or the process has ended.
          options.onArrive(sentAt)
          const response = delivery.rejection ?? work()
          const date = server.date()
          scheduler.after(delivery.backMs, () => {
            if (sentTo !== starts) return broken()
            if (delivery.lost === 'after') {
              if (delivery.reset) broken()
              return
            }
            time.run(() => {
              if (state !== 'over') onCall({ milliseconds: time.monotonic() - begin, date })
              finish(response)
            })
          })
        })
      }
      if (sent.watch || lane.busy < CONNECTIONS[laneName]) start()
      else lane.waiting.push(start)
    }

    return {
      request<T>(call: KubeCall, signal?: AbortSignal): Promise<T> {
        return new Promise((resolve, reject) => {
          if (signal?.aborted) return reject(signal.reason)
          const path = withQuery(call.path, call.query)
          const { method, contentType, accept, timeoutMs = TIMEOUT_MS, lane = 'call', maySend } = call
          const request: ServerRequest = { user, method, path, contentType, accept, body: decode(call.body) }
          const sent = { process, method, path, watch: false, lane }
          send(
            sent,
            lane,
            () => server.request(request),
            timeoutMs,
            maySend,
            signal,
            (response, error) => {
              if (response === undefined) reject(error)
              else if (response.status < 400) resolve(response.body as T)
              else reject(errorOf(`${method} ${call.path}`, response))
            },
          )
        })
      },
      watch<T>(
        call: Pick<KubeCall, 'path' | 'query' | 'accept'>,
        onEvent: (event: WatchEvent<T>) => void,
        signal?: AbortSignal,
      ): Promise<void> {
        return new Promise((resolve, reject) => {
          if (signal?.aborted) return reject(signal.reason)
          const path = withQuery(call.path, { ...call.query, watch: 1 })
          const random = streams(`${process} ${call.path}`)
          let over = false
          let arrivesAt = 0
          let end = (): void => undefined
          const settle = (error?: unknown): void => {
            if (over) return
            over = true
            open.delete(stream)
            end()
            signal?.removeEventListener('abort', onAbort)
            error === undefined ? resolve() : reject(error)
          }
          const onAbort = (): void => settle(signal?.reason)
          /** Delivers events in order. */
          const deliver = (callback: () => void): void => {
            arrivesAt = Math.max(arrivesAt, scheduler.time + 1 + random() * 5 + options.lag())
            scheduler.at(arrivesAt, () =>
              time.run(() => {
                if (!over) callback()
              }),
            )
          }
          const stream = {
            process,
            cut(how: 'end' | 'reset') {
              end()
              const error = new KubeApiError(0, 'a watch broke', { code: 'KUBE_UNREACHABLE' })
              scheduler.after(1, () => time.run(() => settle(how === 'end' ? undefined : error)))
            },
          }
          const work = (): ServerResponse => {
            if (over || time.dead) return { status: 200, body: undefined }
            const request: ServerRequest = { user, method: 'GET', path, accept: call.accept }
            const opened = server.watch(
              request,
              (event) =>
                deliver(() => {
                  // An error in the reader ends the stream, as in the real client.
                  try {
                    onEvent(event as WatchEvent<T>)
                  } catch (error) {
                    settle(error)
                  }
                }),
              () => deliver(() => settle()),
            )
            if ('status' in opened) return opened
            const stop = opened.seconds === undefined ? undefined : scheduler.after(opened.seconds * 1000, opened.end)
            end = () => {
              end = () => undefined
              stop?.()
              opened.end()
            }
            open.add(stream)
            return { status: 200, body: undefined }
          }
          signal?.addEventListener('abort', onAbort, { once: true })
          send(
            { process, method: 'GET', path, watch: true, lane: 'call' },
            'call',
            work,
            TIMEOUT_MS,
            undefined,
            signal,
            (response, error) => {
              if (response === undefined) settle(error)
              else if (response.status >= 400) settle(errorOf(`WATCH ${call.path}`, response))
            },
          )
        })
      },
      close: () => undefined,
    }
  }

  const cut: Network['cut'] = (how, matches) => {
    for (const stream of [...open]) if (matches(stream.process)) stream.cut(how)
  }
  return {
    clientFor,
    cut,
    restart() {
      starts += 1
      cut('reset', () => true)
    },
    get watches() {
      return open.size
    },
  }
}

function errorOf(title: string, { status, body, retryAfter }: ServerResponse): KubeApiError {
  return errorFromResponse(title, status, JSON.stringify(body), retryAfter)
}

function decode(body: unknown): unknown {
  if (body === undefined) return undefined
  const text = typeof body === 'string' ? body : Buffer.isBuffer(body) ? body.toString() : JSON.stringify(body)
  return JSON.parse(text)
}

function withQuery(path: string, query: KubeCall['query']): string {
  if (query === undefined) return path
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== undefined) parameters.set(name, String(value))
  const text = parameters.toString()
  return text === '' ? path : `${path}${path.includes('?') ? '&' : '?'}${text}`
}
