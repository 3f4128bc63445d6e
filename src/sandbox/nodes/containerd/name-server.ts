import { createSocket } from 'node:dgram'

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
