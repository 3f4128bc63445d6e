import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ERROR_CODES } from '../../src/error-codes.ts'
import { itemsOf, STATUS_KEY } from '../../src/installation/helper-status.ts'
import { parseStatus, readReport } from '../../src/installation/read-report.ts'

const object = (status: unknown) => ({
  metadata: { name: 'acr-nopass-status', namespace: 'acr-nopass', uid: 'u', resourceVersion: '1' },
  data: { [STATUS_KEY]: JSON.stringify(status) },
})
const REPORT = {
  version: '1.0.0',
  updatedAt: '2026-01-01T00:00:00.000Z',
  leader: 'acr-nopass-1_x',
  configHash: 'h',
  secretName: 'acr-nopass',
  attach: 'both',
  retired: false,
  registries: [],
  namespaces: { total: 1, current: 1, pending: 0, skipped: {} },
  problems: [],
}
const error = { code: 'TOKEN_DENIED', message: 'refused', at: '2026-01-01T00:00:00.000Z' }
const registry = {
  name: 'main',
  edition: 'enterprise',
  fingerprint: 'f',
  domains: [],
  state: 'failing',
  verified: 'skipped',
}

test("a report's own fixes are shown unchanged", () => {
  const status = {
    ...REPORT,
    registries: [{ ...registry, error: { ...error, fix: 'Do this.' } }],
    problems: [{ ...error, fix: 'Do that.' }],
  }
  const read = parseStatus(object(status))
  assert.equal(read?.registries[0]?.error?.fix, 'Do this.')
  assert.equal(read?.problems[0]?.fix, 'Do that.')
})

test('a report of 0.1.0, which has fixes under another name, gets the general fix of each code', () => {
  const [code = ''] = Object.keys(ERROR_CODES)
  const old = { ...error, code, cure: 'as it was called' }
  const read = parseStatus(
    object({
      ...REPORT,
      registries: [registry, { ...registry, error: old }],
      problems: [old, { ...old, code: 'toString' }],
    }),
  )
  const general = ERROR_CODES[code as keyof typeof ERROR_CODES].fix
  assert.deepEqual(
    [read?.registries[0]?.error, read?.registries[1]?.error?.fix, read?.problems.map(({ fix }) => fix)],
    [undefined, general, [general, 'Upgrade acr-nopass.']],
  )
})

test('an invalid report counts as none', () => {
  for (const text of ['', 'null', '[]', '{}', '{"registries":{}}', '{"registries":[1]'])
    assert.equal(parseStatus({ ...object(''), data: { [STATUS_KEY]: text } }), undefined, text)
})

test('the limit of a credential is read with its entries; a limit that cannot be read is named and left out', () => {
  const limit = { entries: ['base', 'a'], repositories: ['base/*'], granted: 'granted', width: 'limited' }
  const noted = { ...limit, width: 'not-checked', reason: 'no other list' }
  const broken = { ...limit, width: 'narrow', entries: [1, 'a'] }
  const registries = [limit, noted, broken, 'x'].map((one, index) => ({ ...registry, name: `u${index}`, limit: one }))
  const { status, unreadable } = readReport(object({ ...REPORT, registries: [registry, ...registries] }))
  assert.deepEqual(
    status?.registries.map((one) => one.limit),
    [undefined, limit, noted, undefined, undefined],
  )
  assert.deepEqual(unreadable, ['registries[3].limit.entries[0]', 'registries[3].limit.width', 'registries[4].limit'])
  assert.ok(status)
  const namesOf = (entry: string) => itemsOf(status, entry).map(({ name }) => name)
  assert.deepEqual([namesOf('a'), namesOf('main'), namesOf('u0')], [['u0', 'u1'], ['main'], []])
})
