import { setTimeout as sleep } from 'node:timers/promises'
import type { NopassError } from '../errors.ts'
import { KubeApiError } from '../kube/api-error.ts'
import type { KubeClient } from '../kube/client.ts'
import { type KubeList, type PodObject, selectorText } from '../kube/types.ts'
import { type HelperStatus, STATUS_KEY } from './helper-status.ts'
import {
  type Cause,
  createPatience,
  type DeploymentView,
  FAILED_MOUNT,
  findCauses,
  type PodRefusal,
  type PodView,
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
  /** The latest causes, worst first, for the case that helm's own timeout comes first. */
  evidence(): readonly Cause[]
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
  const lastingCause = createPatience()
  let last: readonly Cause[] = []
  const { promise, resolve } = Promise.withResolvers<NopassError>()

  async function check(): Promise<void> {
    const [all, report, refusal] = await Promise.all([
      readPods(client, parts, either),
      readStatus(client, parts, either),
      readRefusal(client, parts, either),
    ])
    const pods = all.filter(({ name }) => earlier.pods?.has(name) === false)
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
  return { permanent: promise, evidence: () => last, stop: () => controller.abort() }
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
): Promise<readonly PodView[]> {
  if (parts.selector === undefined) return []
  const labelSelector = selectorText(parts.selector)
  const path = `/api/v1/namespaces/${parts.namespace}/pods`
  const { items } = await client.request<KubeList<PodObject>>({ method: 'GET', path, query: { labelSelector } }, signal)
  const pods = (items ?? []).filter(({ metadata }) => metadata.deletionTimestamp === undefined)
  const unmounted = await readFailedMounts(client, parts.namespace, pods.filter(isMounting), signal)
  return pods.map(({ metadata, status }) => {
    const [container] = status?.containerStatuses ?? []
    const unscheduled = status?.conditions?.find(({ type, status }) => type === 'PodScheduled' && status === 'False')
    const failedMount = unmounted.get(metadata.name)
    return {
      name: metadata.name,
      ready: container?.ready ?? false,
      image: container?.image ?? '',
      waiting: failedMount === undefined ? container?.state?.waiting?.reason : FAILED_MOUNT,
      detail: failedMount ?? container?.state?.waiting?.message ?? unscheduled?.message,
      restarts: container?.restartCount ?? 0,
      exitCode: container?.lastState?.terminated?.exitCode,
      lastLog: container?.lastState?.terminated?.message,
      unscheduled: unscheduled !== undefined,
    }
  })
}

/** Whether the kubelet may still wait for its volumes, which the status does not say. */
function isMounting({ status }: PodObject): boolean {
  const [container] = status?.containerStatuses ?? []
  const isMounted = status?.conditions?.some(
    ({ type, status }) => type === 'PodReadyToStartContainers' && status === 'True',
  )
  return container?.state?.waiting?.reason === 'ContainerCreating' && isMounted !== true
}

interface EventObject {
  readonly involvedObject: { readonly name?: string }
  readonly message?: string
  readonly lastTimestamp?: string | null
}

/** Resolves automatically, shortly after a Pod was created (Kubernetes, pkg/kubelet/util/manager/watch_based_manager.go). */
const PASSING = /timed out waiting|not registered/

/** Why volumes of these Pods cannot be mounted, by Pod: their last Event. */
async function readFailedMounts(
  client: KubeClient,
  namespace: string,
  pods: readonly PodObject[],
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, string>> {
  if (pods.length === 0) return new Map()
  const path = `/api/v1/namespaces/${namespace}/events`
  const query = { fieldSelector: `involvedObject.kind=Pod,reason=${FAILED_MOUNT}` }
  // Without the Events this reason is missing, and the others are still found.
  const events = await client.request<KubeList<EventObject>>({ method: 'GET', path, query }, signal).catch((error) => {
    if (error instanceof KubeApiError) return undefined
    throw error
  })
  const found = (events?.items ?? [])
    .filter(({ message = '' }) => message !== '' && !PASSING.test(message))
    .toSorted((a, b) => ((a.lastTimestamp ?? '') < (b.lastTimestamp ?? '') ? -1 : 1))
    .map(({ involvedObject, message = '' }) => [involvedObject.name ?? '', message] as const)
  const names = new Set(pods.map(({ metadata }) => metadata.name))
  return new Map(found.filter(([name]) => names.has(name)))
}
