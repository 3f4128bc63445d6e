import { request } from 'node:https'
import type { KubeConnection } from '../../../src/kube/kube-connection.ts'

/** Reads a Pod's log, which is plain text that the project's client does not support. */
export function readPodLog({ server, ca, cert, key }: KubeConnection, namespace: string, pod: string): Promise<string> {
  const options = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) }
  return new Promise((resolve, reject) => {
    request(`${server}/api/v1/namespaces/${namespace}/pods/${pod}/log`, options, (response) => {
      response.toArray().then((chunks) => resolve(chunks.join('')), reject)
    })
      .on('error', reject)
      .end()
  })
}
