import { parseImage } from '../../acr/image-reference.ts'
import { isAcrHost } from '../../acr/registry-domains.ts'
import { SKIP } from '../../kube/names.ts'
import { isRecord } from '../../lib/is-record.ts'
import type { AnyObject } from './any-object.ts'
import type { Owner, Workload } from './legacy-facts.ts'
import { LEGACY_DEPLOYMENTS, LEGACY_NAMESPACE, LEGACY_SECRETS } from './legacy-names.ts'

type Fields = Readonly<Record<string, unknown>>

/** Kinds of Kubernetes itself that hold a Pod template, and where. */
const TEMPLATES: Readonly<Record<string, readonly string[]>> = {
  'apps Deployment': ['spec', 'template'],
  'apps StatefulSet': ['spec', 'template'],
  'apps DaemonSet': ['spec', 'template'],
  'apps ReplicaSet': ['spec', 'template'],
  ' ReplicationController': ['spec', 'template'],
  ' PodTemplate': ['template'],
  'batch Job': ['spec', 'template'],
  'batch CronJob': ['spec', 'jobTemplate', 'spec', 'template'],
}

/** Groups of the kinds above, for objects that do not name theirs. */
const GROUPS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.keys(TEMPLATES).map((key) => [key.split(' ')[1] ?? '', key.split(' ')[0] ?? '']),
)

/**
 * What an object pulls and which Secrets it names; nothing for one that does neither or is finished. Objects of unknown kinds
 * (Argo Rollouts, Kruise, Knative, operators' own) are searched for Pod templates and for the names of the old Secrets.
 */
export function describeWorkload(object: AnyObject): readonly Workload[] {
  if (isFinished(object)) return []
  const key = `${groupOf(object)} ${object.kind}`
  const path = object.kind === 'Pod' ? [] : TEMPLATES[key]
  if (path !== undefined) return describeTemplate(object, fieldAt(object, path))
  return groupOf(object) === '' ? [] : describeUnknown(object)
}

/** Whether an object's Pods follow the template of its owner, which is read as well. */
export function followsOwner({ kind, owner }: Workload, isRead: (owner: Owner) => boolean): boolean {
  return kind !== 'Pod' && owner !== undefined && `${owner.group} ${owner.kind}` in TEMPLATES && isRead(owner)
}

/** The API group of an object; '' for the core group. */
export function groupOf({ kind, apiVersion }: AnyObject): string {
  if (typeof apiVersion !== 'string') return GROUPS[kind] ?? ''
  return apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : ''
}

/** The controller of an object. */
export function ownerOf(metadata: AnyObject['metadata']): Owner | undefined {
  const owners = (metadata as { readonly ownerReferences?: readonly Fields[] }).ownerReferences ?? []
  const owner = owners.find(({ controller }) => controller === true)
  if (owner === undefined) return undefined
  const [version = '', kind, name] = [owner.apiVersion, owner.kind, owner.name].map((text) => String(text ?? ''))
  const group = owner.apiVersion === undefined ? (GROUPS[kind ?? ''] ?? '') : version.includes('/') ? version : ''
  return { group: group.split('/')[0] ?? '', kind: kind ?? '', name: name ?? '' }
}

/** What is kept of an object while lists are read: a cluster may have 20,000 ReplicaSets. */
export function trimObject(object: AnyObject): AnyObject {
  const { apiVersion, kind, metadata, status } = object
  const { name, namespace, uid, resourceVersion, deletionTimestamp } = metadata
  const { ownerReferences = [] } = metadata as { readonly ownerReferences?: readonly Fields[] }
  const owner = ownerReferences.filter(({ controller }) => controller === true)
  const kept = {
    name,
    namespace,
    uid,
    resourceVersion,
    deletionTimestamp,
    ...(owner.length > 0 && { ownerReferences: owner }),
  }
  const path = TEMPLATES[`${groupOf(object)} ${kind}`]
  const base = { apiVersion, kind, metadata: kept as AnyObject['metadata'] }
  if (isFinished(object)) return { ...base, status: trimStatus(status) }
  if (kind === 'Pod') return { ...base, spec: trimPodSpec(field(object, 'spec')) }
  if (kind === 'ServiceAccount' && oldNames({ ...object, metadata: undefined }).length === 0) return base
  if (path === undefined) return kind === 'ServiceAccount' ? object : { ...object, metadata: base.metadata }
  const isHelper = kind === 'Deployment' && namespace === LEGACY_NAMESPACE && LEGACY_DEPLOYMENTS.includes(name)
  if (isHelper) return object
  const template = fieldAt(object, path)
  const skip = field(field(template, 'metadata'), 'labels')[SKIP]
  const trimmed = {
    ...(skip !== undefined && { metadata: { labels: { [SKIP]: skip } } }),
    spec: trimPodSpec(field(template, 'spec')),
  }
  const nested = path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), trimmed) as Fields
  return { ...base, ...nested }
}

function trimStatus(status: unknown): unknown {
  if (!isRecord(status)) return undefined
  const { phase, completionTime, conditions } = status
  const failed = list({ conditions }, 'conditions').filter(({ type }) => type === 'Failed')
  return { phase, completionTime, ...(failed.length > 0 && { conditions: failed }) }
}

