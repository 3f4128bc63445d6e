import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import type { Cloud } from '../../sandbox/cloud/start-cloud.ts'
import { startCloud } from '../../sandbox/cloud/start-cloud.ts'
import { type Cluster, startCluster } from '../../sandbox/cluster/start-cluster.ts'
import { type ManifestObject, parseManifest } from '../../src/helm/release/manifest.ts'
import { launchHelper } from '../../src/helper/launch-helper.ts'
import { type HelperStatus, STATUS_KEY } from '../../src/installation/helper-status.ts'
import { loadConfig } from '../../src/installation/load-config.ts'
import { KubeApiError } from '../../src/kube/api-error.ts'
import { APPLY, type KubeCall, type KubeClient, MERGE_PATCH } from '../../src/kube/client.ts'
import type { LeaseDurations } from '../../src/kube/lease-record.ts'
import { NEWEST, openHelm } from '../support/chart/chart.ts'
import { controlPlane, minorOfRun } from '../support/cluster/control-plane.ts'
import { eventually } from '../support/eventually.ts'
import { testTools } from '../tools.ts'
import { DENIABLE, HOME, NAMESPACES, SECOND_HOME, SECRET, type Written } from './draw-zoo.ts'
import { at, CUSTOM_KINDS, collectionOf, listAt, type ZooObject } from './kinds.ts'
import type { Snapshot } from './rules.ts'
import { referencesOf, untilMutated, untilNoneIsMutated } from './until-mutated.ts'
import type { WaitingPod } from './waiting-pods.ts'

/**
 * No controller creates Pods, and only the test deletes objects, so the controllers that would do
 * so are disabled.
 */
const WITHOUT = [
  'deployment',
  'replicaset',
  'replicationcontroller',
  'statefulset',
  'daemonset',
  'job',
  'cronjob',
  'garbage-collector',
  'pod-garbage-collector',
  'disruption',
  'horizontal-pod-autoscaler',
]

/** Kinds that a zoo does not contain, or that change on their own. */
const NOT_COMPARED =
  /^(events|nodes|csinodes|csidrivers|csistoragecapacities|volumeattachments|storageclasses|persistentvolumes|runtimeclasses|priorityclasses|flowschemas|prioritylevelconfigurations|apiservices|componentstatuses|certificatesigningrequests|controllerrevisions|endpoints|endpointslices|ipaddresses|servicecidrs|ingressclasses|customresourcedefinitions|ingresses|limitranges|horizontalpodautoscalers|device.*|resource(claim|slice|pool).*|volumeattributesclasses|storageversion.*|leasecandidates|clustertrustbundles|podcertificaterequests)$/

/** A release as the chart renders it. */
export interface Rendered {
  readonly namespace: string
  readonly name: string
  readonly fullname: string
  readonly objects: readonly { readonly path: string; readonly body: ZooObject }[]
  readonly config: string
}

export interface HelperRun {
  /** The helper runs until its report also satisfies this condition. */
  readonly until?: (status: HelperStatus) => boolean
}

/** One control plane for many zoos, with the emulated cloud and a Helm. */
export interface ZooCluster extends AsyncDisposable {
  readonly cluster: Cluster
  readonly admin: KubeClient
  readonly adminKubeconfig: string
  /** True if the cluster can change Pods by a policy (Kubernetes 1.36). */
  readonly canAdmit: boolean
  /**
   * A kubeconfig with the same permissions, except to read one resource, or to do anything in one
   * namespace (`in shop`).
   */
  kubeconfigWithout(resource: string): string
  /** A PATH with Helm. */
  readonly path: string
  readonly folder: string
  render(release: { readonly namespace: string; readonly name: string }, values: object): Promise<Rendered>
  snapshot(): Promise<Snapshot>
  /** Restores the cluster's initial state, except for cluster-wide objects of these releases. */
  reset(keep: readonly Rendered[]): Promise<void>
  write(written: Written): Promise<void>
  install(rendered: Rendered): Promise<void>
  /** Sets the status that the Deployment's controller would set. */
  settleDeployment(rendered: Rendered): Promise<void>
  /**
   * Runs a helper of the release until it leads, has all credentials and reports that nothing is
   * pending.
   */
  runHelper(rendered: Rendered, run?: HelperRun): Promise<void>
  /**
   * Renews the Lease like a leader every 2 s, because a zoo's helper is stopped while a command
   * inspects the result.
   */
  renewLease(rendered: Rendered): Promise<void>
  /**
   * Waits until the API server allows (or rejects) the helper's write of its Secret in a namespace,
   * because a role change takes a moment.
   */
  untilGranted(rendered: Rendered, namespace: string, wanted: boolean): Promise<void>
  /**
   * Waits until the API server gives the reference to new Pods, which happens a moment after the
   * policy was written.
   */
  untilAdmitted(rendered: Rendered): Promise<void>
  /** Sets the status with which a Pod's node reports why it does not start. */
  makeWait(pod: WaitingPod): Promise<void>
  call(call: KubeCall): Promise<unknown>
  /** Returns `undefined` if the object does not exist. */
  read(path: string): Promise<ZooObject | undefined>
  remove(path: string): Promise<void>
}

