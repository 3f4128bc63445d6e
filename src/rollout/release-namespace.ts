import { KubeApiError } from '../kube/api-error.ts'
import type { KubeClient } from '../kube/client.ts'
import { pollUntil } from './probe-namespace.ts'

/** On a namespace that the rollout made: an uninstall may take it away again. */
const MADE_LABEL = 'acr-nopass.io/made-for-release'

/** Makes the release's namespace, marked as ours. Another run that was faster is fine. */
export async function makeReleaseNamespace(client: KubeClient, name: string, signal: AbortSignal): Promise<void> {
  const metadata = { name, labels: { [MADE_LABEL]: 'true' } }
  try {
    await client.request(
      { method: 'POST', path: '/api/v1/namespaces', body: { apiVersion: 'v1', kind: 'Namespace', metadata } },
      signal,
    )
  } catch (error) {
    if (!(error instanceof KubeApiError && error.status === 409)) throw error
  }
}

/** Removes the release's namespace when the rollout made it and nothing of somebody else's is in it; says what was done. */
export async function removeReleaseNamespace(client: KubeClient, name: string, signal: AbortSignal): Promise<string> {
  const path = `/api/v1/namespaces/${name}`
  const namespace = await client
    .request<{ metadata: { labels?: Record<string, string> } }>({ method: 'GET', path }, signal)
    .catch(() => undefined)
  if (namespace?.metadata.labels?.[MADE_LABEL] !== 'true') return `namespace ${name} stays: it was there before`
  let others: readonly string[] = []
  // The helper's Pods take their grace period to leave.
  await pollUntil(40_000, signal, async () => {
    others = await foreignObjects(client, name, signal)
    return others.length === 0
  })
  if (others.length > 0) return `namespace ${name} stays: ${others.join(', ')}`
  await client.request({ method: 'DELETE', path }, signal)
  return `namespace ${name} was removed`
}

async function foreignObjects(client: KubeClient, namespace: string, signal: AbortSignal): Promise<readonly string[]> {
  const names = async (kind: string, path: string): Promise<readonly string[]> => {
    const list = await client.request<{ items: readonly { metadata: { name: string } }[] }>(
      { method: 'GET', path },
      signal,
    )
    return list.items.map(({ metadata }) => `${kind} ${metadata.name}`)
  }
  const [pods, secrets] = await Promise.all([
    names('Pod', `/api/v1/namespaces/${namespace}/pods`),
    names('Secret', `/api/v1/namespaces/${namespace}/secrets`),
  ])
  return [...pods, ...secrets].slice(0, 5)
}
