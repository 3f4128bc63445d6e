import { parseImage } from '../../acr/image-reference.ts'
import { isAcrHost } from '../../acr/registry-domains.ts'
import { isRecord } from '../../helm/manifest.ts'
import { SKIP } from '../../kube/names.ts'
import type { AnyObject } from './any-object.ts'
import type { Workload } from './legacy-facts.ts'

type Fields = Readonly<Record<string, unknown>>

/** Kinds whose Pods' template is at `spec.template`. */
const TEMPLATED: readonly string[] = [
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'ReplicaSet',
  'ReplicationController',
  'Job',
]

/** The workload of an object; none for one of another kind, that is over, or whose maker is looked at itself. */
export function describeWorkload(object: AnyObject): readonly Workload[] {
  const { kind, metadata } = object
  const owner = controllerOf(metadata)
  // Of what a Deployment or a CronJob makes only the Pods count: the rest follows its maker.
  if (kind !== 'Pod' && owner !== undefined) return []
  const template = templateOf(object)
  if (template === undefined || isOver(object)) return []
  const spec = field(template, 'spec')
  const containers = [...list(spec, 'initContainers'), ...list(spec, 'containers')]
  const volumes = list(spec, 'volumes').map((volume) => field(volume, 'image').reference)
  const labels = field(field(template, 'metadata'), 'labels')
  return [
    {
      kind,
      namespace: metadata.namespace ?? 'default',
      name: metadata.name,
      serviceAccount: String(spec.serviceAccountName ?? spec.serviceAccount ?? 'default'),
      references: list(spec, 'imagePullSecrets').map(({ name }) => String(name)),
      images: [...new Set([...containers.map(({ image }) => image), ...volumes].filter(isText))],
      optedOut: labels[SKIP] === 'true',
      owner,
    },
  ]
}

function templateOf({ kind, metadata, spec }: AnyObject): Fields | undefined {
  if (!isRecord(spec)) return undefined
  if (kind === 'Pod') return { metadata, spec }
  if (kind === 'CronJob') return field(field(field(spec, 'jobTemplate'), 'spec'), 'template')
  return TEMPLATED.includes(kind) ? field(spec, 'template') : undefined
}

function isOver({ kind, status, metadata }: AnyObject): boolean {
  const { phase, completionTime } = isRecord(status) ? status : {}
  if (kind === 'Pod') return phase === 'Succeeded' || phase === 'Failed' || metadata.deletionTimestamp !== undefined
  return kind === 'Job' && completionTime !== undefined
}

function controllerOf(metadata: AnyObject['metadata']): string | undefined {
  const owners = (metadata as { readonly ownerReferences?: readonly Fields[] }).ownerReferences ?? []
  const owner = owners.find(({ controller }) => controller === true)
  return owner && `${owner.kind}/${owner.name}`
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

function field(value: unknown, key: string): Fields {
  const found = isRecord(value) ? value[key] : undefined
  return isRecord(found) ? found : {}
}

function list(value: unknown, key: string): readonly Fields[] {
  const found = isRecord(value) ? value[key] : undefined
  return Array.isArray(found) ? found.filter(isRecord) : []
}

/** An image of one of ACR's own domains that wants a login: Alibaba's own system images (`acs/…`) are public. */
export function isPrivateAcr(image: string): boolean {
  const { host, repository } = parseImage(image)
  return isAcrHost(host) && !(/^registry/.test(host) && repository.startsWith('acs/'))
}

/** `Deployment shop/web`. */
export function titleOf({ kind, namespace, name }: Pick<Workload, 'kind' | 'namespace' | 'name'>): string {
  return `${kind} ${namespace}/${name}`
}
