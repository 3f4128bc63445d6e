import assert from 'node:assert/strict'
import { type KubeCall, MERGE_PATCH } from '../../src/kube/client.ts'
import { scenario } from './chart.ts'
import { type AskedClient, type ChartCluster, openChartCluster } from './chart-cluster.ts'
import { eventually } from './eventually.ts'
import { applyPullSecret } from './pull-secret.ts'

/** A cluster with two guarded releases in `sys`, whose helpers have every right that RBAC can give. */
export interface Guarded extends AsyncDisposable {
  readonly chart: ChartCluster
  readonly helper: AskedClient
  /** Of a release with `adopt: true`. */
  readonly adopter: AskedClient
}

export const GUARDED = 'sys.guarded'
export const ADOPTER = 'sys.adopter'

export async function openGuarded(name: string): Promise<Guarded> {
  const chart = await openChartCluster(name)
  await chart.createNamespace('shop')
  await chart.install('guarded', 'sys', scenario('minimal'))
  await chart.install('adopter', 'sys', scenario('minimal'), { adopt: true })
  // With every right there is, so that what is refused is refused by the guard and not by RBAC.
  await chart.admin.request({
    method: 'POST',
    path: '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
    body: {
      metadata: { name: 'all-powerful-helpers' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: ['guarded', 'adopter'].map((release) => ({
        kind: 'ServiceAccount',
        name: `${release}-acr-nopass`,
        namespace: 'sys',
      })),
    },
  })
  const helper = await chart.helper('guarded', 'sys')
  const adopter = await chart.helper('adopter', 'sys')
  // Policies and bindings take a moment to become active.
  for (const client of [helper, adopter]) {
    await eventually(async () => {
      const { text } = await client.ask(applyPullSecret('shop', 'nobody.nothing'))
      assert.match(text, /a pull secret carries the labels/)
      const { text: refusal } = await client.ask(patchServiceAccount({ metadata: { labels: { probe: '1' } } }))
      assert.match(refusal, /the helper leaves metadata.labels alone/)
    }, 20_000)
  }
  return { chart, helper, adopter, [Symbol.asyncDispose]: () => chart[Symbol.asyncDispose]() }
}

export function patchServiceAccount(body: object, name = 'default'): KubeCall {
  const path = `/api/v1/namespaces/shop/serviceaccounts/${name}`
  return { method: 'PATCH', path, contentType: MERGE_PATCH, body }
}

/** A title as part of an object's name. */
export function slug(title: string): string {
  return title.toLowerCase().replace(/[^a-z]+/g, '-')
}
