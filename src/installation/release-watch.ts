import { setTimeout as sleep } from 'node:timers/promises'
import type { NopassError } from '../errors.ts'
import { KubeApiError } from '../kube/api-error.ts'
import { get, type KubeCaller } from '../kube/client.ts'
import { isOver, type KubeList, namespacedPath, type PodObject, selectorText } from '../kube/types.ts'
import { describeHelperPod, FAILED_MOUNT, HELPER_CONTAINER, type HelperPod, mayBeMounting } from './helper-pod.ts'
import type { HelperStatus, StatusObject } from './helper-status.ts'
import { type ReadReport, readReport } from './read-report.ts'
import {
  type Cause,
  createCauseTimer,
  type DeploymentView,
  findCauses,
  findPodRefusal,
  loggedCause,
} from './release-causes.ts'

/** The objects of a deployed release, from its rendered manifest. */
export interface ReleaseParts {
  readonly namespace: string
  /** `matchLabels` of the helper's Deployment; undefined if the chart has none. */
  readonly selector: Readonly<Record<string, string>> | undefined
  /** The name of the helper's Deployment. */
  readonly deployment?: string | undefined
  readonly statusConfigMap: string | undefined
  readonly configHash: string | undefined
}

export interface WatchedRelease extends ReleaseParts {
  readonly ramChanged: boolean
}

/**
 * Reads the state before helm's step, which must not be attributed to the step. A crash-looping Pod
 * of an earlier revision must not abort the step that fixes it. Without `pods`, no Pod is judged.
 */
export async function readEarlierState(caller: KubeCaller, parts: ReleaseParts) {
  const [pods, status] = await Promise.all([
    readPods(caller, parts).catch(() => undefined),
    readStatus(caller, parts).catch(() => undefined),
  ])
  return { pods: pods && new Set(pods.map(({ name }) => name)), reportedAt: status?.updatedAt }
}

export type ReleaseWatch = ReturnType<typeof watchRelease>

/**
 * Checks the Pods of helm's step and the helper's newer reports once a second, while helm waits.
 */
export function watchRelease(
  caller: KubeCaller,
  parts: WatchedRelease,
  earlier: Awaited<ReturnType<typeof readEarlierState>>,
) {
  const controller = new AbortController()
  const signal = AbortSignal.any([caller.signal, controller.signal])
  const watcher = { ...caller, signal }
  const lastingCause = createCauseTimer()
  let last: readonly Cause[] = []
  let pods: readonly HelperPod[] = []
  const { promise, resolve } = Promise.withResolvers<NopassError>()

  async function check(): Promise<void> {
    const [all, report, refusal] = await Promise.all([
      readPods(watcher, parts),
      readStatus(watcher, parts),
      readRefusal(watcher, parts),
    ])
    pods = all.filter(({ name }) => earlier.pods?.has(name) === false)
    const status = report?.updatedAt === earlier.reportedAt ? undefined : report
    last = findCauses({ ...parts, pods, status, refusal })
    const lasting = lastingCause(last)
    if (lasting) resolve(lasting.error)
  }

  async function loop(): Promise<void> {
    while (!signal.aborted) {
      // Helm uses the API server too, so its errors are left to helm.
      await check().catch(() => undefined)
      await sleep(1000, undefined, { signal, ref: false }).catch(() => undefined)
    }
  }
  void loop()
  return {
    /** Resolves with the cause once waiting is useless. Never resolves without a cause. */
    permanent: promise,
    /** Returns the worst of the latest causes, for the case that helm's own timeout comes first. */
    evidence: async () => last[0] ?? (await findLoggedCause(caller, parts.namespace, pods)),
    stop: () => controller.abort(),
  }
}

/**
 * Reads the log of the Pods. Only the leader reports, so if a Pod never became ready, for example
 * with a wrong access key, only its log has the reason.
 */
async function findLoggedCause(caller: KubeCaller, namespace: string, pods: readonly HelperPod[]) {
  for (const pod of pods.filter(({ ready }) => !ready)) {
    const path = `${namespacedPath('/api/v1', namespace, 'pods', pod.name)}/log`
    const query = { container: HELPER_CONTAINER, tailLines: 100 }
    // A deployer may lack the right, and the container may have no log.
    const log = await get<string>(caller, path, { query, isText: true, timeoutMs: 10_000 }).catch(() => '')
    const cause = loggedCause(pod.name, namespace, log)
    if (cause !== undefined) return cause
  }
  return undefined
}

