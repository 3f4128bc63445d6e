import assert from 'node:assert/strict'
import { type KubeCall, MERGE_PATCH } from '../../../src/kube/client.ts'
import { scenario } from '../chart/chart.ts'
import { eventually } from '../eventually.ts'
import type { ChartCluster, StatusClient } from './chart-cluster.ts'
import { applyPullSecret } from './pull-secret.ts'

/** Two guarded releases in `sys` whose helpers have all RBAC permissions. */
export interface Guarded {
  readonly chart: ChartCluster
  readonly helper: StatusClient
  /** The client of the release with `adopt: true`. */
  readonly adopter: StatusClient
}

export const GUARDED = 'sys.guarded'
export const ADOPTER = 'sys.adopter'

/** The namespace of the ServiceAccounts that are patched. */
export const GUARDED_NAMESPACE = 'guarded-shop'

/** Installs both releases and waits until the guard is active. */
export async function openGuarded(chart: ChartCluster): Promise<Guarded> {
  await chart.createNamespace(GUARDED_NAMESPACE)
  const secretLabels = { 'images.alibabacloud.com/accelerated': 'true' }
  await chart.install('guarded', 'sys', scenario('minimal'), { replicas: 0, secretLabels })
  await chart.install('adopter', 'sys', scenario('minimal'), { replicas: 0, adopt: true })
  // The helpers get all permissions, so that every denied request is denied by the guard and not by
  // RBAC.
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
  for (const [client, release] of [
    [helper, 'guarded'],
    [adopter, 'adopter'],
  ] as const) {
    await eventually(async () => {
      const { text } = await client.call(applyPullSecret(GUARDED_NAMESPACE, 'nobody.nothing'))
      assert.match(text, /a pull secret carries the labels/)
      const { text: refusal } = await client.call(patchServiceAccount({ metadata: { labels: { probe: '1' } } }))
      assert.match(refusal, /the helper leaves metadata.labels alone/)
      for (const own of [
        `/apis/coordination.k8s.io/v1/namespaces/sys/leases/${release}-acr-nopass`,
        `/api/v1/namespaces/sys/configmaps/${release}-acr-nopass-status`,
      ]) {
        const body = { metadata: { labels: { probe: '1' } } }
        const { text: message } = await client.call({ method: 'PATCH', path: own, contentType: MERGE_PATCH, body })
        assert.match(message, /the helper leaves metadata.labels alone/)
      }
    }, 20_000)
  }
  return { chart, helper, adopter }
}

export function patchServiceAccount(body: object, name = 'default'): KubeCall {
  const path = `/api/v1/namespaces/${GUARDED_NAMESPACE}/serviceaccounts/${name}`
  return { method: 'PATCH', path, contentType: MERGE_PATCH, body }
}

/** Turns a title into a part of an object's name. */
export function slug(title: string): string {
  return title.toLowerCase().replace(/[^a-z]+/g, '-')
}
