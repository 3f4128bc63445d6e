import type { V1ServiceAccountTokenProjection, V1Volume, V1VolumeProjection } from '@kubernetes/client-node'
import { unlessStatus } from '../../../src/kube/api-error.ts'
import type { KubeClient } from '../../../src/kube/client.ts'
import { namespacedPath } from '../../../src/kube/types.ts'
import { requestToken } from '../../cluster/cluster-keys.ts'
import type { Pod } from '../../cluster/pod.ts'
import { fieldValue } from './container-command.ts'

interface Token {
  readonly text: string
  /** Milliseconds since 1970. */
  readonly refreshAt: number
}

const DAY_MS = 24 * 3600 * 1000

/**
 * Reads the sources that a Pod's volumes project. ServiceAccount tokens are bound to the Pod and
 * replaced before they expire.
 */
export function createPodSources(client: KubeClient, pod: Pod, podIp: string, now = Date.now) {
  const { name, namespace, uid } = pod.metadata
  const tokens = new Map<V1ServiceAccountTokenProjection, Token>()

  async function readToken(projection: V1ServiceAccountTokenProjection, signal: AbortSignal): Promise<string> {
    const present = tokens.get(projection)
    if (present && now() < present.refreshAt) return present.text
    const { audience, expirationSeconds = 3600 } = projection
    const account = pod.spec.serviceAccountName ?? 'default'
    const audiences = audience === undefined ? [] : [audience]
    const spec = { audiences, expirationSeconds, boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid } }
    const { token: text, expirationTimestamp } = await requestToken(client, { namespace, name: account }, spec, signal)
    const lifetime = Date.parse(expirationTimestamp) - now()
    // Like the kubelet, the node replaces a token after 80 % of its lifetime, or after a day.
    tokens.set(projection, { text, refreshAt: now() + Math.min(lifetime * 0.8, DAY_MS) })
    return text
  }

  /**
   * Returns the decoded data of a ConfigMap or Secret. If the object does not exist, the error has
   * the words of the kubelet's Events.
   */
  async function readData(kind: 'configmap' | 'secret', of: string, signal: AbortSignal) {
    const call = { method: 'GET', path: namespacedPath('/api/v1', namespace, `${kind}s`, of) } as const
    const found = await unlessStatus(client.request<{ data?: Record<string, string> }>(call, signal), 404)
    if (found === undefined) throw new Error(`${kind} "${of}" not found`)
    const encoding = kind === 'secret' ? 'base64' : 'utf8'
    return new Map(Object.entries(found.data ?? {}).map(([key, value]) => [key, Buffer.from(value, encoding)]))
  }

  return {
    /** Returns the files of a source by their paths. */
    async read(source: V1VolumeProjection, signal: AbortSignal): Promise<readonly (readonly [string, Buffer])[]> {
      const { configMap, secret, downwardAPI, serviceAccountToken } = source
      if (downwardAPI) {
        const fields = downwardAPI.items?.flatMap(({ path, fieldRef }) => (fieldRef ? [{ path, fieldRef }] : [])) ?? []
        return fields.map(({ path, fieldRef }) => [path, Buffer.from(fieldValue(pod, podIp, fieldRef))])
      }
      if (serviceAccountToken)
        return [[serviceAccountToken.path, Buffer.from(await readToken(serviceAccountToken, signal))]]
      const { name = '', items } = configMap ?? secret ?? {}
      const data = await readData(configMap ? 'configmap' : 'secret', name, signal)
      if (!items) return [...data]
      return items.map(({ key, path }) => {
        const content = data.get(key)
        if (content === undefined) throw new Error(`references non-existent key "${key}" of "${name}"`)
        return [path, content]
      })
    },
    /** Makes the next reads request new tokens. */
    expireTokens: () => tokens.clear(),
  }
}

/**
 * Returns the sources of a volume. A volume with a Secret is treated like a projected volume with
 * that Secret.
 */
export function sourcesOf({ projected, secret }: V1Volume): readonly V1VolumeProjection[] {
  if (secret === undefined) return projected?.sources ?? []
  const { secretName = '', items } = secret
  return [{ secret: { name: secretName, ...(items && { items }) } }]
}
