import { isCoveredBy, parseImage } from '../../../src/acr/registry-domains.ts'
import type { KubeClient } from '../../../src/kube/client.ts'
import { registryClient } from '../registry/registry-client.ts'

interface PodSpec {
  readonly imagePullSecrets?: readonly { readonly name?: string }[]
  readonly containers: readonly { readonly image: string }[]
}

interface PodObject {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly deletionTimestamp?: string }
  readonly spec: PodSpec
}

/** A Pod that a user tries to run again and again, with this ServiceAccount and image. */
export interface PullAttempt {
  readonly namespace: string
  readonly serviceAccount: string
  readonly image: string
}

export interface PullWatch {
  /** Begins a phase. Resolves once each request was tried in this phase. */
  phase(name: string): Promise<void>
  /**
   * Returns the number of successful pulls of each phase. `failed` lists the failed pulls with
   * their times.
   */
  stop(): Promise<{ readonly pulls: Readonly<Record<string, number>>; readonly failed: readonly string[] }>
}

/**
 * Pulls continuously from a real registry, as a kubelet would. It pulls for a new Pod of each
 * request, as the API server admits it (dry run), and for each existing Pod, as it was admitted. It
 * tries every credential for the image's domain in the Secrets that the Pod names, in their order.
 */
export function watchPulls(admin: KubeClient, registry: string, requests: readonly PullAttempt[]): PullWatch {
  const pulls: Record<string, number> = {}
  const failed: string[] = []
  let current = 'before'
  let rounds = 0
  let isOver = false
  const namespaces = [...new Set(requests.map(({ namespace }) => namespace))]

  async function admit({ namespace, serviceAccount, image }: PullAttempt): Promise<PodObject> {
    const spec = { serviceAccountName: serviceAccount, containers: [{ name: 'app', image, imagePullPolicy: 'Always' }] }
    const path = `/api/v1/namespaces/${namespace}/pods`
    const body = { metadata: { name: 'tried' }, spec }
    return admin.request<PodObject>({ method: 'POST', path, query: { dryRun: 'All' }, body })
  }

  async function running(namespace: string): Promise<readonly PodObject[]> {
    const path = `/api/v1/namespaces/${namespace}/pods`
    const { items } = await admin.request<{ items: readonly PodObject[] }>({ method: 'GET', path })
    return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined)
  }

  async function pull({ metadata, spec }: PodObject, namespace: string): Promise<void> {
    const phase = current
    const image = spec.containers[0]?.image ?? ''
    const logins = await credentials(admin, namespace, spec, image)
    const { repository } = parseImage(image)
    const statuses: number[] = []
    for (const login of logins) {
      const { status } = await registryClient(registry, login).pull(repository, image.split(':').at(-1) ?? '')
      if (status === 200) {
        pulls[phase] = (pulls[phase] ?? 0) + 1
        return
      }
      statuses.push(status)
    }
    // A Pod that was deleted in the meantime no longer pulls.
    if (metadata.name !== 'tried' && !(await running(namespace)).some((pod) => pod.metadata.name === metadata.name))
      return
    const names = (spec.imagePullSecrets ?? []).map(({ name }) => name).join(', ')
    failed.push(`${phase}: ${namespace}/${metadata.name} with [${names}]: ${statuses.join(', ') || 'no credential'}`)
  }

  const loop = (async () => {
    while (!isOver) {
      for (const request of requests) await pull(await admit(request), request.namespace)
      for (const namespace of namespaces) for (const pod of await running(namespace)) await pull(pod, namespace)
      rounds++
    }
  })()

  return {
    async phase(name) {
      current = name
      // The current round may have begun before the phase.
      const target = rounds + 2
      while (rounds < target) await Promise.race([loop, new Promise((done) => setImmediate(done))])
    },
    async stop() {
      isOver = true
      await loop
      return { pulls, failed }
    },
  }
}

interface Login {
  readonly username: string
  readonly password: string
}

/** Returns all credentials that a kubelet would have for the image. */
async function credentials(
  admin: KubeClient,
  namespace: string,
  spec: PodSpec,
  image: string,
): Promise<readonly Login[]> {
  const found: Login[] = []
  for (const { name = '' } of spec.imagePullSecrets ?? []) {
    const path = `/api/v1/namespaces/${namespace}/secrets/${name}`
    const secret = await admin
      .request<{ data?: Record<string, string> }>({ method: 'GET', path })
      .catch((error: { status?: number }) => {
        if (error.status === 404) return undefined
        throw error
      })
    const text = Buffer.from(secret?.data?.['.dockerconfigjson'] ?? '', 'base64').toString() || '{"auths":{}}'
    const { auths } = JSON.parse(text) as { auths: Record<string, { auth: string }> }
    for (const [domain, { auth }] of Object.entries(auths)) {
      if (!isCoveredBy(domain, parseImage(image))) continue
      const [username = '', ...rest] = Buffer.from(auth, 'base64').toString().split(':')
      found.push({ username, password: rest.join(':') })
    }
  }
  return found
}
