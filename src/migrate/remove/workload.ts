import { STATUS_KEY } from '../../installation/helper-status.ts'
import { SKIP } from '../../kube/names.ts'
import { isRecord, recordsOf } from '../../lib/json.ts'
import { type AnyObject, LEGACY_SECRETS, type Owner, type Workload } from './legacy-facts.ts'

/**
 * The key under which a reduced object keeps the result of {@link describeWorkload} for the whole
 * object.
 */
export const DESCRIBED = Symbol('described')

type Fields = Readonly<Record<string, unknown>>

/** The names of Secrets that are searched for. */
export interface WantedNames {
  readonly isName: (text: string) => boolean
  /** Returns the names that occur inside a text. */
  readonly namesIn: (text: string) => readonly string[]
}

const OLD_NAMES: WantedNames = {
  isName: (text) => LEGACY_SECRETS.includes(text),
  namesIn: (text) => LEGACY_SECRETS.filter((name) => text.includes(name)),
}

/** Built-in kinds with a Pod template, and its path. */
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

/** The API groups of the kinds above, for objects that do not state theirs. */
const GROUPS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.keys(TEMPLATES).map((key) => [key.split(' ')[1] ?? '', key.split(' ')[0] ?? '']),
)

/**
 * Returns the images and Secrets of an object; nothing if it has neither, or is finished. Custom
 * objects (Argo Rollouts, Kruise, Knative, operators' own) are searched for Pod templates. Custom
 * objects and ConfigMaps are also searched for the wanted names in any text.
 * @param wanted default: the old Secrets
 */
export function describeWorkload(object: AnyObject, wanted: WantedNames = OLD_NAMES): readonly Workload[] {
  const described = (object as { readonly [DESCRIBED]?: readonly Workload[] })[DESCRIBED]
  if (described !== undefined) return described
  if (isFinished(object) || isOwnReport(object)) return []
  const key = `${groupOf(object)} ${object.kind}`
  const path = object.kind === 'Pod' ? [] : TEMPLATES[key]
  if (path !== undefined) return describeTemplate(object, fieldAt(object, path), wanted)
  return groupOf(object) === '' && object.kind !== 'ConfigMap' ? [] : describeUnknown(object, wanted)
}

/**
 * True for the report of our own helper. It may name an old Secret in a problem, and pulls nothing.
 */
function isOwnReport({ kind, metadata, data }: AnyObject): boolean {
  return (
    kind === 'ConfigMap' &&
    metadata.labels?.['app.kubernetes.io/name'] === 'acr-nopass' &&
    isRecord(data) &&
    STATUS_KEY in data
  )
}

/** True if the object's template comes from its owner, which is read too. */
export function followsOwner({ kind, owner }: Workload, isRead: (owner: Owner) => boolean): boolean {
  return kind !== 'Pod' && owner !== undefined && `${owner.group} ${owner.kind}` in TEMPLATES && isRead(owner)
}

/** Returns the API group of an object; '' for the core group. */
export function groupOf({ kind, apiVersion }: AnyObject): string {
  if (typeof apiVersion !== 'string') return GROUPS[kind] ?? ''
  return apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : ''
}

export function controllerOf(metadata: AnyObject['metadata']): Fields | undefined {
  const owners = (metadata as { readonly ownerReferences?: readonly Fields[] }).ownerReferences ?? []
  return owners.find(({ controller }) => controller === true)
}

export function ownerOf(metadata: AnyObject['metadata']): Owner | undefined {
  const owner = controllerOf(metadata)
  if (owner === undefined) return undefined
  const [version = '', kind, name] = [owner.apiVersion, owner.kind, owner.name].map((text) => String(text ?? ''))
  const group = owner.apiVersion === undefined ? (GROUPS[kind ?? ''] ?? '') : version.includes('/') ? version : ''
  return { group: group.split('/')[0] ?? '', kind: kind ?? '', name: name ?? '' }
}

function describeTemplate(object: AnyObject, template: Fields, wanted: WantedNames): readonly Workload[] {
  const spec = field(template, 'spec')
  if (Object.keys(spec).length === 0) return []
  const { imagePullSecrets: _, ...rest } = spec
  // The record of a Pod's writers repeats the names in its list of pull secrets.
  const { labels = {}, managedFields: _writers, annotations: _annotations, ...metadata } = field(template, 'metadata')
  const uses = namesOf(rest, wanted)
  return [
    {
      ...baseOf(object),
      serviceAccount: String(spec.serviceAccountName ?? spec.serviceAccount ?? 'default'),
      references: list(spec, 'imagePullSecrets').map(({ name }) => String(name)),
      uses,
      mentions: mentionedNames([rest, metadata, annotationsOf(template), annotationsOf(object)], wanted).filter(
        (name) => !uses.includes(name),
      ),
      images: [...new Set(imagesOf(spec))],
      optedOut: isRecord(labels) && labels[SKIP] === 'true',
    },
  ]
}

