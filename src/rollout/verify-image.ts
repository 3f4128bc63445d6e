import { NopassError } from '../errors.ts'
import type { KubeClient } from '../kube/client.ts'
import { pollUntil } from './probe-namespace.ts'

interface ProbePod {
  readonly status?: {
    readonly containerStatuses?: readonly {
      readonly imageID: string
      readonly state?: {
        readonly waiting?: { readonly reason?: string }
        readonly running?: object
        readonly terminated?: object
      }
    }[]
  }
}

/** A node tries a failed pull again after 10 s and after 20 s more; what still fails then stays so. */
const PATIENCE_MS = 35_000

/** Starts one Pod of the image and waits until the node has pulled it; it need not run well. */
export async function verifyImage(
  client: KubeClient,
  namespace: string,
  image: string,
  limitMs: number,
  signal: AbortSignal,
): Promise<string> {
  const path = `/api/v1/namespaces/${namespace}/pods`
  const body = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'image' },
    // Always: a copy in a node's cache would prove nothing.
    spec: { restartPolicy: 'Never', containers: [{ name: 'image', image, imagePullPolicy: 'Always' }] },
  }
  await client.request({ method: 'POST', path, body }, signal)
  const begin = performance.now()
  let failingSince: number | undefined
  let pulled = false
  await pollUntil(limitMs, signal, async () => {
    const pod = await client.request<ProbePod>({ method: 'GET', path: `${path}/image` }, signal)
    const [container] = pod.status?.containerStatuses ?? []
    pulled = container !== undefined && (container.imageID !== '' || container.state?.running !== undefined)
    const reason = container?.state?.waiting?.reason ?? ''
    if (!/^(ErrImage|Image|InvalidImage)/.test(reason)) failingSince = undefined
    else failingSince ??= performance.now()
    return pulled || (failingSince !== undefined && performance.now() - failingSince > PATIENCE_MS)
  })
  const seconds = (performance.now() - begin) / 1000
  if (pulled) return `${image} was pulled after ${Math.round(seconds * 1000)} ms`
  const events = await client.request<{ items: readonly { reason: string; message: string }[] }>(
    {
      method: 'GET',
      path: `/api/v1/namespaces/${namespace}/events`,
      query: { fieldSelector: 'involvedObject.name=image' },
    },
    signal,
  )
  const words = events.items.slice(-3).map(({ reason, message }) => `${reason}: ${message.slice(0, 200)}`)
  throw new NopassError('VERIFY_IMAGE', `${image} was not pulled in ${Math.round(seconds)} s; ${words.join('; ')}`)
}