/** The limit is reached only if the condition never holds, because a slow machine takes long. */
const LIMIT_MS = 300_000
/**
 * The helper must not lose its Lease on a slow machine. The guard allows at most 60 s, and there is
 * no other replica.
 */
const LEASE_DURATIONS: LeaseDurations = { leaseMs: 60_000, renewDeadlineMs: 300_000, retryMs: 2_000 }
const CONCURRENCY = 8

export async function openZooCluster(): Promise<ZooCluster> {
  const signal = AbortSignal.timeout(24 * 3_600_000)
  const minor = minorOfRun()
  const folder = await mkdtemp(join(tmpdir(), 'zoo-'))
  const [tools, helm, cloud] = await Promise.all([controlPlane(minor, signal), openHelm('helm4'), startCloud()])
  const flag = `--controllers=${WITHOUT.map((name) => `-${name}-controller`).join(',')}`
  const cluster = await startCluster({ name: 'zoo', tools, signal, controllerManagerFlags: [flag] })
  const { admin } = cluster
  await symlink((await testTools('helm4')).helm4, join(folder, 'helm'))
  const values = await baseValues(cloud)
  const rendered = new Map<string, Promise<Rendered>>()
  const call: ZooCluster['call'] = (one) => admin.request(one)
  const read: ZooCluster['read'] = async (path) => {
    try {
      return await admin.request<ZooObject>({ method: 'GET', path })
    } catch (error) {
      if (error instanceof KubeApiError && error.status === 404) return undefined
      throw error
    }
  }
  const remove: ZooCluster['remove'] = async (path) => {
    try {
      await admin.request({ method: 'DELETE', path, query: { gracePeriodSeconds: 0, propagationPolicy: 'Background' } })
    } catch (error) {
      if (!(error instanceof KubeApiError && error.status === 404)) throw error
    }
  }
  for (const name of [HOME, SECOND_HOME, ...NAMESPACES]) {
    await call({ method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name } } })
  }
  await createKinds(call)
  const kinds = await discover(admin)
  const without = new Map(
    await Promise.all(
      DENIABLE.map(async (denied) => [denied, await userWithout(cluster, kinds, denied, folder)] as const),
    ),
  )
  const snapshot = async (): Promise<Snapshot> => {
    const found = new Map<string, ZooObject>()
    await inParallel(kinds, async ({ root, plural, kind, namespaced }) => {
      const path = `${root}/${plural}`
      const { items } = await admin.request<{ items: readonly ZooObject[] | null }>({ method: 'GET', path })
      for (const item of items ?? []) {
        const { namespace, name } = item.metadata
        // The control plane writes these objects itself, with a delay.
        if ((plural === 'leases' && namespace === 'kube-system') || name === 'kube-root-ca.crt') continue
        const where = namespaced ? `${root}/namespaces/${namespace}/${plural}/${name}` : `${path}/${name}`
        found.set(where, { ...item, kind })
      }
    })
    // A terminating object counts as deleted.
    const ending = new Set(
      [...found.values()].filter(isEnding).flatMap(({ kind, metadata }) => (kind === 'Namespace' ? metadata.name : [])),
    )
    const there = [...found].filter(([, one]) => !isEnding(one) && !ending.has(one.metadata.namespace ?? ''))
    return new Map(there.sort(([a], [b]) => (a < b ? -1 : 1)))
  }
  for (const name of ['default', HOME, SECOND_HOME, ...NAMESPACES]) {
    const path = `/api/v1/namespaces/${name}`
    await eventually(async () => {
      for (const part of ['serviceaccounts/default', 'configmaps/kube-root-ca.crt']) {
        if ((await read(`${path}/${part}`)) === undefined) throw new Error(`${path} has no ${part}`)
      }
    }, LIMIT_MS)
  }
  const baseline = await snapshot()

  const zoo: ZooCluster = {
    cluster,
    admin,
    adminKubeconfig: cluster.adminKubeconfigFile,
    canAdmit: kinds.some(({ kind }) => kind === 'MutatingAdmissionPolicy'),
    kubeconfigWithout: (resource) => without.get(resource) ?? '',
    path: `${folder}:${process.env.PATH}`,
    folder,
    call,
    read,
    remove,
    snapshot,
    render: ({ namespace, name }, more) => {
      const key = JSON.stringify([namespace, name, more])
      const work = rendered.get(key) ?? render(namespace, name, more)
      rendered.set(key, work)
      return work
    },
    untilGranted: (release, namespace, wanted) => untilGranted(call, release, namespace, wanted),
    untilAdmitted: ({ namespace }) => untilMutated(call, namespace, true, LIMIT_MS),
    makeWait: (pod) => makeWait(zoo, pod),
    async reset(keep) {
      const isMutating = (path: string): boolean => path.includes('/mutatingadmissionpolic')
      // The Pod policy is deleted first, so that objects written before the release get no
      // reference.
      const paths = keep.flatMap(({ objects }) => objects.map(({ path }) => path))
      const kept = new Set(paths.filter((path) => !isMutating(path)))
      const now = await snapshot()
      await inParallel([...now], async ([path, object]) => {
        const was = baseline.get(path)
        if (was === undefined) {
          if (object.metadata.namespace !== undefined || !kept.has(path)) await remove(path)
          return
        }
        if (was.metadata.uid === object.metadata.uid && text(was) === text(object)) return
        // Writes the object as it was created, without a record of its writers.
        const metadata = { ...was.metadata, uid: undefined, resourceVersion: undefined, managedFields: [{}] }
        await call({ method: 'PUT', path, body: { ...was, metadata } })
      })
      if (zoo.canAdmit) await untilNoneIsMutated(call, [HOME, ...NAMESPACES], LIMIT_MS)
    },
    async write({ object, manager = 'kubectl-client-side-apply', applied, status, merge }) {
      const collection = collectionOf(object)
      const path = `${collection}/${object.metadata.name}`
      const query = { fieldManager: manager }
      const { kind: _kind, apiVersion: _version, ...fields } = object
      if (applied) {
        await call({ method: 'PATCH', path, body: object, query: { ...query, force: true }, contentType: APPLY })
      } else if (merge && (await read(path)) !== undefined) {
        await call({ method: 'PATCH', path, body: fields, query, contentType: MERGE_PATCH })
      } else {
        await call({ method: 'POST', path: collection, body: object, query })
      }
      if (status !== undefined) {
        await call({ method: 'PATCH', path: `${path}/status`, body: { status }, query, contentType: MERGE_PATCH })
      }
    },
    async install({ objects }) {
      await inParallel(objects, async ({ path, body }) => {
        await call({ method: 'PATCH', path, body, query: { fieldManager: 'helm', force: true }, contentType: APPLY })
      })
    },
    async settleDeployment({ namespace, fullname }) {
      const path = `/apis/apps/v1/namespaces/${namespace}/deployments/${fullname}`
      const deployment = await read(path)
      if (deployment === undefined) return
      const { replicas = 0 } = deployment.spec as { readonly replicas?: number }
      const status = { replicas, availableReplicas: replicas, readyReplicas: replicas, updatedReplicas: replicas }
      await call({ method: 'PATCH', path: `${path}/status`, body: { status }, contentType: MERGE_PATCH })
    },
    runHelper: (release, run = {}) => runHelper(zoo, release, run),
    async renewLease(release) {
      const path = leasePath(release)
      if ((await read(path)) === undefined) return
      const renewTime = new Date().toISOString().replace('Z', '000Z')
      const body = { spec: { holderIdentity: `${release.fullname}-0_at-rest`, renewTime } }
      await call({ method: 'PATCH', path, body, contentType: MERGE_PATCH, query: { fieldManager: 'acr-nopass' } })
    },
    async [Symbol.asyncDispose]() {
      await cluster.stop()
      await cloud.stop()
      await helm[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }

  async function render(namespace: string, name: string, more: object): Promise<Rendered> {
    const kubeVersion = minor === 'newest' ? NEWEST : '1.30.0'
    const manifest = await helm.render({ namespace, release: name, values: [values, more], kubeVersion })
    const objects = parseManifest(manifest).map((one) => ({ path: pathOf(one, namespace, kinds), body: one.body }))
    const config = objects.map(({ body }) => (body.data as { 'config.yaml'?: string } | undefined)?.['config.yaml'])
    const text = config.find((one) => one !== undefined) ?? ''
    const fullname = loadConfig(text).config.release.fullname
    return { namespace, name, fullname, objects: objects as unknown as Rendered['objects'], config: text }
  }

  return zoo
}

const isEnding = ({ metadata }: ZooObject): boolean => metadata.deletionTimestamp !== undefined

function text({
  metadata: { resourceVersion: _version, ...metadata },
  ...rest
}: ZooObject & { metadata: { resourceVersion?: string } }): string {
  return JSON.stringify({ ...rest, metadata })
}

async function baseValues(cloud: Cloud): Promise<object> {
  const role = 'KubernetesWorkerRole-b81d6f02-33c9-4e57-8a1c-90f7d25ce4a6'
  const Action = ['cr:GetAuthorizationToken', 'cr:ListInstanceEndpoint', 'cr:PullRepository']
  cloud.control.grant(role, 'pull', { Version: '1', Statement: [{ Effect: 'Allow', Action, Resource: ['*'] }] })
  return {
    replicas: 1,
    identity: { type: 'worker-role' },
    endpoints: { cr: cloud.endpoints.cr, sts: cloud.endpoints.sts, imds: await cloud.imdsFor(role) },
    attach: 'serviceAccounts',
    verify: { enabled: false },
    logLevel: 'error',
  }
}

interface Kind {
  readonly root: string
  readonly plural: string
  readonly kind: string
  readonly namespaced: boolean
  readonly apiVersion: string
}

async function discover(admin: KubeClient): Promise<readonly Kind[]> {
  const { groups } = await admin.request<{ groups: readonly { preferredVersion: { groupVersion: string } }[] }>({
    method: 'GET',
    path: '/apis',
  })
  const versions = ['v1', ...groups.map(({ preferredVersion }) => preferredVersion.groupVersion)]
  const lists = await Promise.all(
    versions.map(async (apiVersion) => {
      const root = apiVersion === 'v1' ? '/api/v1' : `/apis/${apiVersion}`
      const { resources } = await admin.request<{
        resources: readonly { name: string; kind: string; namespaced: boolean; verbs?: readonly string[] }[]
      }>({ method: 'GET', path: root })
      return resources
        .filter(({ name, verbs = [] }) => !name.includes('/') && verbs.includes('list') && !NOT_COMPARED.test(name))
        .map(({ name, kind, namespaced }) => ({ root, plural: name, kind, namespaced, apiVersion }))
    }),
  )
  return lists.flat()
}

function pathOf({ kind, apiVersion, name, namespace }: ManifestObject, home: string, kinds: readonly Kind[]): string {
  const found = kinds.find((one) => one.kind === kind && one.apiVersion === apiVersion)
  if (found === undefined) throw new Error(`the API server has no ${apiVersion} ${kind}`)
  const { root, plural, namespaced } = found
  return namespaced ? `${root}/namespaces/${namespace ?? home}/${plural}/${name}` : `${root}/${plural}/${name}`
}

async function createKinds(call: ZooCluster['call']): Promise<void> {
  const openAPIV3Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
  for (const { group, version, kind, plural } of CUSTOM_KINDS) {
    const versions = [{ name: version, served: true, storage: true, schema: { openAPIV3Schema } }]
    const names = { kind, plural, singular: kind.toLowerCase() }
    await call({
      method: 'POST',
      path: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
      body: { metadata: { name: `${plural}.${group}` }, spec: { group, scope: 'Namespaced', names, versions } },
    })
  }
  for (const { group, version, plural } of CUSTOM_KINDS) {
    const path = `/apis/${group}/${version}/${plural}`
    await eventually(() => call({ method: 'GET', path }), LIMIT_MS)
  }
}

/**
 * Creates a user who may do everything except read one resource, or everything except in one
 * namespace.
 */
async function userWithout(cluster: Cluster, kinds: readonly Kind[], denied: string, folder: string): Promise<string> {
  const deniedNamespace = /^in (.*)/.exec(denied)?.[1]
  const groupOf = ({ apiVersion }: Kind): string => (apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '')
  const groups = [...new Set(kinds.map(groupOf))]
  const rules = groups.flatMap((group) => {
    const own = kinds.filter((kind) => groupOf(kind) === group)
    const plurals = own.map(({ plural }) => plural)
    if (deniedNamespace !== undefined) {
      const clusterWide = own.filter(({ namespaced }) => !namespaced).map(({ plural }) => plural)
      return [{ apiGroups: [group], resources: clusterWide, verbs: ['*'] }]
    }
    return plurals.includes(denied)
      ? [
          { apiGroups: [group], resources: plurals.filter((name) => name !== denied), verbs: ['*'] },
          { apiGroups: [group], resources: [denied], verbs: ['create', 'patch', 'update', 'delete'] },
        ]
      : [{ apiGroups: [group], resources: ['*'], verbs: ['*'] }]
  })
  const nodes = {
    apiGroups: [''],
    resources: ['nodes', ...(deniedNamespace === undefined ? ['pods/log'] : [])],
    verbs: ['get', 'list'],
  }
  const reviews = { apiGroups: ['authorization.k8s.io'], resources: ['*'], verbs: ['*'] }
  const name = `zoo-without-${denied.replace(' ', '-')}`
  const rbac = '/apis/rbac.authorization.k8s.io/v1'
  const body = { metadata: { name }, rules: [...rules, nodes, reviews].filter((rule) => rule.resources.length > 0) }
  await cluster.admin.request({ method: 'POST', path: `${rbac}/clusterroles`, body })
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name }
  const subjects = [{ kind: 'User', name, apiGroup: 'rbac.authorization.k8s.io' }]
  await cluster.admin.request({
    method: 'POST',
    path: `${rbac}/clusterrolebindings`,
    body: { metadata: { name }, roleRef, subjects },
  })
  const namespaces = ['default', 'kube-system', HOME, SECOND_HOME, ...NAMESPACES].filter(
    (one) => one !== deniedNamespace,
  )
  for (const one of deniedNamespace === undefined ? [] : namespaces) {
    const path = `${rbac}/namespaces/${one}/rolebindings`
    const body = { metadata: { name }, roleRef: { ...roleRef, name: 'cluster-admin' }, subjects }
    await cluster.admin.request({ method: 'POST', path, body })
  }
  const file = join(folder, `${name}.kubeconfig`)
  await writeFile(file, cluster.kubeconfigFor(name, [], 24 * 60), { mode: 0o600 })
  return file
}

