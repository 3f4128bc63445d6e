import { unlessStatus } from '../../kube/api-error.ts'
import { METADATA_ONLY_LIST } from '../../kube/client.ts'
import { listPages } from '../../kube/list-pages.ts'
import { withWriters } from '../../kube/managed-fields.ts'
import { discoverKinds, listServed, type ServedKind } from '../../kube/read/api-resources.ts'
import { createReader, OBJECTS_PER_PAGE, type Reader } from '../../kube/read/reader.ts'
import { apiRoot, type KubeObject, keyOf } from '../../kube/types.ts'
import { isRecord } from '../../lib/json.ts'
import { collectFacts, type LegacyFacts, webhooksOfHelper } from './collect-facts.ts'
import { PULL_TYPES } from './find-copies.ts'
import {
  ADDON_KEY_SECRET,
  type AnyObject,
  LEGACY_CONFIG,
  LEGACY_DEPLOYMENTS,
  LEGACY_HELPER,
  LEGACY_NAMESPACE,
  LEGACY_SECRETS,
  objectPath,
} from './legacy-facts.ts'
import { readMarks, readOldLogins } from './old-logins.ts'
import { controllerOf, DESCRIBED, describeWorkload, groupOf, list, oldNames } from './workload.ts'

const RBAC = '/apis/rbac.authorization.k8s.io/v1'

/** The built-in kinds that pull images or may reference an old Secret. */
const LISTS: readonly (readonly [kind: string, apiVersion: string, plural: string])[] = [
  ['ServiceAccount', 'v1', 'serviceaccounts'],
  ['Pod', 'v1', 'pods'],
  ['ReplicationController', 'v1', 'replicationcontrollers'],
  ['PodTemplate', 'v1', 'podtemplates'],
  ['Deployment', 'apps/v1', 'deployments'],
  ['StatefulSet', 'apps/v1', 'statefulsets'],
  ['DaemonSet', 'apps/v1', 'daemonsets'],
  ['ReplicaSet', 'apps/v1', 'replicasets'],
  ['Job', 'batch/v1', 'jobs'],
  ['CronJob', 'batch/v1', 'cronjobs'],
  ['ClusterRoleBinding', 'rbac.authorization.k8s.io/v1', 'clusterrolebindings'],
  ['RoleBinding', 'rbac.authorization.k8s.io/v1', 'rolebindings'],
  ['MutatingWebhookConfiguration', 'admissionregistration.k8s.io/v1', 'mutatingwebhookconfigurations'],
]

/**
 * The built-in kinds that contain arbitrary texts, or the name of a Secret that a subject may read.
 */
export const TEXTS: readonly (readonly [kind: string, apiVersion: string, plural: string])[] = [
  ['ConfigMap', 'v1', 'configmaps'],
  ['Role', 'rbac.authorization.k8s.io/v1', 'roles'],
  ['ClusterRole', 'rbac.authorization.k8s.io/v1', 'clusterroles'],
]

/**
 * Reads the old helper's objects and everything that may need them. Of the old Secrets' content
 * only the hosts are kept. Custom kinds (Argo Rollouts, Kruise, operators' own) are found by
 * discovery. `reader.unread` lists what could not be read.
 * @param toRemove also reads every text and pull secret that may show a further user
 */
