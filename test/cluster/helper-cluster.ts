import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Cloud } from '../../sandbox/cloud/start-cloud.ts'
import { type CloudOptions, startCloud } from '../../sandbox/cloud/start-cloud.ts'
import { HELPER_NODE_FLAGS } from '../../sandbox/image/helper-image.ts'
import type { Images } from '../../sandbox/nodes/process/container-command.ts'
import { type ProcessNode, type RunningPod, startProcessNode } from '../../sandbox/nodes/process/process-node.ts'
import { type HelperStatus, STATUS_KEY } from '../../src/installation/helper-status.ts'
import { type KubeClient, MERGE_PATCH } from '../../src/kube/client.ts'
import { ANNOTATION_CONTENT_HASH, ANNOTATION_REFRESH_REQUESTED } from '../../src/kube/names.ts'
import type { ObjectMeta } from '../../src/kube/types.ts'
import { type AuditEntry, readAuditLog } from '../support/cluster/audit-log.ts'
import { type ChartCluster, openChartCluster } from '../support/cluster/chart-cluster.ts'
import { eventually } from '../support/eventually.ts'
import { writeHelperProgram } from '../support/helper-program.ts'

export const RELEASE = 'acr-nopass'
export const HOME = 'acr-system'
export const SECRET = 'acr-nopass'

export interface Secret {
  readonly metadata: ObjectMeta
  readonly type: string
  readonly data: Readonly<Record<string, string>>
}

export interface ServiceAccount {
  readonly metadata: ObjectMeta
  readonly imagePullSecrets?: readonly { readonly name?: string }[]
}

/**
 * A real API server, the emulated cloud, and the helper as its chart's Pods, with the chart's
 * permissions and guard.
 */
export interface HelperCluster extends AsyncDisposable {
  readonly chart: ChartCluster
  readonly cloud: Cloud
  /** The role of the cluster's nodes, which may pull from its own account's registries. */
  readonly workerRole: string
  /** Values of every installation, which the test's values extend. */
  readonly values: object
  readonly node: ProcessNode
  readonly admin: KubeClient
  /** Installs or upgrades the release. */
  install(...values: object[]): Promise<void>
  helpers(): RunningPod[]
  leader(): Promise<RunningPod>
  status(): Promise<HelperStatus | undefined>
  /** Waits until the helper reports that nothing is pending. */
  settled(): Promise<HelperStatus>
  secret(namespace: string): Promise<Secret | undefined>
  account(namespace: string, name?: string): Promise<ServiceAccount>
  /** Waits until the content is right and, if requested, the ServiceAccount references it. */
  isUsable(namespace: string): Promise<boolean>
  /** Requests a rotation as `acr-nopass refresh` does. */
  requestRotation(): Promise<void>
  /**
   * Returns the helper's requests since `from` (index in the audit log), except watches, Lease and
   * status.
   */
  requests(from: number): AuditEntry[]
  auditLength(): number
}

/** Settings of one test file that differ from the defaults. */
export interface HelperClusterOptions {
  readonly cloud?: CloudOptions
  /** The address of a proxy through which the Pods reach the API server. */
  readonly apiServer?: { readonly host: string; readonly port: number }
  /** Further images on the node. */
  readonly images?: Images
}

const IMAGE = 'ghcr.io/acr-nopass/acr-nopass'