/** Reads the helper's report. Undefined if there is none yet, or it cannot be read. */
export async function readStatus(caller: KubeCaller, parts: StatusPlace): Promise<HelperStatus | undefined> {
  const { status } = await readStatusReport(caller, parts)
  return status
}

type StatusPlace = Pick<ReleaseParts, 'namespace' | 'statusConfigMap'>

/** Reads the helper's report, and names the places in it that cannot be read. */
export async function readStatusReport(
  caller: KubeCaller,
  { namespace, statusConfigMap }: StatusPlace,
): Promise<ReadReport> {
  if (statusConfigMap === undefined) return { status: undefined, unreadable: [] }
  return readReport(
    await get<StatusObject>(caller, namespacedPath('/api/v1', namespace, 'configmaps', statusConfigMap)),
  )
}

/**
 * Returns why the API server refuses all Pods of the Deployment. Undefined if it accepts them, or
 * the Deployment cannot be read.
 */
async function readRefusal(caller: KubeCaller, { namespace, deployment }: ReleaseParts) {
  if (deployment === undefined) return undefined
  const path = namespacedPath('/apis/apps/v1', namespace, 'deployments', deployment)
  const found = await get<DeploymentView>(caller, path).catch(() => undefined)
  const message = findPodRefusal(found?.status)
  return message === undefined ? undefined : { namespace, deployment, message }
}

export async function readPods(caller: KubeCaller, parts: ReleaseParts): Promise<readonly HelperPod[]> {
  const { namespace, selector } = parts
  if (selector === undefined) return []
  const query = { labelSelector: selectorText(selector) }
  const { items } = await get<KubeList<PodObject>>(caller, namespacedPath('/api/v1', namespace, 'pods'), { query })
  // An evicted Pod has been replaced.
  const pods = (items ?? []).filter((pod) => !isOver(pod))
  return Promise.all(
    pods.map(async (pod) => {
      return describeHelperPod(pod, mayBeMounting(pod) ? await readFailedMount(caller, namespace, pod) : undefined)
    }),
  )
}

interface PodEvent {
  readonly reason?: string
  readonly message?: string
  readonly lastTimestamp?: string | null
}

const timeOf = ({ lastTimestamp }: PodEvent): string => lastTimestamp ?? ''

/** Returns the Events of a Pod, oldest first. */
export async function readPodEvents(caller: KubeCaller, namespace: string, pod: string): Promise<readonly PodEvent[]> {
  const query = { fieldSelector: `involvedObject.kind=Pod,involvedObject.name=${pod}` }
  const { items } = await get<KubeList<PodEvent>>(caller, namespacedPath('/api/v1', namespace, 'events'), { query })
  return (items ?? []).toSorted((a, b) => (timeOf(a) < timeOf(b) ? -1 : 1))
}

/**
 * Messages that give no reason. Some resolve automatically, shortly after a Pod was created
 * (Kubernetes, pkg/kubelet/util/manager/watch_based_manager.go). Others only sum up which volumes
 * are missing (pkg/kubelet/kubelet.go).
 */
const NO_REASON = /timed out waiting|not registered|^Unable to attach or mount volumes/

/**
 * The kubelet creates the sandbox and pulls images after it has mounted all volumes (Kubernetes,
 * pkg/kubelet/kubelet.go, SyncPod).
 */
const AFTER_MOUNT = new Set([
  'FailedCreatePodSandBox',
  'SandboxChanged',
  'Pulling',
  'Pulled',
  'Failed',
  'BackOff',
  'Created',
  'Started',
])

/**
 * Returns why the Pod's volumes cannot be mounted. Undefined if no Event says so, or the Events
 * cannot be read.
 */
async function readFailedMount(caller: KubeCaller, namespace: string, { metadata }: PodObject) {
  const events = await readPodEvents(caller, namespace, metadata.name).catch((error) => {
    if (error instanceof KubeApiError) return []
    throw error
  })
  const failed = events.findLast(
    ({ reason, message = '' }) => reason === FAILED_MOUNT && message !== '' && !NO_REASON.test(message),
  )
  const isOver = events.some(
    (event) => failed && AFTER_MOUNT.has(event.reason ?? '') && timeOf(event) >= timeOf(failed),
  )
  return isOver ? undefined : failed?.message
}
