import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sha256 } from '../../src/lib/text.ts'
import { findConfig, findDaemon, findParts, readSecretName } from '../../src/rollout/release/release-parts.ts'

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

const node = (kind: string, name: string, more: object = {}, app = 'acr-nopass-node') =>
  object(kind, name, { metadata: { labels: { 'app.kubernetes.io/name': app } }, ...more })

test('the DaemonSet of a release is found with all that decides what its Pods do', () => {
  const spec = { template: { spec: { containers: [{ image: 'i:1' }] } } }
  const settings = (text: unknown) => node('ConfigMap', 'node', { data: { 'node.yaml': text } })
  const find = (...objects: Parameters<typeof findDaemon>[0]) => findDaemon(objects, 'ns')
  const daemon = node('DaemonSet', 'node', { spec })
  const found = find(
    object('DaemonSet', 'other', {}),
    node('DaemonSet', 'agent', {}, 'agent'),
    daemon,
    settings('a: 1'),
  )
  assert.deepEqual([found?.name, found?.namespace, found?.removes], ['node', 'n', false])
  assert.equal(find({ ...daemon, namespace: undefined })?.namespace, 'ns')
  assert.equal(find(settings('a: 1'), object('DaemonSet', 'other', {})), undefined)
  // Any change of what the Pods do is a change of the content.
  const others = [settings('a: 2'), node('DaemonSet', 'node', { spec: {} })]
  assert.equal(find(settings('a: 1'), daemon)?.content, found?.content)
  for (const other of others) {
    const changed = other.kind === 'DaemonSet' ? [other, settings('a: 1')] : [daemon, other]
    assert.notEqual(find(...changed)?.content, found?.content, other.kind)
  }
})

test('`node.remove: true` is recognized; settings of any other form remove nothing', () => {
  const removes = (data: object) =>
    findDaemon([node('DaemonSet', 'node'), node('ConfigMap', 'node', data)], 'ns')?.removes
  assert.equal(removes({ data: { 'node.yaml': 'node: { remove: true }' } }), true)
  for (const text of ['node: { remove: false }', 'node: 7', 'remove: true', 'a: [b', 7])
    assert.equal(removes({ data: { 'node.yaml': text } }), false, `${text}`)
  assert.equal(removes({}), false)
  assert.equal(findDaemon([node('DaemonSet', 'node')], 'ns')?.removes, false)
})
