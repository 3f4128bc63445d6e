import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { orElse } from '../../../lib/or-else.ts'
import { createAuthority } from '../../cluster/certificate.ts'
import type { ContainerRunner } from './container-runner.ts'

export interface LogServer {
  readonly port: number
  close(): void
}

export type FindContainer = (namespace: string, pod: string, container: string) => ContainerRunner | undefined

/** Serves logs as a kubelet does, only to clients with a certificate of the cluster's CA, such as the API server. */
export async function startLogServer(address: string, caPem: string, find: FindContainer): Promise<LogServer> {
  const minutes = 30 * 24 * 60
  const pair = createAuthority('process-node').issue({ commonName: 'process-node', names: [address], minutes })
  const tls = { key: pair.keyPem, cert: pair.certificatePem, ca: caPem, requestCert: true, rejectUnauthorized: true }
  const server = createServer(tls, (request, response) => {
    const url = new URL(request.url ?? '/', 'https://node')
    const [kind, namespace = '', pod = '', container = ''] = url.pathname.split('/').filter(Boolean)
    const runner = kind === 'containerLogs' ? find(namespace, pod, container) : undefined
    response.writeHead(runner ? 200 : 404, { 'content-type': 'text/plain' })
    response.end(runner ? readLog(runner, url.searchParams) : 'not found\n')
  })
  server.listen(0, address)
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

/** Returns the whole log or its last `tailLines` lines; `follow` is ignored. */
export function readLog(runner: ContainerRunner, query: URLSearchParams = new URLSearchParams()): string {
  const text = readText(runner.logFile(query.get('previous') === 'true'))
  const tail = query.get('tailLines')
  if (tail === null) return text
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  const last = Number(tail) === 0 ? [] : lines.slice(-Number(tail))
  return last.map((line) => `${line}\n`).join('')
}

/** Empty of a container that has not started yet. */
function readText(file: string): string {
  return orElse(() => readFileSync(file, 'utf8'), '')
}