export async function readLegacy(reader: Reader, { toRemove }: { readonly toRemove: boolean }): Promise<LegacyFacts> {
  const system = `/api/v1/namespaces/${LEGACY_NAMESPACE}`
  const accept = METADATA_ONLY_LIST
  const named = (name: string) => ({ query: { fieldSelector: `metadata.name=${name}` } })
  const listNamed = (name: string) =>
    reader.list<KubeObject, AnyObject>(`Secrets named ${name}`, '/api/v1/secrets', {
      ...named(name),
      transform: withoutLogins,
    })
  const [version, configMap, role, addonKey, nodes, secrets, custom, ...lists] = await Promise.all([
    reader.get<{ readonly minor?: string }>('The version', '/version'),
    reader.get<KubeObject>(`ConfigMap ${LEGACY_NAMESPACE}/${LEGACY_CONFIG}`, `${system}/configmaps/${LEGACY_CONFIG}`),
    reader.get<KubeObject>(`ClusterRole ${LEGACY_HELPER}`, `${RBAC}/clusterroles/${LEGACY_HELPER}`),
    reader.list<KubeObject>(`Secret ${ADDON_KEY_SECRET}`, `${system}/secrets`, { accept, ...named(ADDON_KEY_SECRET) }),
    reader.list<KubeObject>('Nodes', '/api/v1/nodes', { accept }),
    Promise.all(LEGACY_SECRETS.map((name) => listNamed(name))),
    readCustom(reader, keepUser),
    ...LISTS.map((kind) => readKind(reader, kind)),
    ...(toRemove ? TEXTS : []).map(async (kind) => (await readKind(reader, kind)).filter(isMentioning)),
  ])
  const objects: AnyObject[] = [
    ...kindOf('ConfigMap', 'v1', configMap ? [configMap] : []),
    ...kindOf('ClusterRole', 'rbac.authorization.k8s.io/v1', role ? [role] : []),
    ...kindOf('Secret', 'v1', [...(addonKey ?? []), ...secrets.flatMap((list) => list ?? [])]),
    ...kindOf('Node', 'v1', nodes ?? []),
    ...custom,
    ...lists.flat(),
  ]
  const minor = Number.parseInt(isRecord(version) ? String(version.minor) : '', 10)
  const others = toRemove ? await readPullSecrets(reader) : { found: [], why: undefined }
  const recorded = [...(await readWriters(reader, objects)), ...others.found]
  return { ...collectFacts(recorded, Number.isNaN(minor) ? undefined : minor), unseenCopies: others.why }
}

/** Keeps a Secret's type and the hosts of its content. */
export function withoutLogins(object: KubeObject): AnyObject {
  const { type, data } = object as AnyObject
  return { kind: 'Secret', metadata: object.metadata, type, logins: readOldLogins(data), marks: readMarks(data) }
}

/**
 * Reads pull secrets of all other names. A user who may remove the old helper may lack the right to
 * read them, so a refusal is a result.
 */
async function readPullSecrets({ client, signal }: Reader) {
  const own = createReader(client, signal)
  const found: AnyObject[] = []
  for (const type of PULL_TYPES) {
    // The API server can select Secrets by type (Kubernetes 1.24, pkg/apis/core/v1/conversion.go,
    // AddFieldLabelConversionsForSecret).
    const query = { fieldSelector: `type=${type}` }
    const secrets = await own.list<KubeObject, AnyObject>(`Secrets of type ${type}`, '/api/v1/secrets', {
      query,
      transform: withoutWriters,
    })
    found.push(...(secrets ?? []).filter(({ metadata }) => !LEGACY_SECRETS.includes(metadata.name)))
  }
  return { found, why: own.unread[0]?.why }
}

/**
 * Removes the writers of a Secret with another name. They decide nothing, and a cluster may have
 * many of these Secrets.
 */
function withoutWriters(object: KubeObject): AnyObject {
  const { managedFields: _, ...metadata } = object.metadata
  return withoutLogins({ ...object, metadata })
}

function contentOf({ type, logins, marks }: AnyObject): object {
  return { type, logins, marks }
}

/** The old helper's own configuration and role are excluded, because they are read by name. */
function isMentioning(object: AnyObject): boolean {
  const { kind, metadata } = object
  const isOwn = kind === 'ConfigMap' ? metadata.name === LEGACY_CONFIG : metadata.name === LEGACY_HELPER
  return !isOwn && describeWorkload(object).length > 0
}

/**
 * Reads the old helper, its Secrets and the objects that reference them one by one, if lists come
 * without managedFields.
 */
async function readWriters(reader: Reader, objects: readonly AnyObject[]): Promise<readonly AnyObject[]> {
  const found: AnyObject[] = []
  for (const object of objects) {
    const { kind, apiVersion, metadata } = object
    const isNamed = kind === 'Secret' && LEGACY_SECRETS.includes(metadata.name)
    const isNaming = kind === 'ServiceAccount' && object.imagePullSecrets !== undefined
    if (!isNamed && !isNaming && !isPartOfHelper(object)) {
      found.push(object)
      continue
    }
    const path = objectPath(object)
    const read = await reader.attempt(`${kind} ${keyOf(metadata)}`, () =>
      unlessStatus(withWriters(reader, path, object), 404),
    )
    // An object that was deleted in the meantime is omitted. Other objects are replaced completely,
    // so that a field that was removed does not come back. Of Secrets only the metadata is read
    // again.
    if (read) found.push({ ...(kind === 'Secret' && contentOf(object)), ...read, kind, apiVersion })
  }
  return found
}

