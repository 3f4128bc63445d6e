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
import type { EventRecorder } from './event-recorder.ts'
import type { PodPlace } from './field-value.ts'
import { createStatusWriter, podStatus } from './pod-status.ts'
import { createPodTokens } from './pod-tokens.ts'
import { closedToOthers, createPodVolumes, podUser } from './pod-volumes.ts'
import { type FindSource, MissingSource, podSources, type SourceCache } from './source-cache.ts'
import { tokenProjections } from './volume-content.ts'

export interface WorkerContext {
  readonly client: KubeClient
  readonly clock: Clock
  readonly run: Run
  readonly events: EventRecorder
  readonly sources: SourceCache
  readonly images: Images
  readonly apiServer: { readonly host: string; readonly port: number }
  readonly ourUid: number | undefined
  readonly backOffMs: number
}

/** One Pod on this node, until it is removed. */
export interface PodWorker {
  readonly pod: Pod
  /** The object as first seen. */
  readonly created: Pod
  readonly place: PodPlace
  readonly containers: readonly ContainerRunner[]
  /** The API server has a newer object: its labels changed, or it is being deleted. */
  update(pod: Pod): void
  /** The object was deleted, or the node stops: kills the containers and cleans up. */
  remove(): Promise<void>
  /** Replaces all tokens now, for faults and tests. */
  rotateTokens(): void
}

export function startPodWorker(first: Pod, place: PodPlace, context: WorkerContext): PodWorker {
  const { client, clock, events, sources } = context
  const { namespace, name, uid } = first.metadata
  const folder = join(context.run.folder, 'pods', uid)
  const startTime = new Date(clock.now()).toISOString()
  const end = new AbortController()
  let pod = first
  let wake: () => void = () => undefined

  const owner = chooseUser()
  const volumes = createPodVolumes(first, join(folder, 'volumes'), owner)
  const tokens = createPodTokens(client, first, tokenProjections(first), clock)
  const find: FindSource = (kind, source) => sources.find(kind, namespace, source)
  mkdirSync(folder, { recursive: true, mode: 0o711 })
  const unfollow = podSources(first).map(({ kind, name: source }) =>
    sources.follow(kind, namespace, source, () => wake()),
  )
  const containers = first.spec.containers.map((container) =>
    createContainerRunner(container, {
      ...context,
      pod: first,
      place,
      find,
      folder,
      user: owner && podUser(first, container, context.ourUid),
      volumeFolder: volumes.folder,
      tell: (type, reason, message) => events.tell(pod, type, reason, message),
      onChange: () => writer.write(status()),
    }),
  )
  const writer = createStatusWriter(client, first, clock, end.signal)

  function chooseUser(): { uid: number; gid: number } | undefined {
    const user = podUser(first, first.spec.containers[0], context.ourUid)
    const commands = first.spec.containers.flatMap(({ image }) => findImage(context.images, image)?.entrypoint ?? [])
    const closed = user && closedToOthers([...commands, context.run.folder])
    if (closed === undefined) return user
    events.tell(first, 'Normal', 'UserKept', `runs as root, not as ${user?.uid}: ${closed} is closed to other users`)
    return undefined
  }

  function status(): PodStatus {
    const previous = writer.last()?.conditions ?? first.status?.conditions ?? []
    const statuses = containers.map((one) => one.status())
    const facts = { pod, previous, podIp: place.podIp, hostIp: place.hostIp, startTime, containers: statuses }
    return podStatus(facts, new Date(clock.now()).toISOString())
  }

  /** Volumes are written before the first container starts, and again after each change. */
  async function keepVolumes(onReady: () => void): Promise<void> {
    let problem: string | undefined
    let failures = 0
    for (;;) {
      let again = 1000
      const changed = new Promise<void>((resolve) => (wake = resolve))
      try {
        again = await tokens.refresh(end.signal)
        volumes.refresh({ pod, place, find, token: tokens.get })
        onReady()
      } catch (error) {
        end.signal.throwIfAborted()
        if (!(error instanceof MissingSource) && !(error instanceof KubeApiError)) throw error
        failures = error.message === problem ? failures + 1 : 1
        problem = error.message
        // The caches may still be filling: reported if it lasts, and then about every 30 s.
        if (failures % 30 === 3) events.tell(pod, 'Warning', 'FailedMount', `MountVolume.SetUp failed: ${problem}`)
        again = failures < 3 ? 100 : 1000
      }
      const timer = new AbortController()
      const due = sleep(clock, Math.min(again, 2 ** 31 - 1), AbortSignal.any([end.signal, timer.signal]))
      await Promise.race([changed, due]).finally(() => timer.abort())
      due.catch(() => undefined)
    }
  }

  async function live(): Promise<void> {
    writer.write(status())
    await new Promise<void>((resolve, reject) => keepVolumes(resolve).catch(reject))
    await Promise.all(containers.map((one) => one.run(end.signal)))
  }

  async function clean(graceMs: number): Promise<void> {
    end.abort()
    for (const stop of unfollow) stop()
    await Promise.all(containers.map((one) => one.stop(graceMs)))
    await living
    rmSync(folder, { recursive: true, force: true })
  }

  /** As a kubelet does: stops the containers, reports it, then deletes the object. */
  async function terminate(seconds: number): Promise<void> {
    for (const { container } of containers)
      events.tell(pod, 'Normal', 'Killing', `Stopping container ${container.name}`)
    await clean(seconds * 1000)
    const path = namespacedPath('/api/v1', namespace, 'pods', name)
    const body = { gracePeriodSeconds: 0, preconditions: { uid } }
    await client
      .request({ method: 'PATCH', path: `${path}/status`, contentType: MERGE_PATCH, body: { status: status() } })
      .catch(() => undefined)
    await client.request({ method: 'DELETE', path, body }).catch(() => undefined)
  }

  const living = live().catch(() => undefined)
  let ending: Promise<void> | undefined
  return {
    get pod() {
      return pod
    },
    created: first,
    place,
    containers,
    update(newer) {
      pod = newer
      wake()
      if (newer.metadata.deletionTimestamp === undefined) return
      ending ??= terminate(newer.metadata.deletionGracePeriodSeconds ?? 30)
    },
    remove() {
      // A graceful termination may be running and take its time.
      for (const one of containers) one.signal('SIGKILL')
      ending ??= clean(0)
      return ending
    },
    rotateTokens() {
      tokens.expire()
      wake()
    },
  }
}
