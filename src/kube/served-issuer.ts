import { KubeApiError } from './api-error.ts'
import type { KubeClient } from './client.ts'

/**
 * The issuer of the cluster's ServiceAccount tokens, from the API server's discovery document; undefined without one. Throws
 * a 403 without the ClusterRole `system:service-account-issuer-discovery`.
 */
export async function readServedIssuer(client: KubeClient, signal?: AbortSignal): Promise<string | undefined> {
  try {
    const document = await client.request<{ readonly issuer?: unknown }>(
      { method: 'GET', path: '/.well-known/openid-configuration' },
      signal,
    )
    return typeof document.issuer === 'string' && document.issuer !== '' ? document.issuer : undefined
  } catch (error) {
    if (error instanceof KubeApiError && error.status === 404) return undefined
    throw error
  }
}
