import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'
import { NopassError } from '../errors.ts'
import { KubeApiError } from './api-error.ts'
import type { KubeConnection } from './connection.ts'

export interface TransportRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Buffer
  /** Until the head of the answer is there, and then again until its end (but for a watch), milliseconds. */
  readonly timeoutMs: number
  /** A watch gets a connection from the second pool, so that it never takes one from calls. */
  readonly lane: 'call' | 'watch'
}

/** Sends one request and returns its answer with the body still to be read. */
export interface Transport {
  send(request: TransportRequest, signal?: AbortSignal): Promise<IncomingMessage>
  /** Destroys all connections. */
  close(): void
}

export interface TransportOptions {
  /** Connections for calls; more than 16 in flight only queue in the server (research: peers-measured). */
  readonly sockets?: number
}

const KEEP_ALIVE_MS = 15_000
/** An API server closes idle connections after 90 s: we close first, so that no request meets a closing one. */
const IDLE_MS = 80_000
const LOOPBACK = /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/

/** HTTP/1.1 over kept-alive TLS connections. Throws KUBE_CONNECTION for an address that is not https (http only on loopback). */
export function createTransport(connection: KubeConnection, options: TransportOptions = {}): Transport {
  const server = new URL(connection.server)
  const secure = server.protocol === 'https:'
  if (!secure && !(server.protocol === 'http:' && LOOPBACK.test(server.hostname))) {
    throw new NopassError('KUBE_CONNECTION', `the API server's address ${server.protocol}//${server.host} is not https`)
  }
  const hostname = server.hostname.replace(/^\[(.*)\]$/, '$1')
  const start = secure ? https.request : http.request
  const basePath = server.pathname.replace(/\/$/, '')
  const aborts = createAbortListeners()
  let ca = connection.ca
  let agents = createAgents()

  function createAgents(): Record<TransportRequest['lane'], http.Agent> {
    const tls = {
      ...(ca === undefined ? {} : { ca }),
      ...(connection.cert === undefined ? {} : { cert: connection.cert }),
      ...(connection.key === undefined ? {} : { key: connection.key }),
      ...(connection.tlsServerName === undefined ? {} : { servername: connection.tlsServerName }),
    }
    const common = { keepAlive: true, keepAliveMsecs: KEEP_ALIVE_MS, ...(secure ? tls : {}) }
    const create = (agentOptions: http.AgentOptions): http.Agent =>
      secure ? new https.Agent(agentOptions) : new http.Agent(agentOptions)
    return {
      call: create({ ...common, maxSockets: options.sockets ?? 16, timeout: IDLE_MS }),
      watch: create({ ...common, maxFreeSockets: 0 }),
    }
  }

  function currentAgents(): typeof agents {
    if (connection.ca !== ca) {
      // The cluster's CA was rotated on disk: what is in flight ends on the old pool.
      ca = connection.ca
      agents = createAgents()
    }
    return agents
  }

  function attempt(
    request: TransportRequest,
    authorization: string | undefined,
    mayRepeat: boolean,
    signal: AbortSignal | undefined,
  ): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const headers: Record<string, string | number> = { ...request.headers }
      if (authorization !== undefined) headers.authorization = authorization
      if (request.body !== undefined) headers['content-length'] = Buffer.byteLength(request.body)
      const call = start({
        agent: currentAgents()[request.lane],
        protocol: server.protocol,
        hostname,
        port: server.port,
        method: request.method,
        path: basePath + request.path,
        headers,
      })
      let answer: IncomingMessage | undefined
      const end = (error: unknown): void => void (answer ?? call).destroy(error as Error)
      // The same time again for the body: one timer for the whole exchange, as thousands of these are made in a rotation.
      const timer = setTimeout(() => end(timeoutError(request)), request.timeoutMs)
      const forget = signal && aborts.add(signal, end)
      call.once('close', () => {
        clearTimeout(timer)
        forget?.()
      })
      call.once('response', (head) => {
        answer = head
        if (request.lane === 'watch') clearTimeout(timer)
        else timer.refresh()
        resolve(head)
      })
      call.on('error', (cause: NodeJS.ErrnoException) => {
        // After the head of the answer its reader sees the same failure.
        if (answer) return
        if (signal?.aborted) return reject(signal.reason)
        if (cause instanceof NopassError) return reject(cause)
        // A kept connection that the server closed while we wrote: the request was not looked at.
        const closedUnderUs = call.reusedSocket && (cause.code === 'ECONNRESET' || cause.code === 'EPIPE')
        if (closedUnderUs && mayRepeat) return resolve(attempt(request, authorization, false, signal))
        reject(unreachable(request, server.host, cause))
      })
      call.end(request.body)
    })
  }

  return {
    send(request, signal) {
      const repeatable = request.method === 'GET' || request.method === 'PATCH'
      const token = connection.token?.()
      if (token === undefined) return attempt(request, undefined, repeatable, signal)
      // Without a wait where the token is at hand: the request leaves in the same turn of the event loop.
      if (typeof token === 'string') return attempt(request, `Bearer ${token}`, repeatable, signal)
      return token.then((known) => attempt(request, `Bearer ${known}`, repeatable, signal))
    },
    close() {
      agents.call.destroy()
      agents.watch.destroy()
    },
  }
}

/** One listener for a signal that thousands of requests share, instead of one for each of them. */
function createAbortListeners(): { add(signal: AbortSignal, end: (reason: unknown) => void): () => void } {
  const bySignal = new WeakMap<AbortSignal, Set<(reason: unknown) => void>>()
  return {
    add(signal, end) {
      const known = bySignal.get(signal)
      const ends = known ?? new Set()
      if (!known) {
        bySignal.set(signal, ends)
        const endAll = (): void => {
          for (const one of [...ends]) one(signal.reason)
        }
        signal.addEventListener('abort', endAll, { once: true })
      }
      ends.add(end)
      return () => ends.delete(end)
    },
  }
}

function timeoutError(request: TransportRequest): KubeApiError {
  const message = `${request.method} ${pathOf(request.path)} got no whole answer within ${request.timeoutMs / 1000} s`
  return new KubeApiError(0, message, { code: 'KUBE_TIMEOUT' })
}

function unreachable(request: TransportRequest, host: string, cause: NodeJS.ErrnoException): KubeApiError {
  const reason = cause.code === undefined ? {} : { reason: cause.code }
  const message = `${request.method} ${pathOf(request.path)} did not reach ${host}`
  return new KubeApiError(0, message, { code: 'KUBE_UNREACHABLE', cause, ...reason })
}

function pathOf(path: string): string {
  return path.split('?')[0] ?? path
}
