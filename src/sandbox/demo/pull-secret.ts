import { createHash } from 'node:crypto'
import { KubeApiError } from '../../kube/api-error.ts'
import type { KubeClient } from '../../kube/client.ts'
import { ANNOTATION_EXPIRES_AT, DEFAULT_SECRET_NAME } from '../../kube/names.ts'
import { namespacedPath } from '../../kube/types.ts'

/** What may be shown of a pull secret. */
export interface PullSecretFacts {
  readonly uid: string
  readonly expiresAt: string
  /** The first twelve hex digits of the content's SHA-256. */
  readonly content: string
  readonly domains: readonly string[]
}

interface SecretObject {
  readonly metadata: { readonly uid: string; readonly annotations?: Readonly<Record<string, string>> }
  readonly data?: Readonly<Record<string, string>>
}

/** The pull secret of a namespace; undefined where there is none. */
export async function readPullSecret(
  client: KubeClient,
  namespace: string,
  signal: AbortSignal,
): Promise<PullSecretFacts | undefined> {
  const path = namespacedPath('/api/v1', namespace, 'secrets', DEFAULT_SECRET_NAME)
  try {
    const { metadata, data } = await client.request<SecretObject>({ method: 'GET', path }, signal)
    const text = Buffer.from(data?.['.dockerconfigjson'] ?? '', 'base64').toString()
    const { auths } = JSON.parse(text || '{"auths":{}}') as { auths: Record<string, unknown> }
    return {
      uid: metadata.uid,
      expiresAt: metadata.annotations?.[ANNOTATION_EXPIRES_AT] ?? '',
      content: createHash('sha256').update(text).digest('hex').slice(0, 12),
      domains: Object.keys(auths),
    }
  } catch (error) {
    if (error instanceof KubeApiError && error.status === 404) return undefined
    throw error
  }
}
