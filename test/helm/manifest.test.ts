import assert from 'node:assert/strict'
import { test } from 'node:test'
import { objectKey, objectTitle, parseHooks, parseManifest } from '../../src/helm/release/manifest.ts'

const object = (more: string): string => `apiVersion: v1\nkind: ConfigMap\n${more}`
const titles = (text: string): readonly string[] => parseManifest(text).map(objectTitle)

test('the objects of a manifest keep their order, and documents without an object are skipped', () => {
  const text = `# only a comment\n---\n${object('metadata: { name: b, namespace: n }')}\n---\n- a list\n---\nnull\n---\n${object('metadata: { name: a }')}\n`
  assert.deepEqual(titles(text), ['ConfigMap n/b', 'ConfigMap a'])
})

test('a list is replaced by its items, however deep, as helm does', () => {
  const item = (name: string): string => `{ apiVersion: v1, kind: ConfigMap, metadata: { name: ${name} } }`
  const list = (items: string): string => `{ apiVersion: v1, kind: List, items: [${items}] }`
  assert.deepEqual(titles(list(`${item('a')}, text, ${list(item('b'))}`)), ['ConfigMap a', 'ConfigMap b'])
  assert.deepEqual(titles(list('')), [])
})

test('an object without apiVersion, kind or name is an error of the chart', () => {
  const message = 'the rendered manifest holds an object without apiVersion, kind or name'
  for (const text of [
    object(''),
    object('metadata: text'),
    object('metadata: { name: 7 }'),
    object('metadata: { namespace: n }'),
    'kind: ConfigMap\nmetadata: { name: a }',
    'apiVersion: v1\nmetadata: { name: a }',
    'apiVersion: 1\nkind: ConfigMap\nmetadata: { name: a }',
    'apiVersion: v1\nkind: 1\nmetadata: { name: a }',
  ])
    assert.throws(() => parseManifest(text), { code: 'HELM_CHART', message }, text)
  assert.deepEqual(parseManifest(object('metadata: { name: a, namespace: 7 }'))[0]?.namespace, undefined)
})

test('a manifest that is not YAML is an error of the chart that quotes nothing of it', () => {
  assert.throws(() => parseManifest('a: "s3cret'), {
    code: 'HELM_CHART',
    message: 'the rendered manifest is not valid YAML: MISSING_CHAR',
  })
  const bomb = `a: &a [x]\n${Array.from({ length: 20 }, (_, index) => `b${index}: &b${index} [${index === 0 ? '*a' : `*b${index - 1}, *b${index - 1}`}]`).join('\n')}`
  assert.throws(() => parseManifest(bomb), { code: 'HELM_CHART', message: 'the rendered manifest cannot be read' })
})

test('hooks have a fixed order, and one with a generated name has none', () => {
  const named = object('metadata: { name: a }')
  const generated = object('metadata: { generateName: a- }')
  const expected = ['', 'a']
  for (const manifests of [
    [named, generated],
    [generated, named],
  ])
    assert.deepEqual(
      parseHooks(manifests)
        .map(({ name }) => name)
        .toSorted(),
      expected,
    )
  assert.deepEqual(parseHooks([named, generated]), parseHooks([generated, named]))
})

test('an object stays the same in another version of its API, but not in another group, namespace or kind', () => {
  const key = (apiVersion: string, kind = 'Ingress', namespace: string | undefined = 'n', name = 'a'): string =>
    objectKey({ apiVersion, kind, namespace, name, body: {} })
  assert.equal(key('networking.k8s.io/v1beta1'), key('networking.k8s.io/v1'))
  assert.equal(key('v1', 'Pod'), '|Pod|n|a')
  assert.equal(objectKey({ apiVersion: 'g/v1', kind: 'K', namespace: undefined, name: 'a', body: {} }), 'g|K||a')
  const keys = [
    key('g/v1'),
    key('h/v1'),
    key('g/v1', 'Pod'),
    key('g/v1', 'Ingress', 'm'),
    key('g/v1', 'Ingress', 'n', 'b'),
  ]
  assert.equal(new Set(keys).size, keys.length)
})
