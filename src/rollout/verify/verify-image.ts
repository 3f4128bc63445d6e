import { NopassError } from '../../errors.ts'
import type { KubeClient } from '../../kube/client.ts'
import { pollUntil } from '../../kube/poll-until.ts'
import { PROBE_LABELS, type Probe } from './probe.ts'
import { RESTRICTED_CONTAINER } from './restricted-pod.ts'

/** A node tries a failed pull again after 10 s and after 20 s more; what still fails then stays so. */
const PATIENCE_MS = 35_000

/** The node names the image three times before it says what is wrong with it. */
const WORDS_LIMIT = 700

const CONTAINER = 'image'

/**
 * Starts one Pod of the image and waits until the node has pulled it; it need not run well.
 * @returns how long the pull took
 * @throws NopassError `VERIFY_IMAGE` in the node's words: after 35 s of failed pulls, at once when no further try can help
 */
export async function verifyImage(
  client: KubeClient,
  { namespace, serviceAccount, pod }: Probe,
  image: string,
  limitMs: number,
  signal: AbortSignal,
): Promise<string> {
  const path = `/api/v1/namespaces/${namespace}/pods`
  // Always: a copy in a node's cache would prove nothing.
  const container = { name: CONTAINER, image, imagePullPolicy: 'Always', ...RESTRICTED_CONTAINER }
  const spec = {
    restartPolicy: 'Never',
    automountServiceAccountToken: false,
    // Its own program starts after the pull, and has no business with the Services there.
    enableServiceLinks: false,
    serviceAccountName: serviceAccount,
    containers: [container],
  }
  const body = { apiVersion: 'v1', kind: 'Pod', metadata: { name: pod, labels: PROBE_LABELS }, spec }
  await client.request({ method: 'POST', path, body }, signal)
  const begin = performance.now()
  let failingSince: number | undefined
  let state: PullVerdict['state'] = 'waiting'
  let words: string | undefined
  await pollUntil(limitMs, signal, async () => {
    const { status } = await client.request<{
      status?: { containerStatuses?: readonly (ContainerView & { readonly name: string })[] }
    }>({ method: 'GET', path: `${path}/${pod}` }, signal)
    // A webhook of that namespace may have added containers.
    const verdict = judgePull(status?.containerStatuses?.find(({ name }) => name === CONTAINER))
    state = verdict.state
    // A back-off says less than the failure before it.
    if (words === undefined || !verdict.words?.startsWith('ImagePullBackOff')) words = verdict.words ?? words
    if (state === 'pulled' || state === 'lost') return true
    failingSince = state === 'failing' ? (failingSince ?? performance.now()) : undefined
    return failingSince !== undefined && performance.now() - failingSince > PATIENCE_MS
  })
  const ms = Math.round(performance.now() - begin)
  if (isPulled(state)) return `${image} was pulled after ${ms} ms`
  words ??= await lastEvents(client, namespace, pod, signal)
  throw new NopassError(
    'VERIFY_IMAGE',
    `${image} was not pulled in ${Math.round(ms / 1000)} s; ${words.slice(0, WORDS_LIMIT)}`,
  )
}

/** The compiler does not see what the poll has written. */
function isPulled(state: PullVerdict['state']): boolean {
  return state === 'pulled'
}

/** What happened before there was a container: no node, no network, no volume. */
async function lastEvents(client: KubeClient, namespace: string, pod: string, signal: AbortSignal): Promise<string> {
  const path = `/api/v1/namespaces/${namespace}/events`
  const query = { fieldSelector: `involvedObject.name=${pod}` }
  const events = await client.request<{
    items: readonly { reason: string; message: string; lastTimestamp?: string | null }[]
  }>({ method: 'GET', path, query }, signal)
  const [last] = events.items.toSorted((a, b) => ((a.lastTimestamp ?? '') < (b.lastTimestamp ?? '') ? 1 : -1))
  return last === undefined ? 'no node has taken the Pod' : `${last.reason}: ${last.message}`
}

/** A container of a Pod as the API server answers it, as far as its image is concerned. */
export interface ContainerView {
  readonly imageID: string
  readonly state?: {
    readonly waiting?: { readonly reason?: string; readonly message?: string }
    readonly running?: object
    readonly terminated?: object
  }
}

/**
 * What a node makes of an image. `failing`: it tries again, as a credential may be new; `lost`: no further try can end otherwise.
 */
export interface PullVerdict {
  readonly state: 'waiting' | 'pulled' | 'failing' | 'lost'
  /** The node's own words for the last pull that failed. */
  readonly words: string | undefined
}

/** A kubelet makes a container when its image is there, so these come after the pull. */
const AFTER_PULL = new Set([
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
  'CrashLoopBackOff',
])

/** Reads a container's state as a kubelet writes it. */
export function judgePull(container: ContainerView | undefined): PullVerdict {
  const { reason = '', message } = container?.state?.waiting ?? {}
  if (container && (container.imageID !== '' || container.state?.running || AFTER_PULL.has(reason)))
    return { state: 'pulled', words: undefined }
  if (!/^(ErrImage|Image|InvalidImage)/.test(reason)) return { state: 'waiting', words: undefined }
  // The registry took the credential and has no such image: containerd ends its words so for a 404 alone.
  const isLost = reason === 'InvalidImageName' || /: not found"?$/.test(message ?? '')
  return { state: isLost ? 'lost' : 'failing', words: message === undefined ? reason : `${reason}: ${message}` }
}
