import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { V1ContainerState } from '@kubernetes/client-node'
import type { Pod } from '../../../sandbox/cluster/pod.ts'
import { type Cluster, startCluster } from '../../../sandbox/cluster/start-cluster.ts'
import { writeProgramImage } from '../../../sandbox/image/program-image.ts'
import { type RealNode, startNode } from '../../../sandbox/nodes/containerd/start-node.ts'
import { buildDockerConfig } from '../../../src/acr/docker-config.ts'
import type { RegistryToken } from '../../../src/acr/registry-token.ts'
import { APPLY, MERGE_PATCH } from '../../../src/kube/client.ts'
import { DEFAULT_SECRET_NAME, FIELD_MANAGER, LABEL_MANAGED_BY, MANAGED_BY } from '../../../src/kube/names.ts'
import { ensureTools } from '../../../tools/build/ensure-tools.ts'
import { controlPlane } from '../cluster/control-plane.ts'
import { eventually } from '../eventually.ts'
import { openPrivateRegistry, type PrivateRegistry } from '../registry/private-registry.ts'
import { silentProgress } from '../silent-progress.ts'
import { readPodLog } from './pod-log.ts'

/** A cluster with a real node and the private registry of the emulated account. */
export interface NodeFixture extends PrivateRegistry {
  readonly cluster: Cluster
  readonly node: RealNode
  /** Creates a namespace whose default ServiceAccount has these references. */
  namespace(name: string, options?: { secrets?: readonly string[]; labels?: Record<string, string> }): Promise<void>
  /** Writes the pull Secret as the helper does, with a server-side apply. Returns its UID. */
  writeSecret(namespace: string, token: Pick<RegistryToken, 'username' | 'password'>): Promise<string>
  pod(
    namespace: string,
    name: string,
    options?: {
      tag?: string
      image?: string
      domain?: string
      pull?: 'Always' | 'IfNotPresent' | 'Never'
      serviceAccount?: string
    },
  ): Promise<void>
  /** Deletes a Pod, and waits until the kubelet has ended all its work for it. */
  remove(namespace: string, name: string): Promise<void>
  /** Returns the milliseconds until the container runs, or waits for one of these reasons. */
  until(namespace: string, name: string, state: 'running' | RegExp, limitMs?: number): Promise<number>
  /** Imports `team/app:<tag>` into the node without a pull. */
  preload(tag: string): Promise<void>
  readPod(namespace: string, name: string): Promise<Pod>
  /** The reasons of a Pod's Events. */
  reasons(namespace: string, pod: string): Promise<string[]>
  log(namespace: string, name: string): Promise<string>
}

const MACHINE = ['containerd', 'containerd-shim-runc-v2', 'ctr', 'runc', 'registry', 'sandbox-program'] as const

/** Opens a cluster whose API server and kubelet have this version of Kubernetes. */
export async function openNodeFixture(
  signal: AbortSignal,
  minor: 'newest' | 'oldest' = 'newest',
): Promise<NodeFixture> {
  const kubelet = minor === 'newest' ? 'kubelet' : 'kubelet-1.30'
  const [plane, machine] = await Promise.all([
    controlPlane(minor, signal),
    ensureTools([...MACHINE, kubelet], { progress: silentProgress, signal }),
  ])
  const tools = { ...plane, ...machine, kubelet: machine[kubelet] }
  const [fixture, cluster] = await Promise.all([
    openPrivateRegistry(tools, signal),
    startCluster({ name: 'node', tools, signal }),
  ])
  const registry = { url: fixture.registry.url, domains: [fixture.domain], auth: fixture.cloud.registryAuth }
  const node = await startNode({ cluster, name: 'node-1', tools, registry, signal })
  const { admin } = cluster
  const send = (method: 'POST' | 'PATCH', path: string, body: object, contentType?: string): Promise<Pod> =>
    admin.request<Pod>({ method, path, body, ...(contentType && { contentType }) })
  const readPod = (namespace: string, name: string): Promise<Pod> =>
    admin.request<Pod>({ method: 'GET', path: `/api/v1/namespaces/${namespace}/pods/${name}` })
  return {
    ...fixture,
    cluster,
    node,
    readPod,
    async reasons(namespace, pod) {
      const path = `/api/v1/namespaces/${namespace}/events?fieldSelector=involvedObject.name=${pod}`
      const { items } = await admin.request<{ items: { reason: string }[] }>({ method: 'GET', path })
      return items.map(({ reason }) => reason)
    },
    log: (namespace, name) => readPodLog(cluster.adminConnection, namespace, name),
    async namespace(name, { secrets = [], labels = {} } = {}) {
      await send('POST', '/api/v1/namespaces', { metadata: { name, labels } })
      const path = `/api/v1/namespaces/${name}/serviceaccounts/default`
      await eventually(() => admin.request({ method: 'GET', path }))
      if (secrets.length === 0) return
      await send('PATCH', path, { imagePullSecrets: secrets.map((secret) => ({ name: secret })) }, MERGE_PATCH)
    },
    async writeSecret(namespace, { username, password }) {
      const content = buildDockerConfig([{ username, password, domains: [fixture.domain] }], 'auth')
      const path = `/api/v1/namespaces/${namespace}/secrets/${DEFAULT_SECRET_NAME}?fieldManager=${FIELD_MANAGER}&force=true`
      const body = {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: DEFAULT_SECRET_NAME, labels: { [LABEL_MANAGED_BY]: MANAGED_BY } },
        type: 'kubernetes.io/dockerconfigjson',
        data: { '.dockerconfigjson': Buffer.from(content).toString('base64') },
      }
      return (await send('PATCH', path, body, APPLY)).metadata.uid
    },
    async preload(tag) {
      const layout = writeProgramImage(
        join(node.run.folder, `preloaded-${tag}`),
        tools['sandbox-program'],
        tag,
        process.arch,
      )
      await node.images.add(layout, `${fixture.domain}/team/app:${tag}`)
    },
    async pod(namespace, name, options = {}) {
      const { tag = '1', image = `team/app:${tag}`, domain = fixture.domain, pull = 'IfNotPresent' } = options
      const { serviceAccount: serviceAccountName = 'default' } = options
      const containers = [{ name: 'app', image: `${domain}/${image}`, imagePullPolicy: pull }]
      const spec = { hostNetwork: true, terminationGracePeriodSeconds: 1, serviceAccountName, containers }
      await send('POST', `/api/v1/namespaces/${namespace}/pods`, { metadata: { name }, spec })
    },
    async remove(namespace, name) {
      await admin.request({ method: 'DELETE', path: `/api/v1/namespaces/${namespace}/pods/${name}` })
      await eventually(() => assert.rejects(readPod(namespace, name), { status: 404 }), 60_000)
    },
    async until(namespace, name, expected, limitMs = 20_000) {
      const begin = performance.now()
      await eventually(async () => {
        const state = (await readPod(namespace, name)).status?.containerStatuses?.[0]?.state
        const now = describe(state)
        if (expected === 'running') assert.equal(now, 'running')
        else assert.match(now, expected)
      }, limitMs)
      return performance.now() - begin
    },
    [Symbol.asyncDispose]: async () => {
      await node.stop()
      await cluster.stop()
      await fixture[Symbol.asyncDispose]()
    },
  }
}

function describe(state: V1ContainerState | undefined): string {
  if (!state) return 'none'
  if (state.running) return 'running'
  return state.waiting ? `${state.waiting.reason}: ${state.waiting.message ?? ''}` : 'terminated'
}
