import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { firstValue } from '../../process/clean-up.ts'
import type { Run } from '../../process/run.ts'

const PLUGIN = 'sandbox'

/** Without a network for Pods the runtime, and so the node, is never ready. */
const CONFIG = { cniVersion: '0.4.0', name: 'sandbox', plugins: [{ type: 'loopback' }, { type: PLUGIN }] }

/**
 * A Pod with a network of its own has its loopback there and nobody to talk to; the runtime wants an address all the same. The
 * range is one for measurements (RFC 2544), which leads nowhere.
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

export interface PodNetworkFolders {
  readonly config: string
  readonly plugins: string
}

/** Writes what the runtime needs to give a Pod a network of its own: configuration and plugins. */
export function writePodNetwork({ config, plugins }: PodNetworkFolders, loopback: string): void {
  mkdirSync(config)
  mkdirSync(plugins)
  writeFileSync(join(config, '10-sandbox.conflist'), JSON.stringify(CONFIG))
  symlinkSync(loopback, join(plugins, 'loopback'))
  writeFileSync(join(plugins, PLUGIN), SCRIPT, { mode: 0o755 })
}

/** What a kubelet sets for the whole machine when it starts. */
export const CHANGED_SYSCTLS: readonly string[] = [
  'vm/overcommit_memory',
  'vm/panic_on_oom',
  'kernel/panic',
  'kernel/panic_on_oops',
  'kernel/keys/root_maxkeys',
  'kernel/keys/root_maxbytes',
]

/** Writes their values down, so that the end of the run restores them. */
export function recordSysctls(run: Run): void {
  for (const name of CHANGED_SYSCTLS) {
    const path = `/proc/sys/${name}`
    if (existsSync(path)) run.record({ kind: 'sysctl', path, value: firstValue(path, run.ledger) })
  }
}

const HEADER_BYTES = 12

/**
 * A name server that knows no name: the node asks nobody outside of the machine, and gets what a name server says of a domain that is
 * not there. Names of its hosts file need none.
 * @returns what ends it
 */
export async function startNameServer(address: string): Promise<() => void> {
  const socket = createSocket('udp4')
  socket.on('message', (query, from) => {
    if (query.length < HEADER_BYTES) return
    socket.send(nxdomain(query), from.port, from.address)
  })
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.bind(53, address, resolve)
  })
  socket.unref()
  return () => socket.close()
}

/** The answer to a query: its id and question again, and that there is no such name (RFC 1035, 4.1). */
export function nxdomain(query: Buffer): Buffer {
  let end = HEADER_BYTES
  while ((query[end] ?? 0) > 0) end += 1 + (query[end] ?? 0)
  const answer = Buffer.from(query.subarray(0, Math.min(end + 5, query.length)))
  // A response, recursion wanted as it was asked, recursion there, NXDOMAIN.
  answer.writeUInt16BE(0x8083 | (query.readUInt16BE(2) & 0x0100), 2)
  answer.writeUInt16BE(1, 4)
  answer.fill(0, 6, HEADER_BYTES)
  return answer
}

/** Hands on TCP connections from one loopback address to another, as kube-proxy does for a Service. */
export async function forwardPort(
  from: { host: string; port: number },
  to: { host: string; port: number },
): Promise<() => void> {
  const sockets = new Set<{ destroy(): void }>()
  const server = createServer((incoming) => {
    const outgoing = connect(to)
    for (const [one, other] of [
      [incoming, outgoing],
      [outgoing, incoming],
    ] as const) {
      sockets.add(one)
      one.setNoDelay()
      one.pipe(other)
      one.on('error', () => other.destroy())
      one.on('close', () => {
        sockets.delete(one)
        other.destroy()
      })
    }
  })
  server.listen(from)
  await once(server, 'listening')
  return () => {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
}