function describeUnknown(object: AnyObject, wanted: WantedNames): readonly Workload[] {
  const { metadata: _, status: __, data, binaryData, ...content } = object
  const specs = podSpecs({ ...content, data })
  const references = specs.flatMap((spec) => list(spec, 'imagePullSecrets').map(({ name }) => String(name)))
  const decoded = Object.values(isRecord(binaryData) ? binaryData : {}).map((one) => Buffer.from(String(one), 'base64'))
  const texts = [content, data, annotationsOf(object), decoded.map((bytes) => bytes.toString('latin1'))]
  const mentions = mentionedNames(texts, wanted).filter((name) => !references.includes(name))
  // An operator may fill in the containers. In a Prometheus object, for example, image and
  // ServiceAccount are separate fields.
  const own = [...valuesInside(content)].filter(isRecord)
  const images = [...new Set([...specs.flatMap(imagesOf), ...own.map(({ image }) => image).filter(isText)])]
  if (images.length === 0 && mentions.length === 0) return []
  const account = own.map(({ serviceAccountName }) => serviceAccountName).find(isText) ?? 'default'
  return [{ ...baseOf(object), serviceAccount: account, references, uses: [], mentions, images, optedOut: false }]
}

function baseOf({
  kind,
  metadata,
}: AnyObject): Pick<Workload, 'kind' | 'namespace' | 'name' | 'owner' | 'clusterScoped'> {
  const { name, namespace, resourceVersion } = metadata
  // An object from a file may lack its namespace.
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

/**
 * Returns all nested values. Iterates without recursion, because an object may be nested as deeply
 * as the API server parses.
 */
function* valuesInside(value: unknown): Generator<unknown> {
  const open = [value]
  while (open.length > 0) {
    const next = open.pop()
    yield next
    if (typeof next === 'object' && next !== null)
      for (const inner of Object.values(next).toReversed()) open.push(inner)
  }
}

/** Returns all nested objects that look like a Pod's spec: they have containers with images. */
function podSpecs(value: unknown): readonly Fields[] {
  return [...valuesInside(value)].filter((inner): inner is Fields => {
    return isRecord(inner) && list(inner, 'containers').some(({ image }) => isText(image))
  })
}

/** Returns the names of old Secrets anywhere in the object, such as in volumes and environments. */
export function oldNames(value: unknown): readonly string[] {
  return namesOf(value, OLD_NAMES)
}

function namesOf(value: unknown, { isName }: WantedNames): readonly string[] {
  const names = new Set<string>()
  for (const inner of valuesInside(value)) if (isText(inner) && isName(inner)) names.add(inner)
  return [...names]
}

/** Returns the wanted names inside any text, such as a Pod template in a ConfigMap. */
function mentionedNames(value: unknown, { namesIn }: WantedNames): readonly string[] {
  const names = new Set<string>()
  const search = (text: string): void => {
    for (const name of namesIn(text)) names.add(name)
  }
  for (const inner of valuesInside(value)) {
    if (isText(inner)) search(inner)
    else if (isRecord(inner)) Object.keys(inner).forEach(search)
  }
  return [...names]
}

/** Returns the annotations without the copy of the whole object that `kubectl apply` writes. */
function annotationsOf(object: Fields): unknown {
  const annotations = field(field(object, 'metadata'), 'annotations')
  const { 'kubectl.kubernetes.io/last-applied-configuration': _, ...rest } = annotations
  return rest
}

function isFinished({ kind, status, metadata }: AnyObject): boolean {
  const { phase, completionTime, conditions } = isRecord(status) ? status : {}
  if (kind === 'Pod') return phase === 'Succeeded' || phase === 'Failed' || metadata.deletionTimestamp !== undefined
  if (kind !== 'Job') return false
  const failed = list({ conditions }, 'conditions').some((one) => one.type === 'Failed' && one.status === 'True')
  return completionTime !== undefined || failed
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

export function field(value: unknown, key: string): Fields {
  const found = isRecord(value) ? value[key] : undefined
  return isRecord(found) ? found : {}
}

function fieldAt(value: unknown, path: readonly string[]): Fields {
  return path.reduce<Fields>((inner, key) => field(inner, key), isRecord(value) ? value : {})
}

export function list(value: unknown, key: string): readonly Fields[] {
  return recordsOf(isRecord(value) ? value[key] : undefined)
}

/** `Deployment shop/web`. */
export function titleOf({ kind, namespace, name, clusterScoped }: Workload): string {
  return clusterScoped ? `${kind} ${name}` : `${kind} ${namespace}/${name}`
}
