import { randomBytes } from 'node:crypto'
import { NopassError } from '../../errors.ts'
import type { ReleaseTarget } from '../../helm/helm-flags.ts'
import { KubeApiError } from '../../kube/api-error.ts'
import type { KubeClient } from '../../kube/client.ts'
import type { RunFolder } from '../run-folder.ts'

const PROBE_LABEL = 'acr-nopass.io/probe'
/** Names of everything that a probe makes begin so. */
export const PROBE_PREFIX = 'acr-nopass-probe-'
/** A probe that is older was left by a run that was ended. */
const STALE_MS = 3_600_000

/** Where the verification tries things. */
export interface Probe {
  readonly namespace: string
  /** The namespace was made for this probe, and goes with everything in it. */
  readonly isNew: boolean
  /** Of the Pods of the probe. */
  readonly serviceAccount: string
  /** Name of the Pod that pulls an image. */
  readonly pod: string
}

export interface ProbeRequest {
  readonly client: KubeClient
  readonly folder: RunFolder
  readonly target: ReleaseTarget
  /** The namespace to work in; undefined: one is made. */
  readonly existing: string | undefined
  /** Whether it will make a Pod that lasts. */
  readonly makesPod: boolean
}

/**
 * Works in a fresh namespace, or with a fresh ServiceAccount in an existing one; what was made is gone afterwards. The journal lets
 * the post step remove it too.
 */
export async function withProbe<T>(
  { client, folder, target, existing, makesPod }: ProbeRequest,
  work: (probe: Probe) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const lists = listsOf(existing, makesPod)
  await Promise.all(lists.map((path) => removeStale(client, path, Date.now())))
  const name = `${PROBE_PREFIX}${randomBytes(4).toString('hex')}`
  const objects = lists.map((path) => `${path}/${name}`)
  folder.note({ event: 'probe-made', id: name, target, objects })
  try {
    await makeProbe(client, existing, name, signal)
    return await work(
      existing === undefined
        ? { namespace: name, isNew: true, serviceAccount: 'default', pod: 'image' }
        : { namespace: existing, isNew: false, serviceAccount: name, pod: name },
    )
  } finally {
    await removeProbe(client, objects).then(
      () => folder.noteEnd({ event: 'probe-removed', id: name }),
      () => undefined,
    )
  }
}

/** Labels of everything that a probe makes, by which it is found when it is left behind. */
export const PROBE_LABELS: Readonly<Record<string, string>> = { [PROBE_LABEL]: 'true' }

/** Collections in which a probe has one object each, named like the probe. */
function listsOf(existing: string | undefined, makesPod: boolean): readonly string[] {
  if (existing === undefined) return ['/api/v1/namespaces']
  return [...(makesPod ? ['pods'] : []), 'serviceaccounts'].map(
    (resource) => `/api/v1/namespaces/${existing}/${resource}`,
  )
}

async function makeProbe(
  client: KubeClient,
  existing: string | undefined,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  const kind = existing === undefined ? 'Namespace' : 'ServiceAccount'
  const path = existing === undefined ? '/api/v1/namespaces' : `/api/v1/namespaces/${existing}/serviceaccounts`
  const metadata = { name, labels: PROBE_LABELS }
  const body = {
    apiVersion: 'v1',
    kind,
    metadata,
    ...(existing !== undefined && { automountServiceAccountToken: false }),
  }
  try {
    await client.request({ method: 'POST', path, body }, signal)
  } catch (error) {
    if (!(error instanceof KubeApiError) || ![400, 403, 404, 422].includes(error.status)) throw error
    const what = existing === undefined ? `Namespace ${name}` : `ServiceAccount ${name} in ${existing}`
    throw new NopassError('VERIFY_NAMESPACE', `${what} was refused: ${error.message}`, { cause: error })
  }
}

/** Asks for the deletion of each; what does not exist any more is fine. */
export async function removeProbe(client: KubeClient, objects: readonly string[]): Promise<void> {
  await Promise.all(
    objects.map(async (path) => {
      try {
        await client.request({ method: 'DELETE', path })
      } catch (error) {
        if (!(error instanceof KubeApiError && error.status === 404)) throw error
      }
    }),
  )
}

async function removeStale(client: KubeClient, path: string, now: number): Promise<void> {
  const query = { labelSelector: `${PROBE_LABEL}=true` }
  const list = await client
    .request<{
      items: readonly { metadata: { name: string; creationTimestamp: string; deletionTimestamp?: string } }[]
    }>({ method: 'GET', path, query })
    // Whoever may not list has left none behind either.
    .catch(() => ({ items: [] }))
  const stale = list.items.filter(
    ({ metadata: { name, creationTimestamp, deletionTimestamp } }) =>
      name.startsWith(PROBE_PREFIX) &&
      deletionTimestamp === undefined &&
      now - Date.parse(creationTimestamp) > STALE_MS,
  )
  await removeProbe(
    client,
    stale.map(({ metadata }) => `${path}/${metadata.name}`),
  ).catch(() => undefined)
}
