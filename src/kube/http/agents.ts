import http from 'node:http'
import https from 'node:https'
import { isIP, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { createSecureContext, type SecureContext } from 'node:tls'
import { NopassError } from '../../errors.ts'
import type { KubeConnection } from '../kube-connection.ts'

/**
 * `call`: all calls share these connections. `lease`: a connection of its own, so that hanging
 * writes never delay a renewal. `watch`: one connection for each watch, so that no watch takes a
 * connection from calls.
 */
export type ConnectionLane = 'call' | 'lease' | 'watch'

/** More concurrent calls would only queue in the server (docs/en/decisions.md#in-flight). */
const CALLS = 16
const KEEP_ALIVE_MS = 15_000
/** An API server closes an idle connection after 90 s. */
const IDLE_MS = 80_000
/**
 * The limit for connecting through a proxy: until its response and the TLS handshake behind it
 * (milliseconds).
 */
const TUNNEL_MS = 30_000

/**
 * Creates the connections to one server, by lane.
 * @throws KUBE_CONNECTION for certificates that cannot be read
 */
export function createAgents(connection: KubeConnection, host: string, secure: boolean) {
  const tunnels = new Set<Duplex>()
  let ca = connection.ca
  let agents = createAll()

  function createAll(): Record<ConnectionLane, http.Agent> {
    const { proxy, tlsServerName } = connection
    const servername = tlsServerName ?? (isIP(host) === 0 ? host : undefined)
    const tls = secure && {
      secureContext: readCertificates(host, connection),
      // Explicit, because NODE_TLS_REJECT_UNAUTHORIZED=0 in the environment changes the default.
      rejectUnauthorized: true,
      ...(servername !== undefined && { servername }),
      // NO_PROXY was already applied, by the rules of kubectl and helm.
      ...(proxy !== undefined && { proxyEnv: { https_proxy: proxy } }),
    }
    const kept = { ...tls, keepAlive: true, keepAliveMsecs: KEEP_ALIVE_MS }
    const create = (options: http.AgentOptions): http.Agent => {
      const guarded = guardIdle(secure ? new https.Agent(options) : new http.Agent(options))
      return proxy === undefined ? guarded : guardTunnels(guarded, tunnels)
    }
    return {
      call: create({ ...kept, maxSockets: CALLS, maxFreeSockets: CALLS }),
      lease: create({ ...kept, maxSockets: 2 }),
      watch: create({ ...tls, keepAlive: false }),
    }
  }

  return {
    of(lane: ConnectionLane): http.Agent {
      const current = connection.ca
      if (current !== ca) {
        // The cluster's CA was rotated on disk. Requests in flight finish over the old connections.
        agents = createAll()
        ca = current
      }
      return agents[lane]
    },
    /**
     * An agent for a second try over a new connection. It reads no certificates, so it cannot fail.
     */
    get fresh(): http.Agent {
      return agents.watch
    },
    /** Closes the connections of the lane `call` that no call uses. */
    dropIdle(): void {
      for (const idle of Object.values(agents.call.freeSockets))
        for (const socket of [...(idle ?? [])]) socket.destroy()
    },
    destroy(): void {
      for (const agent of Object.values(agents)) agent.destroy()
      for (const tunnel of tunnels) tunnel.destroy()
    },
  }
}

function destroy(this: Socket): void {
  this.destroy()
}

/**
 * Closes an idle connection before the server would, and when bytes arrive, since these belong to
 * no response. The agent's `timeout` is not used, because it adds listeners to each request.
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
 * While a tunnel through a proxy is set up, its connection belongs to no request. Node leaves the
 * connection open when the request ends, when the proxy refuses, and when nothing more arrives. So
 * it is closed here.
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

/**
 * Configures each connection once. `reusedSocket` does not identify new connections, because it is
 * not set for a call that waited for a connection.
 */
export function tune(socket: Socket): void {
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
