import { availableParallelism, totalmem } from 'node:os'
import type { FieldRef, Pod, ResourceRef } from '../../cluster/pod.ts'

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

const UNITS: Readonly<Record<string, number>> = { k: 1e3, M: 1e6, G: 1e9, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 }

/** `limits.memory` in bytes, `limits.cpu` in whole cores (rounded up); without a limit the machine's. */
export function resourceValue(pod: Pod, { containerName, resource }: ResourceRef, fallback?: string): string {
  const [kind = '', name = ''] = resource.split('.')
  const container = pod.spec.containers.find((candidate) => candidate.name === (containerName ?? fallback))
  const quantity = container?.resources?.[kind as 'limits' | 'requests']?.[name]
  if (quantity === undefined) return kind === 'limits' ? machineHas(name) : '0'
  if (quantity.endsWith('m')) return String(Math.ceil(Number(quantity.slice(0, -1)) / 1000))
  const [, number = '0', unit = ''] = /^([\d.]+)(\w*)$/.exec(quantity) ?? []
  return String(Math.ceil(Number(number) * (UNITS[unit] ?? 1)))
}

function machineHas(name: string): string {
  return String(name === 'memory' ? totalmem() : name === 'cpu' ? availableParallelism() : 0)
}