const leasePath = ({ objects }: Rendered): string => objects.find(({ body }) => body.kind === 'Lease')?.path ?? ''

async function runHelper(zoo: ZooCluster, release: Rendered, { until = () => true }: HelperRun): Promise<void> {
  const { cluster, folder } = zoo
  const { namespace, fullname, config } = release
  const file = join(folder, `${namespace}.config.yaml`)
  await writeFile(file, config)
  const { config: loaded, hash } = loadConfig(config)
  const token = await cluster.serviceAccountToken(namespace, loaded.release.serviceAccount, [], 3600)
  await freeLease(zoo, release)
  await zoo.untilGranted(release, namespace, true)
  const stop = new AbortController()
  const [podName, uid] = [`${fullname}-0`, randomUUID()]
  const log = pino({ level: 'silent' })
  const running = launchHelper(
    {
      argument: {
        config: file,
        secretsDir: folder,
        serviceAccountDir: folder,
        oidcTokenFile: undefined,
        httpAddress: undefined,
      },
      connection: { server: cluster.server, ca: cluster.caPem, token: () => token },
      environment: { POD_UID: uid },
      version: 'zoo',
      podName,
      log,
      leaseDurations: LEASE_DURATIONS,
    },
    stop.signal,
  )
  const isDone = ({ leader, configHash, registries, namespaces, serviceAccounts, retired }: HelperStatus): boolean =>
    // Only a report of this run counts, because a report of the previous run may look the same.
    leader === `${podName}_${uid}` &&
    configHash === hash &&
    (retired || registries.every(({ state }) => state === 'live')) &&
    namespaces.pending + (serviceAccounts?.pending ?? 0) === 0
  const settled = eventually(async () => {
    stop.signal.throwIfAborted()
    const report = (await zoo.read(`/api/v1/namespaces/${namespace}/configmaps/${fullname}-status`))?.data
    const text = (report as Readonly<Record<string, string>> | undefined)?.[STATUS_KEY]
    const status: HelperStatus | undefined = text === undefined ? undefined : JSON.parse(text)
    if (status === undefined || !isDone(status) || !until(status)) {
      throw new Error(`the helper of ${namespace} is not done: ${text ?? 'no report'}`)
    }
  }, LIMIT_MS)
  try {
    await Promise.race([settled, running.then(() => settled)])
  } finally {
    stop.abort()
    await Promise.allSettled([running, settled])
  }
}

