import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRivalAddon } from '../../src/helper/writes/rival-addon.ts'

const ADDON = 'acr-credential-secret-aggregation'

function open(secretName = 'acr-nopass') {
  const reports: string[] = []
  const rival = createRivalAddon(secretName, (key, problem) => {
    const { code, message, hint } = problem ?? {}
    reports.push(key ? `${key} ${code} ${message?.includes(ADDON)} ${hint !== ''}` : 'gone')
  })
  return { rival, reports }
}

test('the vendor’s add-on is reported once, with one ServiceAccount, until none is left', () => {
  const { rival, reports } = open()
  rival.note('shop/default', ['theirs'])
  rival.note('shop/default', ['theirs', ADDON, 'acr-nopass'])
  rival.note('shop/builder', [ADDON])
  rival.note('shop/default', [ADDON])
  assert.deepEqual(reports, ['shop/default RIVAL_ADDON true true'])
  rival.note('shop/default', undefined)
  rival.note('shop/builder', ['theirs'])
  rival.note('shop/builder', undefined)
  assert.deepEqual(reports.slice(1), ['shop/builder RIVAL_ADDON true true', 'gone'])
})

test('the add-on’s Secrets of 2018 count, but the helper’s Secret does not, even if it has such a name for existing scripts', () => {
  const old = open()
  old.rival.note('shop/default', ['aliyun-acr-credential-a'])
  assert.equal(old.reports.length, 1)
  const own = open(ADDON)
  own.rival.note('shop/default', [ADDON, 'my-acr-credential-x'])
  assert.deepEqual(own.reports, [])
})
