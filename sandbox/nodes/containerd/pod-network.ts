import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

const PLUGIN = 'sandbox'

/**
 * Without a CNI network the runtime never becomes ready, and therefore the node does not either.
 */
const CONFIG = { cniVersion: '0.4.0', name: 'sandbox', plugins: [{ type: PLUGIN }] }

/**
 * A CNI plugin that reports an address, because the runtime requires one, but does not connect the
 * Pod to anything. The addresses are from a range for benchmarks that is not routed (RFC 2544).
 */
const SCRIPT = `#!/bin/sh
cat >/dev/null
case $CNI_COMMAND in
ADD)
  id=$(printf %.4s "$CNI_CONTAINERID")
  address=198.18.$((0x\${id%??})).$((0x\${id#??}))
  printf '{"cniVersion":"0.4.0","interfaces":[{"name":"eth0","sandbox":"%s"}],' "$CNI_NETNS"
  printf '"ips":[{"version":"4","interface":0,"address":"%s/32"}]}' "$address"
  ;;
VERSION) printf '{"cniVersion":"0.4.0","supportedVersions":["0.4.0"]}' ;;
esac
`

/** Writes the CNI configuration and the plugin. */
export function writePodNetwork(config: string, plugins: string): void {
  mkdirSync(config)
  mkdirSync(plugins)
  writeFileSync(join(config, '10-sandbox.conflist'), JSON.stringify(CONFIG))
  writeFileSync(join(plugins, PLUGIN), SCRIPT, { mode: 0o755 })
}

/**
 * Starts a name server that responds with NXDOMAIN to every query so that the node never queries
 * another machine. The names that the node needs are in its hosts file. Returns a function that
 * stops the server.
 */
export async function startNameServer(address: string): Promise<() => void> {
  const socket = createSocket('udp4')
  socket.on('message', (query, from) => {
    // A shorter packet is not a DNS header.
    if (query.length >= 12) socket.send(nxdomain(query), from.port, from.address)
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.bind(53, address, resolve)
  })
  socket.unref()
  return () => socket.close()
}

/** The NXDOMAIN response to a query: the query with other flags (RFC 1035, 4.1). */
export function nxdomain(query: Buffer): Buffer {
  const response = Buffer.from(query)
  // Flags: response, recursion desired as in the query, recursion available, NXDOMAIN.
  response.writeUInt16BE(0x8083 | (query.readUInt16BE(2) & 0x0100), 2)
  return response
}

/**
 * Forwards TCP connections between loopback addresses, as kube-proxy would. Returns a function that
 * stops the forwarding.
 */
export async function forwardPort(
  from: { host: string; port: number },
  to: { host: string; port: number },
): Promise<() => void> {
  const end = new AbortController()
  const server = createServer({ noDelay: true }, (incoming) => {
    const outgoing = connect({ ...to, noDelay: true })
    pipeline(incoming, outgoing, incoming, { signal: end.signal }).catch(() => undefined)
  })
  await once(server.listen(from), 'listening')
  return () => {
    server.close()
    end.abort()
  }
}
