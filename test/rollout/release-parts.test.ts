import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sha256 } from '../../src/lib/text.ts'
import { findConfig, findParts, readSecretName } from '../../src/rollout/release/release-parts.ts'

test("another chart's config.yaml may hold any text", () => {
  const configMap = (text: string) => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    namespace: 'n',
    name: 'c',
    body: { data: { 'config.yaml': text } },
  })
  assert.equal(findConfig([configMap('a: [b'), configMap('{{ template }}')]), undefined)
  const ours = 'secretName: acr-pull\nrelease: { name: r }\n'
  assert.equal(findConfig([configMap('a: [b'), configMap(ours)])?.secretName, 'acr-pull')
})

const object = (kind: string, name: string, body: object) => ({
  apiVersion: 'v1',
  kind,
  namespace: 'n',
  name,
  body: { ...body },
})
const TEXT =
  'secretName: pull\nregistries: [{ name: prod }, { name: a, limit: repositories }, 7]\nretire: true\nscope: namespaces\nrelease: { name: r, status: r-status }\n'

test("the helper's configuration, its Pods and its report are found in a rendered release", () => {
  const selector = { matchLabels: { app: 'h' } }
  const objects = [
    object('Secret', 'not-this', { data: { 'config.yaml': 'release: {}' } }),
    object('ConfigMap', 'no-data', {}),
    object('ConfigMap', 'no-text', { data: { 'config.yaml': 7 } }),
    object('ConfigMap', 'config', { data: { 'config.yaml': TEXT } }),
    object('Deployment', 'helper', { spec: { selector } }),
  ]
  const release = { name: 'r', status: 'r-status' }
  assert.deepEqual(findConfig(objects), {
    text: TEXT,
    secretName: 'pull',
    registries: ['prod', 'a'],
    limited: ['a'],
    retire: true,
    hasHelper: true,
    namespaces: [],
    release,
  })
  assert.deepEqual(findParts(objects, 'ns'), {
    namespace: 'ns',
    deployment: 'helper',
    selector: { app: 'h' },
    statusConfigMap: 'r-status',
    configHash: sha256(TEXT),
  })
  const none = { namespace: 'ns', deployment: undefined, selector: undefined, statusConfigMap: undefined }
  assert.deepEqual(findParts([], 'ns'), { ...none, configHash: undefined })
  for (const body of [{}, { spec: {} }, { spec: { selector: { matchLabels: null } } }])
    assert.deepEqual(findParts([object('Deployment', 'd', body)], 'ns'), {
      ...none,
      deployment: 'd',
      configHash: undefined,
    })
})

test('without a helper, a Deployment and a report of others are not taken for its own', () => {
  const text = `${TEXT}helper: { enabled: false }\n`
  const objects = [
    object('ConfigMap', 'config', { data: { 'config.yaml': text } }),
    object('Deployment', 'extra', { spec: { selector: { matchLabels: { app: 'x' } } } }),
  ]
  const none = { deployment: undefined, selector: undefined, statusConfigMap: undefined }
  assert.equal(findConfig(objects)?.hasHelper, false)
  assert.deepEqual(findParts(objects, 'ns'), { namespace: 'ns', ...none, configHash: sha256(text) })
})

test('a release works in the namespaces of its targets only with `scope: namespaces`, and retires only if told so', () => {
  const targets = 'targets: { namespaces: { include: [a, b] } }'
  const found = (more: string) => {
    const text = `secretName: pull\nrelease: {}\n${more}\n`
    const config = findConfig([object('ConfigMap', 'c', { data: { 'config.yaml': text } })])
    return [config?.namespaces, config?.retire]
  }
  assert.deepEqual(found(`scope: namespaces\n${targets}`), [['a', 'b'], false])
  assert.deepEqual(found('scope: namespaces\ntargets: {}'), [[], false])
  assert.deepEqual(found(`scope: cluster\n${targets}\nretire: false`), [undefined, false])
  assert.deepEqual(found('retire: yes please'), [undefined, false])
})

test('an installed configuration that is not YAML, or has no Secret name, gives no Secret name', () => {
  assert.deepEqual(['secretName: pull', 'secretName: 7', 'a: [b', '- secretName', ''].map(readSecretName), [
    'pull',
    undefined,
    undefined,
    undefined,
    undefined,
  ])
})