function trimPodSpec(spec: Fields): Fields {
  const naming = (value: unknown): boolean => oldNames(value).length > 0
  const containers = (key: string): Fields => {
    const those = list(spec, key).map(({ image, env, envFrom }) => ({
      image,
      ...(naming([env, envFrom]) && { env, envFrom }),
    }))
    return those.length === 0 ? {} : { [key]: those }
  }
  const { serviceAccountName, serviceAccount, imagePullSecrets } = spec
  const volumes = list(spec, 'volumes').filter((volume) => volume.image !== undefined || naming(volume))
  return {
    serviceAccountName: serviceAccountName ?? serviceAccount,
    ...(imagePullSecrets !== undefined && { imagePullSecrets }),
    ...containers('initContainers'),
    ...containers('containers'),
    ...containers('ephemeralContainers'),
    ...(volumes.length > 0 && { volumes }),
  }
}

function describeTemplate(object: AnyObject, template: Fields): readonly Workload[] {
  const spec = field(template, 'spec')
  if (Object.keys(spec).length === 0) return []
  const labels = field(field(template, 'metadata'), 'labels')
  return [
    {
      ...baseOf(object),
      serviceAccount: String(spec.serviceAccountName ?? spec.serviceAccount ?? 'default'),
      references: list(spec, 'imagePullSecrets').map(({ name }) => String(name)),
      uses: oldNames({ ...spec, imagePullSecrets: undefined }),
      images: [...new Set(imagesOf(spec))],
      optedOut: labels[SKIP] === 'true',
    },
  ]
}

function describeUnknown(object: AnyObject): readonly Workload[] {
  const specs = podSpecs(object)
  const references = specs.flatMap((spec) => list(spec, 'imagePullSecrets').map(({ name }) => String(name)))
  const uses = oldNames({ ...object, metadata: undefined }).filter((name) => !references.includes(name))
  const images = [...new Set(specs.flatMap(imagesOf))]
  if (images.length === 0 && uses.length === 0) return []
  const account = specs.map(({ serviceAccountName }) => serviceAccountName).find(isText) ?? 'default'
  return [{ ...baseOf(object), serviceAccount: account, references, uses, images, optedOut: false }]
}

function baseOf({
  kind,
  metadata,
}: AnyObject): Pick<Workload, 'kind' | 'namespace' | 'name' | 'owner' | 'clusterScoped'> {
  const { name, namespace, resourceVersion } = metadata
  // An object of a file may leave its namespace out.
  const clusterScoped = namespace === undefined && resourceVersion !== undefined
  return { kind, namespace: namespace ?? 'default', name, owner: ownerOf(metadata), clusterScoped }
}

function imagesOf(spec: Fields): readonly string[] {
  const containers = [
    ...list(spec, 'initContainers'),
    ...list(spec, 'containers'),
    ...list(spec, 'ephemeralContainers'),
  ]
  const volumes = list(spec, 'volumes').map((volume) => field(volume, 'image').reference)
  return [...containers.map(({ image }) => image), ...volumes].filter(isText)
}

/** Every value inside, however deep; a stack instead of calls, because an object may be as deep as the API server parses. */
function* valuesInside(value: unknown): Generator<unknown> {
  const open = [value]
  while (open.length > 0) {
    const next = open.pop()
    yield next
    if (typeof next === 'object' && next !== null)
      for (const inner of Object.values(next).toReversed()) open.push(inner)
  }
}

/** Everything inside that looks like the spec of a Pod: it has containers with images. */
function podSpecs(value: unknown): readonly Fields[] {
  return [...valuesInside(value)].filter((inner): inner is Fields => {
    return isRecord(inner) && list(inner, 'containers').some(({ image }) => isText(image))
  })
}

/** Names of the old Secrets anywhere inside: in volumes, environments, and wherever else an object may name one. */
function oldNames(value: unknown): readonly string[] {
  const names = new Set<string>()
  for (const inner of valuesInside(value)) if (isText(inner) && LEGACY_SECRETS.includes(inner)) names.add(inner)
  return [...names]
}

function isFinished({ kind, status, metadata }: AnyObject): boolean {
  const { phase, completionTime, conditions } = isRecord(status) ? status : {}
  if (kind === 'Pod') return phase === 'Succeeded' || phase === 'Failed' || metadata.deletionTimestamp !== undefined
  if (kind !== 'Job') return false
  const failed = list({ conditions }, 'conditions').some((one) => one.type === 'Failed' && one.status === 'True')
  return completionTime !== undefined || failed
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

function field(value: unknown, key: string): Fields {
  const found = isRecord(value) ? value[key] : undefined
  return isRecord(found) ? found : {}
}

function fieldAt(value: unknown, path: readonly string[]): Fields {
  return path.reduce<Fields>((inner, key) => field(inner, key), isRecord(value) ? value : {})
}

function list(value: unknown, key: string): readonly Fields[] {
  const found = isRecord(value) ? value[key] : undefined
  return Array.isArray(found) ? found.filter(isRecord) : []
}

/** An image of one of ACR's own domains that needs a credential: Alibaba's own system images (`acs/…`) are public. */
export function isPrivateAcr(image: string): boolean {
  const { host, repository } = parseImage(image)
  return isAcrHost(host) && !(/^registry/.test(host) && repository.startsWith('acs/'))
}

/** `Deployment shop/web`. */
export function titleOf({ kind, namespace, name }: Pick<Workload, 'kind' | 'namespace' | 'name'>): string {
  return `${kind} ${namespace}/${name}`
}
