import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { diffLines, formatDiff } from '../../src/helm/line-diff.ts'
import { parseManifest } from '../../src/helm/manifest.ts'
import { diffManifests } from '../../src/helm/manifest-diff.ts'
import { isSameRelease } from '../../src/helm/render-release.ts'

const configMap = (name: string, value: string): string =>
  `---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n  namespace: n\ndata:\n  key: ${value}\n`
const secret = (value: string): string =>
  `---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: s\n  namespace: n\ndata:\n  token: ${value}\n  user: dXNlcg==\n`

test('a diff lists added, changed and removed objects and nothing else', () => {
  const before = parseManifest(configMap('same', 'a') + configMap('old', 'a') + configMap('edited', 'a'))
  const after = parseManifest(configMap('edited', 'b') + configMap('same', 'a') + configMap('new', 'a'))
  assert.deepEqual(
    diffManifests(before, after).map(({ change, object }) => [change, object]),
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

test('a release is unchanged only where chart, values and every object are the same', () => {
  const content = { chart: 'acr-nopass-1', values: { a: 1 }, objects: parseManifest(configMap('x', 'a')) }
  assert.equal(isSameRelease(content, { ...content, objects: parseManifest(configMap('x', 'a')) }), true)
  assert.equal(isSameRelease(content, { ...content, chart: 'acr-nopass-2' }), false)
  assert.equal(isSameRelease(content, { ...content, values: { a: 2 } }), false)
  assert.equal(isSameRelease(content, { ...content, objects: parseManifest(configMap('x', 'b')) }), false)
})

test('a diff of lines turns the one text into the other, whatever they are', () => {
  const text = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 20 })
  fc.assert(
    fc.property(text, text, (before, after) => {
      const lines = diffLines(before, after)
      const side = (dropped: string): string[] => lines.filter(({ sign }) => sign !== dropped).map(({ text }) => text)
      assert.deepEqual(side('+'), before)
      assert.deepEqual(side('-'), after)
    }),
  )
})

test('an equal text has no diff, and far lines are left out', () => {
  assert.equal(formatDiff(diffLines(['a', 'b'], ['a', 'b'])), '')
  const lines = Array.from({ length: 20 }, (_, index) => `line ${index}`)
  const edited = lines.map((line, index) => (index === 3 || index === 15 ? `${line}!` : line))
  assert.equal(formatDiff(diffLines(lines, edited), 0), '- line 3\n+ line 3!\n...\n- line 15\n+ line 15!')
})
