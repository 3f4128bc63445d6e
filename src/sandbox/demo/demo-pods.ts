import type { V1Secret } from '@kubernetes/client-node'
import { readDockerConfig } from '../../acr/docker-config.ts'
import { unlessStatus } from '../../kube/api-error.ts'
import type { KubeClient } from '../../kube/client.ts'
import { ANNOTATION_EXPIRES_AT, DEFAULT_SECRET_NAME } from '../../kube/names.ts'
import { type KubeObject, namespacedPath, type PodObject } from '../../kube/types.ts'
import { sha256 } from '../../lib/text.ts'
import { untilReady } from '../process/ready.ts'

/** Creates a namespace and waits for its default ServiceAccount. */
export async function createNamespace(client: KubeClient, name: string, signal: AbortSignal): Promise<void> {
  const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }
  await client.request({ method: 'POST', path: '/api/v1/namespaces', body }, signal)
  const path = namespacedPath('/api/v1', name, 'serviceaccounts', 'default')
  const exists = (): Promise<unknown> => client.request({ method: 'GET', path }, signal)
  await untilReady(exists, { what: `default ServiceAccount of ${name}`, limitMs: 30_000, everyMs: 5 }, signal)
}

interface PodName {
  readonly namespace: string
  readonly name: string
}

/** Creates a Pod without imagePullSecrets, as users do. */
export async function createPod(
  client: KubeClient,
  { namespace, name }: PodName,
  image: string,
  signal: AbortSignal,
): Promise<void> {
  const container = { name: 'app', image, imagePullPolicy: 'Always' }
  const body = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: { hostNetwork: true, terminationGracePeriodSeconds: 1, containers: [container] },
  }
  await client.request({ method: 'POST', path: namespacedPath('/api/v1', namespace, 'pods'), body }, signal)
}

/** Returns `Running` or the reason why the container is waiting; empty if the status has neither yet. */
async function podState(
  client: KubeClient,
  { namespace, name }: PodName,
  signal: AbortSignal,
): Promise<{ readonly state: string; readonly message: string }> {
  const path = namespacedPath('/api/v1', namespace, 'pods', name)
  const { status } = await client.request<PodObject>({ method: 'GET', path }, signal)
  if (status?.phase === 'Running') return { state: 'Running', message: '' }
  const waiting = status?.containerStatuses?.[0]?.state?.waiting
  return { state: waiting?.reason ?? '', message: waiting?.message ?? '' }
}

/** Waits until the Pod's state matches; returns the kubelet's message. */
export async function untilPod(
  client: KubeClient,
  pod: PodName,
  pattern: RegExp,
  signal: AbortSignal,
): Promise<string> {
  let last = { state: '', message: '' }
  const probe = async (): Promise<boolean> => {
    last = await podState(client, pod, signal)
    return pattern.test(last.state)
  }
  const what = `Pod ${pod.namespace}/${pod.name} ${pattern.source}`
  await untilReady(probe, { what, limitMs: 60_000, everyMs: 20 }, signal)
  return last.message
}

/** Reads the pull secret of a namespace; returns undefined if it does not exist. */
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
