import { isRecord } from '../../helm/manifest.ts'
import type { ObjectMeta } from '../../kube/types.ts'
import type { AnyObject } from './any-object.ts'
import type { LegacyFacts, LegacyPart, Workload } from './legacy-facts.ts'
import {
  ADDON_KEY_SECRET,
  LEGACY_CONFIG,
  LEGACY_DEPLOYMENTS,
  LEGACY_HELPER,
  LEGACY_NAMESPACE,
  LEGACY_SECRETS,
} from './legacy-names.ts'
import { describeWorkload } from './workload.ts'

/** Sorts out what belongs to the helper; everything else is left aside. */
export function collectFacts(objects: readonly AnyObject[], minor?: number): LegacyFacts {
  const of = (kind: string): readonly AnyObject[] => objects.filter((object) => object.kind === kind)
  const home = (kind: string): readonly AnyObject[] =>
    of(kind).filter(({ metadata }) => (metadata.namespace ?? LEGACY_NAMESPACE) === LEGACY_NAMESPACE)
  const configMap = home('ConfigMap').find(({ metadata }) => metadata.name === LEGACY_CONFIG)
  const bindings = of('ClusterRoleBinding').filter(bindsHelper)
  return {
    configuration: configMap && textsOf(configMap.data),
    secrets: of('Secret').flatMap(({ metadata }) =>
      LEGACY_SECRETS.includes(metadata.name) ? [{ metadata: inNamespace(metadata) }] : [],
    ),
    accounts: of('ServiceAccount').flatMap(({ metadata, imagePullSecrets }) => {
      const list = Array.isArray(imagePullSecrets) ? imagePullSecrets.filter(isRecord) : []
      const names = list.some(({ name }) => LEGACY_SECRETS.includes(String(name)))
      return names ? [{ metadata: inNamespace(metadata), imagePullSecrets: list as readonly { name?: string }[] }] : []
    }),
    workloads: objects.flatMap((object): readonly Workload[] => describeWorkload(object)),
    deployments: home('Deployment')
      .filter(({ metadata }) => LEGACY_DEPLOYMENTS.includes(metadata.name))
      .map((object) => ({ ...part(object, '/apis/apps/v1', 'deployments'), selector: selectorOf(object) })),
    webhooks: of('MutatingWebhookConfiguration')
      .filter(callsHelper)
      .map((object) => part(object, '/apis/admissionregistration.k8s.io/v1', 'mutatingwebhookconfigurations')),
    rbac: [
      ...bindings.filter(bindsOnlyHelper).map((object) => part(object, RBAC, 'clusterrolebindings')),
      ...of('ClusterRole')
        .filter(({ metadata }) => metadata.name === LEGACY_HELPER)
        .map((object) => part(object, RBAC, 'clusterroles')),
      ...home('ServiceAccount')
        .filter(({ metadata }) => metadata.name === LEGACY_HELPER)
        .map((object) => part(object, '/api/v1', 'serviceaccounts')),
    ],
    sharedBindings: bindings.filter((object) => !bindsOnlyHelper(object)).map(({ metadata }) => metadata.name),
    configMap: configMap && part(configMap, '/api/v1', 'configmaps'),
    addonKey: home('Secret').some(({ metadata }) => metadata.name === ADDON_KEY_SECRET),
    region: of('Node').flatMap(({ metadata }) => metadata.labels?.['topology.kubernetes.io/region'] ?? [])[0],
    minor,
  }
}

const RBAC = '/apis/rbac.authorization.k8s.io/v1'
const CLUSTER_SCOPED: readonly string[] = ['ClusterRole', 'ClusterRoleBinding', 'MutatingWebhookConfiguration']

function part({ kind, metadata }: AnyObject, api: string, plural: string): LegacyPart {
  const isWide = CLUSTER_SCOPED.includes(kind)
  const { namespace = LEGACY_NAMESPACE, ...rest } = metadata
  const folder = isWide ? api : `${api}/namespaces/${encodeURIComponent(namespace)}`
  const path = `${folder}/${plural}/${encodeURIComponent(metadata.name)}`
  // The 2018 manifest writes a namespace into its ClusterRoleBinding, which means nothing.
  return { kind, path, metadata: isWide ? rest : { ...rest, namespace } }
}

function inNamespace(metadata: ObjectMeta): ObjectMeta {
  return { ...metadata, namespace: metadata.namespace ?? 'default' }
}

function textsOf(data: unknown): Readonly<Record<string, string>> {
  if (!isRecord(data)) return {}
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, value === null ? '' : String(value)]))
}

function selectorOf({ spec }: AnyObject): Readonly<Record<string, string>> {
  const selector = isRecord(spec) && isRecord(spec.selector) ? spec.selector.matchLabels : undefined
  return textsOf(selector)
}

function subjectsOf({ subjects }: AnyObject): readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(subjects) ? subjects.filter(isRecord) : []
}

function isHelper({ kind, name, namespace }: Readonly<Record<string, unknown>>): boolean {
  return kind === 'ServiceAccount' && name === LEGACY_HELPER && namespace === LEGACY_NAMESPACE
}

const bindsHelper = (object: AnyObject): boolean => subjectsOf(object).some(isHelper)
const bindsOnlyHelper = (object: AnyObject): boolean => subjectsOf(object).every(isHelper)

/** Known by the Service that it calls: the add-on's documents name none of its own. */
function callsHelper({ webhooks }: AnyObject): boolean {
  const list = Array.isArray(webhooks) ? webhooks.filter(isRecord) : []
  return list.some(({ clientConfig }) => {
    const service = isRecord(clientConfig) && isRecord(clientConfig.service) ? clientConfig.service : {}
    return service.namespace === LEGACY_NAMESPACE && /acr-credential/.test(String(service.name))
  })
}
