import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseManifest } from '../../src/helm/release/manifest.ts'
import { diffManifests } from '../../src/helm/release/manifest-diff.ts'
import { parseRelease } from '../../src/helm/release/release-record.ts'
import { isSameRelease } from '../../src/helm/release/render-release.ts'

const configMap = (name: string, value: string): string =>
  `---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n  namespace: n\ndata:\n  key: ${value}\n`
const secret = (value: string): string =>
  `---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: s\n  namespace: n\ndata:\n  token: ${value}\n  user: dXNlcg==\n`

test('a diff lists added, changed and removed objects and nothing else', () => {
  const before = parseManifest(configMap('same', 'a') + configMap('old', 'a') + configMap('edited', 'a'))
  const after = parseManifest(configMap('edited', 'b') + configMap('same', 'a') + configMap('new', 'a'))
  assert.deepEqual(
    diffManifests(before, after).map(({ change, title }) => [change, title]),
    [
      ['change', 'ConfigMap n/edited'],
      ['add', 'ConfigMap n/new'],
      ['remove', 'ConfigMap n/old'],
    ],
  )
  const [edited] = diffManifests(before, after)
  assert.equal(edited?.diff, '  apiVersion: v1\n  data:\n-   key: a\n+   key: b\n  kind: ConfigMap\n  metadata:')
})

test('P6 a diff of a Secret shows that a value changed and nothing of the value', () => {
  const [change] = diffManifests(parseManifest(secret('b2xkLXZhbHVl')), parseManifest(secret('bmV3LXZhbHVl')))
  assert.match(change?.diff ?? '', /- {3}token: <redacted>\n\+ {3}token: <redacted, changed>/)
  assert.doesNotMatch(change?.diff ?? '', /b2xk|bmV3|dXNl/)
})

test('a diff of a Secret shows what is no content: its kind, type, name and labels', () => {
  const render = (type: string, immutable: boolean) =>
    parseManifest(
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 's', labels: { a: 'b' } },
        type,
        immutable,
      }),
    )
  const [added] = diffManifests([], render('Opaque', true))
  assert.equal(
    added?.diff,
    '+ apiVersion: v1\n+ immutable: true\n+ kind: Secret\n+ metadata:\n+   labels:\n+     a: b\n+   name: s\n+ type: Opaque',
  )
  const [changed] = diffManifests(render('Opaque', true), render('kubernetes.io/tls', false))
  assert.match(
    changed?.diff ?? '',
    /- immutable: true\n\+ immutable: false[\s\S]*- type: Opaque\n\+ type: kubernetes\.io\/tls/,
  )
})

for (const [title, content] of [
  ['under a key with a typing error', { stringdata: { token: 'hunter2' } }],
  ['that is not a map of keys', { stringData: 'token=hunter2', data: ['hunter2'] }],
  ['in the middle of which a map was written', { data: { token: { value: 'hunter2' } } }],
  ['below a level too many', { spec: { data: { token: 'hunter2' } }, token: 'hunter2' }],
  [
    'that was exported from a cluster with what kubectl had applied',
    {
      metadata: {
        name: 's',
        annotations: {
          'kubectl.kubernetes.io/last-applied-configuration': '{"stringData":{"token":"hunter2"}}',
          team: 'a',
        },
      },
    },
  ],
] as const) {
  test(`P6 a diff of a Secret shows nothing of a content ${title}`, () => {
    const render = (more: object) =>
      parseManifest(
        JSON.stringify({ apiVersion: 'v1', kind: 'Secret', type: 'Opaque', metadata: { name: 's' }, ...more }),
      )
    for (const changes of [diffManifests([], render(content)), diffManifests(render({}), render(content))]) {
      const [{ diff } = { diff: '' }] = changes
      assert.match(diff, /<redacted/)
      assert.doesNotMatch(diff, /hunter2/)
    }
    const edited = JSON.parse(JSON.stringify(content).replaceAll('hunter2', 'hunter3'))
    assert.match(diffManifests(render(content), render(edited))[0]?.diff ?? '', /<redacted, changed>/)
  })
}

