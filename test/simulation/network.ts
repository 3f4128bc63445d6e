import { errorFromResponse, KubeApiError } from '../../src/kube/api-error.ts'
import type { CallReport, KubeCall, KubeClient } from '../../src/kube/client.ts'
import type { WatchEvent } from '../../src/kube/watch/watch-stream.ts'
import type { Random } from './random.ts'
import type { ServerAnswer, ServerRequest, SimulatedServer } from './server.ts'
import type { ProcessTime, Scheduler } from './time.ts'

/** What happens to one request on its way. */
export interface Passage {
  /** Milliseconds to the server and back. */
  readonly there: number
  readonly back: number
  /** `before`: it never arrives; `after`: it is done, and its answer does not arrive. */
  readonly lost?: 'before' | 'after' | undefined
  /** What is lost is noticed by a broken connection; else only by silence. */
  readonly reset?: boolean | undefined
  /** Answered by something on the way, and not done. */
  readonly refused?: ServerAnswer | undefined
}

export interface Sent {
  readonly process: string
  readonly method: string
  readonly path: string
  readonly watch: boolean
}

export interface NetworkOptions {
  readonly scheduler: Scheduler
  readonly random: Random
  readonly server: SimulatedServer
  /** The weather. */
  readonly passage: (sent: Sent) => Passage
  /** How far the events of watches lag behind, milliseconds. */
  readonly lag: () => number
  /** A request has a connection and leaves; `waitedMs` for the connection. */
  readonly onSend: (sent: Sent, waitedMs: number) => void
  /** The server acts on a request now that left at this time. */
  readonly onArrive: (sentAt: number) => void
}

/** Hears of each response, as of the real client. */
type OnCall = (report: Pick<CallReport, 'milliseconds' | 'date'>) => void

export interface Network {
  /** The client of a process, whose requests are those of the user. */
  clientFor(process: string, time: ProcessTime, user: string, onCall: OnCall): KubeClient
  /** Ends open watches. */
  cut(how: 'end' | 'reset', matches: (process: string) => boolean): void
  /** The API server is started again: what is in flight breaks, and open watches with it. */
  restart(): void
  readonly watches: number
}

/** As many calls at a time as the real client has connections for (src/kube/http/transport.ts); each watch has its own. */
const CONNECTIONS = { call: 16, lease: 2 } as const
const TIMEOUT_MS = 30_000

export function createNetwork(options: NetworkOptions): Network {
  const { scheduler, server } = options
  let starts = 0
  const open = new Set<{ readonly process: string; cut(how: 'end' | 'reset'): void }>()

  function clientFor(process: string, time: ProcessTime, user: string, onCall: OnCall): KubeClient {
    const lanes = {
      call: { busy: 0, waiting: [] as (() => void)[] },
      lease: { busy: 0, waiting: [] as (() => void)[] },
    }

    /** Sends once there is a connection, and calls back exactly once, unless the process has ended. */
    function send(
      sent: Sent,
      laneName: 'call' | 'lease',
      work: () => ServerAnswer,
      timeoutMs: number,
      maySend: (() => boolean) | undefined,
      signal: AbortSignal | undefined,
      done: (answer: ServerAnswer | undefined, error?: unknown) => void,
    ): void {
      const title = `${sent.watch ? 'WATCH' : sent.method} ${sent.path.split('?')[0]}`
      const [askedAt, begin] = [scheduler.time, time.monotonic()]
      const lane = lanes[laneName]
      let state: 'waiting' | 'sent' | 'over' = 'waiting'
      const finish = (answer: ServerAnswer | undefined, error?: unknown): void => {
        if (state === 'over') return
        const held = state === 'sent' && !sent.watch
        state = 'over'
        cancel()
        signal?.removeEventListener('abort', onAbort)
        done(answer, error)
        if (!held) return
        lane.busy -= 1
        lane.waiting.shift()?.()
      }
      const onAbort = (): void => finish(undefined, signal?.reason)
      const cancel = time.after(timeoutMs, () => {
        finish(undefined, new KubeApiError(0, `${title} got no whole answer`, { code: 'KUBE_TIMEOUT' }))
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
        options.onSend(sent, scheduler.time - askedAt)
        const passage = options.passage(sent)
        const [sentTo, sentAt] = [starts, scheduler.time]
        scheduler.after(passage.there, () => {
          if (sentTo !== starts) return broken()
          if (passage.lost === 'before') {
            if (passage.reset) broken()
            return
          }
          // What was sent arrives, also when its sender has given up or ended.
          options.onArrive(sentAt)
          const answer = passage.refused ?? work()
          const date = server.date()
          scheduler.after(passage.back, () => {
            if (sentTo !== starts) return broken()
            if (passage.lost === 'after') {
              if (passage.reset) broken()
              return
            }
            time.run(() => {
              if (state !== 'over') onCall({ milliseconds: time.monotonic() - begin, date })
              finish(answer)
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
          const sent = { process, method, path, watch: false }
          send(
            sent,
            lane,
            () => server.request(request),
            timeoutMs,
            maySend,
            signal,
            (answer, error) => {
              if (answer === undefined) reject(error)
              else if (answer.status < 400) resolve(answer.body as T)
              else reject(refusal(`${method} ${call.path}`, answer))
            },
          )
        })
      },
      watch<T>(
        call: { path: string; query?: KubeCall['query']; accept?: string },
        onEvent: (event: WatchEvent<T>) => void,
        signal?: AbortSignal,
      ): Promise<void> {
        return new Promise((resolve, reject) => {
          if (signal?.aborted) return reject(signal.reason)
          const path = withQuery(call.path, { ...call.query, watch: 1 })
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
          /** In order, and not before the head of the answer. */
          const deliver = (callback: () => void): void => {
            arrivesAt = Math.max(arrivesAt, scheduler.time + 1 + options.random() * 5 + options.lag())
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
          const work = (): ServerAnswer => {
            if (over || time.dead) return { status: 200, body: undefined }
            const request: ServerRequest = { user, method: 'GET', path, accept: call.accept }
            const opened = server.watch(
              request,
              (event) =>
                deliver(() => {
                  // As in the real client, what the reader of a stream throws ends it.
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
            { process, method: 'GET', path, watch: true },
            'call',
            work,
            TIMEOUT_MS,
            undefined,
            signal,
            (answer, error) => {
              if (answer === undefined) settle(error)
              else if (answer.status >= 400) settle(refusal(`WATCH ${call.path}`, answer))
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

function refusal(title: string, { status, body, retryAfter }: ServerAnswer): KubeApiError {
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
