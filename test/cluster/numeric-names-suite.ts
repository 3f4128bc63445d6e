import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '../../src/kube/types.ts'
import type { ChartCluster } from '../support/cluster/chart-cluster.ts'

const VALUES = {
  registries: [{ name: 'old', edition: 'static', domains: ['a.example.com'], existingSecret: '123' }],
  identity: { type: 'worker-role' },
  serviceAccount: { name: '456' },
  priorityClassName: '1e3',
  secretName: '789',
  scope: 'namespaces',
  targets: { namespaces: { include: ['321', '1e5'] }, serviceAccounts: { include: ['654', '1e7'] } },
  attach: 'serviceAccounts',
  guard: 'disabled',
  networkPolicy: { enabled: true },
  runAsUser: null,
  runAsGroup: null,
}

interface Workload extends KubeObject {
  readonly spec: { readonly template: { readonly spec: Readonly<Record<string, unknown>> } }
}

/** Tests a release whose names look like numbers to YAML. */
export function testNumericNames(chart: ChartCluster): void {
  const { admin } = chart

  // Unquoted, the API server rejects each of these names as a number.
  test('a release in namespace 123, with a ServiceAccount, a priority class and Secrets that look like numbers, is installed', async () => {
    for (const name of ['321', '1e5']) await chart.createNamespace(name)
    const priority = { apiVersion: 'scheduling.k8s.io/v1', metadata: { name: '1e3' }, value: 1 }
    await admin.request({ method: 'POST', path: '/apis/scheduling.k8s.io/v1/priorityclasses', body: priority })
    // The Service has the release's name, and the oldest minor requires it to begin with a letter.
    await chart.install('n42', '123', VALUES)
    const path = '/apis/apps/v1/namespaces/123/deployments/n42-acr-nopass'
    const { spec } = (await admin.request<Workload>({ method: 'GET', path })).spec.template
    assert.deepEqual([spec.serviceAccountName, spec.priorityClassName], ['456', '1e3'])
    const { securityContext } = spec as { readonly securityContext: object }
    assert.deepEqual(Object.keys(securityContext).toSorted(), ['runAsNonRoot', 'seccompProfile'])
    for (const namespace of ['321', '1e5']) {
      const binding = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/rolebindings/acr-nopass.123.n42`
      const found = await admin.request<{ readonly subjects: unknown }>({ method: 'GET', path: binding })
      assert.deepEqual(found.subjects, [{ kind: 'ServiceAccount', name: '456', namespace: '123' }])
    }
  })
}
