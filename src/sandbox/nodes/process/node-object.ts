import { availableParallelism, totalmem } from 'node:os'
import { KubeApiError } from '../../../kube/api-error.ts'
import { type KubeClient, MERGE_PATCH } from '../../../kube/client.ts'
import { microTime } from '../../../kube/lease-record.ts'
import { type Clock, sleep } from '../../../lib/clock.ts'
import { goArchitecture } from '../../tools/host.ts'

export interface NodeSettings {
  readonly name: string
  readonly address: string
  /** The port of the log server. */
  readonly port: number
  /** In Node's names: `x64`, `arm64`. */
  readonly arch: string
  readonly labels?: Readonly<Record<string, string>>
}

const LEASES = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases'
const LEASE_SECONDS = 40
const RENEW_MS = 10_000

/** Registers a Ready node, as a kubelet registers itself. */
export async function registerNode(
  client: KubeClient,
  facts: NodeSettings,
  now: string,
  signal: AbortSignal,
): Promise<void> {
  const { name, address, port } = facts
  const arch = goArchitecture(facts.arch)
  const labels = {
    'kubernetes.io/hostname': name,
    'kubernetes.io/os': 'linux',
    'kubernetes.io/arch': arch,
    ...facts.labels,
  }
  const body = { apiVersion: 'v1', kind: 'Node', metadata: { name, labels } }
  await client.request({ method: 'POST', path: '/api/v1/nodes', body }, signal).catch(ignoreConflict)
  const resources = { cpu: String(availableParallelism()), memory: String(totalmem()), pods: '250' }
  const status = {
    capacity: resources,
    allocatable: resources,
    addresses: [
      { type: 'InternalIP', address },
      { type: 'Hostname', address: name },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: port } },
    nodeInfo: nodeInfo(arch),
    conditions: ['MemoryPressure', 'DiskPressure', 'PIDPressure', 'Ready'].map((type) => ({
      type,
      status: type === 'Ready' ? 'True' : 'False',
      reason: type === 'Ready' ? 'KubeletReady' : `KubeletHasNo${type}`,
      message: 'containers are child processes',
      lastHeartbeatTime: now,
      lastTransitionTime: now,
    })),
  }
  await client.request(
    { method: 'PATCH', path: `/api/v1/nodes/${name}/status`, contentType: MERGE_PATCH, body: { status } },
    signal,
  )
}

/** Renews the node's Lease until the signal aborts; without it the node would become NotReady. */
export async function keepNodeLease(
  client: KubeClient,
  name: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const spec = { holderIdentity: name, leaseDurationSeconds: LEASE_SECONDS, renewTime: microTime(clock.now()) }
    const body = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name }, spec }
    const renew = { method: 'PATCH', path: `${LEASES}/${name}`, contentType: MERGE_PATCH, body: { spec } } as const
    await client
      .request(renew, signal)
      .catch((error: unknown) => {
        if (!(error instanceof KubeApiError) || error.status !== 404) throw error
        return client.request({ method: 'POST', path: LEASES, body }, signal)
      })
      // The API server may be available again at the next renewal.
      .catch(() => undefined)
    await sleep(clock, RENEW_MS, signal).catch(() => undefined)
  }
}

function ignoreConflict(error: unknown): void {
  if (!(error instanceof KubeApiError) || error.status !== 409) throw error
}

function nodeInfo(architecture: string): Record<string, string> {
  return {
    architecture,
    operatingSystem: 'linux',
    kubeletVersion: 'v0.0.0-processes',
    containerRuntimeVersion: 'process://1',
    osImage: 'sandbox',
    kernelVersion: '0',
    machineID: '0',
    systemUUID: '0',
    bootID: '0',
    kubeProxyVersion: '',
  }
}
