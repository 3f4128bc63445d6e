import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readSettings } from '../../src/node/daemon/read-settings.ts'

const REGISTRY = 'registries: [{ name: a, edition: enterprise, instanceId: cri-abc123, region: cn-hangzhou }]'
const text = (node: string, registries = REGISTRY): string =>
  `${registries}\nidentity: { type: worker-role }\nnode: ${node}\n`

test('the settings of nodes are those of the values', () => {
  const { values, profile, remove } = readSettings(
    text('{ enabled: true, profile: rke2, identity: worker-role, remove: true }'),
  )
  assert.deepEqual([profile, remove, values.registries[0]?.name], ['rke2', true, 'a'])
  const usual = readSettings(text('{ enabled: true, profile: ack, identity: worker-role }'))
  assert.deepEqual([usual.profile, usual.remove], ['ack', false])
})

test('settings that the chart did not write are refused with the place', () => {
  const hint = 'Upgrade the release: the chart writes this ConfigMap.'
  assert.throws(() => readSettings(text('{ enabled: true, profile: ack, identity: worker-role }', 'registries: []')), {
    code: 'NODE_CONFIG_INVALID',
    message: /^node\.yaml:1:13: SCHEMA_LIST: [^\n]+$/,
    hint,
  })
  assert.throws(() => readSettings('{'), { code: 'NODE_CONFIG_INVALID', message: /./, hint })
  assert.throws(() => readSettings(text('{ identity: worker-role }')), {
    code: 'NODE_CONFIG_INVALID',
    message: '`node.profile` is missing',
    hint,
  })
})
