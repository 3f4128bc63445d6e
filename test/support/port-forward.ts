import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
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
    input.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`)
    return await text(output)
  } finally {
    if ('close' in socket) socket.close()
  }
}
