// Runs a program in a network with only the vendor's hosts and the metadata service (see
// vendor-hosts.ts). Arguments: the cloud's socket, the files of a key and its certificate, the
// program and its arguments.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'

const [cloud = '', keyFile = '', certificateFile = '', program = '', ...args] = process.argv.slice(2)

/**
 * Forwards bytes unchanged, so that signed requests, including their Host header, arrive as sent.
 */
function forward(socket: Socket): void {
  const upstream = connect(cloud)
  socket.pipe(upstream).pipe(socket)
  for (const one of [socket, upstream]) {
    const end = (): void => void [socket, upstream].map((each) => each.destroy())
    one.on('error', end).on('close', end)
  }
}

const tls = createTlsServer({ key: readFileSync(keyFile), cert: readFileSync(certificateFile) }, forward)
const metadata = createServer(forward)
await Promise.all([
  once(tls.listen(443, '127.0.0.1'), 'listening'),
  once(metadata.listen(80, '100.100.100.200'), 'listening'),
])
const [code] = await once(spawn(program, args, { stdio: 'inherit' }), 'exit')
process.exit(code ?? 1)
