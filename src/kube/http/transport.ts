import http from 'node:http'
import https from 'node:https'
import type { Socket } from 'node:net'
import { NopassError } from '../../errors.ts'
import { isLoopback } from '../../proxy-rules.ts'
import type { KubeConnection } from '../kube-connection.ts'
import { type ConnectionLane, createAgents, tune } from './agents.ts'
import { isClosed, MalformedResponse, notSent, refusedByNode, requestFailureOf, timedOut } from './request-failure.ts'

export interface TransportRequest {
  /** The request's name in errors: `PATCH /api/…`. */
  readonly title: string
  readonly method: string
  readonly path: string
  readonly accept: string
  readonly contentType?: string
  readonly body?: string | Buffer
  /**
   * The limit until the response's head arrives, and again until its end (not for a watch), in
   * milliseconds.
   */
  readonly timeoutMs: number
  readonly lane: ConnectionLane
  /** The user to act as. Replaces a user that the connection impersonates. */
  readonly actAs?: string
  /** Called once the request has a connection. If it returns false, the request is not sent. */
  readonly maySend?: () => boolean
}

/** Receives one response, piece by piece. After `end` or `fail`, no method is called. */
export interface ResponseReader {
  /** `header` takes a name in lower case. */
  head(status: number, header: (name: string) => string | undefined): void
  /** An error thrown here fails the request. */
  data(chunk: Buffer): void
  end(): void
  fail(error: unknown): void
}

/**
 * HTTP/1.1 by Node's own client over kept TLS connections. A reader's `fail` receives the signal's
 * reason, or KUBE_CONNECTION, KUBE_TIMEOUT, KUBE_UNREACHABLE, KUBE_BAD_ANSWER.
 * @throws KUBE_CONNECTION for an address that is not https (http only on loopback), and for
 *   certificates that cannot be read
 */
export function createKubeTransport(connection: KubeConnection, userAgent: string = 'acr-nopass') {
  const shared = share(connection, userAgent)
  return {
    /** Sends one request and passes its response to the reader, piece by piece. */
    send(request: TransportRequest, reader: ResponseReader, signal?: AbortSignal): void {
      if (signal?.aborted) reader.fail(signal.reason)
      else new Exchange(shared, request, reader, signal).start(connection)
    },
    /** Destroys all connections. */
    close(): void {
      for (const exchange of [...shared.underWay]) exchange.stop(new Error('the client was closed'))
      shared.agents.destroy()
    },
  }
}

type Shared = ReturnType<typeof share>

/** Computes what all requests of one transport share. */
function share(connection: KubeConnection, userAgent: string) {
  // The text is not shown, because the field may hold anything, such as a secret.
  if (!URL.canParse(connection.server))
    throw new NopassError('KUBE_CONNECTION', "the API server's address is not a URL")
  const { protocol, host, hostname, port, pathname } = new URL(connection.server)
  const { proxy, impersonation = [] } = connection
  const secure = protocol === 'https:'
  if (!secure && !(protocol === 'http:' && isLoopback(hostname))) {
    throw new NopassError('KUBE_CONNECTION', `the API server's address ${protocol}//${host} is not https`)
  }
  if (!secure && proxy !== undefined) {
    throw new NopassError('KUBE_CONNECTION', `${protocol}//${host} is not https, and only https goes through a proxy`)
  }
  const address = { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port) || (secure ? 443 : 80) }
  return {
    client: secure ? https : http,
    address,
    basePath: pathname.replace(/\/$/, ''),
    headers: ['host', host, 'user-agent', userAgent],
    impersonation,
    /** The event that is emitted when a socket can be written to. */
    connected: secure ? 'secureConnect' : 'connect',
    // For messages; without user and password.
    target: { host, proxy: proxy && new URL(proxy).origin },
    agents: createAgents(connection, address.host, secure),
    underWay: new Set<Exchange>(),
  }
}

/**
 * One request with its time limit and its abort. If a kept connection turns out to be closed, the
 * request is tried a second time.
 */
class Exchange {
  readonly #shared: Shared
  readonly #request: TransportRequest
  readonly #reader: ResponseReader
  readonly #signal: AbortSignal | undefined
  #outgoing: http.ClientRequest | undefined
  #timer: NodeJS.Timeout | undefined
  #answered = false
  #stopped = false
  #settled = false

  constructor(shared: Shared, request: TransportRequest, reader: ResponseReader, signal: AbortSignal | undefined) {
    this.#shared = shared
    this.#request = request
    this.#reader = reader
    this.#signal = signal
  }