test('a release is unchanged only if chart, values and every object are the same', () => {
  const content = { chart: 'acr-nopass-1', values: { a: 1 }, objects: parseManifest(configMap('x', 'a')), hooks: [] }
  assert.equal(isSameRelease(content, { ...content, objects: parseManifest(configMap('x', 'a')) }), true)
  assert.equal(isSameRelease(content, { ...content, chart: 'acr-nopass-2' }), false)
  assert.equal(isSameRelease(content, { ...content, values: { a: 2 } }), false)
  assert.equal(isSameRelease(content, { ...content, objects: parseManifest(configMap('x', 'b')) }), false)
})

test('a release whose hooks differ is not unchanged', () => {
  const job = (image: string): string =>
    `apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: migrate\n  annotations: { helm.sh/hook: pre-upgrade }\nspec: { image: ${image} }\n`
  const release = (hooks: readonly string[]) =>
    parseRelease({
      chart: { metadata: { name: 'own', version: '1.0.0' } },
      manifest: configMap('x', 'a'),
      hooks: hooks.map((manifest) => ({ name: 'migrate', manifest })),
    })
  const [before, after] = [release([job('good')]), release([job('evil')])]
  assert.equal(isSameRelease(before, release([job('good')])), true)
  assert.equal(isSameRelease(before, after), false)
  assert.equal(isSameRelease(before, release([])), false)
  assert.deepEqual(
    diffManifests(before.hooks, after.hooks).map(({ change, title }) => `${change} ${title}`),
    ['change Job migrate'],
  )
  // The order in which helm renders hooks has no meaning, and the API server may generate a hook's
  // name.
  const nameless = job('x').replace('name: migrate', 'generateName: migrate-')
  assert.equal(isSameRelease(release([job('good'), nameless]), release([nameless, job('good')])), true)
})

test('an equal object has no diff, distant lines are omitted, a new or removed object is shown completely, and too many changes are counted', () => {
  const lines = (...changed: number[]): string =>
    Array.from({ length: 20 }, (_, index) => `${index} ${changed.includes(index) ? 'new' : 'old'}`).join(', ')
  const object = (data: string) =>
    parseManifest(`{ apiVersion: v1, kind: Words, metadata: { name: x, namespace: n }, words: [${data}] }`)
  const long = Array.from({ length: 5_000 }, () => 'a').join(', ')
  assert.deepEqual(diffManifests(object(lines()), object(lines())), [])
  assert.equal(
    diffManifests(object(lines()), object(lines(4, 15)))[0]?.diff,
    `    - 2 old
    - 3 old
-   - 4 old
+   - 4 new
    - 5 old
    - 6 old
...
    - 13 old
    - 14 old
-   - 15 old
+   - 15 new
    - 16 old
    - 17 old`,
  )
  assert.equal(
    diffManifests(object(long), object(long.replaceAll('a', 'b')))[0]?.diff,
    '- (5006 lines, too many to compare)\n+ (5006 lines, too many to compare)',
  )
  for (const [before, after, sign] of [
    [[], object(long), '+'],
    [object(long), [], '-'],
  ] as const) {
    const [change] = diffManifests(before, after)
    assert.deepEqual(new Set(change?.diff.split('\n').map((line) => line[0])), new Set([sign]))
    assert.equal(change?.diff.split('\n').length, 5_006)
  }
})

test('the items of a List are objects of the release, as helm takes them, and its Secrets are hidden too', () => {
  const list = (value: string) =>
    parseManifest(
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'List',
        metadata: { name: 'x' },
        items: [
          { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace: 'n' }, stringData: { token: value } },
          { apiVersion: 'v1', kind: 'List', items: [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' } }] },
        ],
      }),
    )
  assert.deepEqual(
    list('a').map(({ kind, namespace, name }) => [kind, namespace, name]),
    [
      ['Secret', 'n', 's'],
      ['ConfigMap', undefined, 'c'],
    ],
  )
  const [change] = diffManifests(list('marker-before'), list('marker-after'))
  assert.equal(change?.title, 'Secret n/s')
  assert.doesNotMatch(change?.diff ?? '', /marker/)
})
