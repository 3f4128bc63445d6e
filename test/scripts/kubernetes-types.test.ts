import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { assembleValues, kubernetesDefinitions, type OpenApi } from '../../scripts/generate-values/kubernetes-types.ts'
import type { Schema } from '../../src/values/schema/schema.ts'

const root = new URL('../../', import.meta.url)
const PREFIX = '#/components/schemas/'
const CORE = 'io.k8s.api.core.v1.'

const document: OpenApi = {
  components: {
    schemas: {
      [`${CORE}Spread`]: {
        description: 'Spread is a type.',
        type: 'object',
        required: ['key'],
        properties: {
          key: { default: '', description: 'The key. A second sentence.', type: 'string' },
          skew: { format: 'int32', type: 'integer' },
          selector: {
            allOf: [{ $ref: `${PREFIX}io.k8s.apimachinery.pkg.apis.meta.v1.Selector` }],
            description: `${'word '.repeat(60)}and no end`,
          },
          amounts: {
            type: 'object',
            additionalProperties: { $ref: `${PREFIX}io.k8s.apimachinery.pkg.api.resource.Quantity` },
          },
          list: {
            type: 'array',
            items: { $ref: `${PREFIX}${CORE}Spread` },
            'x-kubernetes-list-type': 'atomic',
          },
        },
      },
      'io.k8s.apimachinery.pkg.apis.meta.v1.Selector': { type: 'object', 'x-kubernetes-map-type': 'atomic' },
      'io.k8s.apimachinery.pkg.api.resource.Quantity': { oneOf: [{ type: 'string' }, { type: 'number' }] },
      [`${CORE}Unused`]: { type: 'object' },
    },
  },
}
const values: Schema = {
  properties: { spread: { $ref: '#/definitions/Spread' } },
  definitions: {
    Spread: { 'x-extends': 'core.v1.Spread', title: 'Spread', properties: { key: { title: 'Key', type: 'string' } } },
  },
}

test('a type of Kubernetes becomes JSON Schema, with the types that it refers to and no others', () => {
  assert.deepEqual(kubernetesDefinitions(values, [document]), {
    'core.v1.Spread': {
      type: 'object',
      required: ['key'],
      properties: {
        key: { description: 'The key. A second sentence.', type: 'string' },
        skew: { type: 'integer' },
        selector: { $ref: '#/definitions/meta.v1.Selector' },
        amounts: { type: 'object', additionalProperties: { $ref: '#/definitions/resource.Quantity' } },
        list: { type: 'array', items: { $ref: '#/definitions/core.v1.Spread' } },
      },
    },
    'meta.v1.Selector': { type: 'object' },
    'resource.Quantity': { type: ['string', 'number'] },
  })
})

test('a type that Kubernetes does not have stops the generator', () => {
  const wrong: Schema = { properties: { a: { $ref: '#/definitions/core.v1.Gone' } } }
  assert.throws(() => kubernetesDefinitions(wrong, [document]), /Kubernetes has no type core\.v1\.Gone/)
})

test("a definition that extends a type has the type's keys and its own keys, which take precedence", () => {
  const { definitions } = assembleValues(values, kubernetesDefinitions(values, [document]))
  const spread = definitions?.Spread
  assert.deepEqual(Object.keys(spread?.properties ?? {}), ['key', 'skew', 'selector', 'amounts', 'list'])
  assert.deepEqual([spread?.properties?.key, spread?.required], [{ title: 'Key', type: 'string' }, ['key']])
  assert.equal(spread?.['x-extends'], undefined)
})

test('a definition of ours that nothing refers to stops the generator', () => {
  const spare: Schema = { ...values, definitions: { ...values.definitions, Old: { type: 'string' } } }
  const types = kubernetesDefinitions(values, [document])
  assert.throws(() => assembleValues(spare, types), /nothing refers to Old/)
})

test("the chart's schema is one file: every reference is to a definition in it", async () => {
  const text = await readFile(new URL('chart/values.schema.json', root), 'utf8')
  const { definitions } = JSON.parse(text) as Schema
  const names = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref = '']) => ref)
  assert.ok(names.length > 100)
  for (const ref of names) assert.ok(definitions?.[ref.replace('#/definitions/', '')], ref)
  assert.doesNotMatch(text, /x-kubernetes-|x-extends|"format"/)
})