/** The Pod of the previous helper is gone, and in a real cluster its Lease would expire. */
async function freeLease(zoo: ZooCluster, release: Rendered): Promise<void> {
  const path = leasePath(release)
  const { holderIdentity } = ((await zoo.read(path))?.spec ?? {}) as { readonly holderIdentity?: string }
  if (!holderIdentity) return
  const query = { fieldManager: 'acr-nopass' }
  await zoo.call({ method: 'PATCH', path, body: { spec: { holderIdentity: '' } }, contentType: MERGE_PATCH, query })
}

async function untilGranted(
  call: ZooCluster['call'],
  release: Rendered,
  namespace: string,
  wanted: boolean,
): Promise<void> {
  const { secretName, release: own } = loadConfig(release.config).config
  const user = `system:serviceaccount:${own.namespace}:${own.serviceAccount}`
  const resourceAttributes = { verb: 'patch', resource: 'secrets', namespace, name: secretName }
  const body = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: { user, resourceAttributes },
  }
  await eventually(async () => {
    const review = await call({ method: 'POST', path: '/apis/authorization.k8s.io/v1/subjectaccessreviews', body })
    const allowed = at(review, ['status', 'allowed']) === true
    if (allowed !== wanted) throw new Error(`${user} may ${allowed ? '' : 'not '}write its Secret in ${namespace}`)
  }, LIMIT_MS)
}

