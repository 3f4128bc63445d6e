import { setTimeout as sleep } from 'node:timers/promises'
import type { NopassError } from '../errors.ts'
import { KubeApiError } from '../kube/api-error.ts'
import type { KubeClient } from '../kube/client.ts'
import { type KubeList, namespacedPath, type PodObject, selectorText } from '../kube/types.ts'
import { describeHelperPod, FAILED_MOUNT, HELPER_CONTAINER, type HelperPod, mayBeMounting } from './helper-pod.ts'
import { type HelperStatus, STATUS_KEY } from './helper-status.ts'
import {
  type Cause,
  createCauseTimer,
  type DeploymentView,
  findCauses,
  loggedCause,
  type PodRefusal,
  refusalOf,
} from './release-causes.ts'

/** The objects of a deployed release, from its rendered manifest. */
export interface ReleaseParts {
  readonly namespace: string
  /** `matchLabels` of the helper's Deployment; undefined if the chart has none. */
  readonly selector: Readonly<Record<string, string>> | undefined
  /** Name of that Deployment. */
  readonly deployment?: string | undefined
  readonly statusConfigMap: string | undefined
  readonly configHash: string | undefined
}

export interface WatchedRelease extends ReleaseParts {
  readonly ramChanged: boolean
}

export interface ReleaseWatch {
  /** Resolves with the cause when waiting is useless; never otherwise. */
  readonly permanent: Promise<NopassError>
  /** The worst of the latest causes, for the case that helm's own timeout comes first. */
  evidence(): Promise<Cause | undefined>
  stop(): void
}

/** The state before helm's step, which must not be attributed to it. */
export interface EarlierState {
  /** Names of Pods. Undefined: unknown, so no Pod is judged. */
  readonly pods: ReadonlySet<string> | undefined
  /** When the helper's last report was written. */
  readonly reportedAt: string | undefined
}

/** Read directly before helm starts: a crash-looping Pod of an earlier revision must not abort the step that fixes it. */
export async function readEarlierState(
  client: KubeClient,
  parts: ReleaseParts,
  signal: AbortSignal,
): Promise<EarlierState> {
  const [pods, status] = await Promise.all([
    readPods(client, parts, signal).catch(() => undefined),
    readStatus(client, parts, signal).catch(() => undefined),
  ])
  return { pods: pods && new Set(pods.map(({ name }) => name)), reportedAt: status?.updatedAt }
}

/** Checks the Pods of helm's step and the helper's newer reports, once a second while helm waits. */
export function watchRelease(
  client: KubeClient,
  parts: WatchedRelease,
  earlier: EarlierState,
  signal: AbortSignal,
): ReleaseWatch {
  const controller = new AbortController()
  const either = AbortSignal.any([signal, controller.signal])
  const lastingCause = createCauseTimer()
  let last: readonly Cause[] = []
  let pods: readonly HelperPod[] = []
  const { promise, resolve } = Promise.withResolvers<NopassError>()

  async function check(): Promise<void> {
    const [all, report, refusal] = await Promise.all([
      readPods(client, parts, either),
      readStatus(client, parts, either),
      readRefusal(client, parts, either),
    ])
    pods = all.filter(({ name }) => earlier.pods?.has(name) === false)
    const status = report?.updatedAt === earlier.reportedAt ? undefined : report
    last = findCauses({ ...parts, pods, status, refusal })
    const lasting = lastingCause(last)
    if (lasting) resolve(lasting.error)
  }

  async function loop(): Promise<void> {
    while (!either.aborted) {
      // Errors of the API server are left to helm, which uses it too.
      await check().catch(() => undefined)
      await sleep(1000, undefined, { signal: either, ref: false }).catch(() => undefined)
    }
  }
  void loop()
  return {
    permanent: promise,
    evidence: async () => last[0] ?? (await findLoggedCause(client, parts.namespace, pods, signal)),
    stop: () => controller.abort(),
  }
}

