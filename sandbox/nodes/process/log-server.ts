import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { orElse } from '../../../src/lib/or-else.ts'
import { createAuthority } from '../../cluster/certificate.ts'
import type { ContainerRunner } from './container-runner.ts'

/**
 * Serves the logs of Pods (`namespace/name`) as a kubelet does, only to clients with a certificate
 * of the cluster's CA, such as the API server.
 */
export async function startLogServer(caPem: string, find: (pod: string) => ContainerRunner | undefined) {
  const pair = createAuthority('process-node').issue({ commonName: 'process-node', names: ['127.0.0.1'] })
  const tls = { key: pair.keyPem, cert: pair.certificatePem, ca: caPem, requestCert: true, rejectUnauthorized: true }
  const server = createServer(tls, (request, response) => {
    const url = new URL(request.url ?? '/', 'https://node')
    const pod = /^\/containerLogs\/([^/]+\/[^/]+)\//.exec(url.pathname)?.[1]
    const container = pod === undefined ? undefined : find(pod)
    response.writeHead(container ? 200 : 404, { 'content-type': 'text/plain' })
    response.end(container ? readLog(container, url.searchParams) : 'not found\n')
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

/**
 * Returns the log or its last `tailLines` lines, and ignores other options. Empty before the
 * container has started.
 */
export function readLog(container: ContainerRunner, query: URLSearchParams = new URLSearchParams()): string {
  const lines = orElse(() => readFileSync(container.logFile(), 'utf8'), '').split(/(?<=\n)/)
  const tail = Number(query.get('tailLines') ?? lines.length)
  return lines.slice(Math.max(0, lines.length - tail)).join('')
}
