import { type KubeClient, METADATA_ONLY_LIST } from '../../kube/client.ts'
import type { KubeObject } from '../../kube/types.ts'
import { isRecord } from '../../lib/is-record.ts'
import { discoverCustom } from '../../release/api-resources.ts'
import type { Reader } from '../../release/reader.ts'
import type { AnyObject } from './any-object.ts'
import { collectFacts } from './collect-facts.ts'
import type { LegacyFacts } from './legacy-facts.ts'
import { ADDON_KEY_SECRET, LEGACY_CONFIG, LEGACY_HELPER, LEGACY_NAMESPACE, LEGACY_SECRETS } from './legacy-names.ts'
import { describeWorkload, trimObject } from './workload.ts'

const RBAC = '/apis/rbac.authorization.k8s.io/v1'

/** Built-in kinds that are read: what pulls, and what may name an old Secret. */
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
 * Reads everything that shows the old helper and what may need it; of Secrets metadata only. Objects of kinds that Kubernetes does
 * not know (Argo Rollouts, Kruise, operators' own) are found by discovery. What could not be read is in `reader.unread`.
 */
export async function readLegacy(reader: Reader, client: KubeClient, signal: AbortSignal): Promise<LegacyFacts> {
  const system = `/api/v1/namespaces/${LEGACY_NAMESPACE}`
  const accept = METADATA_ONLY_LIST
  const named = (name: string) => ({ accept, query: { fieldSelector: `metadata.name=${name}` } })
  const [version, configMap, role, addonKey, nodes, secrets, custom, ...lists] = await Promise.all([
    reader.get<{ readonly minor?: string }>('The version', '/version'),
    reader.get<KubeObject>(`ConfigMap ${LEGACY_NAMESPACE}/${LEGACY_CONFIG}`, `${system}/configmaps/${LEGACY_CONFIG}`),
    reader.get<KubeObject>(`ClusterRole ${LEGACY_HELPER}`, `${RBAC}/clusterroles/${LEGACY_HELPER}`),
    reader.list<KubeObject>(`Secret ${ADDON_KEY_SECRET}`, `${system}/secrets`, named(ADDON_KEY_SECRET)),
    reader.list<KubeObject>('Nodes', '/api/v1/nodes', { accept }),
    Promise.all(
      LEGACY_SECRETS.map((name) => reader.list<KubeObject>(`Secrets named ${name}`, '/api/v1/secrets', named(name))),
    ),
    readCustom(reader, client, signal),
    ...LISTS.map((kind) => readKind(reader, kind)),
  ])
  const objects: AnyObject[] = [
    ...kindOf('ConfigMap', configMap ? [configMap] : []),
    ...kindOf('ClusterRole', role ? [role] : []),
    ...kindOf('Secret', [...(addonKey ?? []), ...secrets.flatMap((list) => list ?? [])]),
    ...kindOf('Node', nodes ?? []),
    ...custom,
    ...lists.flat(),
  ]
  const minor = Number.parseInt(isRecord(version) ? String(version.minor) : '', 10)
  return collectFacts(objects, Number.isNaN(minor) ? undefined : minor)
}

type Kind = readonly [kind: string, apiVersion: string, plural: string]

async function readKind(reader: Reader, [kind, apiVersion, plural]: Kind): Promise<readonly AnyObject[]> {
  const root = apiVersion === 'v1' ? '/api/v1' : `/apis/${apiVersion}`
  const trim = (object: KubeObject): AnyObject => trimObject({ ...object, kind, apiVersion })
  const what = `${kind}s of all namespaces`
  return (await reader.list<KubeObject, AnyObject>(what, `${root}/${plural}`, { trim })) ?? []
}

/** Objects of other kinds that pull something or name an old Secret; the rest is left out while it is read. */
async function readCustom(reader: Reader, client: KubeClient, signal: AbortSignal): Promise<readonly AnyObject[]> {
  const kinds = (await reader.attempt('The API groups', () => discoverCustom(client, signal))) ?? []
  const found: AnyObject[] = []
  for (const { kind, apiVersion, plural } of kinds) {
    const keep = (object: KubeObject): readonly AnyObject[] => {
      const whole = { ...object, kind, apiVersion }
      return describeWorkload(whole).length > 0 ? [whole] : []
    }
    const path = `/apis/${apiVersion}/${plural}`
    const list = await reader.list<KubeObject, readonly AnyObject[]>(`${plural} (${apiVersion})`, path, { trim: keep })
    found.push(...(list ?? []).flat())
  }
  return found
}

/** Items of a list do not name their kind. */
function kindOf(kind: string, objects: readonly KubeObject[]): readonly AnyObject[] {
  return objects.map((object) => ({ ...object, kind }))
}
