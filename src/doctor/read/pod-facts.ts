import type { RunningImage } from '../../acr/limited-images.ts'
import { SKIP } from '../../kube/names.ts'
import type { ContainerStatus, PodObject, PodOwner } from '../../kube/types.ts'
import { hasFinished } from '../../kube/types.ts'
import type { ContainerFacts, PodFacts } from '../observed.ts'
import { attributeVolumes } from '../pod/image-volumes.ts'
import { cutMessage } from '../pod/node-message.ts'
import { hasImage, isUnreported } from '../pod/pod-context.ts'

/** Returns the images that the node has for this Pod. */
export function imagesOf({ namespace, name, containers }: PodFacts): readonly RunningImage[] {
  return containers.filter(hasImage).map(({ image }) => ({ namespace, pod: name, image }))
}

/**
 * Returns the Pod if there may be a finding about it: a container does not run, the node has not
 * reported, or the Pod lacks the reference. Other Pods are omitted, because there are many.
 */
export function selectPod(facts: PodFacts, secretName: string): readonly PodFacts[] {
  const isWaiting = facts.containers.some(({ waiting }) => waiting !== undefined)
  return isWaiting || isUnreported(facts) || !facts.references.includes(secretName) ? [facts] : []
}

/** A reason is normally one word, but a kubelet may also write an error there. */
const LONGEST_REASON = 200

export function describePod(pod: PodObject): PodFacts {
  const { metadata, spec, status } = pod
  const states = statesOf(pod)
  const { initContainers = [], containers: main, ephemeralContainers = [] } = spec
  const containers = [...initContainers, ...main, ...ephemeralContainers].map((one, index) => ({
    name: one.name,
    image: one.image ?? '',
    ...(one.imagePullPolicy && { pullPolicy: one.imagePullPolicy }),
    ...describeState(states.get(one.name)),
    ...(index < initContainers.length && isBlocking(one, states.get(one.name)) && { blocks: true as const }),
    ...(ephemeralContainers.includes(one) && { added: true as const, ...additionOf(pod) }),
    mounts: (one.volumeMounts ?? []).map((mount) => mount.name),
  }))
  const volumes = (spec.volumes ?? []).flatMap(({ name, image }) => {
    if (image?.reference === undefined) return []
    return [{ name, image: image.reference, ...(image.pullPolicy && { pullPolicy: image.pullPolicy }) }]
  })
  const owner = metadata.ownerReferences?.find(({ controller }) => controller)
  return {
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    uid: mirrorOf(pod) ?? metadata.uid,
    ...(metadata.creationTimestamp && { createdAt: Date.parse(metadata.creationTimestamp) }),
    ...schedulingOf(pod),
    serviceAccount: spec.serviceAccountName ?? 'default',
    references: (spec.imagePullSecrets ?? []).map(({ name = '' }) => name),
    optedOut: metadata.labels?.[SKIP] === 'true',
    owner: owner && `${owner.kind}/${owner.name}`,
    isReplaced: owner !== undefined && isReplacing(owner),
    ...(mirrorOf(pod) !== undefined && { isStatic: true }),
    ...(spec.nodeName && { node: spec.nodeName }),
    ...(hasFinished(pod) && { over: [status?.phase, status?.reason].filter(Boolean).join(': ') }),
    ...(hasSandbox(pod) && { hasSandbox: true }),
    containers: attributeVolumes(containers, volumes),
  }
}

function describeState(status: ContainerStatus | undefined): Partial<ContainerFacts> {
  const { waiting, running, terminated } = status?.state ?? {}
  // After a restart this is not the time of the container's first start.
  if (running) return { running: true, ...(status?.restartCount ? {} : timeOf(running.startedAt)) }
  // A container that the kubelet gave up before its creation is also terminated, but has no ID
  // (kubelet/status, TerminatePod).
  if (terminated) {
    return status?.containerID || terminated.exitCode === 0 ? { ended: true, ...timeOf(terminated.finishedAt) } : {}
  }
  if (waiting === undefined) return {}
  if (!waiting.reason) return { created: true }
  return {
    waiting: waiting.reason.slice(0, LONGEST_REASON),
    ...(waiting.message && { detail: cutMessage(waiting.message) }),
  }
}

