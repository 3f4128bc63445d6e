import assert from 'node:assert/strict'
import { type KubeClient, MERGE_PATCH } from '../../../src/kube/client.ts'
import { eventually } from '../eventually.ts'

/** Deploys two Pods of an image and waits until they are running. */
export async function deploy(
  admin: KubeClient,
  namespace: string,
  name: string,
  image: string,
  serviceAccountName = 'default',
): Promise<void> {
  const labels = { app: name }
  const containers = [{ name: 'app', image: `${image}:1`, imagePullPolicy: 'Always' }]
  const template = { metadata: { labels }, spec: { serviceAccountName, containers } }
  const body = { metadata: { name }, spec: { replicas: 2, selector: { matchLabels: labels }, template } }
  await admin.request({ method: 'POST', path: `/apis/apps/v1/namespaces/${namespace}/deployments`, body })
  await rolledOut(admin, namespace, name)
}

interface DeploymentObject {
  readonly metadata: { readonly generation: number }
  readonly spec: { readonly replicas: number }
  readonly status?: {
    readonly observedGeneration?: number
    readonly updatedReplicas?: number
    readonly replicas?: number
    readonly availableReplicas?: number
  }
}

/** Waits like `kubectl rollout status`, until only ready Pods of the newest revision exist. */
export function rolledOut(admin: KubeClient, namespace: string, name: string): Promise<void> {
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`
  return eventually(async () => {
    const { metadata, spec, status } = await admin.request<DeploymentObject>({ method: 'GET', path })
    const { observedGeneration, updatedReplicas, replicas, availableReplicas } = status ?? {}
    const wanted = [metadata.generation, spec.replicas, spec.replicas, spec.replicas]
    assert.deepEqual([observedGeneration, updatedReplicas, replicas, availableReplicas], wanted)
  }, 180_000)
}

/** Restarts a Deployment like `kubectl rollout restart`. */
export async function restart(admin: KubeClient, namespace: string, name: string): Promise<void> {
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`
  const annotations = { 'kubectl.kubernetes.io/restartedAt': new Date().toISOString() }
  const body = { spec: { template: { metadata: { annotations } } } }
  await admin.request({ method: 'PATCH', path, body, contentType: MERGE_PATCH })
  await rolledOut(admin, namespace, name)
}
