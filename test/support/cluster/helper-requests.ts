import { APPLY, type KubeCall, MERGE_PATCH, STRATEGIC_PATCH } from '../../../src/kube/client.ts'
import { CONTENT_MANAGER, FIELD_MANAGER } from '../../../src/kube/names.ts'
import type { KubeObject } from '../../../src/kube/types.ts'
import { applyPullSecret, type PullSecret } from './pull-secret.ts'

/** The location of a release and the objects that it may use. */
export interface ReleaseScope {
  readonly release: string
  /** The namespace of the release. */
  readonly home: string
  /** A target namespace. */
  readonly target: string
  /** A namespace that is not a target. */
  readonly other: string
  /** The release's Lease, as read. */
  readonly lease: KubeObject
}

/** One request that a helper, or an attacker with its token, could send. */
export interface HelperRequest {
  readonly title: string
  readonly call?: (scope: ReleaseScope) => KubeCall
  readonly watch?: (scope: ReleaseScope) => { readonly path: string; readonly name?: string }
}

const API = '/api/v1'
const inNamespace = (namespace: string, rest: string): string => `${API}/namespaces/${namespace}/${rest}`
const named = (name: string): { fieldSelector: string } => ({ fieldSelector: `metadata.name=${name}` })
const get = (path: string, query: KubeCall['query'] = {}): KubeCall => ({ method: 'GET', path, query })
const post = (path: string, body: object): KubeCall => ({ method: 'POST', path, body })
const merge = (path: string, body: object): KubeCall => ({ method: 'PATCH', path, contentType: MERGE_PATCH, body })
const remove = (path: string): KubeCall => ({ method: 'DELETE', path })
const ours = ({ home, release }: ReleaseScope): string => `${home}.${release}`
const fullname = ({ release }: ReleaseScope): string => `${release}-acr-nopass`
const patchContent = (namespace: string, name: string, key: string): KubeCall => ({
  method: 'PATCH',
  path: inNamespace(namespace, `secrets/${name}`),
  query: { fieldManager: CONTENT_MANAGER },
  contentType: STRATEGIC_PATCH,
  body: { data: { [key]: Buffer.from('{"auths":{}}').toString('base64') } },
})
const lease = (scope: ReleaseScope, name = fullname(scope)): string =>
  `/apis/coordination.k8s.io/v1/namespaces/${scope.home}/leases/${name}`
const putLease = (scope: ReleaseScope, change: object): KubeCall => ({
  method: 'PUT',
  path: lease(scope),
  body: { ...scope.lease, ...change },
})
const ABSENT_OWNER = { apiVersion: 'v1', kind: 'ConfigMap', name: 'gone', uid: '00000000-0000-0000-0000-000000000000' }
const rbac = (rest: string): string => `/apis/rbac.authorization.k8s.io/v1/${rest}`
const entries = (...names: string[]): object => ({ imagePullSecrets: names.map((name) => ({ name })) })
const attach = entries('acr-nopass')
const annotation = { metadata: { annotations: { 'pod-identity.alibabacloud.com/role-name': 'admin' } } }
/** Makes a request a dry run. */
const dry = (call: KubeCall): KubeCall => ({ ...call, query: { ...call.query, dryRun: 'All' } })
const OTHERS = 'of-somebody-else'

/**
 * The requests, in the order of the table in the documentation. A request may use objects of an
 * earlier request.
 */
