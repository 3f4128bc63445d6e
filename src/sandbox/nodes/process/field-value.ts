import type { FieldRef, Pod } from '../../cluster/pod.ts'

/** What is not in the Pod's object yet when it starts. */
export interface PodPlace {
  readonly podIp: string
  readonly hostIp: string
}

/** The value of a downward API field; undefined: unsupported. */
export function fieldValue(pod: Pod, place: PodPlace, { fieldPath }: FieldRef): string | undefined {
  const keyed = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(fieldPath)
  if (keyed) return pod.metadata[keyed[1] as 'labels' | 'annotations']?.[keyed[2] ?? ''] ?? ''
  const values: Readonly<Record<string, string>> = {
    'metadata.name': pod.metadata.name,
    'metadata.namespace': pod.metadata.namespace,
    'metadata.uid': pod.metadata.uid,
    'metadata.labels': listing(pod.metadata.labels),
    'metadata.annotations': listing(pod.metadata.annotations),
    'spec.nodeName': pod.spec.nodeName ?? '',
    'spec.serviceAccountName': pod.spec.serviceAccountName ?? '',
    'status.podIP': place.podIp,
    'status.podIPs': place.podIp,
    'status.hostIP': place.hostIp,
    'status.hostIPs': place.hostIp,
  }
  return values[fieldPath]
}

function listing(entries: Readonly<Record<string, string>> = {}): string {
  return Object.keys(entries)
    .sort()
    .map((key) => `${key}=${JSON.stringify(entries[key])}`)
    .join('\n')
}
