import { isAcrHost, parseImage } from '../../acr/registry-domains.ts'
import { SKIP } from '../../kube/names.ts'
import { createShare, isRecord } from '../../lib/json.ts'
import {
  type AnyObject,
  LEGACY_DEPLOYMENTS,
  LEGACY_HELPER,
  LEGACY_NAMESPACE,
  LEGACY_SECRETS,
  LEGACY_SERVICES,
  type Owner,
  type Workload,
} from './legacy-facts.ts'

type Fields = Readonly<Record<string, unknown>>

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

/** Groups of the kinds above, for objects that do not name theirs. */
const GROUPS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.keys(TEMPLATES).map((key) => [key.split(' ')[1] ?? '', key.split(' ')[0] ?? '']),
)

/**
 * The images and Secrets of an object; nothing if it has neither or is finished. Objects of custom kinds (Argo Rollouts, Kruise,
 * Knative, operators' own) are searched for Pod templates and names of the old Secrets.
 */
export function describeWorkload(object: AnyObject): readonly Workload[] {
  const described = (object as { readonly [DESCRIBED]?: readonly Workload[] })[DESCRIBED]
  if (described !== undefined) return described
  if (isFinished(object)) return []
  const key = `${groupOf(object)} ${object.kind}`
  const path = object.kind === 'Pod' ? [] : TEMPLATES[key]
  if (path !== undefined) return describeTemplate(object, fieldAt(object, path))
  return groupOf(object) === '' ? [] : describeUnknown(object)
}

/** Whether an object's template is that of its owner, which is read too. */
export function followsOwner({ kind, owner }: Workload, isRead: (owner: Owner) => boolean): boolean {
  return kind !== 'Pod' && owner !== undefined && `${owner.group} ${owner.kind}` in TEMPLATES && isRead(owner)
}

/** The API group of an object; '' for the core group. */
export function groupOf({ kind, apiVersion }: AnyObject): string {
  if (typeof apiVersion !== 'string') return GROUPS[kind] ?? ''
  return apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : ''
}

function controllerOf(metadata: AnyObject['metadata']): Fields | undefined {
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

/** Groups of bindings and webhook configurations. */
const NO_WORKLOADS: readonly string[] = ['rbac.authorization.k8s.io', 'admissionregistration.k8s.io']

/** Whether the add-on's Service is called by all webhooks of a configuration, by some, or by none. */
export function webhooksOfHelper({ webhooks }: AnyObject): 'all' | 'some' | 'none' {
  const list = Array.isArray(webhooks) ? webhooks.filter(isRecord) : []
  const helpers = list.filter(({ clientConfig }) => {
    const service = isRecord(clientConfig) && isRecord(clientConfig.service) ? clientConfig.service : {}
    return service.namespace === LEGACY_NAMESPACE && LEGACY_SERVICES.includes(String(service.name))
  })
  if (helpers.length === 0) return 'none'
  return helpers.length === list.length ? 'all' : 'some'
}

/** Whether it is the Deployment or the ServiceAccount of Alibaba's helper, a binding of that, or a configuration with its webhooks. */
export function isPartOfHelper(object: AnyObject): boolean {
  const { kind, metadata } = object
  if (kind === 'ClusterRoleBinding')
    return list(object, 'subjects').some((one) => one.kind === 'ServiceAccount' && one.name === LEGACY_HELPER)
  if (kind === 'MutatingWebhookConfiguration') return webhooksOfHelper(object) !== 'none'
  if (metadata.namespace !== LEGACY_NAMESPACE) return false
  const key = `${groupOf(object)} ${kind}`
  if (key === 'apps Deployment') return LEGACY_DEPLOYMENTS.includes(metadata.name)
  return key === ' ServiceAccount' && metadata.name === LEGACY_HELPER
}

/** The result of {@link describeWorkload} for the whole object. */
const DESCRIBED = Symbol('described')

/**
 * Reduces objects while lists are read, because a cluster may have 20,000 ReplicaSets or custom objects. Of an object with a
 * template only the description is kept, with equal parts shared.
 */
export function createTrim(): (object: AnyObject) => AnyObject {
  const share = createShare(5_000)
  return (object) => {
    const { apiVersion, kind, metadata } = object
    const { name, namespace, uid, resourceVersion } = metadata
    const isAccount = kind === 'ServiceAccount' && groupOf(object) === ''
    if (isAccount && oldNames({ ...object, metadata: undefined }).length > 0) return object
    if (isPartOfHelper(object)) return object
    if (isAccount || NO_WORKLOADS.includes(groupOf(object))) {
      const kept = { name, namespace, uid, resourceVersion } as AnyObject['metadata']
      return isAccount ? { apiVersion, kind, metadata: kept } : { ...object, metadata: kept }
    }
    const described = describeWorkload(object).map((workload): Workload => {
      const { owner, references, uses, images, serviceAccount } = workload
      return {
        ...workload,
        namespace: share(workload.namespace),
        serviceAccount: share(serviceAccount),
        references: share(references),
        uses: share(uses),
        images: share(images),
        owner: share(owner),
      }
    })
    const owner = kind === 'ReplicaSet' ? share(controllerOf(metadata)) : undefined
    const kept = { name, namespace: share(namespace), ...(owner && { ownerReferences: [owner] }) }
    return {
      apiVersion: share(apiVersion),
      kind,
      metadata: kept as unknown as AnyObject['metadata'],
      [DESCRIBED]: described,
    }
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
  // An operator may fill in the containers: image and ServiceAccount of a Prometheus are separate fields.
  const own = [...valuesInside({ ...object, metadata: undefined, status: undefined })].filter(isRecord)
  const images = [...new Set([...specs.flatMap(imagesOf), ...own.map(({ image }) => image).filter(isText)])]
  if (images.length === 0 && uses.length === 0) return []
  const account = own.map(({ serviceAccountName }) => serviceAccountName).find(isText) ?? 'default'
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

/** All nested values. Iterative, because an object may be nested as deeply as the API server parses. */
function* valuesInside(value: unknown): Generator<unknown> {
  const open = [value]
  while (open.length > 0) {
    const next = open.pop()
    yield next
    if (typeof next === 'object' && next !== null)
      for (const inner of Object.values(next).toReversed()) open.push(inner)
  }
}

/** All nested objects that look like a Pod's spec: they have containers with images. */
function podSpecs(value: unknown): readonly Fields[] {
  return [...valuesInside(value)].filter((inner): inner is Fields => {
    return isRecord(inner) && list(inner, 'containers').some(({ image }) => isText(image))
  })
}

/** Names of the old Secrets anywhere in the object, such as in volumes and environments. */
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

/** An image on ACR's own domains that needs a credential, unlike Alibaba's public system images (`acs/…`). */
export function isPrivateAcr(image: string): boolean {
  const { host, repository } = parseImage(image)
  return isAcrHost(host) && !(/^registry/.test(host) && repository.startsWith('acs/'))
}

/** `Deployment shop/web`. */
export function titleOf({ kind, namespace, name }: Pick<Workload, 'kind' | 'namespace' | 'name'>): string {
  return `${kind} ${namespace}/${name}`
}
