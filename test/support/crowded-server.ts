import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createAuthority } from '../../sandbox/cluster/certificate.ts'
import { STATUS_KEY } from '../../src/installation/helper-status.ts'
import { loadConfig } from '../../src/installation/load-config.ts'
import { config } from '../helper/plan-fixtures.ts'

/**
 * The numbers of objects, in addition to a release and the old helper's Secrets in 20 namespaces.
 */
export interface CrowdedSizes {
  readonly pods: number
  readonly replicaSets: number
  /** Objects of a custom kind with a Pod template. */
  readonly rollouts: number
}

const NAMESPACES = 20
const PODS = '/api/v1/pods'
const REPLICA_SETS = '/apis/apps/v1/replicasets'
const ROLLOUTS = '/apis/argoproj.io/v1alpha1/rollouts'
const V1 = { groupVersion: 'argoproj.io/v1alpha1', version: 'v1alpha1' }
const METADATA_ONLY = { apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadata' }
const ROLLOUT = { name: 'rollouts', kind: 'Rollout', namespaced: true, verbs: ['list'] }
const OLD = 'aliyun-acr-credential-a'
const HOST = 'demo-registry.cn-hangzhou.cr.aliyuncs.com'
const BINDINGS = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings'
const labels = { 'app.kubernetes.io/name': 'acr-nopass', 'app.kubernetes.io/instance': 'r' }

export interface CrowdedServer extends AsyncDisposable {
  /** A kubeconfig of the server, as JSON. */
  readonly kubeconfig: string
}

/**
 * Starts an API server that generates its objects while a page of them is read. The objects are as
 * large as in real clusters: 6 to 7 KB each, with managedFields, variables, probes, volumes and a
 * status. Every Pod was created before the reference was attached, and the owners of ReplicaSets
 * and Rollouts do not exist. So there is something to report about each object.
 */
export async function startCrowdedServer(sizes: CrowdedSizes): Promise<CrowdedServer> {
  const authority = createAuthority('crowded-ca')
  const pair = authority.issue({ commonName: 'localhost', names: ['127.0.0.1'], minutes: 60 })
  const settings = config({ targets: { namespaces: { include: ['load-*'] } } })
  const at = new Date(Date.now() + 30 * 60_000).toISOString()
  const status = {
    version: '0.1.0',
    updatedAt: new Date().toISOString(),
    leader: 'x',
    configHash: loadConfig(JSON.stringify(settings)).hash,
    secretName: 'acr-nopass',
    attach: 'serviceAccounts',
    retired: false,
    registries: [
      {
        name: 'prod',
        edition: 'enterprise',
        fingerprint: 'f',
        domains: [HOST],
        state: 'live',
        expiresAt: at,
        verified: 'accepted',
      },
    ],
    namespaces: { total: NAMESPACES, current: NAMESPACES, pending: 0, skipped: {} },
    problems: [],
  }
  const namespaces = Array.from({ length: NAMESPACES }, (_, index) => `load-${index}`)
  const fixed = (path: string, query: URLSearchParams): readonly object[] => {
    const name = /metadata\.name=([^,]+)/.exec(query.get('fieldSelector') ?? '')?.[1]
    if (path.endsWith('/namespaces')) return namespaces.map((one) => ({ metadata: meta(one) }))
    if (path === '/api/v1/configmaps' || path === '/api/v1/namespaces/home/configmaps')
      return [
        { metadata: { ...meta('r', 'home'), labels }, data: { 'config.yaml': JSON.stringify(settings) } },
        { metadata: { ...meta('r-status', 'home'), labels }, data: { [STATUS_KEY]: JSON.stringify(status) } },
      ]
    if (path.endsWith('/secrets') && name === OLD && !query.get('fieldSelector')?.includes('type!='))
      return namespaces.map((one) => ({ metadata: { ...meta(OLD, one), managedFields: [writer('manager', {})] } }))
    if (path.endsWith('/secrets') && name === 'acr-nopass')
      return namespaces.map((one) => ({ metadata: ours(one, at) }))
    if (path === '/api/v1/serviceaccounts')
      return namespaces.map((one) => ({
        metadata: { ...meta('default', one), managedFields: [writer('manager', { 'f:imagePullSecrets': {} })] },
        imagePullSecrets: [{ name: OLD }, { name: 'acr-nopass' }],
      }))
    return []
  }
  const countOf = (path: string): number =>
    ({ [PODS]: sizes.pods, [REPLICA_SETS]: sizes.replicaSets, [ROLLOUTS]: sizes.rollouts })[path] ?? 0
  const server = createServer({ key: pair.keyPem, cert: pair.certificatePem }, (request, response) => {
    const { pathname: path, searchParams: query } = new URL(request.url ?? '', 'https://x')
    const respond = (code: number, body: object): void => {
      response.writeHead(code, { 'content-type': 'application/json' })
      response.end(JSON.stringify(body))
    }
    const count = countOf(path)
    if (path === '/version') return respond(200, { major: '1', minor: '35', gitVersion: 'v1.35.0' })
    if (path === '/apis')
      return respond(200, { groups: [{ name: 'argoproj.io', preferredVersion: V1, versions: [V1] }] })
    if (path === '/apis/argoproj.io/v1alpha1') return respond(200, { resources: [ROLLOUT] })
    if (request.method === 'POST' && path.endsWith('accessreviews')) return respond(201, { status: { allowed: true } })
    if (path === '/apis/apps/v1/namespaces/home/deployments/r')
      return respond(200, { spec: { replicas: 1 }, status: { availableReplicas: 1, readyReplicas: 1 } })
    if (path === `${BINDINGS}/acr-nopass.home.r`) return respond(200, { metadata: meta('acr-nopass.home.r') })
    const isObject = /\/namespaces\/[^/]+(\/[^/]+\/[^/]+)?$/.test(path)
    if (request.method !== 'GET' || isObject) return respond(404, { kind: 'Status', code: 404 })
    if (path === '/apis/admissionregistration.k8s.io/v1') return respond(200, { resources: [] })
    // The API server's format for requests of metadata only.
    const type = request.headers.accept?.includes('as=PartialObjectMetadata') ? METADATA_ONLY : {}
    if (count === 0) {
      const items = fixed(path, query).map((object) => ({ ...type, ...object }))
      return respond(200, { metadata: { resourceVersion: '1' }, items })
    }
    const from = Number(query.get('continue') ?? 0)
    const end = Math.min(count, from + Number(query.get('limit') ?? count))
    const make = path === PODS ? podOf : replicaSetOf
    const items = Array.from({ length: end - from }, (_, index) => make(from + index))
    const more = end < count ? { continue: String(end), remainingItemCount: count - end } : {}
    respond(200, { metadata: { resourceVersion: '1', ...more }, items })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const ca = Buffer.from(authority.certificatePem).toString('base64')
  const cluster = { server: `https://127.0.0.1:${port}`, 'certificate-authority-data': ca }
  return {
    kubeconfig: JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'crowded',
      clusters: [{ name: 'crowded', cluster }],
      contexts: [{ name: 'crowded', context: { cluster: 'crowded', user: 'crowded' } }],
      users: [{ name: 'crowded', user: { token: 'crowded' } }],
    }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const meta = (name: string, namespace?: string): object => ({
  name,
  ...(namespace !== undefined && { namespace }),
  uid: `5c8d7a52-0000-4000-8000-${Buffer.from(`${namespace}/${name}`).toString('hex').slice(-12).padStart(12, '0')}`,
  resourceVersion: '4711',
  creationTimestamp: '2026-11-20T08:00:00Z',
})
const ours = (namespace: string, at: string): object => ({
  ...meta('acr-nopass', namespace),
  labels: { 'app.kubernetes.io/managed-by': 'acr-nopass', 'app.kubernetes.io/instance': 'home.r' },
  annotations: { 'acr-nopass.io/registries': 'prod', 'acr-nopass.io/expires-at': at },
  managedFields: [
    {
      manager: 'acr-nopass',
      operation: 'Apply',
      fieldsV1: {
        'f:data': { 'f:.dockerconfigjson': {} },
        'f:type': {},
        'f:metadata': { 'f:annotations': { 'f:acr-nopass.io/content-hash': {} } },
      },
    },
  ],
})
const writer = (manager: string, fieldsV1: object): object => ({
  manager,
  operation: 'Update',
  apiVersion: 'v1',
  time: '2026-11-20T08:00:00Z',
  fieldsType: 'FieldsV1',
  fieldsV1,
})

/** The spec of a typical Pod and its fields in managedFields. */
function specOf(index: number): { readonly spec: object; readonly fields: object } {
  const env = Array.from({ length: 24 }, (_, at) => ({
    name: `APP_SETTING_${at}`,
    value: `https://service-${at}.team-${index % 50}.svc.cluster.local:8443/path/${index}`,
  }))
  const probe = (path: string) => ({
    httpGet: { path, port: 8080, scheme: 'HTTP' },
    initialDelaySeconds: 5,
    timeoutSeconds: 1,
    periodSeconds: 10,
    successThreshold: 1,
    failureThreshold: 3,
  })
  const mounts = [
    { name: 'config', mountPath: '/etc/app', readOnly: true },
    { name: 'cache', mountPath: '/var/cache/app' },
    { name: 'kube-api-access', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', readOnly: true },
  ]
  const container = (name: string, image: string) => ({
    name,
    image,
    env,
    resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '100m', memory: '256Mi' } },
    volumeMounts: mounts,
    livenessProbe: probe('/healthz'),
    readinessProbe: probe('/readyz'),
    terminationMessagePath: '/dev/termination-log',
    imagePullPolicy: 'IfNotPresent',
  })
  const token = { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } }
  const spec = {
    volumes: [
      { name: 'config', configMap: { name: `settings-${index % 500}`, defaultMode: 420 } },
      { name: 'cache', emptyDir: {} },
      { name: 'kube-api-access', projected: { sources: [token, { configMap: { name: 'kube-root-ca.crt' } }] } },
    ],
    containers: [container('app', `${HOST}/team/app-${index % 500}:1.${index % 90}.0`)],
    restartPolicy: 'Always',
    dnsPolicy: 'ClusterFirst',
    serviceAccountName: 'default',
    imagePullSecrets: [{ name: OLD }],
    tolerations: [
      { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 },
      { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 },
    ],
  }
  const names = env.map(({ name }) => [`k:{"name":"${name}"}`, { '.': {}, 'f:name': {}, 'f:value': {} }])
  const inside = { '.': {}, 'f:env': Object.fromEntries(names), 'f:image': {}, 'f:imagePullPolicy': {}, 'f:name': {} }
  const fields = { 'f:containers': { 'k:{"name":"app"}': inside }, 'f:dnsPolicy': {}, 'f:volumes': { '.': {} } }
  return { spec, fields }
}

function podOf(index: number): object {
  const { spec, fields } = specOf(index)
  const namespace = `load-${index % NAMESPACES}`
  const name = `app-${index % 500}-7d9f8b6c5d-${index.toString(36).padStart(5, 'x')}`
  const node = `cn-hangzhou.10.0.${index % 200}.7`
  const digest = (index * 7919).toString(16).padStart(64, 'a')
  return {
    metadata: {
      ...meta(name, namespace),
      labels: { app: `app-${index % 500}`, team: `team-${index % 10}`, 'pod-template-hash': '7d9f8b6c5d' },
      annotations: { 'example.com/notes': `revision ${index} `.repeat(30) },
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'ReplicaSet',
          name: `rs-${index % 500}`,
          uid: `u-${index % 500}`,
          controller: true,
        },
      ],
      managedFields: [
        writer('kube-controller-manager', { 'f:metadata': { 'f:labels': { 'f:app': {} } }, 'f:spec': fields }),
        writer('kubelet', {
          'f:status': { 'f:conditions': { 'k:{"type":"Ready"}': { 'f:status': {} } }, 'f:podIP': {} },
        }),
      ],
    },
    spec: { ...spec, nodeName: node },
    status: {
      phase: 'Running',
      conditions: ['Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map((type) => ({
        type,
        status: 'True',
        lastTransitionTime: '2026-11-20T08:00:10Z',
      })),
      hostIP: `10.0.${index % 200}.7`,
      podIP: `10.1.${index % 200}.${index % 250}`,
      containerStatuses: [
        {
          name: 'app',
          image: `${HOST}/team/app-${index % 500}:1.${index % 90}.0`,
          imageID: `${HOST}/team/app@sha256:${digest}`,
          containerID: `containerd://${digest}`,
          ready: true,
          restartCount: 0,
          state: { running: { startedAt: '2026-11-20T08:00:09Z' } },
        },
      ],
    },
  }
}

function replicaSetOf(index: number): object {
  const { spec, fields } = specOf(index)
  const template = { metadata: { labels: { app: `app-${index}` } }, spec }
  return {
    metadata: {
      ...meta(`rs-${index}`, `load-${index % NAMESPACES}`),
      labels: { app: `app-${index}`, 'pod-template-hash': '7d9f8b6c5d' },
      annotations: { 'deployment.kubernetes.io/revision': '1', 'example.com/notes': `revision ${index} `.repeat(30) },
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          name: `app-${index % 2000}`,
          uid: `d-${index % 2000}`,
          controller: true,
        },
      ],
      managedFields: [
        writer('kube-controller-manager', { 'f:spec': { 'f:replicas': {}, 'f:template': { 'f:spec': fields } } }),
      ],
    },
    spec: { replicas: 0, selector: { matchLabels: { app: `app-${index}` } }, template },
    status: { replicas: 0, observedGeneration: 1 },
  }
}