async function readKind(
  reader: Reader,
  [kind, apiVersion, plural]: (typeof LISTS)[number],
): Promise<readonly AnyObject[]> {
  const transform = (object: KubeObject): AnyObject => trimObject({ ...object, kind, apiVersion })
  const what = `${kind}s of all namespaces`
  return (await reader.list<KubeObject, AnyObject>(what, `${apiRoot(apiVersion)}/${plural}`, { transform })) ?? []
}

/** Keeps a custom object that pulls something or names an old Secret. */
function keepUser(object: AnyObject): readonly AnyObject[] {
  const trimmed = trimObject(object)
  return describeWorkload(trimmed).length > 0 ? [trimmed] : []
}

/**
 * Reads custom objects and admission policies. `keep` reduces each object while its list is read.
 */
export async function readCustom<Kept>(
  reader: Reader,
  keep: (object: AnyObject) => readonly Kept[],
): Promise<readonly Kept[]> {
  const { client, signal } = reader
  const found: Kept[] = []
  const listKind = async ({ kind, apiVersion, plural }: ServedKind): Promise<void> => {
    const those: Kept[] = []
    await reader.attempt(`${plural} (${apiVersion})`, async () => {
      const list = { path: `${apiRoot(apiVersion)}/${plural}`, pageSize: OBJECTS_PER_PAGE }
      for await (const page of listPages<KubeObject>(client, list, signal)) {
        for (const object of page.items ?? []) those.push(...keep({ ...object, kind, apiVersion }))
      }
    })
    found.push(...those)
  }
  const isListed = ({ plural, apiVersion }: ServedKind): boolean =>
    LISTS.some(([, version, name]) => name === plural && version === apiVersion)
  const discover = async () => {
    const kinds = await reader.attempt('The API groups', () => discoverKinds(reader, 'custom'))
    return (kinds ?? []).filter((kind) => !isListed(kind))
  }
  for (const { plural, apiVersion } of await listServed(discover, listKind, signal)) {
    reader.note(`${plural} (${apiVersion})`, 'the API server lists the kind but does not serve it')
  }
  return found
}

/** Adds the kind, because items of a list have none, and metadata-only items have another kind. */
function kindOf(kind: string, apiVersion: string, objects: readonly KubeObject[]): readonly AnyObject[] {
  return objects.map((object) => ({ ...object, kind, apiVersion }))
}

/**
 * True for the Deployment or ServiceAccount of Alibaba's helper, for a binding of that account, and
 * for a configuration with the helper's webhooks.
 */
function isPartOfHelper(object: AnyObject): boolean {
  const { kind, metadata } = object
  if (kind === 'ClusterRoleBinding')
    return list(object, 'subjects').some((one) => one.kind === 'ServiceAccount' && one.name === LEGACY_HELPER)
  if (kind === 'MutatingWebhookConfiguration') return webhooksOfHelper(object) !== 'none'
  if (metadata.namespace !== LEGACY_NAMESPACE) return false
  const key = `${groupOf(object)} ${kind}`
  if (key === 'apps Deployment') return LEGACY_DEPLOYMENTS.includes(metadata.name)
  return key === ' ServiceAccount' && metadata.name === LEGACY_HELPER
}

/** Kinds whose content decides whether the helper's rights and webhooks stay. */
const NO_WORKLOADS: readonly string[] = ['ClusterRoleBinding', 'RoleBinding', 'MutatingWebhookConfiguration']

/**
 * Reduces objects while lists are read, because a cluster may have 20,000 ReplicaSets or custom
 * objects. Of an object with a template only the description is kept.
 */
export function trimObject(object: AnyObject): AnyObject {
  const { apiVersion, kind, metadata } = object
  const { name, namespace, uid, resourceVersion } = metadata
  const isAccount = kind === 'ServiceAccount' && groupOf(object) === ''
  if (isAccount && oldNames({ ...object, metadata: undefined }).length > 0) return object
  if (isPartOfHelper(object)) return object
  if (isAccount || NO_WORKLOADS.includes(kind)) {
    const kept = { name, namespace, uid, resourceVersion } as AnyObject['metadata']
    return isAccount ? { apiVersion, kind, metadata: kept } : { ...object, metadata: kept }
  }
  const owner = kind === 'ReplicaSet' ? controllerOf(metadata) : undefined
  const kept = { name, namespace, ...(owner && { ownerReferences: [owner] }) }
  return { apiVersion, kind, metadata: kept as unknown as AnyObject['metadata'], [DESCRIBED]: describeWorkload(object) }
}