/** Waits until a Pod in a dry run gets the reference, or no longer gets it. */
async function makeWait(zoo: ZooCluster, { namespace, name, message, isReferenced }: WaitingPod): Promise<void> {
  const path = `/api/v1/namespaces/${namespace}/pods/${name}`
  // The API server copies the ServiceAccount's list from its cache, which may be older.
  const pod = await eventually(async () => {
    const there = await zoo.read(path)
    if (there === undefined || !isReferenced || referencesOf(there).includes(SECRET)) return there
    await zoo.remove(path)
    const {
      uid: _uid,
      resourceVersion: _version,
      managedFields: _fields,
      ...metadata
    } = there.metadata as Record<string, unknown>
    const { imagePullSecrets: _list, nodeName: _node, ...spec } = there.spec as Record<string, unknown>
    await zoo.call({ method: 'POST', path: path.replace(/\/[^/]+$/, ''), body: { metadata, spec } })
    throw new Error(`Pod ${namespace}/${name} was created without the reference`)
  }, LIMIT_MS)
  if (pod === undefined) return
  const image = String(listAt(pod, ['spec', 'containers'])[0]?.image)
  const state = { waiting: { reason: 'ImagePullBackOff', message } }
  const containerStatuses = [{ name: 'app', image, imageID: '', ready: false, restartCount: 0, state }]
  const body = { status: { phase: 'Pending', containerStatuses } }
  await zoo.call({ method: 'PATCH', path: `${path}/status`, body, contentType: MERGE_PATCH })
}

/** Runs several items concurrently. Throws the first failure once all have finished. */
async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const queue = items.values()
  const worker = async (): Promise<void> => {
    for (const item of queue) await work(item)
  }
  const ends = await Promise.allSettled(Array.from({ length: CONCURRENCY }, worker))
  for (const end of ends) if (end.status === 'rejected') throw end.reason
}
