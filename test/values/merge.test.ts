import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { coalesce, mergeFiles } from '../../src/values/merge.ts'
import { readYaml } from '../../src/values/yaml/read-yaml.ts'
import { type MapNode, type Origin, toValue, type YamlNode } from '../../src/values/yaml/yaml-node.ts'
import { coalesceValues, mergeMaps } from './helm-merge.ts'

type Tree = Record<string, unknown>

const key = fc.constantFrom('a', 'b', 'c', 'd')
const trees = (leaf: fc.Arbitrary<unknown>): fc.Arbitrary<Tree> =>
  fc.letrec<{ tree: Tree; node: unknown }>((tie) => ({
    tree: fc.dictionary(key, tie('node'), { maxKeys: 4, noNullPrototype: true }),
    node: fc.oneof({ maxDepth: 4 }, leaf, tie('tree')),
  })).tree
const leaf = fc.oneof(fc.constantFrom('x', true, 0, [], ['x', null], [{ a: null }]), fc.integer())
const userTree = trees(fc.oneof(leaf, fc.constant(null)))
const chartTree = trees(leaf)

function read(tree: Tree, origin: Origin, name = origin as string): MapNode {
  const { root } = readYaml({ name, text: JSON.stringify(tree) }, origin)
  assert.ok(root?.kind === 'map')
  return root
}

test('merging files and defaults gives the same result as Helm', () => {
  fc.assert(
    fc.property(fc.array(userTree, { minLength: 1, maxLength: 3 }), chartTree, (layers, chart) => {
      const nodes = layers.map((layer) => read(layer, 'user'))
      const ours = coalesce(nodes.reduce(mergeFiles), read(chart, 'chart'))
      assert.deepEqual(toValue(ours), coalesceValues(layers.reduce(mergeMaps), chart))
    }),
    { numRuns: 2000 },
  )
})

test('neither an empty file nor a file merged over itself changes anything; a later file takes precedence', () => {
  fc.assert(
    fc.property(userTree, userTree, (a, b) => {
      const [x, y, empty] = [read(a, 'user'), read(b, 'user'), read({}, 'user')]
      assert.deepEqual(toValue(mergeFiles(x, empty)), a)
      assert.deepEqual(toValue(mergeFiles(empty, x)), a)
      assert.deepEqual(toValue(mergeFiles(x, x)), a)
      assert.deepEqual(toValue(mergeFiles(mergeFiles(x, y), y)), toValue(mergeFiles(x, y)))
    }),
  )
})

test('every merged value keeps the name of its file', () => {
  fc.assert(
    fc.property(userTree, userTree, chartTree, (a, b, chart) => {
      const layers = new Map([
        ['a.yaml', a],
        ['b.yaml', b],
        ['chart', chart],
      ])
      const merged = coalesce(mergeFiles(read(a, 'user', 'a.yaml'), read(b, 'user', 'b.yaml')), read(chart, 'chart'))
      const visit = (node: YamlNode, path: readonly string[]): void => {
        const source = path.reduce<unknown>((tree, step) => (tree as Tree)?.[step], layers.get(node.at.file))
        if (node.kind === 'map') assert.equal(typeof source, 'object', path.join('.'))
        else assert.deepEqual(source, toValue(node), path.join('.'))
        for (const [step, { value }] of node.kind === 'map' ? node.entries : []) visit(value, [...path, step])
      }
      visit(merged, [])
    }),
  )
})
