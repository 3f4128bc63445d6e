import { randomBytes } from 'node:crypto'
import type { ReleaseTarget } from '../../helm/helm-flags.ts'
import { KubeApiError } from '../../kube/api-error.ts'
import { type KubeClient, METADATA_ONLY } from '../../kube/client.ts'
import { pollUntil } from '../../kube/poll-until.ts'
import type { RunFolder } from '../run-folder.ts'

const PROBE_LABEL = 'acr-nopass.io/probe'
/** A probe namespace that is older was left by a run that was ended. */
const STALE_MS = 3_600_000

/** Works in a fresh namespace that is gone afterwards; the journal lets the post step remove it too. */
export async function withProbeNamespace<T>(
  client: KubeClient,
  folder: RunFolder,
  target: ReleaseTarget,
  work: (namespace: string) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  await removeStaleProbes(client, Date.now())
  const namespace = probeNamespaceName()
  folder.note({ event: 'namespace-made', id: namespace, target, namespace })
  try {
    await client.request(
      {
        method: 'POST',
        path: '/api/v1/namespaces',
        body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels: { [PROBE_LABEL]: 'true' } } },
      },
      signal,
    )
    return await work(namespace)
  } finally {
    await removeNamespace(client, namespace).then(
      () => folder.noteEnd({ event: 'namespace-removed', id: namespace }),
      () => undefined,
    )
  }
}

function probeNamespaceName(): string {
  return `acr-nopass-probe-${randomBytes(4).toString('hex')}`
}

/** Asks for the deletion; what is gone already is fine. */
export async function removeNamespace(client: KubeClient, namespace: string): Promise<void> {
  try {
    await client.request({ method: 'DELETE', path: `/api/v1/namespaces/${namespace}` })
  } catch (error) {
    if (!(error instanceof KubeApiError && error.status === 404)) throw error
  }
}

async function removeStaleProbes(client: KubeClient, now: number): Promise<void> {
  const query = { labelSelector: `${PROBE_LABEL}=true` }
  const list = await client
    .request<{
      items: readonly { metadata: { name: string; creationTimestamp: string; deletionTimestamp?: string } }[]
    }>({
      method: 'GET',
      path: '/api/v1/namespaces',
      query,
    })
    // Who may not list namespaces has left none behind either.
    .catch(() => ({ items: [] }))
  const stale = list.items.filter(
    ({ metadata }) =>
      metadata.deletionTimestamp === undefined && now - Date.parse(metadata.creationTimestamp) > STALE_MS,
  )
  await Promise.all(stale.map(({ metadata }) => removeNamespace(client, metadata.name).catch(() => undefined)))
}

/** Milliseconds until the Secret (its metadata only) is there; undefined when it did not come in time. */
export async function waitForSecret(
  client: KubeClient,
  where: { readonly namespace: string; readonly name: string },
  limitMs: number,
  signal: AbortSignal,
): Promise<number | undefined> {
  const path = `/api/v1/namespaces/${where.namespace}/secrets/${where.name}`
  return pollUntil(limitMs, signal, async () => {
    try {
      await client.request({ method: 'GET', path, accept: METADATA_ONLY }, signal)
      return true
    } catch (error) {
      if (error instanceof KubeApiError && error.status === 404) return false
      throw error
    }
  })
}
