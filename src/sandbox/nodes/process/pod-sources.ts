import type { KubeClient } from '../../../kube/client.ts'
import { type KubeObject, namespacedPath } from '../../../kube/types.ts'
import { follow } from '../../cluster/follow.ts'
import type { Pod } from '../../cluster/pod.ts'

interface SourceObject extends KubeObject {
  readonly data?: Readonly<Record<string, string>>
  readonly binaryData?: Readonly<Record<string, string>>
}

/** Watches the ConfigMaps and Secrets of a Pod, each by name as the kubelet does; calls `onChange` after each change. */
export function followSources(client: KubeClient, pod: Pod, onChange: () => void, signal: AbortSignal): FindSource {
  const found = new Map<string, SourceData>()
  for (const { kind, name } of podSources(pod)) {
    const path = namespacedPath('/api/v1', pod.metadata.namespace, kind)
    const reflector = follow<SourceObject>(client, path, `metadata.name=${name}`, (_key, object) => {
      if (object) found.set(`${kind}/${name}`, decode(kind, object))
      else found.delete(`${kind}/${name}`)
      onChange()
    })
    void reflector.run(signal)
  }
  return (kind, name) => found.get(`${kind}/${name}`)
}

function decode(kind: SourceKind, { data = {}, binaryData = {} }: SourceObject): SourceData {
  const encoding = kind === 'secrets' ? 'base64' : 'utf8'
  const read = (entries: Readonly<Record<string, string>>, as: 'base64' | 'utf8'): [string, Buffer][] =>
    Object.entries(entries).map(([key, value]) => [key, Buffer.from(value, as)])
  return Object.fromEntries([...read(data, encoding), ...read(binaryData, 'base64')])
}

/** The ConfigMaps and Secrets that a Pod's volumes and environment variables refer to, without duplicates. */
export function podSources({ spec }: Pod): { kind: SourceKind; name: string }[] {
  const found: { kind: SourceKind; name: string }[] = []
  const add = (kind: SourceKind, name: string | undefined): void => {
    if (name !== undefined && !found.some((other) => other.kind === kind && other.name === name))
      found.push({ kind, name })
  }
  for (const { configMap, secret, projected } of spec.volumes ?? []) {
    add('configmaps', configMap?.name)
    add('secrets', secret?.secretName)
    for (const source of projected?.sources ?? []) {
      add('configmaps', source.configMap?.name)
      add('secrets', source.secret?.name)
    }
  }
  for (const { env, envFrom } of spec.containers) {
    for (const { valueFrom } of env ?? []) {
      add('configmaps', valueFrom?.configMapKeyRef?.name)
      add('secrets', valueFrom?.secretKeyRef?.name)
    }
    for (const { configMapRef, secretRef } of envFrom ?? []) {
      add('configmaps', configMapRef?.name)
      add('secrets', secretRef?.name)
    }
  }
  return found
}

/** The decoded data of a ConfigMap or Secret. */
export interface SourceData {
  readonly [key: string]: Buffer
}

export type SourceKind = 'configmaps' | 'secrets'

/** Returns undefined if the object does not exist or has not been read yet. */
export type FindSource = (kind: SourceKind, name: string) => SourceData | undefined

/** The reason why a container or volume cannot be created, in the words of Kubernetes' own Events. */
export class MissingSource extends Error {
  override readonly name = 'MissingSource'
}

const KIND_NAMES: Readonly<Record<SourceKind, string>> = { configmaps: 'configmap', secrets: 'secret' }

interface SourceRef {
  readonly name?: string
  readonly optional?: boolean
}

/** Returns an object's data, empty if it is optional and does not exist. @throws MissingSource */
export function needSource(find: FindSource, kind: SourceKind, { name = '', optional }: SourceRef): SourceData {
  const data = find(kind, name)
  if (data === undefined && !optional) throw new MissingSource(`${KIND_NAMES[kind]} "${name}" not found`)
  return data ?? {}
}

/** Returns the value of a key, undefined if it is optional and does not exist. @throws MissingSource */
export function needKey(
  find: FindSource,
  kind: SourceKind,
  ref: SourceRef & { readonly key: string },
): Buffer | undefined {
  const value = needSource(find, kind, ref)[ref.key]
  if (value === undefined && !ref.optional)
    throw new MissingSource(`couldn't find key ${ref.key} in ${KIND_NAMES[kind]} "${ref.name}"`)
  return value
}
