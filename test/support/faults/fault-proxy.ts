import type { IncomingMessage, ServerResponse } from 'node:http'
import { Agent, createServer, request as httpsRequest } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { resourceOf } from '../../../src/kube/client.ts'
import {
  type ActiveRule,
  createFaultRules,
  type FaultRule,
  type ProxiedRequest,
  type RequestFault,
} from './fault-rules.ts'
import { createWatchPipe, type LineFault, type WatchPipe } from './watch-faults.ts'

/** A request and its result. */
export interface ProxiedCall extends ProxiedRequest {
  /** The status that the helper received. Undefined if it has received none. */
  readonly status: number | undefined
}

/** A proxy between a helper and its API server that terminates TLS and injects faults. */
export interface FaultProxy extends AsyncDisposable {
  readonly host: string
  readonly port: number
  /** All requests so far, in order. */
  readonly calls: readonly ProxiedCall[]
  /** Injects a fault into single requests. */
  fault(rule: FaultRule): ActiveRule
  /**
   * Injects a fault into current and future watches of these resources (default: all). Undefined
   * ends the fault.
   */
  faultWatches(fault: LineFault | undefined, resource?: string): void
  /** Injects a line into the open watches of a resource. Returns the number of these watches. */
  injectIntoWatches(resource: string, line: (lastVersion: string) => string): number
  /** Silences the open watches: they transmit nothing any more, but their sockets stay open. */
  stallWatches(): void
  /** The number of open watches of a resource. */
  watching(resource: string): number
  /**
   * Destroys the connections of all open watches, or of a resource's watches. Returns their number.
   */
  cutWatches(resource?: string): number
  /** Destroys every connection. */
  cutAll(): void
  /** Changes the serving certificate from the next connection on, or restores the first one. */
  useCertificate(pair?: { readonly cert: string; readonly key: string }): void
}

export interface FaultProxyOptions {
  /** `https://127.0.0.1:PORT` */
  readonly server: string
  /** The CA of the API server, PEM. */
  readonly caPem: string
  /** The proxy's own certificate. */
  readonly cert: string
  readonly key: string
}

interface OpenWatch {
  readonly resource: string
  readonly pipe: WatchPipe
  readonly socket: Socket
  lastVersion: string
}

export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const target = new URL(options.server)
  const agent = new Agent({ keepAlive: true, ca: options.caPem, maxSockets: 200 })
  const rules = createFaultRules()
  const calls: { -readonly [K in keyof ProxiedCall]: ProxiedCall[K] }[] = []
  const watches = new Set<OpenWatch>()
  const sockets = new Set<Socket>()
  let watchFault: { readonly fault: LineFault; readonly resource: string | undefined } | undefined
  const faultOf = (resource: string): LineFault | undefined =>
    watchFault && (watchFault.resource ?? resource) === resource ? watchFault.fault : undefined

  function forward(call: (typeof calls)[number], fault: RequestFault | undefined, body: Buffer, to: Exchange): void {
    const { message, response } = to
    const forwarded = httpsRequest(
      {
        agent,
        host: target.hostname,
        port: target.port,
        method: call.method,
        path: call.url,
        headers: message.headers,
      },
      (upstream) => void respond(call, fault, upstream, response),
    )
    forwarded.on('error', () => response.destroy())
    response.on('close', () => forwarded.destroy())
    forwarded.end(body)
  }

  async function respond(
    call: (typeof calls)[number],
    fault: RequestFault | undefined,
    upstream: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    upstream.on('error', () => response.destroy())
    if (fault?.kind === 'cut-after') {
      upstream.resume()
      response.destroy()
      return
    }
    if (fault?.kind === 'hold-response') await fault.until
    call.status = upstream.statusCode
    response.writeHead(upstream.statusCode ?? 502, upstream.headers)
    if (!call.isWatch || upstream.statusCode !== 200) {
      upstream.pipe(response)
      return
    }
    response.flushHeaders()
    const pipe = createWatchPipe(faultOf(call.resource))
    const watch: OpenWatch = { resource: call.resource, pipe, socket: response.socket as Socket, lastVersion: '0' }
    watches.add(watch)
    upstream.on('data', (chunk: Buffer) => {
      watch.lastVersion = [...chunk.toString().matchAll(/"resourceVersion":"(\d+)"/g)].at(-1)?.[1] ?? watch.lastVersion
    })
    upstream.on('close', () => {
      // If the server breaks its connection, the connection to the helper is broken too.
      if (!upstream.complete) response.destroy()
    })
    response.on('close', () => watches.delete(watch))
    upstream.pipe(pipe.stream).pipe(response)
  }

  async function handle(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const call = { ...readRequest(message), status: undefined as number | undefined }
    calls.push(call)
    const body = await readAll(message)
    const fault = rules.choose(call)
    switch (fault?.kind) {
      case 'cut':
        response.destroy()
        return
      case 'status': {
        call.status = fault.status
        const { status: code, reason } = fault
        response.writeHead(code, { ...(fault.retryAfter !== undefined && { 'retry-after': fault.retryAfter }) })
        response.end(JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason }))
        return
      }
      case 'delay':
        await sleep(fault.ms)
        break
      case 'hold':
        await fault.until
        break
    }
    forward(call, fault, body, { message, response })
  }

  const server = createServer(
    { cert: options.cert, key: options.key, keepAliveTimeout: 120_000 },
    (message, response) => {
      handle(message, response).catch(() => response.destroy())
    },
  )
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
  })
  server.on('tlsClientError', () => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const cutAll = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    calls,
    fault: rules.add,
    faultWatches(fault, resource) {
      watchFault = fault && { fault, resource }
      for (const { resource: watched, pipe } of watches) pipe.setFault(faultOf(watched))
    },
    injectIntoWatches(resource, line) {
      const open = [...watches].filter((watch) => watch.resource === resource)
      for (const { pipe, lastVersion } of open) pipe.inject(line(lastVersion))
      return open.length
    },
    stallWatches() {
      for (const { pipe } of watches) pipe.stall()
    },
    watching: (resource) => [...watches].filter((watch) => watch.resource === resource).length,
    cutWatches(resource) {
      const open = [...watches].filter((watch) => resource === undefined || watch.resource === resource)
      for (const { socket } of open) socket.destroy()
      return open.length
    },
    cutAll,
    useCertificate: ({ cert, key } = options) => server.setSecureContext({ cert, key }),
    async [Symbol.asyncDispose]() {
      agent.destroy()
      cutAll()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

interface Exchange {
  readonly message: IncomingMessage
  readonly response: ServerResponse
}

function readRequest({ method = '', url = '', headers }: IncomingMessage): ProxiedRequest {
  const isWatch = new URL(url, 'https://api').searchParams.has('watch')
  const at = performance.now()
  return { method, url, isWatch, resource: resourceOf(url), pod: podOf(headers.authorization), at }
}

/** Returns the Pod that a bound token names. */
function podOf(authorization: string | undefined): string {
  const payload = authorization?.split('.')[1]
  if (payload === undefined) return ''
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as {
    'kubernetes.io'?: { pod?: { name?: string } }
  }
  return claims['kubernetes.io']?.pod?.name ?? ''
}

async function readAll(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of message) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
