import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { KubeConfig, PortForward } from '@kubernetes/client-node'

/**
 * Returns the complete HTTP response for a path through `kubectl port-forward deployment/<name>
 * <port>`.
 */
export async function getForwarded(
  kubeconfigFile: string,
  deployment: { readonly namespace: string; readonly name: string; readonly port: number },
  path: string,
): Promise<string> {
  const config = new KubeConfig()
  config.loadFromFile(kubeconfigFile)
  const [output, input] = [new PassThrough(), new PassThrough()]
  const { namespace, name, port } = deployment
  const forward = new PortForward(config)
  const socket = await forward.portForwardDeployment(namespace, name, [port], output, null, input)
  try {
    input.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`)
    // The stream stays open after the other side has closed, so the length decides.
    let response = ''
    while (!isWhole(response))
      response += String((await once(output, 'data', { signal: AbortSignal.timeout(60_000) }))[0])
    return response
  } finally {
    if ('close' in socket) socket.close()
  }
}

/** Whether a response is complete, by its Content-Length in bytes. */
function isWhole(response: string): boolean {
  const end = response.indexOf('\r\n\r\n')
  const [, length] = /^content-length: (\d+)$/im.exec(response.slice(0, end)) ?? []
  return end >= 0 && length !== undefined && Buffer.byteLength(response.slice(end + 4)) >= Number(length)
}