/** Only the leader reports, so of a Pod that never became ready, for example with a wrong access key, only the log says why. */
async function findLoggedCause(
  client: KubeClient,
  namespace: string,
  pods: readonly HelperPod[],
  signal: AbortSignal,
): Promise<Cause | undefined> {
  for (const pod of pods.filter(({ ready }) => !ready)) {
    const path = `${namespacedPath('/api/v1', namespace, 'pods', pod.name)}/log`
    const query = { container: HELPER_CONTAINER, tailLines: 100 }
    // A deployer may lack the right, and the container may have no log.
    const call = { method: 'GET', path, query, isText: true, timeoutMs: 10_000 } as const
    const log = await client.request<string>(call, signal).catch(() => '')
    const cause = loggedCause(pod.name, namespace, log)
    if (cause !== undefined) return cause
  }
  return undefined
}

/** The helper's report; undefined: none yet. */
export async function readStatus(
  client: KubeClient,
  parts: Pick<ReleaseParts, 'namespace' | 'statusConfigMap'>,
  signal?: AbortSignal,
): Promise<HelperStatus | undefined> {
  if (parts.statusConfigMap === undefined) return undefined
  const path = `/api/v1/namespaces/${parts.namespace}/configmaps/${parts.statusConfigMap}`
  const { data } = await client.request<{ data?: Record<string, string> }>({ method: 'GET', path }, signal)
  const text = data?.[STATUS_KEY]
  return text === undefined ? undefined : JSON.parse(text)
}

/** Why the API server takes no Pod of the Deployment; undefined: it does, or the Deployment cannot be read. */
async function readRefusal(
  client: KubeClient,
  { namespace, deployment }: ReleaseParts,
  signal: AbortSignal,
): Promise<PodRefusal | undefined> {
  if (deployment === undefined) return undefined
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments/${deployment}`
  const found = await client.request<DeploymentView>({ method: 'GET', path }, signal).catch(() => undefined)
  const message = refusalOf(found?.status)
  return message === undefined ? undefined : { namespace, deployment, message }
}

export async function readPods(
  client: KubeClient,
  parts: ReleaseParts,
  signal?: AbortSignal,
): Promise<readonly HelperPod[]> {
  if (parts.selector === undefined) return []
  const labelSelector = selectorText(parts.selector)
  const path = `/api/v1/namespaces/${parts.namespace}/pods`
  const { items } = await client.request<KubeList<PodObject>>({ method: 'GET', path, query: { labelSelector } }, signal)
  // A Pod that was evicted has been replaced.
  const pods = (items ?? []).filter(
    ({ metadata, status }) => metadata.deletionTimestamp === undefined && !isOver(status?.phase),
  )
  return Promise.all(
    pods.map(async (pod) =>
      describeHelperPod(
        pod,
        mayBeMounting(pod) ? await readFailedMount(client, parts.namespace, pod, signal) : undefined,
      ),
    ),
  )
}

function isOver(phase: string | undefined): boolean {
  return phase === 'Failed' || phase === 'Succeeded'
}

interface PodEvent {
  readonly reason?: string
  readonly message?: string
  readonly lastTimestamp?: string | null
}

/**
 * Resolves automatically, shortly after a Pod was created (Kubernetes, pkg/kubelet/util/manager/watch_based_manager.go), or only sums up
 * which volumes are missing (pkg/kubelet/kubelet.go).
 */
const NO_REASON = /timed out waiting|not registered|^Unable to attach or mount volumes/

/** The kubelet creates the sandbox and pulls images after it has mounted all volumes (Kubernetes, pkg/kubelet/kubelet.go, SyncPod). */
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

/** Why the Pod's volumes cannot be mounted; undefined: no Event says so, or the Events cannot be read. */
async function readFailedMount(
  client: KubeClient,
  namespace: string,
  { metadata }: PodObject,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const path = `/api/v1/namespaces/${namespace}/events`
  const query = { fieldSelector: `involvedObject.kind=Pod,involvedObject.name=${metadata.name}` }
  const events = await client.request<KubeList<PodEvent>>({ method: 'GET', path, query }, signal).catch((error) => {
    if (error instanceof KubeApiError) return undefined
    throw error
  })
  const time = ({ lastTimestamp }: PodEvent): string => lastTimestamp ?? ''
  const all = events?.items ?? []
  const failed = all
    .filter(({ reason, message = '' }) => reason === FAILED_MOUNT && message !== '' && !NO_REASON.test(message))
    .toSorted((a, b) => (time(a) < time(b) ? -1 : 1))
    .at(-1)
  const isOver = all.some((event) => failed && AFTER_MOUNT.has(event.reason ?? '') && time(event) >= time(failed))
  return isOver ? undefined : failed?.message
}
