import type { V1Secret } from '@kubernetes/client-node'
import { readDockerConfig } from '../../src/acr/docker-config.ts'
import { unlessStatus } from '../../src/kube/api-error.ts'
import type { KubeClient } from '../../src/kube/client.ts'
import { ANNOTATION_EXPIRES_AT, DEFAULT_SECRET_NAME } from '../../src/kube/names.ts'
import { type KubeObject, namespacedPath, type PodObject } from '../../src/kube/types.ts'
import { sha256 } from '../../src/lib/text.ts'
import { untilReady } from '../../tools/process/ready.ts'

/** Creates a namespace and waits for its default ServiceAccount. */
export async function createNamespace(client: KubeClient, name: string, signal: AbortSignal): Promise<void> {
  const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }
  await client.request({ method: 'POST', path: '/api/v1/namespaces', body }, signal)
  const path = namespacedPath('/api/v1', name, 'serviceaccounts', 'default')
  const exists = (): Promise<unknown> => client.request({ method: 'GET', path }, signal)
  await untilReady(exists, { what: `default ServiceAccount of ${name}`, limitMs: 30_000, everyMs: 5 }, signal)
}

export async function deleteNamespace(client: KubeClient, name: string, signal: AbortSignal): Promise<void> {
  await client.request({ method: 'DELETE', path: `/api/v1/namespaces/${name}` }, signal)
}

/**
 * Creates a Pod without imagePullSecrets, as users do, named after the image's repository. Waits
 * until the Pod is `Running`, or its container waits for a reason that matches. Returns the
 * kubelet's message.
 */
export async function runPod(
  client: KubeClient,
  namespace: string,
  image: string,
  state: RegExp,
  signal: AbortSignal,
): Promise<string> {
  const name = /\/([^/:]+):/.exec(image)?.[1] ?? 'app'
  const container = { name, image, imagePullPolicy: 'Always' }
  const spec = { hostNetwork: true, terminationGracePeriodSeconds: 1, containers: [container] }
  const body = { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec }
  await client.request({ method: 'POST', path: namespacedPath('/api/v1', namespace, 'pods'), body }, signal)
  const path = namespacedPath('/api/v1', namespace, 'pods', name)
  let message = ''
  const matches = async (): Promise<boolean> => {
    const { status } = await client.request<PodObject>({ method: 'GET', path }, signal)
    const waiting = status?.containerStatuses?.[0]?.state?.waiting
    message = waiting?.message ?? ''
    return state.test(status?.phase === 'Running' ? status.phase : (waiting?.reason ?? ''))
  }
  await untilReady(matches, { what: `Pod ${namespace}/${name} ${state.source}`, limitMs: 60_000, everyMs: 20 }, signal)
  return message
}

/** Reads the pull secret of a namespace. Undefined if it does not exist. */
export async function readPullSecret(client: KubeClient, namespace: string, signal: AbortSignal) {
  const path = namespacedPath('/api/v1', namespace, 'secrets', DEFAULT_SECRET_NAME)
  const secret = await unlessStatus(client.request<KubeObject & V1Secret>({ method: 'GET', path }, signal), 404)
  if (secret === undefined) return undefined
  const text = Buffer.from(secret.data?.['.dockerconfigjson'] ?? '', 'base64').toString()
  const { uid, annotations = {} } = secret.metadata
  const logins = readDockerConfig(text)
  /** `content`: the first twelve hex digits of the content's SHA-256. */
  return { uid, expiresAt: annotations[ANNOTATION_EXPIRES_AT], content: sha256(text).slice(0, 12), logins }
}
