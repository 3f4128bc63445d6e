import { join } from 'node:path'
import type { KubeClient } from '../../../src/kube/client.ts'
import { DEFAULT_SECRET_NAME } from '../../../src/kube/names.ts'
import type { ProcessId } from '../../../src/lib/process-id.ts'
import { startEtcd } from '../../../src/sandbox/cluster/etcd.ts'
import { type Cluster, startCluster } from '../../../src/sandbox/cluster/start-cluster.ts'
import { HELPER_NODE_FLAGS } from '../../../src/sandbox/image/helper-image.ts'
import { type ProcessNode, type RunningPod, startProcessNode } from '../../../src/sandbox/nodes/process/process-node.ts'
import { findByEnvironment } from '../../../src/sandbox/process/process-table.ts'
import { openRun } from '../../../src/sandbox/process/run.ts'
import type { ToolPaths } from '../../../src/sandbox/tools/ensure-tools.ts'
import { CHART, openHelm } from '../../support/chart/chart.ts'
import { type AuditWindow, openAuditWindow } from './audit-window.ts'
import { type CloudSide, startCloudSide } from './cloud-side.ts'
import { type Observer, startObserver } from './observer.ts'
import { readProcess } from './process-figures.ts'

export const RELEASE = 'acr-nopass'
export const HOME = 'acr-system'
/** As the API server knows the helper. */
export const HELPER_USER: string = `system:serviceaccount:${HOME}:${RELEASE}`
const IMAGE = 'ghcr.io/acr-nopass/acr-nopass'

/** A cluster of its own for what is measured, the emulated cloud beside it, and an observer who takes the times. */
export interface Bed extends AsyncDisposable {
  readonly cluster: Cluster
  readonly admin: KubeClient
  readonly cloud: CloudSide
  readonly observer: Observer
  /** Helm installs or upgrades the release; the helper runs as the chart's Pods once a node is there. */
  install(values: object): Promise<void>
  /** From now on the chart's Pods run, as child processes. */
  startNode(): Promise<ProcessNode>
  helpers(): readonly RunningPod[]
  /** The one process of a helper's Pod. */
  processOf(pod: RunningPod): ProcessId
  audit(username?: string): AuditWindow
  /** CPU seconds so far of API server, etcd and controller-manager. */
  serverCpu(): number
}

export interface BedOptions {
  readonly name: string
  readonly tools: ToolPaths
  /** The helper's bundle. */
  readonly helperFile: string
  readonly signal: AbortSignal
}

export async function openBed({ name, tools, helperFile, signal }: BedOptions): Promise<Bed> {
  const undo = new AsyncDisposableStack()
  try {
    const run = undo.use(await openRun())
    const etcd = undo.use(await startEtcd({ tools, run, fsync: true, signal }))
    const cloud = undo.use(await startCloudSide())
    const helm = undo.use(await openHelm('helm4'))
    // The audit log of ten thousand namespaces is larger than the 100 MB at which it would be rotated.
    const apiServerFlags = ['--audit-log-maxsize=4000']
    // So that it is not the controller-manager that is measured.
    const controllerManagerFlags = ['--kube-api-qps=1000', '--kube-api-burst=2000']
    const options = { name, tools, etcd, run, apiServerFlags, controllerManagerFlags, signal }
    const cluster = undo.use(await startCluster(options))
    const { admin } = cluster
    const observer = startObserver(admin, DEFAULT_SECRET_NAME)
    undo.defer(() => observer.stop())
    let node: ProcessNode | undefined
    const ours = (): readonly RunningPod[] => node?.pods().filter(({ namespace }) => namespace === HOME) ?? []
    return {
      cluster,
      admin,
      cloud,
      observer,
      async install(values) {
        const target = ['--namespace', HOME, '--create-namespace', '--kubeconfig', cluster.adminKubeconfigFile]
        const all = [cloud.values, values]
        const { code, stderr } = await helm.run(['upgrade', '--install', RELEASE, CHART, ...target], all)
        if (code !== 0) throw new Error(stderr)
      },
      async startNode() {
        // A helper's second crash keeps it down for two minutes: long enough for another to take over.
        const images = { [IMAGE]: [process.execPath, ...HELPER_NODE_FLAGS, helperFile] }
        node = await startProcessNode({ cluster, images, backOffMs: 120_000, signal })
        undo.use(node)
        return node
      },
      helpers: ours,
      processOf({ uid, name: pod }) {
        const [found] = findByEnvironment('POD_UID', uid)
        if (found === undefined) throw new Error(`Pod ${pod} has no process`)
        return found
      },
      audit: (username = HELPER_USER) => openAuditWindow(join(cluster.folder, 'audit.log'), username),
      serverCpu() {
        const servers = [cluster.apiServer, etcd.process, cluster.controllerManager]
        return servers.reduce((sum, { id }) => sum + readProcess(id).cpuSeconds, 0)
      },
      [Symbol.asyncDispose]: () => undo.disposeAsync(),
    }
  } catch (error) {
    await undo.disposeAsync()
    throw error
  }
}