function timeOf(time: string | null | undefined): { readonly since?: number } {
  const since = Date.parse(time ?? '')
  return Number.isNaN(since) ? {} : { since }
}

/** A Pod may wait long for a node, for example until the autoscaler has added one. */
function schedulingOf({ status }: PodObject): { readonly scheduledAt?: number } {
  const scheduled = status?.conditions?.find((one) => one.type === 'PodScheduled' && one.status === 'True')
  const scheduledAt = Date.parse(scheduled?.lastTransitionTime ?? '')
  return Number.isNaN(scheduledAt) ? {} : { scheduledAt }
}

/**
 * Returns when ephemeral containers were last added. Only the managed fields have this time
 * (pkg/registry/core/pod/storage/storage.go, EphemeralContainersREST).
 */
function additionOf({ metadata }: PodObject): { readonly addedAt?: number } {
  const entries = (metadata.managedFields ?? []).filter(({ subresource }) => subresource === 'ephemeralcontainers')
  const times = entries.map(({ time }) => Date.parse(time ?? '')).filter((time) => !Number.isNaN(time))
  return times.length === 0 ? {} : { addedAt: Math.max(...times) }
}

/**
 * True if the containers after this init container still wait for it
 * (pkg/kubelet/kuberuntime/kuberuntime_container.go, computeInitContainerActions).
 */
function isBlocking(
  { restartPolicy }: { readonly restartPolicy?: string },
  status: ContainerStatus | undefined,
): boolean {
  const { running, terminated, waiting } = status?.state ?? {}
  if (restartPolicy === 'Always') return running === undefined || status?.started !== true
  return running !== undefined || waiting !== undefined || (terminated !== undefined && terminated.exitCode !== 0)
}

function statesOf({ status }: PodObject): ReadonlyMap<string, ContainerStatus> {
  const all = [status?.initContainerStatuses, status?.containerStatuses, status?.ephemeralContainerStatuses]
  return new Map(all.flatMap((list) => list ?? []).map((container) => [container.name, container]))
}

/**
 * Controllers that create a deleted Pod again. A Job counts a deleted Pod as a failure, and
 * Workflows and TaskRuns fail, so none of them is listed. The API group must match too, because
 * anyone who may create Pods may write an owner of another group.
 */
const REPLACING: ReadonlySet<string> = new Set([
  'apps/ReplicaSet',
  'apps/StatefulSet',
  'apps/DaemonSet',
  '/ReplicationController',
  'apps.kruise.io/CloneSet',
])

function isReplacing({ apiVersion, kind }: PodOwner): boolean {
  const group = apiVersion.includes('/') ? apiVersion.split('/')[0] : ''
  return REPLACING.has(`${group}/${kind}`)
}

/**
 * Returns the UID of the static Pod that a mirror Pod represents. The static Pod's Events have that
 * UID (pkg/kubelet/types/pod_update.go; kubectl's describe.go).
 */
function mirrorOf({ metadata }: PodObject): string | undefined {
  return metadata.annotations?.['kubernetes.io/config.mirror']
}

/**
 * True if the Pod's condition `PodReadyToStartContainers` says so. Before Kubernetes 1.29 that
 * condition does not exist, and doctor derives the sandbox from the containers.
 */
function hasSandbox({ status }: PodObject): boolean {
  return status?.conditions?.some((one) => one.type === 'PodReadyToStartContainers' && one.status === 'True') ?? false
}

/**
 * Returns `linux/amd64`, as registries write it. Undefined for a virtual node that does not report
 * it.
 */
export function describePlatform({
  operatingSystem,
  architecture,
}: {
  readonly operatingSystem?: string
  readonly architecture?: string
}): string | undefined {
  return operatingSystem && architecture ? `${operatingSystem}/${architecture}`.toLowerCase() : undefined
}