export const HELPER_REQUESTS: readonly HelperRequest[] = [
  { title: 'list namespaces', call: () => get(`${API}/namespaces`) },
  { title: 'watch namespaces', watch: () => ({ path: `${API}/namespaces` }) },
  { title: 'get a target namespace', call: (p) => get(`${API}/namespaces/${p.target}`) },
  {
    title: 'label a namespace',
    call: (p) => merge(`${API}/namespaces/${p.target}`, { metadata: { labels: { 'pod-security': 'off' } } }),
  },
  {
    title: 'create the pull secret as a ServiceAccount token',
    call: (p) => dry(applyPullSecret(p.target, ours(p), asToken)),
  },
  { title: 'create the pull secret (apply)', call: (p) => applyPullSecret(p.target, ours(p)) },
  { title: 'restore the pull secret (apply)', call: (p) => applyPullSecret(p.target, ours(p)) },
  { title: 'refresh the pull secret (patch)', call: (p) => patchContent(p.target, 'acr-nopass', '.dockerconfigjson') },
  {
    title: 'add another key to the pull secret (patch)',
    call: (p) => dry(patchContent(p.target, 'acr-nopass', 'more')),
  },
  { title: 'patch another Secret', call: (p) => dry(patchContent(p.target, 'database', '.dockerconfigjson')) },
  { title: 'create the pull secret in its own namespace', call: (p) => applyPullSecret(p.home, ours(p)) },
  {
    title: 'create the pull secret in a namespace that is not a target',
    call: (p) => applyPullSecret(p.other, ours(p)),
  },
  {
    title: 'add another key to the pull secret (apply)',
    call: (p) => dry(applyPullSecret(p.target, ours(p), withMore)),
  },
  { title: 'give the pull secret to another release', call: (p) => dry(applyPullSecret(p.target, 'some.other')) },
  { title: 'list Secrets with that name in all namespaces', call: () => get(`${API}/secrets`, named('acr-nopass')) },
  {
    title: 'list Secrets with that name in a target',
    call: (p) => get(inNamespace(p.target, 'secrets'), named('acr-nopass')),
  },
  {
    title: 'watch Secrets with that name in all namespaces',
    watch: () => ({ path: `${API}/secrets`, name: 'acr-nopass' }),
  },
  {
    title: 'watch Secrets with that name in a target',
    watch: (p) => ({ path: inNamespace(p.target, 'secrets'), name: 'acr-nopass' }),
  },
  { title: 'get the pull secret', call: (p) => get(inNamespace(p.target, 'secrets/acr-nopass')) },
  { title: 'create the pull secret (POST)', call: (p) => post(inNamespace(p.other, 'secrets'), secretBody(p)) },
  {
    title: 'replace the pull secret (PUT)',
    call: (p) => ({ method: 'PUT', path: inNamespace(p.target, 'secrets/acr-nopass'), body: secretBody(p) }),
  },
  { title: 'delete the pull secret', call: (p) => remove(inNamespace(p.target, 'secrets/acr-nopass')) },
  { title: 'delete all Secrets of a namespace', call: (p) => remove(inNamespace(p.target, 'secrets')) },
  { title: 'list all Secrets', call: () => get(`${API}/secrets`) },
  { title: 'list the Secrets of a target', call: (p) => get(inNamespace(p.target, 'secrets')) },
  { title: 'watch all Secrets', watch: () => ({ path: `${API}/secrets` }) },
  { title: 'list Secrets with another name', call: () => get(`${API}/secrets`, named('database')) },
  { title: 'get another Secret', call: (p) => get(inNamespace(p.target, 'secrets/database')) },
  {
    title: 'apply another Secret',
    call: (p) => applyPullSecret(p.target, ours(p), undefined, 'database'),
  },
  { title: 'list ServiceAccounts in all namespaces', call: () => get(`${API}/serviceaccounts`) },
  { title: 'list the ServiceAccounts of a target', call: (p) => get(inNamespace(p.target, 'serviceaccounts')) },
  { title: 'list the ServiceAccounts of its own namespace', call: (p) => get(inNamespace(p.home, 'serviceaccounts')) },
  { title: 'watch ServiceAccounts in all namespaces', watch: () => ({ path: `${API}/serviceaccounts` }) },
  {
    title: 'watch the ServiceAccounts of a target',
    watch: (p) => ({ path: inNamespace(p.target, 'serviceaccounts') }),
  },
  { title: 'get a ServiceAccount', call: (p) => get(inNamespace(p.target, 'serviceaccounts/default')) },
  {
    title: 'attach to the ServiceAccount `default`',
    call: (p) => merge(inNamespace(p.target, 'serviceaccounts/default'), entries(OTHERS, 'acr-nopass')),
  },
  {
    title: "remove another client's entry from its list",
    call: (p) => dry(merge(inNamespace(p.target, 'serviceaccounts/default'), attach)),
  },
  {
    title: 'give it a cloud role through an annotation',
    call: (p) => dry(merge(inNamespace(p.target, 'serviceaccounts/default'), annotation)),
  },
  {
    title: 'attach to the ServiceAccount `builder`',
    call: (p) => merge(inNamespace(p.target, 'serviceaccounts/builder'), attach),
  },
  {
    title: 'attach in its own namespace',
    call: (p) => merge(inNamespace(p.home, 'serviceaccounts/default'), attach),
  },
  {
    title: 'attach in a namespace that is not a target',
    call: (p) => merge(inNamespace(p.other, 'serviceaccounts/default'), attach),
  },
  {
    title: 'create a ServiceAccount',
    call: (p) => post(inNamespace(p.target, 'serviceaccounts'), { metadata: { name: 'made' } }),
  },
  { title: 'delete a ServiceAccount', call: (p) => remove(inNamespace(p.target, 'serviceaccounts/builder')) },
  {
    title: 'create a token of a ServiceAccount',
    call: (p) => post(inNamespace(p.target, 'serviceaccounts/default/token'), { spec: { expirationSeconds: 600 } }),
  },
  { title: 'write an Event in a target', call: (p) => post(inNamespace(p.target, 'events'), eventBody(p.target)) },
  { title: 'write an Event in its own namespace', call: (p) => post(inNamespace(p.home, 'events'), eventBody(p.home)) },
  { title: 'list Events', call: (p) => get(inNamespace(p.target, 'events')) },
  { title: 'list Pods in all namespaces', call: () => get(`${API}/pods`) },
  { title: 'list the Pods of a target', call: (p) => get(inNamespace(p.target, 'pods')) },
  { title: 'watch Pods of a target', watch: (p) => ({ path: inNamespace(p.target, 'pods') }) },
  { title: 'get a Pod', call: (p) => get(inNamespace(p.target, 'pods/app')) },
  { title: 'read the log of a Pod', call: (p) => get(inNamespace(p.target, 'pods/app/log')) },
  { title: 'evict a Pod of a target', call: (p) => post(inNamespace(p.target, 'pods/app/eviction'), evictionBody(p)) },
  { title: 'create a Pod', call: (p) => post(inNamespace(p.target, 'pods'), podBody('made')) },
  { title: 'delete a Pod', call: (p) => remove(inNamespace(p.target, 'pods/app')) },
  { title: 'get its own Lease', call: (p) => get(lease(p)) },
  {
    title: 'watch its own Lease',
    watch: (p) => ({ path: lease(p).replace(/\/[^/]+$/, ''), name: fullname(p) }),
  },
  {
    title: 'give its own Lease an owner that does not exist, so that it is garbage collected',
    call: (p) => dry(putLease(p, { metadata: { ...p.lease.metadata, ownerReferences: [ABSENT_OWNER] } })),
  },
  {
    title: 'make its own Lease last for years',
    call: (p) => dry(putLease(p, { spec: { holderIdentity: 'a', leaseDurationSeconds: 2147483647 } })),
  },
  {
    title: 'update its own Lease',
    call: (p) => putLease(p, { spec: { holderIdentity: 'a' } }),
  },
  { title: 'get another Lease', call: (p) => get(lease(p, 'another')) },
  {
    title: 'create a Lease',
    call: (p) => post(lease(p).replace(/\/[^/]+$/, ''), { metadata: { name: 'made' } }),
  },
  {
    title: 'apply the metadata of its own Lease',
    call: (p) => ({
      method: 'PATCH',
      path: lease(p),
      query: { fieldManager: FIELD_MANAGER },
      contentType: APPLY,
      body: { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: fullname(p) } },
    }),
  },
  { title: 'delete its own Lease', call: (p) => remove(lease(p)) },
  { title: 'get its own status', call: (p) => get(inNamespace(p.home, `configmaps/${fullname(p)}-status`)) },
  {
    title: 'watch its own status',
    watch: (p) => ({ path: inNamespace(p.home, 'configmaps'), name: `${fullname(p)}-status` }),
  },
  {
    title: 'write its own status',
    call: (p) => merge(inNamespace(p.home, `configmaps/${fullname(p)}-status`), { data: { 'status.json': '{}' } }),
  },
  {
    title: 'make its own status immutable',
    call: (p) => dry(merge(inNamespace(p.home, `configmaps/${fullname(p)}-status`), { immutable: true })),
  },
  {
    title: 'change its own configuration',
    call: (p) => merge(inNamespace(p.home, `configmaps/${fullname(p)}`), { data: { 'config.yaml': '' } }),
  },
  { title: 'read another ConfigMap', call: (p) => get(inNamespace(p.home, 'configmaps/kube-root-ca.crt')) },
  {
    title: 'change its own Deployment',
    call: (p) =>
      merge(`/apis/apps/v1/namespaces/${p.home}/deployments/${fullname(p)}`, { metadata: { annotations: { a: 'b' } } }),
  },
  { title: 'list nodes', call: () => get(`${API}/nodes`) },
  {
    title: 'bind itself to cluster-admin',
    call: (p) => post(rbac('clusterrolebindings'), bindingBody(p)),
  },
  {
    title: 'widen its own role',
    call: (p) => merge(rbac(`namespaces/${p.home}/roles/${fullname(p)}`), { rules: [] }),
  },
  {
    title: 'remove the guard',
    call: (p) =>
      remove(`/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings/acr-nopass.${ours(p)}.secrets`),
  },
]

function asToken(secret: PullSecret): void {
  secret.type = 'kubernetes.io/service-account-token'
  secret.metadata.annotations = { 'kubernetes.io/service-account.name': 'default' }
}

function withMore(secret: PullSecret): void {
  secret.data.more = 'eA=='
}

function secretBody(scope: ReleaseScope): object {
  return applyPullSecret(scope.target, ours(scope)).body as object
}

function eventBody(namespace: string): object {
  const involvedObject = { apiVersion: 'v1', kind: 'Namespace', name: namespace, namespace }
  const source = { component: 'acr-nopass' }
  const text = { reason: 'Test', message: 'test', type: 'Warning', source, reportingComponent: 'acr-nopass' }
  return { metadata: { generateName: 'acr-nopass.' }, involvedObject, ...text }
}

function evictionBody({ target }: ReleaseScope): object {
  return { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'app', namespace: target } }
}

function bindingBody(scope: ReleaseScope): object {
  return {
    metadata: { name: `taken-by-${scope.release}` },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'ServiceAccount', name: fullname(scope), namespace: scope.home }],
  }
}

/** A minimal Pod. */
export function podBody(name: string): object {
  return { metadata: { name }, spec: { containers: [{ name: 'app', image: 'registry.example.com/app' }] } }
}
