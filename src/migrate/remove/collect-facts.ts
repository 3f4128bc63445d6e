import { keyOf, type ObjectMeta } from '../../kube/types.ts'
import { isRecord } from '../../lib/is-record.ts'
import type { AnyObject } from './any-object.ts'
import type { LegacyAccount, LegacyFacts, LegacyPart, Workload } from './legacy-facts.ts'
import {
  ADDON_KEY_SECRET,
  LEGACY_CONFIG,
  LEGACY_DEPLOYMENTS,
  LEGACY_HELPER,
  LEGACY_NAMESPACE,
  LEGACY_SECRETS,
  LEGACY_SERVICES,
} from './legacy-names.ts'
import { describeWorkload, followsOwner, groupOf, ownerOf, titleOf } from './workload.ts'

/** Sorts out what belongs to the old helper; everything else is left aside. */
export function collectFacts(objects: readonly AnyObject[], minor?: number): LegacyFacts {
  const of = (kind: string): readonly AnyObject[] => objects.filter((object) => object.kind === kind)
  const home = (kind: string): readonly AnyObject[] =>
    of(kind).filter(({ metadata }) => (metadata.namespace ?? LEGACY_NAMESPACE) === LEGACY_NAMESPACE)
  const configMap = home('ConfigMap').find(({ metadata }) => metadata.name === LEGACY_CONFIG)
  const deployments = home('Deployment').filter(({ metadata }) => LEGACY_DEPLOYMENTS.includes(metadata.name))
  const webhooks = of('MutatingWebhookConfiguration')
  const { rbac, sharedBindings, shared } = collectRbac(objects)
  return {
    configuration: configMap && textsOf(configMap.data),
    secrets: of('Secret').flatMap(({ metadata }) =>
      LEGACY_SECRETS.includes(metadata.name) ? [{ metadata: inNamespace(metadata) }] : [],
    ),
    accounts: of('ServiceAccount').flatMap(describeAccount),
    workloads: judgedWorkloads(objects),
    replicaSetOwners: new Map(
      of('ReplicaSet').flatMap(({ metadata }) => {
        const owner = ownerOf(metadata)
        return owner === undefined ? [] : [[keyOf(inNamespace(metadata)), owner] as const]
      }),
    ),
    deployments: deployments.map((object) => ({
      ...part(object, '/apis/apps/v1', 'deployments'),
      selector: selectorOf(object),
    })),
    webhooks: webhooks
      .filter((object) => isHelpers(object) === 'all')
      .map((object) => part(object, '/apis/admissionregistration.k8s.io/v1', 'mutatingwebhookconfigurations')),
    rbac,
    sharedBindings,
    shared: [
      ...webhooks
        .filter((object) => isHelpers(object) === 'some')
        .map(({ metadata }) => `MutatingWebhookConfiguration ${metadata.name}: it has webhooks of others too`),
      ...shared,
    ],
    configMap: configMap && part(configMap, '/api/v1', 'configmaps'),
    addonKey: home('Secret').some(({ metadata }) => metadata.name === ADDON_KEY_SECRET),
    region: of('Node').flatMap(({ metadata }) => metadata.labels?.['topology.kubernetes.io/region'] ?? [])[0],
    minor,
  }
}

function describeAccount({ metadata, imagePullSecrets, secrets }: AnyObject): readonly LegacyAccount[] {
  const list = Array.isArray(imagePullSecrets) ? imagePullSecrets.filter(isRecord) : []
  const others = (Array.isArray(secrets) ? secrets.filter(isRecord) : []).map(({ name }) => String(name))
  const old = others.filter((name) => LEGACY_SECRETS.includes(name))
  if (old.length === 0 && !list.some(({ name }) => LEGACY_SECRETS.includes(String(name)))) return []
  const imagePullList = list as readonly { readonly name?: string }[]
  return [{ metadata: inNamespace(metadata), secrets: old, imagePullSecrets: imagePullList }]
}

