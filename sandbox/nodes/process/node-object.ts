import { availableParallelism, totalmem } from 'node:os'
import { unlessStatus } from '../../../src/kube/api-error.ts'
import { type KubeClient, MERGE_PATCH } from '../../../src/kube/client.ts'
import { goArchitecture } from '../../../tools/host.ts'

/** Registers a Ready node with the port of its log server, as a kubelet registers itself. */
export async function registerNode(client: KubeClient, name: string, port: number, signal: AbortSignal): Promise<void> {
  const now = new Date()
  const arch = goArchitecture(process.arch)
  const labels = { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': arch }
  const body = { apiVersion: 'v1', kind: 'Node', metadata: { name, labels } }
  await unlessStatus(client.request({ method: 'POST', path: '/api/v1/nodes', body }, signal), 409)
  const resources = { cpu: String(availableParallelism()), memory: String(totalmem()), pods: '250' }
  const status = {
    capacity: resources,
    allocatable: resources,
    addresses: [
      { type: 'InternalIP', address: '127.0.0.1' },
      { type: 'Hostname', address: name },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: port } },
    nodeInfo: {
      architecture: arch,
      operatingSystem: 'linux',
      kubeletVersion: 'v0.0.0-processes',
      containerRuntimeVersion: 'process://1',
    },
    conditions: [
      { type: 'Ready', status: 'True', reason: 'KubeletReady', lastHeartbeatTime: now, lastTransitionTime: now },
    ],
  }
  await client.request(
    { method: 'PATCH', path: `/api/v1/nodes/${name}/status`, contentType: MERGE_PATCH, body: { status } },
    signal,
  )
}
