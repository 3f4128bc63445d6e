import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { loadConfig } from '../../src/installation/load-config.ts'
import { loadValues } from '../../src/values/load-values.ts'
import type { Schema } from '../../src/values/schema/schema.ts'

const root = new URL('../../', import.meta.url)
const read = (path: string): Promise<string> => readFile(new URL(path, root), 'utf8')
const defaults = { name: 'chart/values.yaml', text: await read('chart/values.yaml') }
const text = `registries:
  - name: prod
    edition: enterprise
    instanceId: cri-abc123
    region: cn-hangzhou
    assumeRole: [{ roleArn: "acs:ram::1234567890123456:role/pull" }]
identity:
  type: worker-role
`
const release = { name: 'a', namespace: 'b', fullname: 'a', serviceAccount: 'a', lease: 'a', status: 'a-status' }

test('entries of registries get the defaults that Helm does not merge into lists', () => {
  const { values } = loadValues({ files: [{ name: 'a.yaml', text }], defaults })
  assert.deepEqual(values?.registries, [
    {
      name: 'prod',
      edition: 'enterprise',
      instanceId: 'cri-abc123',
      region: 'cn-hangzhou',
      network: 'all',
      apiNetwork: 'auto',
      limit: 'role',
      domains: [],
      repositories: ['*'],
      expiresInHours: null,
      assumeRole: [{ roleArn: 'acs:ram::1234567890123456:role/pull', durationSeconds: 3600 }],
    },
  ])
  assert.deepEqual(values?.identity, { type: 'worker-role', workerRole: { imdsV1: false } })
})

test('a default that null removed is restored for our own code if the chart does not need it', () => {
  const files = [{ name: 'a.yaml', text: `${text}nodeSelector: null\nglobal: null\n` }]
  const { values, merged } = loadValues({ files, defaults })
  assert.equal(Object.hasOwn(merged ?? {}, 'nodeSelector'), false)
  const { nodeSelector, global }: Readonly<Record<string, unknown>> = { ...values }
  assert.deepEqual({ nodeSelector, global }, { nodeSelector: {}, global: { imageRegistry: '' } })
})

test("the helper's configuration has all defaults, however little the file contains", () => {
  const { config } = loadConfig(`${text}attach: admission\nrelease: ${JSON.stringify(release)}\n`)
  assert.deepEqual(config.release, release)
  assert.deepEqual(config.targets, {
    namespaces: { include: ['*'], exclude: ['kube-*'], selector: {} },
    serviceAccounts: { include: ['*'], exclude: [] },
  })
  assert.deepEqual(config.verify, { enabled: true, interval: '5m' })
  assert.equal(config.registries[0]?.network, 'all')
})

test('each key of the schema has a title, a description and, at the top, a valid example', async () => {
  const schema = JSON.parse(await read('schemas/values.schema.json')) as Schema
  const bare: string[] = []
  const visit = (node: Schema, path: string): void => {
    for (const [key, property] of Object.entries(node.properties ?? {})) {
      const isPart = Object.keys(property).length === 0
      if (!isPart && (property.title === undefined || property.description === undefined)) bare.push(`${path}.${key}`)
      visit(property, `${path}.${key}`)
    }
  }
  visit(schema, '')
  for (const [name, definition] of Object.entries(schema.definitions ?? {})) visit(definition, name)
  assert.deepEqual(bare, [])
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    for (const example of property.examples ?? []) {
      const layer = { name: 'example.yaml', text: JSON.stringify({ [key]: example }) }
      const { helmAccepts } = loadValues({ files: [{ name: 'a.yaml', text }, layer], defaults })
      assert.equal(helmAccepts, true, `${key}: ${JSON.stringify(example)}`)
    }
  }
})