/** Starts everything, or uses the given cluster. `dispose` also stops the given cluster. */
export async function openHelperCluster(
  name: string,
  given?: ChartCluster,
  options: HelperClusterOptions = {},
): Promise<HelperCluster> {
  const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-helper-'))
  const program = join(folder, 'helper.mjs')
  await writeHelperProgram(program)
  const cloud = await startCloud(options.cloud)
  const registry = await startKnock(cloud)
  const chart = given ?? (await openChartCluster(name))
  const { admin, cluster } = chart
  const images = { [IMAGE]: [process.execPath, ...HELPER_NODE_FLAGS, program], ...options.images }
  const { apiServer } = options
  const node = await startProcessNode({ cluster, images, backOffMs: 200, ...(apiServer && { apiServer }) })
  const instance = cloud.instances.find(({ edition }) => edition === 'enterprise')
  assert.ok(instance)
  const workerRole = `KubernetesWorkerRole-b81d6f02-33c9-4e57-8a1c-90f7d25ce4a6`
  cloud.control.grant(workerRole, 'pull', {
    Version: '1',
    Statement: [
      {
        Effect: 'Allow',
        Action: ['cr:GetAuthorizationToken', 'cr:ListInstanceEndpoint', 'cr:PullRepository'],
        Resource: ['*'],
      },
    ],
  })
  const imds = await cloud.imdsFor(workerRole)
  const values = {
    registries: [{ name: 'demo', edition: 'enterprise', instanceId: instance.id, region: instance.region }],
    identity: { type: 'worker-role' },
    endpoints: { cr: cloud.endpoints.cr, sts: cloud.endpoints.sts, imds, registry: registry.url },
    attach: 'serviceAccounts',
    logLevel: 'debug',
    // The API server serves ValidatingAdmissionPolicies since 1.30.
    ...(chart.minor === '1.24' && { guard: 'disabled' }),
  }
  const get = async <T>(path: string): Promise<T | undefined> => {
    try {
      return await admin.request<T>({ method: 'GET', path })
    } catch (error) {
      if ((error as { status?: number }).status === 404) return undefined
      throw error
    }
  }
  const user = `system:serviceaccount:${HOME}:${RELEASE}`
  const statusPath = `/api/v1/namespaces/${HOME}/configmaps/${RELEASE}-status`
  const helperCluster: HelperCluster = {
    chart,
    cloud,
    workerRole,
    values,
    node,
    admin,
    install: async (...more) => {
      await chart.install(RELEASE, HOME, values, ...more)
    },
    helpers: () => node.pods().filter((pod) => pod.namespace === HOME && pod.name.startsWith(RELEASE)),
    async leader() {
      const path = `/apis/coordination.k8s.io/v1/namespaces/${HOME}/leases/${RELEASE}`
      const lease = await get<{ spec?: { holderIdentity?: string } }>(path)
      const holder = lease?.spec?.holderIdentity?.split('_')[0]
      const pod = helperCluster.helpers().find((one) => one.name === holder)
      assert.ok(pod, `no Pod holds the lease (${holder})`)
      return pod
    },
    async status() {
      const text = (await get<{ data?: Record<string, string> }>(statusPath))?.data?.[STATUS_KEY]
      return text === undefined ? undefined : JSON.parse(text)
    },
    settled: () =>
      eventually(async () => {
        const status = await helperCluster.status()
        assert.ok(status && status.namespaces.current > 0)
        assert.deepEqual([status.namespaces.pending, status.serviceAccounts?.pending ?? 0], [0, 0])
        return status
      }, 60_000),
    secret: (namespace) => get<Secret>(`/api/v1/namespaces/${namespace}/secrets/${SECRET}`),
    async account(namespace, account = 'default') {
      const found = await get<ServiceAccount>(`/api/v1/namespaces/${namespace}/serviceaccounts/${account}`)
      assert.ok(found)
      return found
    },
    async isUsable(namespace) {
      const [secret, account, own] = await Promise.all([
        helperCluster.secret(namespace),
        get<ServiceAccount>(`/api/v1/namespaces/${namespace}/serviceaccounts/default`),
        helperCluster.secret(HOME),
      ])
      const hash = (one: Secret | undefined) => one?.metadata.annotations?.[ANNOTATION_CONTENT_HASH]
      return hash(secret) !== undefined && hash(secret) === hash(own) && names(account).includes(SECRET)
    },
    async requestRotation() {
      const annotations = { [ANNOTATION_REFRESH_REQUESTED]: new Date().toISOString() }
      await admin.request({
        method: 'PATCH',
        path: statusPath,
        contentType: MERGE_PATCH,
        body: { metadata: { annotations } },
      })
    },
    auditLength: () => readAuditLog(cluster).length,
    requests: (from) =>
      readAuditLog(cluster)
        .slice(from)
        .filter((entry) => entry.user.username === user && entry.verb !== 'watch')
        .filter(({ objectRef }) => objectRef?.resource !== 'leases' && objectRef?.resource !== 'configmaps'),
    async [Symbol.asyncDispose]() {
      await node.stop()
      await chart[Symbol.asyncDispose]()
      await registry.close()
      await cloud.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
  return helperCluster
}

export function names(account: ServiceAccount | undefined): string[] {
  return (account?.imagePullSecrets ?? []).map(({ name = '' }) => name)
}

export function contentOf(secret: Secret | undefined): string {
  return Buffer.from(secret?.data['.dockerconfigjson'] ?? '', 'base64').toString()
}

/** A registry endpoint that refers a login to the cloud's token service. */
async function startKnock(cloud: Cloud): Promise<{ readonly url: string; close(): Promise<void> }> {
  const { realm, service } = cloud.registryAuth
  const server = createServer((_request, response) => {
    response.writeHead(401, { 'www-authenticate': `Bearer realm="${realm}",service="${service}"` }).end()
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections()
      return new Promise((done) => server.close(() => done()))
    },
  }
}
