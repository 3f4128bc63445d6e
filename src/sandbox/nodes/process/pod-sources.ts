import type { Pod } from '../../cluster/pod.ts'
import type { SourceKind } from './sources.ts'

/** All ConfigMaps and Secrets that a Pod's volumes and environments name, each once. */
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
  for (const { env, envFrom } of [...(spec.initContainers ?? []), ...spec.containers]) {
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
