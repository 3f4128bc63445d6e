import type { V1Volume, V1VolumeProjection } from '@kubernetes/client-node'
import type { KubeClient } from '../../../kube/client.ts'
import { type KubeObject, namespacedPath } from '../../../kube/types.ts'
import { follow } from '../../cluster/follow.ts'
import type { Pod } from '../../cluster/pod.ts'

type SourceKind = 'configmaps' | 'secrets'

/** Returns an object's decoded data; undefined if it does not exist or has not been read yet. */
export type FindSource = (kind: SourceKind, name: string) => Readonly<Record<string, Buffer>> | undefined

/** Watches the ConfigMaps and Secrets of a Pod, each by name as the kubelet does; calls `onChange` after each change. */
export function followSources(client: KubeClient, pod: Pod, onChange: () => void, signal: AbortSignal): FindSource {
  const found = new Map<string, Readonly<Record<string, Buffer>>>()
  for (const source of podSources(pod)) {
    const [kind = '', name] = source.split('/')
    const path = namespacedPath('/api/v1', pod.metadata.namespace, kind)
    const encoding = kind === 'secrets' ? 'base64' : 'utf8'
    type SourceObject = KubeObject & { readonly data?: Readonly<Record<string, string>> }
    const reflector = follow<SourceObject>(client, path, `metadata.name=${name}`, (_key, object) => {
      const entries = Object.entries(object?.data ?? {}).map(([key, value]) => [key, Buffer.from(value, encoding)])
      if (object) found.set(source, Object.fromEntries(entries))
      else found.delete(source)
      onChange()
    })
    void reflector.run(signal)
  }
  return (kind, name) => found.get(`${kind}/${name}`)
}

/** The sources of a volume; one with a Secret is like one into which that Secret is projected. */
export function sourcesOf({ projected, secret }: V1Volume): readonly V1VolumeProjection[] {
  if (secret === undefined) return projected?.sources ?? []
  const { secretName = '', items } = secret
  return [{ secret: { name: secretName, ...(items && { items }) } }]
}

/** The ConfigMaps and Secrets of a Pod's volumes, without duplicates: `configmaps/NAME`, `secrets/NAME`. */
export function podSources({ spec }: Pod): ReadonlySet<string> {
  return new Set(
    (spec.volumes ?? [])
      .flatMap(sourcesOf)
      .flatMap(({ configMap, secret }) => [
        ...(configMap ? [`configmaps/${configMap.name}`] : []),
        ...(secret ? [`secrets/${secret.name}`] : []),
      ]),
  )
}

/** The reason why a volume cannot be created, in the words of Kubernetes' own Events. */
export class MissingSource extends Error {
  override readonly name = 'MissingSource'
}
