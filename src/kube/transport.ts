import { createConnection, isIP, type Socket } from 'node:net'
import { connect, createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls'
import { NopassError } from '../errors.ts'
import { createAbortListeners } from './abort-listeners.ts'
import type { KubeConnection } from './connection.ts'
import { startExchange } from './exchange.ts'
import type { AnswerReader } from './http-socket.ts'
import { createRequestEncoder } from './request-bytes.ts'
import { createSocketPool, type SocketPool } from './socket-pool.ts'
import type { TransportRequest } from './transport-request.ts'

/** Sends one request and hands its answer to the reader, piece by piece. */
export interface Transport {
  send(request: TransportRequest, reader: AnswerReader, signal?: AbortSignal): void
  /** Destroys all connections. */
  close(): void
}

export interface TransportOptions {
  /** Connections for calls; more than 16 in flight only queue in the server (research: peers-measured). */
  readonly sockets?: number
  readonly userAgent?: string
}

const KEEP_ALIVE_MS = 15_000
const LOOPBACK = /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/

/**
 * HTTP/1.1 over kept TLS connections. Throws KUBE_CONNECTION for an address that is not https (http only on loopback) and for
 * certificates that cannot be read. A reader's `fail` gets the signal's reason, or KUBE_CONNECTION, KUBE_TIMEOUT, KUBE_UNREACHABLE, KUBE_BAD_ANSWER.
 */
export function createTransport(connection: KubeConnection, options: TransportOptions = {}): Transport {
  const server = new URL(connection.server)
  const secure = server.protocol === 'https:'
  if (!secure && !(server.protocol === 'http:' && LOOPBACK.test(server.hostname))) {
    throw new NopassError('KUBE_CONNECTION', `the API server's address ${server.protocol}//${server.host} is not https`)
  }
  const address = {
    host: server.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(server.port) || (secure ? 443 : 80),
  }
  const { userAgent = 'acr-nopass' } = options
  const encode = createRequestEncoder(server.host, server.pathname.replace(/\/$/, ''), userAgent)
  const aborts = createAbortListeners()
  let ca = connection.ca
  let pools = createPools()

  function createPools(): Record<TransportRequest['lane'], SocketPool> {
    const open = secure ? createTlsOpener(connection, address) : () => createConnection(address)
    const openTuned = (): Socket => open().setNoDelay(true).setKeepAlive(true, KEEP_ALIVE_MS)
    return {
      call: createSocketPool(openTuned, options.sockets ?? 16, true),
      watch: createSocketPool(openTuned, Number.POSITIVE_INFINITY, false),
    }
  }
  function poolOf(lane: TransportRequest['lane']): SocketPool {
    const current = connection.ca
    if (current !== ca) {
      // The cluster's CA was rotated on disk: what is in flight ends on the old pool.
      pools = createPools()
      ca = current
    }
    return pools[lane]
  }
  function start(
    request: TransportRequest,
    token: string | undefined,
    reader: AnswerReader,
    signal: AbortSignal | undefined,
  ): void {
    const bytes = encode(request, token)
    startExchange({ request, bytes, host: server.host, pool: poolOf(request.lane), reader, aborts, signal })
  }

  return {
    send(request, reader, signal) {
      if (signal?.aborted) return reader.fail(signal.reason)
      try {
        const token = connection.token?.()
        // Without a wait where the token is at hand: the request leaves in the same turn of the event loop.
        if (!(token instanceof Promise)) return start(request, token, reader, signal)
        token.then((known) => start(request, known, reader, signal)).catch(reader.fail)
      } catch (error) {
        reader.fail(error)
      }
    },
    close() {
      pools.call.close()
      pools.watch.close()
    },
  }
}

/** Connections to one server share what is made of its certificates, and resume each other's TLS session. */
function createTlsOpener(connection: KubeConnection, address: { host: string; port: number }): () => Socket {
  const { ca, cert, key, tlsServerName } = connection
  const secureContext = readCertificates(address.host, {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  })
  const servername = tlsServerName ?? (isIP(address.host) === 0 ? address.host : undefined)
  const named = { ...address, secureContext, ...(servername === undefined ? {} : { servername }) }
  let session: Buffer | undefined
  return () => {
    const socket = connect(session === undefined ? named : { ...named, session })
    socket.once('session', (next: Buffer) => {
      session = next
    })
    return socket
  }
}

function readCertificates(host: string, options: SecureContextOptions): SecureContext {
  try {
    return createSecureContext(options)
  } catch (cause) {
    throw new NopassError('KUBE_CONNECTION', `the certificates or the key for the API server ${host} cannot be read`, {
      cause,
    })
  }
}
