import { randomInt } from 'node:crypto'
import { createKubeClient } from '../../../src/kube/client.ts'
import { follow } from '../../cluster/follow.ts'
import type { Pod } from '../../cluster/pod.ts'
import type { Cluster } from '../../cluster/start-cluster.ts'
import type { Images } from './container-command.ts'
import { createEventRecorder } from './event-recorder.ts'
import { readLog, startLogServer } from './log-server.ts'
import { registerNode } from './node-object.ts'
import { type PodWorker, startPodWorker } from './pod-worker.ts'

interface ProcessNodeOptions {
  readonly cluster: Cluster
  /**
   * The commands of images by repository: `{'acr-nopass/helper': ['/path/to/node',
   * '/path/to/helper.mjs']}`.
   */
  readonly images: Images
  /**
   * The address at which Pods reach the API server, such as a proxy's; default: the API server's
   * own.
   */
  readonly apiServer?: { readonly host: string; readonly port: number }
  /** The delay before a container restarts again; default: 10 s. */
  readonly backOffMs?: number
  readonly signal?: AbortSignal
}

const NAME = 'process-node'

/** A node whose containers are child processes. Its methods take Pods as `namespace/name`. */
export type ProcessNode = Awaited<ReturnType<typeof startProcessNode>>
export type RunningPod = ReturnType<ProcessNode['pods']>[number]

/**
 * Starts a node that is immediately Ready and runs the Pods bound to it, with the permissions of a
 * kubelet.
 */
export async function startProcessNode({ cluster, images, apiServer, backOffMs = 10_000, signal }: ProcessNodeOptions) {
  const end = new AbortController()
  const until = AbortSignal.any([end.signal, cluster.run.ended])
  const connection = cluster.connectionFor(`system:node:${NAME}`, ['system:nodes'])
  const client = createKubeClient(connection, { userAgent: NAME })
  const api = new URL(cluster.server)
  const workers = new Map<string, PodWorker>()
  const context = {
    client,
    run: cluster.run,
    recordEvent: createEventRecorder(client, NAME, until),
    images,
    apiServer: apiServer ?? { host: api.hostname, port: Number(api.port) },
    backOffMs,
  }
  const nextAddress = createAddressPool()
  const onPod = (key: string, pod: Pod | undefined, previous: Pod | undefined): void => {
    // The Pod was deleted, or replaced by another one of the same name.
    if (previous && pod?.metadata.uid !== previous.metadata.uid) {
      void workers.get(key)?.remove()
      workers.delete(key)
    }
    if (!pod) return
    if (!workers.has(key)) workers.set(key, startPodWorker(pod, nextAddress(), context))
    workers.get(key)?.update(pod)
  }
  const reflector = follow<Pod>(client, '/api/v1/pods', `spec.nodeName=${NAME}`, onPod)
  const logs = await startLogServer(cluster.caPem, (pod) => workers.get(pod)?.container)
  try {
    await registerNode(client, NAME, logs.port, signal ? AbortSignal.any([signal, until]) : until)
  } catch (error) {
    // The caller gets no node to stop, and the log server would keep the process alive.
    end.abort()
    logs.close()
    client.close()
    throw error
  }
  const watching = reflector.run(until)

  let stopped: Promise<void> | undefined
  const stop = (): Promise<void> => {
    end.abort()
    stopped ??= (async () => {
      await watching
      await Promise.all([...workers.values()].map((worker) => worker.remove()))
      logs.close()
      client.close()
    })()
    return stopped
  }
  cluster.run.ended.addEventListener('abort', () => void stop())
  return {
    name: NAME,
    /** The Pods of this node. Each Pod has a loopback address that no other Pod uses. */
    pods: () =>
      [...workers.values()].map(({ pod: { metadata }, podIp: ip }) => {
        const { namespace, name, uid } = metadata
        return { namespace, name, uid, ip }
      }),
    /** The log of a Pod. */
    log(pod: string): string {
      const container = workers.get(pod)?.container
      return container ? readLog(container) : ''
    },
    /**
     * Sends a signal to a Pod's container, such as SIGSTOP to pause it; returns false if it is not
     * running.
     */
    signal: (pod: string, name: NodeJS.Signals) => workers.get(pod)?.container.signal(name) ?? false,
    /** Replaces the Pod's ServiceAccount tokens within a second. */
    rotateTokens: (pod: string) => workers.get(pod)?.rotateTokens(),
    /** Stops the node and its Pods, as the end of the cluster's run does. Safe to call twice. */
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
    return `${range}.${(next >> 8) % 256}.${next % 256}`
  }
}
