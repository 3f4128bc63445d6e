import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from 'yaml'
import { readConfigMap } from '../../../src/migrate/import/read-settings.ts'
import { regionOf } from './config-case.ts'
import { CONFIG_CASES } from './config-cases.ts'
import { CONFIG_REFUSALS } from './config-refusals.ts'
import { importFrom, judge } from './import-fixture.ts'

for (const row of [...CONFIG_CASES, ...CONFIG_REFUSALS]) {
  test(`import of acr-configuration: ${row.title}`, () => {
    const { text, notes, errors } = importFrom(readConfigMap(row.data, 'ConfigMap'), [], { region: regionOf(row) })
    if (row.refused !== undefined) {
      assert.deepEqual(
        errors.map(({ code }) => code),
        row.refused.map(([code]) => code),
      )
      for (const [index, [, word]] of row.refused.entries()) assert.ok(errors[index]?.message.includes(word), word)
      for (const { hint } of errors) assert.notEqual(hint, '')
      return
    }
    assert.deepEqual(errors, [])
    const values = parse(text)
    if (row.registries) assert.deepEqual(values.registries, row.registries)
    if (row.namespaces) assert.deepEqual(values.targets.namespaces, row.namespaces)
    if (row.serviceAccounts) assert.deepEqual(values.targets.serviceAccounts.include, row.serviceAccounts)
    if (row.identity) assert.deepEqual(values.identity, row.identity)
    if (row.notes) {
      assert.deepEqual(
        notes.map(({ kind }) => kind),
        row.notes.map(([kind]) => kind),
      )
      for (const [index, [, word]] of row.notes.entries()) assert.ok(notes[index]?.text.includes(word), word)
    }
    assert.deepEqual(judge(text).errors, [])
  })
}

test('P6 an AccessKey of the configuration appears nowhere: not in values, notes or errors', () => {
  const secret = 'SECRETMARKER'
  const entries = [
    `- { instanceId: cri-one, regionId: cn-hangzhou, customAccessKey: LTAI${secret}, customAccessKeySecret: ${secret} }`,
    `- { instanceId: cri-one, regionId: Oops, customAccessKey: LTAI${secret}, customAccessKeySecret: ${secret} }`,
    `- customAccessKeySecret: ${secret}\n    broken: indentation`,
    `- customAccessKeySecret: [${secret}\n`,
    `- customAccessKeySecret: 0x12${secret}: ${secret}\n`,
    `- ${secret}: 1\n  ${secret}: 2\n  instanceId: "${secret}"`,
    `- customAccessKey: 0o17\n  customAccessKeySecret: &${secret} *${secret}\n`,
  ]
  for (const info of entries) {
    const imported = importFrom(readConfigMap({ 'acr-registry-info': info }, 'ConfigMap'), [], {
      region: 'cn-hangzhou',
    })
    const texts = [
      imported.text,
      ...imported.notes.map(({ text }) => text),
      ...imported.errors.flatMap(({ message, hint }) => [message, hint]),
    ].join('\n')
    assert.doesNotMatch(texts, /SECRETMARKER/, info)
  }
})