  start(connection: KubeConnection): void {
    this.#shared.underWay.add(this)
    this.#signal?.addEventListener('abort', this.#onAbort)
    const withoutToken = (error: unknown): void => {
      if (this.#settle()) this.#reader.fail(error)
    }
    try {
      const token = connection.token?.()
      // If the token is available, the request is sent without a wait, in the same turn of the
      // event loop.
      if (token instanceof Promise) token.then((made) => this.#begin(made), withoutToken)
      else this.#begin(token)
    } catch (error) {
      withoutToken(error)
    }
  }

  readonly #onAbort = (): void => this.stop(this.#signal?.reason)

  stop(error: unknown): void {
    this.#stopped = true
    this.#outgoing?.destroy()
    this.#fail(error)
  }

  #begin(token: string | undefined): void {
    // The request may have been aborted while a plugin made the token.
    if (this.#settled) return
    const { title, lane, timeoutMs } = this.#request
    // The body gets the same time again. One timer serves head and body, because a rotation makes
    // thousands of requests.
    this.#timer = setTimeout(() => {
      // Behind a load balancer, each idle connection may lead to the same hung server.
      if (lane === 'call') this.#shared.agents.dropIdle()
      this.stop(timedOut(title, timeoutMs))
    }, timeoutMs)
    try {
      this.#send(this.#shared.agents.of(lane), token)
    } catch (error) {
      this.#fail(refusedByNode(title, error))
    }
  }

  #send(agent: http.Agent, token: string | undefined): void {
    const { client, address, basePath, headers, impersonation, agents } = this.#shared
    const { method, path, body } = this.#request
    const sent = client.request({
      ...address,
      method,
      path: basePath + path,
      headers: headersOf(headers, impersonation, this.#request, token),
      agent,
    })
    this.#outgoing = sent
    sent.on('socket', (socket) => this.#onSocket(socket))
    sent.on('response', (response) => this.#onResponse(response))
    sent.on('upgrade', (_response, socket) => {
      socket.destroy()
      this.#fail(new MalformedResponse())
    })
    sent.on('error', (error) => {
      // The server closed a kept connection while we wrote, so it did not process the request.
      const isStale = sent.reusedSocket && !this.#answered && !this.#stopped && isClosed(error)
      if (isStale && (method === 'GET' || method === 'PATCH')) this.#send(agents.fresh, token)
      else this.#fail(error)
    })
    sent.end(body)
  }

  /**
   * Connecting takes up to the whole time limit, so this is called again once the connection
   * exists.
   */
  #onSocket(socket: Socket): void {
    tune(socket)
    if (!this.#request.maySend) return
    this.#checkMaySend()
    const { connecting, secureConnecting } = socket as Socket & { readonly secureConnecting?: boolean }
    if (connecting || secureConnecting) socket.prependOnceListener(this.#shared.connected, () => this.#checkMaySend())
  }

  #checkMaySend(): void {
    if (this.#request.maySend?.() === false) this.stop(notSent(this.#request.title))
  }

  #onResponse(response: http.IncomingMessage): void {
    const reader = this.#reader
    this.#answered = true
    if (this.#request.lane === 'watch') clearTimeout(this.#timer)
    else this.#timer?.refresh()
    this.#read(() => reader.head(response.statusCode ?? 0, (name) => headerOf(response.headers, name)))
    response.on('data', (chunk: Buffer) => this.#read(() => reader.data(chunk)))
    response.on('end', () => {
      if (this.#settle()) reader.end()
    })
    response.on('error', (error) => this.#fail(error))
  }

  #read(read: () => void): void {
    if (this.#settled) return
    try {
      read()
    } catch (error) {
      this.stop(error)
    }
  }

  #fail(error: unknown): void {
    if (!this.#settle()) return
    const signal = this.#signal
    this.#reader.fail(
      signal?.aborted
        ? signal.reason
        : requestFailureOf(this.#request.title, this.#shared.target, error, this.#answered),
    )
  }

  /** Settles the request once. Returns false if it was settled before. */
  #settle(): boolean {
    if (this.#settled) return false
    this.#settled = true
    clearTimeout(this.#timer)
    this.#signal?.removeEventListener('abort', this.#onAbort)
    this.#shared.underWay.delete(this)
    return true
  }
}

/**
 * Node sends a list of headers unchanged, which is cheaper than an object. But for a list Node adds
 * no length to a request without a body.
 */
function headersOf(
  fixed: readonly string[],
  impersonation: readonly string[],
  { method, accept, contentType, body, actAs }: TransportRequest,
  token: string | undefined,
): string[] {
  const user = actAs === undefined ? impersonation : ['impersonate-user', actAs]
  const headers = [...fixed, ...user, 'accept', accept]
  if (contentType !== undefined) headers.push('content-type', contentType)
  const length = body === undefined ? 0 : Buffer.byteLength(body)
  if (method !== 'GET' || length > 0) headers.push('content-length', String(length))
  if (token !== undefined) headers.push('authorization', `Bearer ${token}`)
  return headers
}

function headerOf(headers: http.IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value[0] : value
}
