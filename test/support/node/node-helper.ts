import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeHelperImage } from '../../../sandbox/image/helper-image.ts'
import { type HelperStatus, STATUS_KEY } from '../../../src/installation/helper-status.ts'
import { MERGE_PATCH } from '../../../src/kube/client.ts'
import { ANNOTATION_CONTENT_HASH, ANNOTATION_REFRESH_REQUESTED, DEFAULT_SECRET_NAME } from '../../../src/kube/names.ts'
import type { KubeObject } from '../../../src/kube/types.ts'
import { VERSION } from '../../../src/version.ts'
import { freePort } from '../../../tools/process/free-port.ts'
import { CHART, openHelm } from '../chart/chart.ts'
import { eventually } from '../eventually.ts'
import { writeHelperProgram } from '../helper-program.ts'
import { WORKER_ROLE } from '../registry/private-registry.ts'
import type { NodeFixture } from './node-fixture.ts'

const HOME = 'acr-system'
const RELEASE = 'acr-nopass'

/**
 * The helper on the real node, installed by its chart. It runs in the node's network, because this
 * is the only network.
 */
export interface NodeHelper extends AsyncDisposable {
  /** The namespace of the helper. */
  release(): { readonly kubeconfig: string; readonly namespace: string; readonly name: string }
  /** The default values. */
  readonly values: Readonly<Record<string, unknown>>
  /** `helm upgrade --install --wait`: resolves when the new Pod is ready. */
  install(...values: object[]): Promise<void>
  /** The helper's running Pods. */
  pods(): Promise<KubeObject[]>
  /** The helper's status. */
  status(): Promise<HelperStatus>
  secret(namespace: string): Promise<KubeObject>
  /** Requests a rotation and waits until the Secrets of these namespaces have new content. */
  rotate(...namespaces: string[]): Promise<void>
}

/** Prepares a helper for the namespaces `team-*`; tests may use the others. */
export async function prepareHelper(fixture: NodeFixture): Promise<NodeHelper> {
  const { cluster, cloud, node } = fixture
  const folder = await mkdtemp(join(tmpdir(), 'helper-'))
  const program = join(folder, 'helper.mjs')
  await writeHelperProgram(program)
  const image = { node: process.execPath, helper: program, arch: process.arch }
  const layout = await writeHelperImage(join(folder, 'image'), image)
  await node.images.add(layout, `ghcr.io/acr-nopass/acr-nopass:${VERSION}`)
  const helm = await openHelm('helm4')
  const instance = cloud.instances.find(({ edition }) => edition === 'enterprise')
  const { sts, cr } = cloud.endpoints
  const ports = { http: await freePort('0.0.0.0') }
  const base = {
    registries: [{ name: 'demo', edition: 'enterprise', instanceId: instance?.id, region: instance?.region }],
    identity: { type: 'worker-role' },
    endpoints: { sts, cr, imds: await cloud.imdsFor(WORKER_ROLE) },
    caBundle: node.vendorNames.caPem,
    targets: { namespaces: { include: ['team-*'] } },
    hostNetwork: true,
    replicas: 1,
    ports,
  }
  const secret = (namespace: string): Promise<KubeObject> => {
    const path = `/api/v1/namespaces/${namespace}/secrets/${DEFAULT_SECRET_NAME}`
    return cluster.admin.request({ method: 'GET', path })
  }
  return {
    release: () => ({ kubeconfig: cluster.adminKubeconfigFile, namespace: HOME, name: RELEASE }),
    values: base,
    secret,
    async install(...values) {
      const target = ['--namespace', HOME, '--create-namespace', '--kubeconfig', cluster.adminKubeconfigFile]
      const args = ['upgrade', '--install', RELEASE, CHART, ...target, '--wait', '--timeout', '120s']
      const { code, stderr } = await helm.run(args, [base, ...values])
      assert.equal(code, 0, stderr)
    },
    async status() {
      const path = `/api/v1/namespaces/${HOME}/configmaps/${RELEASE}-status`
      const { data } = await cluster.admin.request<{ data: Record<string, string> }>({ method: 'GET', path })
      return JSON.parse(data[STATUS_KEY] ?? '') as HelperStatus
    },
    async pods() {
      const path = `/api/v1/namespaces/${HOME}/pods`
      const { items } = await cluster.admin.request<{ items: KubeObject[] }>({ method: 'GET', path })
      return items
    },
    async rotate(...namespaces) {
      const hashes = (): Promise<(string | undefined)[]> =>
        Promise.all(namespaces.map(async (one) => (await secret(one)).metadata.annotations?.[ANNOTATION_CONTENT_HASH]))
      const before = await hashes()
      await cluster.admin.request({
        method: 'PATCH',
        path: `/api/v1/namespaces/${HOME}/configmaps/${RELEASE}-status`,
        contentType: MERGE_PATCH,
        body: { metadata: { annotations: { [ANNOTATION_REFRESH_REQUESTED]: new Date().toISOString() } } },
      })
      await eventually(async () => assert.ok((await hashes()).every((hash, index) => hash !== before[index])), 60_000)
    },
    async [Symbol.asyncDispose]() {
      await helm[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
