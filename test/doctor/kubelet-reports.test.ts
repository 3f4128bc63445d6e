import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readFailures } from '../../src/doctor/read/kubelet-log.ts'
import { readProviderMetrics } from '../../src/kube/read/kubelet-metrics.ts'

const PROVIDER = 'acr-nopass-provider'
const NOW = Date.parse('2026-12-01T10:30:00Z')
const HASH = `sha256:${'ab'.repeat(32)}`

test("a kubelet's metrics name the configuration, the calls and the failures of the program", () => {
  const text = [
    '# HELP kubelet_credential_provider_config_info [ALPHA] Information',
    `kubelet_credential_provider_config_info{hash="${HASH}"} 1`,
    `kubelet_credential_provider_plugin_duration_count{plugin_name="ecr"} 90`,
    `kubelet_credential_provider_plugin_duration_bucket{plugin_name="${PROVIDER}",le="0.1"} 3`,
    `kubelet_credential_provider_plugin_duration_count{plugin_name="${PROVIDER}"} 7`,
    `kubelet_credential_provider_plugin_errors_total{plugin_name="${PROVIDER}"} 2`,
  ].join('\n')
  assert.deepEqual(readProviderMetrics(text, PROVIDER), { configHash: HASH, calls: 7, errors: 2 })
})

test('an older kubelet has other names of its metrics, and no hash', () => {
  const text = [
    `kubelet_kubelet_credential_provider_plugin_duration_count{plugin_name="${PROVIDER}"} 4`,
    `kubelet_kubelet_credential_provider_plugin_errors{plugin_name="${PROVIDER}"} 1`,
  ].join('\n')
  assert.deepEqual(readProviderMetrics(text, PROVIDER), { configHash: undefined, calls: 4, errors: 1 })
})

test('metrics that are not complete count as nothing', () => {
  for (const text of [
    '',
    'kubelet_credential_provider_config_info{hash="md5:1"} 1',
    'kubelet_credential_provider_plugin_duration_count{plugin_name="acr-nopass-provider"} x',
  ]) {
    assert.deepEqual(readProviderMetrics(text, PROVIDER), { configHash: undefined, calls: 0, errors: 0 })
  }
})

/** A line as journalctl prints it for the kubelet's query. */
const line = (err: string, time = 'Dec 01 10:20:01.000001', provider = PROVIDER): string =>
  `${time} n1 kubelet[81]: E1201 10:20:01.000001      81 plugin.go:416] "Failed to provide credentials for image" err=${JSON.stringify(err)} provider=${JSON.stringify(provider)} image="h/a" pod="shop/web" podUID="u" serviceAccount="shop/default"`

test("the program's code, message and fix are read from the kubelet's log", () => {
  const text = line('exit status 1: IDENTITY_UNAVAILABLE: worker-role: "x" (HTTP 429); fix: Wait; then retry.')
  assert.deepEqual(readFailures(text, PROVIDER, NOW), [
    {
      kind: 'IDENTITY_UNAVAILABLE',
      message: 'worker-role: "x" (HTTP 429)',
      fix: 'Wait; then retry.',
      image: 'h/a',
      pod: 'shop/web',
    },
  ])
})

test('a kubelet that passes no token names only the image', () => {
  const text = line('exit status 1: NODE_TIMEOUT: x').replace(/ pod=.*/, '')
  assert.deepEqual(readFailures(text, PROVIDER, NOW), [{ kind: 'NODE_TIMEOUT', message: 'x', image: 'h/a' }])
})

test('a missing program, a refused token and an unknown code are told apart', () => {
  const text = [
    line('fork/exec /opt/acr-nopass/bin/acr-nopass-provider: no such file or directory: '),
    line(
      'failed to get service account token: failed to fetch token: serviceaccounts "default" is forbidden: system:node:n1 is not authorized to request tokens for audience "sts.aliyuncs.com"',
    ),
    line('exit status 1: NOT_OURS: text'),
    line('context deadline exceeded: '),
  ].join('\n')
  assert.deepEqual(
    readFailures(text, PROVIDER, NOW)?.map(({ kind }) => kind),
    ['program', 'audience', 'other', 'other'],
  )
})

test('failures of other providers, older failures, and failures of the last year are left out', () => {
  const text = [
    line('exit status 1: NODE_TIMEOUT: x', 'Dec 01 09:20:01.000001'),
    line('exit status 1: NODE_TIMEOUT: x', 'Dec 31 10:20:01.000001'),
    line('exit status 1: NODE_TIMEOUT: x', undefined, 'ecr'),
  ].join('\n')
  assert.deepEqual(readFailures(text, PROVIDER, NOW), [])
  assert.equal(
    readFailures(
      line('exit status 1: NODE_TIMEOUT: x', 'Dec 31 23:59:01.0'),
      PROVIDER,
      Date.parse('2027-01-01T00:10:00Z'),
    )?.length,
    1,
  )
})

test('a kubelet that lists its files instead of answering the query says nothing about failures', () => {
  assert.equal(readFailures('<pre><a href="pods/">pods/</a></pre>', PROVIDER, NOW), undefined)
  assert.deepEqual(readFailures('-- No entries --\n', PROVIDER, NOW), [])
})
