import { isRecord } from '../../helm/manifest.ts'
import { METADATA_ONLY_LIST } from '../../kube/client.ts'
import type { KubeObject } from '../../kube/types.ts'
import type { Reader } from '../doctor/reader.ts'
import type { AnyObject } from './any-object.ts'
import { collectFacts } from './collect-facts.ts'
import type { LegacyFacts } from './legacy-facts.ts'
import { ADDON_KEY_SECRET, LEGACY_CONFIG, LEGACY_HELPER, LEGACY_NAMESPACE, LEGACY_SECRETS } from './legacy-names.ts'

const RBAC = '/apis/rbac.authorization.k8s.io/v1'

/** Lists that are read whole: what pulls, and what may name an old Secret. */
const LISTS: readonly (readonly [kind: string, path: string])[] = [
  ['ServiceAccount', '/api/v1/serviceaccounts'],
  ['Pod', '/api/v1/pods'],
  ['ReplicationController', '/api/v1/replicationcontrollers'],
  ['Deployment', '/apis/apps/v1/deployments'],
  ['StatefulSet', '/apis/apps/v1/statefulsets'],
  ['DaemonSet', '/apis/apps/v1/daemonsets'],
  ['ReplicaSet', '/apis/apps/v1/replicasets'],
  ['Job', '/apis/batch/v1/jobs'],
  ['CronJob', '/apis/batch/v1/cronjobs'],
  ['ClusterRoleBinding', `${RBAC}/clusterrolebindings`],
  ['MutatingWebhookConfiguration', '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations'],
]

/** Reads everything that tells of the old helper; of Secrets metadata only. What may not be read is in `reader.unread`. */
export async function readLegacy(reader: Reader): Promise<LegacyFacts> {
  const system = `/api/v1/namespaces/${LEGACY_NAMESPACE}`
  const accept = METADATA_ONLY_LIST
  const named = (name: string) => ({ accept, query: { fieldSelector: `metadata.name=${name}` } })
  const [version, configMap, role, addonKey, nodes, secrets, lists] = await Promise.all([
    reader.get<{ readonly minor?: string }>('The version', '/version'),
    reader.get<KubeObject>(`ConfigMap ${LEGACY_NAMESPACE}/${LEGACY_CONFIG}`, `${system}/configmaps/${LEGACY_CONFIG}`),
    reader.get<KubeObject>(`ClusterRole ${LEGACY_HELPER}`, `${RBAC}/clusterroles/${LEGACY_HELPER}`),
    reader.list<KubeObject>(`Secret ${ADDON_KEY_SECRET}`, `${system}/secrets`, named(ADDON_KEY_SECRET)),
    reader.list<KubeObject>('Nodes', '/api/v1/nodes', { accept }),
    Promise.all(
      LEGACY_SECRETS.map((name) => reader.list<KubeObject>(`Secrets named ${name}`, '/api/v1/secrets', named(name))),
    ),
    Promise.all(LISTS.map(([kind, path]) => reader.list<KubeObject>(`${kind}s of all namespaces`, path))),
  ])
  const objects: AnyObject[] = [
    ...kindOf('ConfigMap', configMap ? [configMap] : []),
    ...kindOf('ClusterRole', role ? [role] : []),
    ...kindOf('Secret', [...(addonKey ?? []), ...secrets.flatMap((list) => list ?? [])]),
    ...kindOf('Node', nodes ?? []),
    ...lists.flatMap((list, index) => kindOf(LISTS[index]?.[0] ?? '', list ?? [])),
  ]
  const minor = Number.parseInt(isRecord(version) ? String(version.minor) : '', 10)
  return collectFacts(objects, Number.isNaN(minor) ? undefined : minor)
}

/** Items of a list do not say their kind. */
function kindOf(kind: string, objects: readonly KubeObject[]): readonly AnyObject[] {
  return objects.map((object) => ({ ...object, kind }))
}
