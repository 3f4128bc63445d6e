import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { KubeApiError } from '../../../kube/api-error.ts'
import { type KubeClient, MERGE_PATCH } from '../../../kube/client.ts'
import { namespacedPath } from '../../../kube/types.ts'
import { type Clock, sleep } from '../../../lib/clock.ts'
import type { Pod, PodStatus } from '../../cluster/pod.ts'
import type { Run } from '../../process/run.ts'
import { findImage, type Images } from './container-command.ts'
import { type ContainerRunner, createContainerRunner } from './container-runner.ts'
import type { RecordEvent } from './event-recorder.ts'
import type { PodAddresses } from './field-value.ts'
import { followSources, MissingSource } from './pod-sources.ts'
import { createPodStatusWriter, podStatus } from './pod-status.ts'
import { createPodTokens } from './pod-tokens.ts'
import { closedToOthers, createPodVolumes, podUser, tokenProjections } from './pod-volumes.ts'

export interface WorkerContext {
  readonly client: KubeClient
  readonly clock: Clock
  readonly run: Run
  readonly recordEvent: RecordEvent
  readonly images: Images
  readonly apiServer: { readonly host: string; readonly port: number }
  readonly sandboxUid: number | undefined
  readonly backOffMs: number
}

/** Runs one Pod on this node until it is removed. */
export interface PodWorker {
  readonly pod: Pod
  /** The object when the worker was started. */
  readonly created: Pod
  readonly addresses: PodAddresses
  readonly containers: readonly ContainerRunner[]
  /** Takes over a newer object; if it is being deleted, terminates the Pod. */
  update(pod: Pod): void
  /** Kills the containers and cleans up, because the object was deleted or the node is stopping. */
  remove(): Promise<void>
  /** Replaces all tokens immediately. */
  rotateTokens(): void
}

export function startPodWorker(first: Pod, addresses: PodAddresses, context: WorkerContext): PodWorker {
  const { client, clock, recordEvent } = context
  const { namespace, name, uid } = first.metadata
  const folder = join(context.run.folder, 'pods', uid)
  const startTime = new Date(clock.now()).toISOString()
  const end = new AbortController()
  let pod = first
  let refreshVolumes: () => void = () => undefined

  const owner = chooseUser()
  const volumes = createPodVolumes(first, join(folder, 'volumes'), owner)
  const tokens = createPodTokens(client, first, tokenProjections(first), clock)
  const find = followSources(client, first, () => refreshVolumes(), end.signal)
  mkdirSync(folder, { recursive: true, mode: 0o711 })
  const containers = first.spec.containers.map((container) =>
    createContainerRunner(container, {
      ...context,
      pod: first,
      addresses,
      find,
      folder,
      user: owner && podUser(first, container, context.sandboxUid),
      volumeFolder: volumes.folder,
      recordEvent: (type, reason, message) => recordEvent(pod, type, reason, message),
      onChange: () => writer.write(status()),
    }),
  )
  const writer = createPodStatusWriter(client, first, clock, end.signal)

  function chooseUser(): { uid: number; gid: number } | undefined {
    const user = podUser(first, first.spec.containers[0], context.sandboxUid)
    const commands = first.spec.containers.flatMap(({ image }) => findImage(context.images, image)?.entrypoint ?? [])
    const closed = user && closedToOthers([...commands, context.run.folder])
    if (closed === undefined) return user
    recordEvent(first, 'Normal', 'UserKept', `runs as root, not as ${user?.uid}: other users cannot access ${closed}`)
    return undefined
  }

  function status(): PodStatus {
    const previous = writer.last()?.conditions ?? first.status?.conditions ?? []
    const statuses = containers.map((container) => container.status())
    const facts = { pod, previous, podIp: addresses.podIp, hostIp: addresses.hostIp, startTime, containers: statuses }
    return podStatus(facts, new Date(clock.now()).toISOString())
  }

  /** Keeps the volumes up to date and calls `onReady` after each update. Rejects when the worker ends. */
  async function keepVolumes(onReady: () => void): Promise<void> {
    let problem: string | undefined
    let failures = 0
    for (;;) {
      let waitMs = 1000
      const changed = new Promise<void>((resolve) => (refreshVolumes = resolve))
      try {
        waitMs = await tokens.refresh(end.signal)
        volumes.refresh({ pod, addresses, find, token: tokens.get })
        onReady()
      } catch (error) {
        end.signal.throwIfAborted()
        if (!(error instanceof MissingSource) && !(error instanceof KubeApiError)) throw error
        failures = error.message === problem ? failures + 1 : 1
        problem = error.message
        // The Pod's own watches may not have listed yet, so a problem is reported at its third occurrence, then about every 30 s.
        if (failures % 30 === 3) recordEvent(pod, 'Warning', 'FailedMount', `MountVolume.SetUp failed: ${problem}`)
        waitMs = failures < 3 ? 100 : 1000
      }
      const timer = new AbortController()
      const due = sleep(clock, Math.min(waitMs, 2 ** 31 - 1), AbortSignal.any([end.signal, timer.signal]))
      await Promise.race([changed, due]).finally(() => timer.abort())
      due.catch(() => undefined)
    }
  }

  async function runPod(): Promise<void> {
    writer.write(status())
    await new Promise<void>((resolve, reject) => keepVolumes(resolve).catch(reject))
    await Promise.all(containers.map((container) => container.run(end.signal)))
  }

  async function cleanUp(graceMs: number): Promise<void> {
    end.abort()
    await Promise.all(containers.map((container) => container.stop(graceMs)))
    await running
    rmSync(folder, { recursive: true, force: true })
  }

  /** Terminates the Pod as the kubelet does: stops its containers, writes the final status and deletes the object. */
  async function terminate(seconds: number): Promise<void> {
    for (const { container } of containers)
      recordEvent(pod, 'Normal', 'Killing', `Stopping container ${container.name}`)
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
    get pod() {
      return pod
    },
    created: first,
    addresses,
    containers,
    update(newer) {
      pod = newer
      refreshVolumes()
      if (newer.metadata.deletionTimestamp === undefined) return
      ending ??= terminate(newer.metadata.deletionGracePeriodSeconds ?? 30)
    },
    remove() {
      // Ends a graceful termination that may be in progress.
      for (const container of containers) container.signal('SIGKILL')
      ending ??= cleanUp(0)
      return ending
    },
    rotateTokens() {
      tokens.expire()
      refreshVolumes()
    },
  }
}
