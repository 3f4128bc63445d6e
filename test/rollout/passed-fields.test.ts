import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { type ManifestObject, parseManifest } from '../../src/helm/release/manifest.ts'
import { isRecord } from '../../src/lib/json.ts'
import { keyOfField } from '../../src/rollout/preflight/passed-fields.ts'
import { loadValues } from '../../src/values/load-values.ts'
import { formatPath, type ValuePath } from '../../src/values/yaml/yaml-node.ts'

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const text = read('chart/ci/everything-values.yaml')
const { merged } = loadValues({ files: [{ name: 'everything-values.yaml', text }] })
// test/contract/chart-render.test.ts compares this file with what Helm renders from the values.
const objects = parseManifest(read('test/contract/golden/chart/everything-1.37.0.yaml'))

/** Returns every field without children, in the notation of the API server. */
function fieldsOf(node: unknown, path = ''): readonly (readonly [field: string, value: unknown])[] {
  if (Array.isArray(node)) return node.flatMap((item, index) => fieldsOf(item, `${path}[${index}]`))
  if (!isRecord(node)) return [[path, node]]
  return Object.entries(node).flatMap(([key, value]) => {
    return fieldsOf(value, /[.[\]]/.test(key) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`)
  })
}

const valueAt = (path: ValuePath): unknown =>
  path.reduce<unknown>((node, step) => (node as Record<string | number, unknown> | undefined)?.[step], merged)

function located({ kind, body }: ManifestObject) {
  return fieldsOf(body).flatMap(([field, value]) => {
    const key = keyOfField(field, { kind, body } as ManifestObject, merged)
    return key === undefined ? [] : [{ key, value }]
  })
}

test('an item that the API server selects by its name is found, also with a comma or a quote in the name', () => {
  const volumes = ['own', 'a', 'a,b', 'c"d'].map((name) => ({ name }))
  const body = { spec: { template: { spec: { volumes } } } }
  const values = { extraVolumes: volumes.slice(1) }
  const keyOf = (selector: string) =>
    keyOfField(`.spec.template.spec.volumes[name=${selector}].csi`, { kind: 'Deployment', body } as never, values)
  assert.deepEqual(keyOf('"a"'), ['extraVolumes', 0, 'csi'])
  assert.deepEqual(keyOf('"a,b"'), ['extraVolumes', 1, 'csi'])
  assert.equal(keyOf('"own"'), undefined)
})

test('every field that the chart fills from the values is located at its key', () => {
  const found = objects.flatMap(located)
  const differing = found.filter(({ key, value }) => valueAt(key) !== value).map(({ key }) => formatPath(key))
  // The chart adds its own items to these maps.
  assert.deepEqual(differing, [
    'podAnnotations["checksum/config"]',
    'nodeSelector["kubernetes.io/os"]',
    'topologySpread[0].labelSelector.matchLabels["app.kubernetes.io/instance"]',
    'topologySpread[0].labelSelector.matchLabels["app.kubernetes.io/name"]',
  ])
  const keys = found.map(({ key: [top = '', next = ''] }) => {
    return top === 'networkPolicy' || top === 'podDisruptionBudget' ? `${top}.${next}` : top
  })
  assert.deepEqual([...new Set(keys)].sort(), [
    'affinity',
    'deploymentAnnotations',
    'dnsConfig',
    'dnsPolicy',
    'extraEnv',
    'extraVolumeMounts',
    'extraVolumes',
    'hostAliases',
    'imagePullSecrets',
    'networkPolicy.egress',
    'networkPolicy.metricsFrom',
    'nodeSelector',
    'podAnnotations',
    'podDisruptionBudget.maxUnavailable',
    'podSecurityContext',
    'priorityClassName',
    'resources',
    'revisionHistoryLimit',
    'securityContext',
    'tolerations',
    'topologySpread',
    'updateStrategy',
  ])
})
