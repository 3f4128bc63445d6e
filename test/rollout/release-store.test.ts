import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Helm } from '../../src/helm/obtain/find-helm.ts'
import type { KubeClient } from '../../src/kube/client.ts'
import { openReleaseStore, recordKind } from '../../src/rollout/deploy/release-store.ts'

// The drivers that Helm knows: https://github.com/helm/helm/blob/v3.22.0/pkg/action/action.go (`Configuration.Init`).

const of = (driver: string | undefined): Helm =>
  ({ environment: driver === undefined ? {} : { HELM_DRIVER: driver } }) as unknown as Helm

for (const [driver, kind] of [
  [undefined, 'secrets'],
  ['', 'secrets'],
  ['secret', 'secrets'],
  ['secrets', 'secrets'],
  ['configmap', 'configmaps'],
  ['configmaps', 'configmaps'],
] as const) {
  test(`C1 with HELM_DRIVER ${driver ?? 'unset'} the labels of the revisions are read from ${kind}`, async (t) => {
    const asked: string[] = []
    const labels = { version: '1', status: 'deployed', modifiedAt: '1000000000', 'acr-nopass.io/step': 'a' }
    const request = async ({ path }: { readonly path: string }) => {
      asked.push(path)
      return { items: [{ metadata: { labels } }] }
    }
    const target = { release: 'r', namespace: 'n', kubeconfig: 'k' }
    const store = openReleaseStore(of(driver), { request } as unknown as KubeClient, target)
    const [revision] = await store.history(t.signal)
    assert.deepEqual([asked, revision?.step?.id], [[`/api/v1/namespaces/n/${kind}`], 'a'])
  })
}

for (const driver of ['sql', 'memory', 'SQL', 'Secret']) {
  test(`C1 with HELM_DRIVER ${driver} nothing is begun: whose revision it is could not be known`, () => {
    assert.throws(() => recordKind({ HELM_DRIVER: driver }), {
      code: 'HELM_DRIVER',
      message: `HELM_DRIVER=${driver} says where Helm keeps its records: acr-nopass reads in them which run made a revision, and only in Secrets and ConfigMaps`,
      hint: 'Unset `HELM_DRIVER`, or set it to `secret` or `configmap`.',
    })
  })
}
