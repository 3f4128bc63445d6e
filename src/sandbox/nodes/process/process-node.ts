import { randomInt } from 'node:crypto'
import { createKubeClient } from '../../../kube/client.ts'
import { systemClock } from '../../../lib/clock.ts'
import { follow } from '../../cluster/follow.ts'
import type { Pod } from '../../cluster/pod.ts'
import type { Cluster } from '../../cluster/start-cluster.ts'
import { connectionGroup } from '../../process/process-table.ts'
import { readHost } from '../../tools/host.ts'
import type { Images } from './container-command.ts'
import type { ContainerRunner } from './container-runner.ts'
import { createEventRecorder } from './event-recorder.ts'
import { readLog, startLogServer } from './log-server.ts'
import { keepNodeLease, registerNode } from './node-object.ts'
import { type PodWorker, startPodWorker } from './pod-worker.ts'

export interface ProcessNodeOptions {
  readonly cluster: Cluster
  readonly name?: string
  /** The commands of images by repository: `{'acr-nopass/helper': ['/path/to/node', '/path/to/helper.mjs']}`. */
  readonly images: Images
  readonly labels?: Readonly<Record<string, string>>
  /** The address at which Pods reach the API server, such as a proxy's; default: the API server's own. */
  readonly apiServer?: { readonly host: string; readonly port: number }
  /** The initial back-off of a crashing container, which doubles; default: 10 s, as in the kubelet. */
  readonly backOffMs?: number
  readonly signal?: AbortSignal
}

export interface RunningPod {
  readonly namespace: string
  readonly name: string
  readonly uid: string
  /** A loopback address that no other Pod uses. */
  readonly ip: string
}

/** A node whose containers are child processes. Its methods take Pods as `namespace/name`. */
export interface ProcessNode {
  readonly name: string
  pods(): RunningPod[]
  /**
   * Returns the RAM role in the ECI annotation of the Pod that has this connection, as if each Pod were an ECI
   * instance. Works only on Linux; elsewhere it returns undefined.
   */
  eciRole(connection: { readonly localPort: number; readonly remotePort: number }): string | undefined
  /** The log of a container; default: the first one. */
  log(pod: string, container?: string): string
  /** Sends a signal, by default SIGKILL, to all containers of a Pod; returns false if none is running. */
  kill(pod: string, signal?: NodeJS.Signals): boolean
  /** Pauses all containers of a Pod; returns false if none is running. */
  pause(pod: string): boolean
  /** Resumes all containers of a Pod; returns false if none is running. */
  resume(pod: string): boolean
  /** Replaces the Pod's ServiceAccount tokens immediately. */
  rotateTokens(pod: string): void
  /** Stops the node and its Pods, as the end of the cluster's run does. Safe to call twice. */
  stop(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** Starts a node that is immediately Ready and runs the Pods bound to it, with the permissions of a kubelet. */
export async function startProcessNode(options: ProcessNodeOptions): Promise<ProcessNode> {
  const { cluster, images, name = 'process-node', signal } = options
  const end = new AbortController()
  const until = AbortSignal.any([end.signal, cluster.run.ended])
  const days30 = 30 * 24 * 60
  const client = createKubeClient(cluster.connectionFor(`system:node:${name}`, ['system:nodes'], days30), {
    userAgent: 'process-node',
  })
  const api = new URL(cluster.server)
  const host = readHost()
  const workers = new Map<string, PodWorker>()
  const context = {
    client,
    clock: systemClock,
    run: cluster.run,
    recordEvent: createEventRecorder(client, name, until),
    images,
    apiServer: options.apiServer ?? { host: api.hostname, port: Number(api.port) },
    sandboxUid: process.geteuid?.(),
    backOffMs: options.backOffMs ?? 10_000,
  }
  const nextAddress = createAddressPool()
  const onPod = (key: string, pod: Pod | undefined, previous: Pod | undefined): void => {
    // The Pod was deleted, or replaced by another one of the same name.
    if (previous && pod?.metadata.uid !== previous.metadata.uid) {
      void workers.get(key)?.remove()
      workers.delete(key)
    }
    if (!pod) return
    const hasFinished = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
    if (!workers.has(key) && !hasFinished) {
      workers.set(key, startPodWorker(pod, { podIp: nextAddress(), hostIp: '127.0.0.1' }, context))
    }
    workers.get(key)?.update(pod)
  }
  const reflector = follow<Pod>(client, '/api/v1/pods', `spec.nodeName=${name}`, onPod)

  const find = (pod: string, container?: string): ContainerRunner | undefined => {
    const containers = workers.get(pod)?.containers ?? []
    return container === undefined ? containers[0] : containers.find((one) => one.container.name === container)
  }
  const logs = await startLogServer('127.0.0.1', cluster.caPem, (namespace, pod, container) =>
    find(`${namespace}/${pod}`, container),
  )
  const facts = {
    name,
    address: '127.0.0.1',
    port: logs.port,
    arch: host.arch,
    ...(options.labels && { labels: options.labels }),
  }
  try {
    await registerNode(client, facts, new Date().toISOString(), signal ? AbortSignal.any([signal, until]) : until)
  } catch (error) {
    // The caller gets no node that it could stop, and the log server would keep the process alive.
    end.abort()
    logs.close()
    client.close()
    throw error
  }
  const loops = [reflector.run(until), keepNodeLease(client, name, systemClock, until)]

  const signalAll = (pod: string, signalName: NodeJS.Signals): boolean =>
    (workers.get(pod)?.containers ?? []).map((one) => one.signal(signalName)).includes(true)
  let stopped: Promise<void> | undefined
  const stop = (): Promise<void> => {
    end.abort()
    stopped ??= (async () => {
      await Promise.all(loops)
      await Promise.all([...workers.values()].map((worker) => worker.remove()))
      logs.close()
      client.close()
    })()
    return stopped
  }
  cluster.run.ended.addEventListener('abort', () => void stop())
  return {
    name,
    pods: () =>
      [...workers.values()].map(({ pod: { metadata }, addresses }) => {
        return { namespace: metadata.namespace, name: metadata.name, uid: metadata.uid, ip: addresses.podIp }
      }),
    eciRole({ localPort, remotePort }) {
      const group = connectionGroup(localPort, remotePort)
      if (group === undefined) return undefined
      const owner = [...workers.values()].find(({ containers }) => containers.some((one) => one.pid() === group))
      return owner?.created.metadata.annotations?.['k8s.aliyun.com/eci-ram-role-name']
    },
    log(pod, container) {
      const runner = find(pod, container)
      return runner ? readLog(runner) : ''
    },
    kill: (pod, signalName = 'SIGKILL') => signalAll(pod, signalName),
    pause: (pod) => signalAll(pod, 'SIGSTOP'),
    resume: (pod) => signalAll(pod, 'SIGCONT'),
    rotateTokens: (pod) => workers.get(pod)?.rotateTokens(),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

/** Creates unique loopback addresses, in a random range per node that no Service network uses. */
function createAddressPool(): () => string {
  const range = `127.${randomInt(1, 64)}`
  let next = randomInt(0, 128) * 256
  return () => {
    next += 1
    if (next % 256 === 255) next += 2
    return `${range}.${(next >> 8) % 256}.${next % 256}`
  }
}