/** Those whose own template decides: a ReplicaSet of a Deployment that was read follows the Deployment. */
function judgedWorkloads(objects: readonly AnyObject[]): readonly Workload[] {
  const key = (group: string, kind: string, namespace: string, name: string): string =>
    `${group} ${kind} ${namespace}/${name}`
  const read = new Set(
    objects.map((object) => {
      const { kind, metadata } = object
      return key(groupOf(object), kind, metadata.namespace ?? 'default', metadata.name)
    }),
  )
  return objects.flatMap(describeWorkload).filter((workload) => {
    return !followsOwner(workload, ({ group, kind, name }) => read.has(key(group, kind, workload.namespace, name)))
  })
}

/** The helper's rights; what another subject or Pod uses too stays. */
function collectRbac(objects: readonly AnyObject[]): Pick<LegacyFacts, 'rbac' | 'sharedBindings' | 'shared'> {
  const bindings = objects.filter(({ kind }) => kind === 'ClusterRoleBinding')
  const ofHelper = bindings.filter((object) => subjectsOf(object).some(isHelper))
  const alone = ofHelper.filter((object) => subjectsOf(object).every(isHelper))
  const staying = objects.filter(
    (object) => (object.kind === 'ClusterRoleBinding' || object.kind === 'RoleBinding') && !alone.includes(object),
  )
  const roleUser = staying.find(({ roleRef }) => {
    return isRecord(roleRef) && roleRef.kind === 'ClusterRole' && roleRef.name === LEGACY_HELPER
  })
  const accountUser = objects
    .flatMap(describeWorkload)
    .find(
      ({ kind, namespace, name, serviceAccount, owner }) =>
        namespace === LEGACY_NAMESPACE &&
        serviceAccount === LEGACY_HELPER &&
        owner === undefined &&
        !(kind === 'Deployment' && LEGACY_DEPLOYMENTS.includes(name)),
    )
  const named = (kind: string): readonly AnyObject[] =>
    objects.filter(
      (object) =>
        object.kind === kind &&
        object.metadata.name === LEGACY_HELPER &&
        (kind === 'ClusterRole' || (object.metadata.namespace ?? LEGACY_NAMESPACE) === LEGACY_NAMESPACE),
    )
  const [roles, accounts] = [named('ClusterRole'), named('ServiceAccount')]
  const shared = ofHelper.filter((object) => !alone.includes(object))
  return {
    rbac: [
      ...alone.map((object) => part(object, RBAC, 'clusterrolebindings')),
      ...(roleUser === undefined ? roles.map((object) => part(object, RBAC, 'clusterroles')) : []),
      ...(accountUser === undefined ? accounts.map((object) => part(object, '/api/v1', 'serviceaccounts')) : []),
    ],
    sharedBindings: shared.map(({ metadata }) => metadata.name),
    shared: [
      ...shared.map(({ metadata }) => `ClusterRoleBinding ${metadata.name}: it has other subjects too`),
      ...(roleUser === undefined || roles.length === 0
        ? []
        : [`ClusterRole ${LEGACY_HELPER}: ${roleUser.kind} ${keyOf(roleUser.metadata)} refers to it`]),
      ...(accountUser === undefined || accounts.length === 0
        ? []
        : [`ServiceAccount ${LEGACY_NAMESPACE}/${LEGACY_HELPER}: ${titleOf(accountUser)} runs as it`]),
    ],
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

/** Whether the add-on's Service is called by all webhooks of a configuration, by some, or by none. */
function isHelpers({ webhooks }: AnyObject): 'all' | 'some' | 'none' {
  const list = Array.isArray(webhooks) ? webhooks.filter(isRecord) : []
  const helpers = list.filter(({ clientConfig }) => {
    const service = isRecord(clientConfig) && isRecord(clientConfig.service) ? clientConfig.service : {}
    return service.namespace === LEGACY_NAMESPACE && LEGACY_SERVICES.includes(String(service.name))
  })
  if (helpers.length === 0) return 'none'
  return helpers.length === list.length ? 'all' : 'some'
}
