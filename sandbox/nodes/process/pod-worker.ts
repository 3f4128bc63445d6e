import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { V1PodStatus } from '@kubernetes/client-node'
import { type KubeClient, MERGE_PATCH } from '../../../src/kube/client.ts'
import { namespacedPath } from '../../../src/kube/types.ts'
import type { Run } from '../../../tools/process/run.ts'
import type { Pod } from '../../cluster/pod.ts'
import type { Images } from './container-command.ts'
import { createContainerRunner } from './container-runner.ts'
import type { RecordEvent } from './event-recorder.ts'
import { createPodSources } from './pod-sources.ts'
import { createPodStatusWriter, podStatus } from './pod-status.ts'
import { createPodVolumes } from './pod-volumes.ts'

interface WorkerContext {
  readonly client: KubeClient
  readonly run: Run
  readonly recordEvent: RecordEvent
  readonly images: Images
  readonly apiServer: { readonly host: string; readonly port: number }
  readonly backOffMs: number
}

export type PodWorker = ReturnType<typeof startPodWorker>

/** Runs one Pod on this node until it is removed. */
export function startPodWorker(pod: Pod, podIp: string, context: WorkerContext) {
  const { client } = context
  const { namespace, name, uid } = pod.metadata
  const folder = join(context.run.folder, 'pods', uid)
  const startTime = new Date()
  const end = new AbortController()
  const recordEvent = context.recordEvent.bind(undefined, pod)

  const sources = createPodSources(client, pod, podIp)
  const volumes = createPodVolumes(pod, sources, join(folder, 'volumes'))
  mkdirSync(folder, { recursive: true })
  const container = createContainerRunner(pod.spec.containers[0] ?? { name: '' }, {
    ...context,
    pod,
    podIp,
    folder,
    volumeFolder: volumes.folder,
    recordEvent,
    onChange: () => writeStatus(),
  })
  let { conditions: previous = [] } = pod.status ?? {}
  const status = (): V1PodStatus => {
    const next = podStatus({ previous, podIp, startTime, container: container.status() }, new Date())
    previous = next.conditions ?? []
    return next
  }
  const writeStatus = createPodStatusWriter(client, pod, status, end.signal)

  /**
   * Keeps volumes and status up to date, and calls `onReady` when the volumes are ready. Rejects
   * when the worker ends.
   */
  async function keepUpToDate(onReady: () => void): Promise<void> {
    let failures = 0
    for (let waitMs = 100; ; await sleep(waitMs, undefined, { signal: end.signal })) {
      writeStatus()
      try {
        await volumes.refresh(end.signal)
        onReady()
        waitMs = 1_000
        failures = 0
      } catch (error) {
        end.signal.throwIfAborted()
        failures += 1
        // Just after the Pod's creation the API server may not know yet what the node may read, so
        // the first failures are not reported.
        const message = `MountVolume.SetUp failed: ${(error as Error).message}`
        if (failures % 100 === 5) recordEvent('Warning', 'FailedMount', message)
      }
    }
  }

  async function runPod(): Promise<void> {
    await new Promise<void>((resolve, reject) => keepUpToDate(resolve).catch(reject))
    await container.run(end.signal)
  }

  async function cleanUp(graceMs: number): Promise<void> {
    end.abort()
    await container.stop(graceMs)
    await running
    rmSync(folder, { recursive: true, force: true })
  }

  /**
   * Terminates the Pod as the kubelet does: stops its container, writes the final status and
   * deletes the object.
   */
  async function terminate(seconds: number): Promise<void> {
    recordEvent('Normal', 'Killing', `Stopping container ${container.container.name}`)
    await cleanUp(seconds * 1000)
    const path = namespacedPath('/api/v1', namespace, 'pods', name)
    const body = { gracePeriodSeconds: 0, preconditions: { uid } }
    await client
      .request({ method: 'PATCH', path: `${path}/status`, contentType: MERGE_PATCH, body: { status: status() } })
      .catch(() => undefined)
    await client.request({ method: 'DELETE', path, body }).catch(() => undefined)
  }

  const running = runPod().catch(() => undefined)
  let ending: Promise<void> | undefined
  return {
    /** The object when the worker was started. */
    pod,
    podIp,
    container,
    /** Terminates the Pod if its object is being deleted. */
    update({ metadata: { deletionTimestamp, deletionGracePeriodSeconds = 30 } }: Pod) {
      if (deletionTimestamp !== undefined) ending ??= terminate(deletionGracePeriodSeconds)
    },
    /**
     * Kills the container and cleans up, because the object was deleted or the node is stopping.
     */
    remove(): Promise<void> {
      // Ends a graceful termination that may be in progress.
      container.signal('SIGKILL')
      ending ??= cleanUp(0)
      return ending
    },
    /** Replaces all tokens within a second. */
    rotateTokens: sources.expireTokens,
  }
}
