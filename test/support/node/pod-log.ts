import { request } from 'node:https'
import type { KubeConnection } from '../../../src/kube/kube-connection.ts'

/** What `kubectl logs` prints: plain text, which the client of our own does not read. */
export function readPodLog({ server, ca, cert, key }: KubeConnection, namespace: string, pod: string): Promise<string> {
  const options = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) }
  return new Promise((resolve, reject) => {
    request(`${server}/api/v1/namespaces/${namespace}/pods/${pod}/log`, options, (answer) => {
      answer.toArray().then((chunks) => resolve(chunks.join('')), reject)
    })
      .on('error', reject)
      .end()
  })
}
