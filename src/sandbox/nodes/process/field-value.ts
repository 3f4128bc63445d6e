import type { V1ObjectFieldSelector } from '@kubernetes/client-node'
import type { Pod } from '../../cluster/pod.ts'

/** The addresses of a Pod, which are not in its object yet when it starts. */
export interface PodAddresses {
  readonly podIp: string
  readonly hostIp: string
}

/** Returns the value of a downward API field; undefined if the field is not supported. */
export function fieldValue(
  pod: Pod,
  { podIp, hostIp }: PodAddresses,
  { fieldPath }: V1ObjectFieldSelector,
): string | undefined {
  const keyed = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(fieldPath)
  if (keyed) return pod.metadata[keyed[1] as 'labels' | 'annotations']?.[keyed[2] ?? ''] ?? ''
  const values: Readonly<Record<string, string>> = {
    'metadata.name': pod.metadata.name,
    'metadata.namespace': pod.metadata.namespace,
    'metadata.uid': pod.metadata.uid,
    'metadata.labels': formatEntries(pod.metadata.labels),
    'metadata.annotations': formatEntries(pod.metadata.annotations),
    'spec.nodeName': pod.spec.nodeName ?? '',
    'spec.serviceAccountName': pod.spec.serviceAccountName ?? '',
    'status.podIP': podIp,
    'status.podIPs': podIp,
    'status.hostIP': hostIp,
    'status.hostIPs': hostIp,
  }
  return values[fieldPath]
}

function formatEntries(entries: Readonly<Record<string, string>> = {}): string {
  return Object.keys(entries)
    .sort()
    .map((key) => `${key}=${JSON.stringify(entries[key])}`)
    .join('\n')
}
