import { eventually } from '../../support/eventually.ts'
import { HOST, type PodFixture } from './pod-fixture.ts'

export const IMAGE: string = `${HOST}/team/app:1`

/** Deletes a Pod that exists only to be inspected. */
export function deletePod(namespace: string, name: string): (fixture: PodFixture) => Promise<void> {
  return (fixture) => fixture.removePod(namespace, name)
}

/** Waits until the helper serves the namespace. */
export function untilAttached({ helper }: PodFixture, namespace: string): Promise<void> {
  return eventually(async () => {
    if (!(await helper.helperCluster.isUsable(namespace))) throw new Error(`${namespace} is not served yet`)
  }, 60_000)
}

/**
 * Waits until a new Pod of the namespace gets no pull secret. The API server caches
 * ServiceAccounts.
 */
export function untilBare({ helper }: PodFixture, namespace: string): Promise<void> {
  return eventually(async () => {
    const { spec } = await helper.helperCluster.admin.request<{ spec: { imagePullSecrets?: readonly unknown[] } }>({
      method: 'POST',
      path: `/api/v1/namespaces/${namespace}/pods`,
      query: { dryRun: 'All' },
      body: { metadata: { name: 'tried' }, spec: { containers: [{ name: 'app', image: IMAGE }] } },
    })
    if ((spec.imagePullSecrets ?? []).length > 0) throw new Error(`Pods of ${namespace} still get a pull secret`)
  })
}

/** containerd's message about an image for which the credential is insufficient or missing. */
export const DENIED: string =
  'pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed'

/**
 * Creates a Pod on a node outside of the fixture. The node reports that the Pod's container waits.
 */
export async function waitingPod(
  fixture: PodFixture,
  namespace: string,
  name: string,
  image: string,
  waiting: { readonly reason: string; readonly message?: string },
  more: { readonly spec?: object; readonly metadata?: object } = {},
): Promise<void> {
  await fixture.pod(namespace, name, image, { nodeSelector: { place: 'nowhere' }, ...more.spec }, more.metadata)
  const containerStatuses = [{ name: 'app', image, imageID: '', ready: false, restartCount: 0, state: { waiting } }]
  await fixture.helper.patch(`/api/v1/namespaces/${namespace}/pods/${name}/status`, {
    status: { phase: 'Pending', containerStatuses },
  })
}
