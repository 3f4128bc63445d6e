import { fetchRegistryToken } from '../../image/push-image.ts'
import { untilReady } from '../../process/ready.ts'
import { createNamespace, createPod, readPullSecret, untilPod } from '../demo-pods.ts'
import { type DemoContext, type DemoStep, expect } from '../demo-step.ts'

/** Step 3: a Pod in a new namespace pulls the private image. */
export const newNamespace: DemoStep = {
  title: 'a new namespace, and a Pod without credentials',
  proves: 'the Pod really runs from the private image',
  async run(context, step) {
    const { environment, print, signal } = context
    const { admin } = environment.production.cluster
    const since = performance.now()
    await createNamespace(admin, 'shop', signal)
    const exists = async (): Promise<boolean> => (await readPullSecret(admin, 'shop', signal)) !== undefined
    await untilReady(exists, { what: 'pull secret in shop', limitMs: 30_000, everyMs: 5 }, signal)
    const ready = `Secret created ${Math.round(performance.now() - since)} ms after the namespace`
    if (environment.nodeObstacle !== undefined) {
      await pullManifest(context)
      return `${ready}; the registry accepts its credential (no Pod: ${environment.nodeObstacle})`
    }
    const pod = { namespace: 'shop', name: 'app' }
    const created = performance.now()
    await createPod(admin, pod, environment.appImage, signal)
    step.update('waiting for the kubelet')
    await untilPod(admin, pod, /^Running$/, signal)
    const podMs = performance.now() - created
    const path = '/api/v1/namespaces/shop/pods/app'
    const { spec } = await admin.request<{ spec: { imagePullSecrets?: unknown } }>({ method: 'GET', path }, signal)
    print(`  spec.imagePullSecrets, which is not in the manifest: ${JSON.stringify(spec.imagePullSecrets)}`)
    return `${ready}; Pod running ${(podMs / 1000).toFixed(1)} s after its creation`
  },
}

/** Without a kubelet: checks that the registry serves the manifest with the Secret's credential and not without it. */
async function pullManifest({ environment, signal }: DemoContext): Promise<void> {
  const { admin } = environment.production.cluster
  const path = '/api/v1/namespaces/shop/secrets/acr-nopass'
  const { data } = await admin.request<{ data: Record<string, string> }>({ method: 'GET', path }, signal)
  const [domain = '', rest = ''] = environment.appImage.split(/\/(.*)/)
  const config = JSON.parse(Buffer.from(data['.dockerconfigjson'] ?? '', 'base64').toString()) as {
    auths: Record<string, { auth: string }>
  }
  const [username = '', password = ''] = Buffer.from(config.auths[domain]?.auth ?? '', 'base64')
    .toString()
    .split(/:(.*)/)
  const url = `${environment.registry.url}/v2/${rest.replace(':', '/manifests/')}`
  const challenge = await fetch(url, { signal })
  expect(challenge.status === 401, `the registry responded with ${challenge.status} to an anonymous pull`)
  const token = await fetchRegistryToken(challenge.headers.get('www-authenticate'), { username, password }, signal)
  const accept = 'application/vnd.oci.image.manifest.v1+json'
  const { status } = await fetch(url, { headers: { authorization: `Bearer ${token}`, accept }, signal })
  expect(status === 200, `the registry responded with ${status} to the Secret's credential`)
}
