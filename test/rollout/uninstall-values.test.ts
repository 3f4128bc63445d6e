import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { readRecord } from '../../src/helm/release/release-record.ts'
import { requireRetire, withRetire } from '../../src/rollout/uninstall/retire-release.ts'

/** Returns the values with which a release of this chart retires. */
async function retired(dependencies: unknown, config: object) {
  const release = { chart: { metadata: { name: 'platform', version: '1.0.0', dependencies } }, config, manifest: '' }
  return withRetire(await readRecord(gzipSync(JSON.stringify(release)).toString('base64')))
}

test('a release of our own chart retires by its own key', async () => {
  assert.deepEqual(await retired(undefined, { logLevel: 'debug' }), { logLevel: 'debug', retire: true })
})

// `Dependency` in https://github.com/helm/helm/blob/v4.3.1/pkg/chart/v2/dependency.go: the values
// of a dependency are below its alias.
test('in an umbrella chart the part that is our chart retires, below its alias or its name', async () => {
  const other = { name: 'redis', alias: 'acr-nopass' }
  assert.deepEqual(await retired([other, { name: 'acr-nopass', alias: 'pulls' }], { pulls: { logLevel: 'debug' } }), {
    pulls: { logLevel: 'debug', retire: true },
  })
  assert.deepEqual(await retired([{ name: 'acr-nopass', alias: '' }], { redis: {} }), {
    redis: {},
    'acr-nopass': { retire: true },
  })
})

test('if two parts are our chart, both retire', async () => {
  const both = [
    { name: 'acr-nopass', alias: 'east' },
    { name: 'acr-nopass', alias: 'west' },
  ]
  assert.deepEqual(await retired(both, { west: { replicas: 1 } }), {
    east: { retire: true },
    west: { replicas: 1, retire: true },
  })
})

test('a chart that does not take `retire` for the release is refused at once, with the commands that uninstall it', () => {
  const target = { release: 'pulls', namespace: 'infra', kubeconfig: 'k' }
  const deployed = { chart: 'platform-1.0.0', values: {}, objects: [], hooks: [] }
  const rendered = (retire: boolean) => {
    const data = { 'config.yaml': JSON.stringify({ retire, release: {} }) }
    const object = { apiVersion: 'v1', kind: 'ConfigMap', namespace: undefined, name: 'c', body: { data } }
    return { ...deployed, objects: [object] }
  }
  for (const desired of [rendered(false), deployed]) {
    assert.throws(() => requireRetire(desired, deployed, target), {
      code: 'UNINSTALL_CHART',
      message:
        'release infra/pulls was installed from platform-1.0.0, and the chart given here does not take `retire` for it',
      hint: /`helm uninstall pulls --namespace infra`, then `acr-nopass cleanup --detach`/,
    })
  }
  requireRetire(rendered(true), deployed, target)
})
