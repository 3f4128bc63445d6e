import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createAuthority } from '../../../sandbox/cluster/certificate.ts'

/**
 * The emulated cloud under the vendor's own host names on port 443, and its metadata service at
 * 100.100.100.200. It is for programs with fixed addresses. Each program gets its own hosts file,
 * and a network with nothing else.
 */
export interface VendorHosts extends AsyncDisposable {
  run(program: string, args: readonly string[], options: RunOptions): Promise<RunResult>
}

interface RunOptions {
  readonly input?: string
  readonly env: Readonly<Record<string, string>>
}

interface RunResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

const run = promisify(execFile)
const INSIDE = fileURLToPath(new URL('vendor-hosts-inside.ts', import.meta.url))

/** Mounts and network end with the process. `$1` replaces /etc/hosts. */
const ENTER = `set -e
mount --make-rprivate /
mount --bind "$1" /etc/hosts
ip link set lo up
ip address add 100.100.100.200/32 dev lo
shift
exec "$@"`
const enter = (hosts: string, command: readonly string[]): string[] => {
  return ['-m', '-n', '/bin/sh', '-c', ENTER, 'vendor-hosts', hosts, ...command]
}

/**
 * Returns why programs cannot have their own hosts file and network on this machine; undefined if
 * they can.
 */
export async function findHostsObstacle(): Promise<string | undefined> {
  if (process.platform !== 'linux') return `it needs namespaces of Linux; this machine is ${process.platform}`
  if (process.getuid?.() !== 0) return 'it needs root, for a hosts file and a network of its own'
  try {
    await run('unshare', enter('/etc/hosts', ['true']))
    return undefined
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string }
    return `unshare, mount or ip fails: ${stderr.trim().split('\n')[0] || String(error)}`
  }
}

/** Redirects these names and the metadata service's address to a cloud on this machine. */
export async function openVendorHosts(origin: string, names: readonly string[]): Promise<VendorHosts> {
  const folder = await mkdtemp(join(tmpdir(), 'anp-hosts-'))
  const file = (name: string): string => join(folder, name)
  const authority = createAuthority('acr-nopass vendor hosts')
  const pair = authority.issue({ commonName: names[0] ?? '', names, minutes: 60 })
  await writeFile(file('hosts'), ['localhost', ...names].map((name) => `127.0.0.1 ${name}\n`).join(''))
  await writeFile(file('ca.pem'), authority.certificatePem)
  await writeFile(file('key.pem'), pair.keyPem, { mode: 0o600 })
  await writeFile(file('certificate.pem'), pair.certificatePem)
  const { hostname, port } = new URL(origin)
  // A Unix socket can be reached from another network namespace.
  const server = createServer((socket) => {
    const upstream = connect(Number(port), hostname)
    socket.pipe(upstream).pipe(socket)
    for (const one of [socket, upstream]) {
      const end = (): void => void [socket, upstream].map((each) => each.destroy())
      one.on('error', end).on('close', end)
    }
  })
  await once(server.listen(file('cloud')), 'listening')
  const inside = [process.execPath, INSIDE, file('cloud'), file('key.pem'), file('certificate.pem')]
  return {
    run: (program, args, { input = '', env }) =>
      new Promise((resolve) => {
        const trust = { SSL_CERT_FILE: file('ca.pem'), NODE_EXTRA_CA_CERTS: file('ca.pem') }
        const options = { env: { PATH: process.env.PATH, HOME: folder, ...trust, ...env }, timeout: 60_000 }
        const command = enter(file('hosts'), [...inside, program, ...args])
        const child = execFile('unshare', command, options, (_error, stdout, stderr) =>
          resolve({ code: child.exitCode ?? -1, stdout, stderr }),
        )
        child.stdin?.end(input)
      }),
    [Symbol.asyncDispose]: async () => {
      await new Promise((resolve) => server.close(resolve))
      await rm(folder, { recursive: true, force: true })
    },
  }
}
