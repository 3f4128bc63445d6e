import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { KubeConfig, PortForward } from '@kubernetes/client-node'

/** What `kubectl port-forward deployment/<name> <port>` and a browser behind it get for the path: the whole answer. */
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
    // The stream stays open when the other side has ended.
    let answer = ''
    while (!isWhole(answer)) answer += String((await once(output, 'data', { signal: AbortSignal.timeout(60_000) }))[0])
    return answer
  } finally {
    if ('close' in socket) socket.close()
  }
}

/** By its Content-Length, which counts bytes. */
function isWhole(answer: string): boolean {
  const end = answer.indexOf('\r\n\r\n')
  const [, length] = /^content-length: (\d+)$/im.exec(answer.slice(0, end)) ?? []
  return end >= 0 && length !== undefined && Buffer.byteLength(answer.slice(end + 4)) >= Number(length)
}
