import http from 'node:http'
import https from 'node:https'
import { isIP, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { createSecureContext, type SecureContext } from 'node:tls'
import { NopassError } from '../../errors.ts'
import { isLoopback } from '../../proxy-rules.ts'
import { KubeApiError } from '../api-error.ts'
import type { KubeConnection } from '../kube-connection.ts'
import { nameProxy } from '../proxy.ts'

export interface TransportRequest {
  readonly method: string
  readonly path: string
  readonly accept: string
  readonly contentType?: string
  readonly body?: string | Buffer
  /** Until the response's head arrives, and then again until its end (not for a watch), milliseconds. */
  readonly timeoutMs: number
  readonly lane: Lane
  /** Asked when there is a connection for it. */
  readonly maySend?: () => boolean
}

/**
 * `call` shares 16 connections. `lease` has its own, so that hanging writes never delay a renewal; each `watch` has its own, so that
 * it never takes one from calls.
 */
export type Lane = 'call' | 'lease' | 'watch'

/** Receives one response, piece by piece. After `end` or `fail` nothing more comes. */
export interface ResponseReader {
  /** `header` takes a name in lower case. */
  head(status: number, header: (name: string) => string | undefined): void
  /** An error thrown here fails the request. */
  data(chunk: Buffer): void
  end(): void
  fail(error: unknown): void
}

/** Sends one request and passes its response to the reader, piece by piece. */
export interface Transport {
  send(request: TransportRequest, reader: ResponseReader, signal?: AbortSignal): void
  /** Destroys all connections. */
  close(): void
}

export interface TransportOptions {
  /** Connections for calls; more than 16 in flight only queue in the server (docs/en/decisions.md#in-flight). */
  readonly sockets?: number
  readonly userAgent?: string
}

const KEEP_ALIVE_MS = 15_000
/** An API server closes an idle connection after 90 s. */
const IDLE_MS = 80_000
/** For connecting through a proxy: its response and the TLS handshake behind it. */
const TUNNEL_MS = 30_000

/**
 * HTTP/1.1 by Node's own client over kept TLS connections. Throws KUBE_CONNECTION for an address that is not https (http only on
 * loopback) and for certificates that cannot be read. A reader's `fail` gets the signal's reason, or KUBE_CONNECTION, KUBE_TIMEOUT,
 * KUBE_UNREACHABLE, KUBE_BAD_ANSWER.
 */
export function createTransport(connection: KubeConnection, options: TransportOptions = {}): Transport {
  const server = new URL(connection.server)
  const secure = server.protocol === 'https:'
  if (!secure && !(server.protocol === 'http:' && isLoopback(server.hostname))) {
    throw new NopassError('KUBE_CONNECTION', `the API server's address ${server.protocol}//${server.host} is not https`)
  }
  const { proxy } = connection
  if (!secure && proxy !== undefined) {
    throw new NopassError(
      'KUBE_CONNECTION',
      `${server.protocol}//${server.host} is not https, and only https goes through a proxy`,
    )
  }
  const { userAgent = 'acr-nopass', sockets = 16 } = options
  const basePath = server.pathname.replace(/\/$/, '')
  const client = secure ? https : http
  const address = {
    host: server.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(server.port) || (secure ? 443 : 80),
  }
  const target: Target = { host: server.host, proxy: proxy === undefined ? undefined : nameProxy(proxy) }
  const underWay = new Set<Stop>()
  const tunnels = new Set<Duplex>()
  const aborts = createAborts()
  let ca = connection.ca
  let agents = createAgents()

  function createAgents(): Record<Lane, http.Agent> {
    const { tlsServerName } = connection
    const servername = tlsServerName ?? (isIP(address.host) === 0 ? address.host : undefined)
    const tls = secure && {
      secureContext: readCertificates(address.host, connection),
      ...(servername !== undefined && { servername }),
      // NO_PROXY was already applied, by the rules of kubectl and helm.
      ...(proxy !== undefined && { proxyEnv: { https_proxy: proxy } }),
    }
    const kept = { ...tls, keepAlive: true, keepAliveMsecs: KEEP_ALIVE_MS }
    const create = (agent: http.AgentOptions): http.Agent => {
      const guarded = guardIdle(secure ? new https.Agent(agent) : new http.Agent(agent))
      return proxy === undefined ? guarded : guardTunnels(guarded, tunnels)
    }
    return {
      call: create({ ...kept, maxSockets: sockets, maxFreeSockets: sockets }),
      lease: create({ ...kept, maxSockets: 2 }),
      watch: create({ ...tls, keepAlive: false }),
    }
  }
  function agentOf(lane: Lane): http.Agent {
    const current = connection.ca
    if (current !== ca) {
      // The cluster's CA was rotated on disk: requests in flight finish over the old connections.
      agents = createAgents()
      ca = current
    }
    return agents[lane]
  }
  function headersOf({ method, accept, contentType, body }: TransportRequest, token: string | undefined): string[] {
    // Node sends a list unchanged, which is cheaper than an object, but adds no length to it where there is no body.
    const headers = ['host', server.host, 'user-agent', userAgent, 'accept', accept]
    if (contentType !== undefined) headers.push('content-type', contentType)
    const length = body === undefined ? 0 : Buffer.byteLength(body)
    if (method !== 'GET' || length > 0) headers.push('content-length', String(length))
    if (token !== undefined) headers.push('authorization', `Bearer ${token}`)
    return headers
  }

  /** One request with its time limit, its abort, and a second try where a kept connection turns out to be closed. */
  function start(request: TransportRequest, reader: ResponseReader, signal?: AbortSignal): void {
    const { method, lane, timeoutMs, body } = request
    const repeatable = method === 'GET' || method === 'PATCH'
    let outgoing: http.ClientRequest | undefined
    let timer: NodeJS.Timeout | undefined
    let answered = false
    let stopped = false
    let settled = false
    const settle = (): boolean => {
      if (settled) return false
      settled = true
      clearTimeout(timer)
      if (signal) aborts.remove(signal, stop)
      underWay.delete(stop)
      return true
    }
    const fail = (error: unknown): void => {
      if (settle()) reader.fail(signal?.aborted ? signal.reason : failureOf(request, target, error, answered))
    }
    function stop(error: unknown): void {
      stopped = true
      outgoing?.destroy()
      fail(error)
    }
    function onResponse(response: http.IncomingMessage): void {
      answered = true
      if (lane === 'watch') clearTimeout(timer)
      else timer?.refresh()
      const take = (work: () => void): void => {
        if (settled) return
        try {
          work()
        } catch (error) {
          stop(error)
        }
      }
      take(() => reader.head(response.statusCode ?? 0, (name) => headerOf(response.headers, name)))
      response.on('data', (chunk: Buffer) => take(() => reader.data(chunk)))
      response.on('end', () => {
        if (settle()) reader.end()
      })
      response.on('error', fail)
    }
    function checkMaySend(): void {
      if (request.maySend?.() === false) stop(notSent(request))
    }
    /** A new connection takes up to the whole time limit, so it is asked again when it is there. */
    function onSocket(socket: Socket): void {
      tune(socket)
      if (!request.maySend) return
      checkMaySend()
      const { connecting, secureConnecting } = socket as Socket & { readonly secureConnecting?: boolean }
      if (connecting || secureConnecting) socket.prependOnceListener(secure ? 'secureConnect' : 'connect', checkMaySend)
    }
    function send(agent: http.Agent, token: string | undefined): void {
      const sent = client.request({
        ...address,
        method,
        path: basePath + request.path,
        headers: headersOf(request, token),
        agent,
      })
      outgoing = sent
      sent.on('socket', onSocket)
      sent.on('response', onResponse)
      sent.on('upgrade', (_response, socket) => {
        socket.destroy()
        fail(new MalformedResponse())
      })
      sent.on('error', (error) => {
        // A kept connection that the server closed while we wrote: the request was not processed.
        if (repeatable && sent.reusedSocket && !answered && !stopped && isClosed(error)) send(agents.watch, token)
        else fail(error)
      })
      sent.end(body)
    }
    function begin(token: string | undefined): void {
      // It may have been aborted while a plugin made the token.
      if (settled) return
      // The same time again for the body: one timer for both, because a rotation makes thousands of requests.
      timer = setTimeout(() => stop(timeoutOf(request)), timeoutMs)
      try {
        send(agentOf(lane), token)
      } catch (error) {
        fail(isInvalidText(error) ? invalidText(request) : error)
      }
    }
    underWay.add(stop)
    if (signal) aborts.add(signal, stop)
    const withoutToken = (error: unknown): void => {
      if (settle()) reader.fail(error)
    }
    try {
      const token = connection.token?.()
      // Without a wait where the token is available: the request leaves in the same turn of the event loop.
      if (token instanceof Promise) token.then(begin, withoutToken)
      else begin(token)
    } catch (error) {
      withoutToken(error)
    }
  }

  return {
    send(request, reader, signal) {
      if (signal?.aborted) reader.fail(signal.reason)
      else start(request, reader, signal)
    },
    close() {
      for (const stop of [...underWay]) stop(new Error('the client was closed'))
      for (const agent of Object.values(agents)) agent.destroy()
      for (const tunnel of tunnels) tunnel.destroy()
    },
  }
}

type Stop = (error: unknown) => void

/** One listener for each signal, because a rotation makes thousands of requests with the same one. */
function createAborts() {
  const stops = new Map<AbortSignal, Set<Stop>>()
  function onAbort(this: AbortSignal): void {
    for (const stop of [...(stops.get(this) ?? [])]) {
      try {
        stop(this.reason)
      } catch (error) {
        // As an EventTarget does: one listener's error ends no other's call.
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }
  return {
    add(signal: AbortSignal, stop: Stop): void {
      const known = stops.get(signal)
      if (known) {
        known.add(stop)
        return
      }
      stops.set(signal, new Set([stop]))
      signal.addEventListener('abort', onAbort)
    },
    remove(signal: AbortSignal, stop: Stop): void {
      const known = stops.get(signal)
      known?.delete(stop)
      if (known?.size !== 0) return
      stops.delete(signal)
      signal.removeEventListener('abort', onAbort)
    },
  }
}

/** The server switched to another protocol, which was not requested. */
class MalformedResponse extends Error {}

function destroy(this: Socket): void {
  this.destroy()
}

/**
 * Between two requests a connection ends itself before the server would, and when bytes come, since they belong to no response.
 * Not by the agent's `timeout`, which adds listeners to each request.
 */
function guardIdle(agent: http.Agent): http.Agent {
  const keep = agent.keepSocketAlive.bind(agent)
  const reuse = agent.reuseSocket.bind(agent)
  agent.keepSocketAlive = (socket) => {
    socket.on('data', destroy)
    const kept = keep(socket)
    ;(socket as Socket).setTimeout(IDLE_MS)
    return kept
  }
  agent.reuseSocket = (socket, request) => {
    ;(socket as Socket).off('data', destroy).setTimeout(0)
    reuse(socket, request)
  }
  return agent
}

/**
 * Until a tunnel through a proxy is there, its connection belongs to no request: Node leaves it open when the request has ended,
 * when the proxy has refused, and when nothing more comes.
 */
function guardTunnels(agent: http.Agent, tunnels: Set<Duplex>): http.Agent {
  const connect = agent.createConnection.bind(agent)
  agent.createConnection = (options, callback) => {
    const socket = connect(options, (error, secured) => {
      settle()
      if (error) socket?.destroy()
      callback?.(error, secured)
    })
    const timer = setTimeout(() => socket?.destroy(), TUNNEL_MS)
    function settle(): void {
      clearTimeout(timer)
      if (socket) tunnels.delete(socket)
    }
    if (socket) tunnels.add(socket.once('close', settle))
    return socket
  }
  return agent
}

const tuned = new WeakSet<Socket>()

/** Configures each connection once; `reusedSocket` is not set for a call that waited for a connection. */
function tune(socket: Socket): void {
  if (tuned.has(socket)) return
  tuned.add(socket)
  socket.setNoDelay(true).setKeepAlive(true, KEEP_ALIVE_MS).on('timeout', destroy)
}

function readCertificates(host: string, { ca, cert, key }: KubeConnection): SecureContext {
  try {
    return createSecureContext({ ca, cert, key })
  } catch (cause) {
    throw new NopassError('KUBE_CONNECTION', `the certificates or the key for the API server ${host} cannot be read`, {
      cause,
    })
  }
}

function headerOf(headers: http.IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value[0] : value
}

function isClosed(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ECONNRESET' || code === 'EPIPE'
}

/** A token or a path with a line break would end the header or the request line. */
function isInvalidText(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ERR_INVALID_CHAR' || code === 'ERR_UNESCAPED_CHARACTERS'
}

function invalidText(request: TransportRequest): NopassError {
  return new NopassError('KUBE_CONNECTION', `${titleOf(request)}: a header has a character that none may have`)
}

function notSent(request: TransportRequest): KubeApiError {
  const message = `${titleOf(request)} was not sent: the caller no longer wanted it when there was a connection`
  return new KubeApiError(0, message, { code: 'KUBE_UNREACHABLE' })
}

function timeoutOf(request: TransportRequest): KubeApiError {
  const message = `${titleOf(request)} got no whole answer within ${request.timeoutMs / 1000} s`
  return new KubeApiError(0, message, { code: 'KUBE_TIMEOUT' })
}

interface Target {
  readonly host: string
  /** Without user and password. */
  readonly proxy: string | undefined
}

function failureOf(request: TransportRequest, target: Target, cause: unknown, answered: boolean): NopassError {
  if (cause instanceof NopassError) return cause
  const title = titleOf(request)
  const { code, statusCode } = cause as NodeJS.ErrnoException & { readonly statusCode?: number }
  if (cause instanceof MalformedResponse || code?.startsWith('HPE_')) {
    return new KubeApiError(0, `${title} was answered with something that is not HTTP`, { code: 'KUBE_BAD_ANSWER' })
  }
  const { host, proxy } = target
  if (code === 'ERR_PROXY_TUNNEL') {
    // Node's message quotes the proxy's own text.
    const answer = statusCode === undefined ? 'ended the connection' : `answered ${statusCode}`
    const message = `${title} did not reach ${host}: the proxy ${proxy} ${answer}`
    return new KubeApiError(0, message, { code: 'KUBE_UNREACHABLE', reason: code })
  }
  const way = proxy === undefined ? '' : ` through the proxy ${proxy}`
  const message = answered
    ? `${title}: the connection broke in the middle of the answer`
    : `${title} did not reach ${host}${way}`
  return new KubeApiError(0, message, { code: 'KUBE_UNREACHABLE', cause, reason: code })
}

function titleOf({ lane, method, path }: TransportRequest): string {
  return `${lane === 'watch' ? 'WATCH' : method} ${path.split('?')[0]}`
}
