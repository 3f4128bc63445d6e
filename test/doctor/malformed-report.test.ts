import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { describeReport, renderReport } from '../../src/cli/doctor/report.ts'
import { diagnose } from '../../src/doctor/diagnose.ts'
import type { HelperStatus } from '../../src/installation/helper-status.ts'
import { readReport } from '../../src/installation/read-report.ts'
import { failure, fixture, NOW, registry } from './fixture.ts'

const PLAIN = { bold: String, dim: String, red: String, yellow: String, green: String }
const problem = { ...failure('WRITE_REFUSED'), namespace: 'shop', object: 'Secret acr-nopass' }
const coverage = { total: 4, current: 2, pending: 1, skipped: { 'opted-out': 1 } }

/** A report with every field. */
const WHOLE: HelperStatus = {
  version: '1.0.0',
  updatedAt: new Date(NOW).toISOString(),
  leader: 'acr-nopass-1_x',
  configHash: 'h',
  secretName: 'acr-nopass',
  attach: 'both',
  retired: false,
  registries: [registry(), registry({ name: 'two', state: 'failing', error: failure(), triedAt: problem.at })],
  lastHandledRefresh: problem.at,
  namespaces: coverage,
  serviceAccounts: coverage,
  unverified: [{ id: 'VPC_FALLBACK', subject: 'x' }],
  problems: [problem],
}

const object = (report: unknown) => ({
  metadata: { name: 'acr-nopass-status', uid: 'u', resourceVersion: '1' },
  data: { 'status.json': typeof report === 'string' ? report : JSON.stringify(report) },
})

/** Returns what doctor prints for a report, as text and as JSON. */
function showAll(report: unknown) {
  const { status, unreadable } = readReport(object(report))
  const observed = fixture({ status: status ?? null, release: { unreadableStatus: unreadable } })
  const findings = diagnose(observed)
  const text = renderReport(observed, findings, PLAIN as never)
  const json = JSON.stringify(describeReport(observed, findings))
  return { status, unreadable, findings, text, json }
}

type Node = Record<string | number, unknown>

/** Returns every place in a value, from the outside in. */
function places(value: unknown, path: readonly (string | number)[] = []): readonly (readonly (string | number)[])[] {
  if (typeof value !== 'object' || value === null) return [path]
  const keys = Array.isArray(value) ? value.keys() : Object.keys(value)
  return [path, ...[...keys].flatMap((key) => places((value as Node)[key], [...path, key]))]
}

function replaceAt(value: unknown, path: readonly (string | number)[], by: unknown): unknown {
  const [key, ...rest] = path
  if (key === undefined) return by
  const copy = structuredClone(value) as Node
  copy[key] = replaceAt(copy[key], rest, by)
  return copy
}

const kindOf = (value: unknown): string => (value === null ? 'null' : Array.isArray(value) ? 'list' : typeof value)
const PLACES = places(WHOLE)
const anyJson = fc.oneof(
  fc.constantFrom<unknown>(null, 7, -1, true, '', 'x', [], {}, [null], [7], { name: 7 }, 1e308),
  fc.jsonValue({ maxDepth: 3 }),
)

test('the report that a helper writes is read whole', () => {
  const { status, unreadable } = readReport(object(WHOLE))
  assert.deepEqual([status, unreadable], [WHOLE, []])
})

test('a value of another type at any place of a report is named as unreadable, and everything else is still shown', () => {
  const replaced = fc.property(fc.constantFrom(...PLACES), anyJson, (path, by) => {
    const before = path.reduce<unknown>((node, key) => (node as Node)[key], WHOLE)
    const { unreadable, findings, text, json } = showAll(replaceAt(WHOLE, path, by))
    // An empty text counts as no report.
    if (kindOf(before) === kindOf(by) || (path.length === 0 && by === '')) return
    assert.notDeepEqual(unreadable, [])
    const found = findings.find(({ id }) => id === 'STATUS_UNREADABLE')
    assert.deepEqual([found?.severity, found?.health], ['warning', 'unknown'])
    assert.ok(text.includes('STATUS_UNREADABLE') && json.includes('STATUS_UNREADABLE'))
  })
  fc.assert(replaced, { numRuns: 200 })
})

test('a report of any text does not end doctor', () => {
  const random = fc.property(fc.oneof(fc.string(), fc.json(), anyJson), anyJson, (report, more) => {
    showAll(report)
    showAll({ ...WHOLE, registries: more, problems: more, namespaces: more, unverified: more })
  })
  fc.assert(random, { numRuns: 100 })
})

test('an unreadable registry or problem does not hide the next one', () => {
  const broken = { ...WHOLE, registries: [{ ...registry(), domains: 7, state: 'odd' }, registry({ name: 'two' })] }
  const { status, unreadable } = readReport(object({ ...broken, problems: [{ ...problem, namespace: 7 }, null] }))
  assert.deepEqual(
    [status?.registries.map(({ name }) => name), status?.problems, unreadable],
    [
      ['two'],
      [{ ...failure('WRITE_REFUSED'), object: 'Secret acr-nopass' }],
      ['registries[0].state', 'registries[0].domains', 'problems[0].namespace', 'problems[1]'],
    ],
  )
})

test('a report that cannot be read at all is not called a helper that has not reported yet', () => {
  const ids = showAll('{').findings.map(({ id }) => id)
  assert.deepEqual(ids, ['STATUS_UNREADABLE'])
})
