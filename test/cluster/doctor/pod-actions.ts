import { eventually } from '../../support/eventually.ts'
import { HOST, type PodFixture } from './pod-fixture.ts'

export const IMAGE: string = `${HOST}/team/app:1`

/** The fix of a Pod that was only made to be looked at. */
export function gone(namespace: string, name: string): (fixture: PodFixture) => Promise<void> {
  return (fixture) => fixture.removePod(namespace, name)
}

/** Until the helper serves the namespace. */
export function untilAttached({ helper }: PodFixture, namespace: string): Promise<void> {
  return eventually(async () => {
    if (!(await helper.helperCluster.isUsable(namespace))) throw new Error(`${namespace} is not served yet`)
  }, 60_000)
}

/** Until the API server, which keeps ServiceAccounts in a cache, gives a new Pod of the namespace no pull secret. */
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
