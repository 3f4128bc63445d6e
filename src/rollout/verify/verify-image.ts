import { parseImage } from '../../acr/registry-domains.ts'
import { NopassError } from '../../errors.ts'
import { readPodEvents } from '../../installation/release-watch.ts'
import { unlessStatus } from '../../kube/api-error.ts'
import { get, type KubeCaller } from '../../kube/client.ts'
import { pollUntil } from '../../kube/poll-until.ts'
import type { ContainerStatus, PodObject } from '../../kube/types.ts'
import { meaningOf } from '../../kube/waiting-reasons.ts'
import { withoutCredentials } from '../../printable.ts'
import { PROBE_LABELS, type ProbeTarget, RESTRICTED_CONTAINER } from './probe-objects.ts'

/**
 * A kubelet retries a failed pull after 10 s and again after 20 s. A pull that still fails after
 * that will keep failing.
 */
const PATIENCE_MS = 35_000

/** A kubelet's message names the image three times before the cause. */
const MESSAGE_LIMIT = 700

const CONTAINER = 'image'

/**
 * Creates one Pod with the image and waits until the node has pulled it. The Pod does not have to
 * run successfully.
 * @param isCovered false if no login is for the image, so that its pull shows nothing about a login
 * @returns a note with the duration of the pull, or why the pull proves nothing
 * @throws VERIFY_IMAGE with the kubelet's message: after 35 s of failed pulls, or immediately if no
 *   retry can help
 */
export async function verifyImage(
  caller: KubeCaller,
  { namespace, serviceAccount, pod, node }: ProbeTarget,
  image: string,
  limitMs: number,
  isCovered = true,
): Promise<string> {
  const { client, signal } = caller
  const path = `/api/v1/namespaces/${namespace}/pods`
  // `Always`, because an image in the node's cache would prove nothing.
  const container = { name: CONTAINER, image, imagePullPolicy: 'Always', ...RESTRICTED_CONTAINER }
  const spec = {
    restartPolicy: 'Never',
    automountServiceAccountToken: false,
    // The image's program starts after the pull. It does not need the environment variables of the
    // Services in this namespace.
    enableServiceLinks: false,
    serviceAccountName: serviceAccount,
    containers: [container],
    ...(node !== undefined && { affinity: onNode(node) }),
  }
  const body = { apiVersion: 'v1', kind: 'Pod', metadata: { name: pod, labels: PROBE_LABELS }, spec }
  // Never aborted, like the rest of the probe, because a Pod that is created after its removal
  // would stay.
  const made = await client.request<PodObject>({ method: 'POST', path, body })
  signal.throwIfAborted()
  const begin = performance.now()
  let failingSince: number | undefined
  let state = 'waiting' as PullVerdict['state']
  let words: string | undefined
  await pollUntil(limitMs, signal, async () => {
    const { status } = await get<PodObject>(caller, `${path}/${pod}`)
    // A webhook of that namespace may have added containers, so the container is found by its name.
    const verdict = judgePull(status?.containerStatuses?.find(({ name }) => name === CONTAINER))
    state = verdict.state
    // A back-off is less specific than the failure before it, so it does not replace that failure.
    if (words === undefined || !verdict.words?.startsWith('ImagePullBackOff')) words = verdict.words ?? words
    if (state === 'pulled' || state === 'lost') return true
    failingSince = state === 'failing' ? (failingSince ?? performance.now()) : undefined
    return failingSince !== undefined && performance.now() - failingSince > PATIENCE_MS
  })
  const ms = Math.round(performance.now() - begin)
  if (state === 'pulled') {
    const change = findChange(made, image)
    if (change !== undefined) return `${image} was not checked: ${change}`
    const pulled = `${image} was pulled after ${ms} ms`
    return isCovered
      ? pulled
      : `${pulled}, but no registry of the pull secret covers it: this shows nothing about a login`
  }
  words ??= await lastEvents(caller, namespace, pod)
  throw new NopassError(
    'VERIFY_IMAGE',
    `${image} was not pulled in ${Math.round(ms / 1000)} s; ${withoutCredentials(words).slice(0, MESSAGE_LIMIT)}`,
  )
}

/** Lets only this node run the Pod. The scheduler still checks the node's taints and its space. */
function onNode(name: string): object {
  const matchFields = [{ key: 'metadata.name', operator: 'In', values: [name] }]
  return { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchFields }] } } }
}

/**
 * Returns the change by a webhook or a policy that makes the Pod's pull prove nothing about the
 * image. Undefined if there is no such change. Some webhooks add the digest of the tag, which is
 * the same image.
 */
function findChange({ spec }: PodObject, image: string): string | undefined {
  const { image: other = 'nothing', imagePullPolicy: policy = 'nothing' } =
    spec.containers.find(({ name }) => name === CONTAINER) ?? {}
  const [wanted, made] = [parseImage(image), parseImage(other)]
  const changes = 'the cluster changes the'
  if (wanted.host !== made.host || wanted.repository !== made.repository)
    return `${changes} image of Pods there to ${other}`
  if (policy === 'Always') return undefined
  return `${changes} imagePullPolicy of Pods there to ${policy}, so the image may come from the node's cache`
}

/**
 * Returns the Pod's last Event, for a Pod without a container status (not scheduled, no network, no
 * volume).
 */
async function lastEvents(caller: KubeCaller, namespace: string, pod: string): Promise<string> {
  // If the Events may not be read, the failure is still that the image was not pulled.
  const events = await unlessStatus(readPodEvents(caller, namespace, pod), 403)
  if (events === undefined)
    return 'its container did not start, and the deployer lacks the right to list the Events that show why'
  const last = events.at(-1)
  return last === undefined ? 'the Pod was not scheduled to a node' : `${last.reason}: ${last.message}`
}

/** `failing`: the kubelet retries, and a new credential may help; `lost`: no retry can succeed. */
export interface PullVerdict {
  readonly state: 'waiting' | 'pulled' | 'failing' | 'lost'
  /** The kubelet's reason and message for the last failed pull. */
  readonly words: string | undefined
}

/** Judges a container status that a kubelet wrote. Undefined if there is no status yet. */
export function judgePull(container: Pick<ContainerStatus, 'imageID' | 'state'> | undefined): PullVerdict {
  const { reason = '', message } = container?.state?.waiting ?? {}
  if (container && ((container.imageID ?? '') !== '' || container.state?.running || meaningOf(reason) === 'present'))
    return { state: 'pulled', words: undefined }
  if (meaningOf(reason) !== 'cannot') return { state: 'waiting', words: undefined }
  // The registry accepted the credential but has no such image. containerd's message has this
  // ending only for a 404.
  const isLost = reason === 'InvalidImageName' || /: not found"?$/.test(message ?? '')
  return { state: isLost ? 'lost' : 'failing', words: message === undefined ? reason : `${reason}: ${message}` }
}
