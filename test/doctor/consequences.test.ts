import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { describeReport, renderReport } from '../../src/cli/doctor/report.ts'
import { groupConsequences } from '../../src/doctor/consequences.ts'
import { diagnose } from '../../src/doctor/diagnose.ts'
import { FINDING_IDS, type Finding, type FindingId, type Severity } from '../../src/doctor/finding.ts'
import { failure, fixture, registry, stuckPod } from './fixture.ts'

const PLAIN = { bold: String, dim: String, red: String, yellow: String, green: String }
const TEXTS = { subject: 's', message: 'm', cause: 'c', fix: 'f' }
const found = (id: FindingId, severity: Severity = 'error', objects?: readonly string[]): Finding => {
  return { id, severity, ...TEXTS, ...(objects && { objects }) }
}
const idsOf = (findings: readonly Finding[]) => findings.map(({ id, causedBy }) => [id, causedBy])

const wrongInstance = fixture({
  registries: [registry({ state: 'pending', domains: [], error: failure('CLOUD_NOT_FOUND') })],
  deployment: { wanted: 2, available: 0 },
  secrets: new Map(),
  accounts: [],
  pods: [stuckPod({ name: 'web-1' }), stuckPod({ name: 'job-1', owner: 'Job/job' })],
})

test('all consequences of a wrong instance are listed below the wrong instance', () => {
  const [first, ...rest] = diagnose(wrongInstance)
  assert.deepEqual([first?.id, first?.causedBy], ['INSTANCE_NOT_FOUND', undefined])
  assert.ok(rest.length >= 3)
  for (const { id, causedBy } of rest) assert.equal(causedBy, 'INSTANCE_NOT_FOUND', id)
})

test('the text shows the fix of the cause alone, and the JSON names the cause of each consequence', () => {
  const findings = diagnose(wrongInstance)
  const text = renderReport(wrongInstance, findings, PLAIN as never)
  assert.match(text, /\n\n {2}error HELPER_DOWN [^\n]+\n {4}likely follows from INSTANCE_NOT_FOUND: fix that first\n/)
  assert.equal(text.match(/^ {2}fix: /gm)?.length, 1)
  const { findings: json } = describeReport(wrongInstance, findings) as { readonly findings: readonly Finding[] }
  const down = json.find(({ id }) => id === 'HELPER_DOWN')
  assert.equal(down?.causedBy, 'INSTANCE_NOT_FOUND')
  assert.notEqual(down?.fix, '')
})

test('a helper whose Pods have a problem of their own does not follow from a registry', () => {
  const own = { ...found('HELPER_DOWN'), cause: 'Its image cannot be pulled.' }
  assert.deepEqual(idsOf(groupConsequences([found('RAM_DENIED'), own], wrongInstance)), [
    ['RAM_DENIED', undefined],
    ['HELPER_DOWN', undefined],
  ])
})

test('a missing Secret follows from a quota only in the namespaces of that quota', () => {
  const quota = found('QUOTA_EXCEEDED', 'error', ['shop'])
  const group = (...objects: readonly string[]) =>
    groupConsequences([found('SECRET_MISSING', 'error', objects), quota], fixture())
  assert.deepEqual(idsOf(group('shop')), [
    ['QUOTA_EXCEEDED', undefined],
    ['SECRET_MISSING', 'QUOTA_EXCEEDED'],
  ])
  assert.deepEqual(idsOf(group('shop', 'team')), [
    ['SECRET_MISSING', undefined],
    ['QUOTA_EXCEEDED', undefined],
  ])
})

test('a warning and a note explain no failure', () => {
  const findings = [found('SECRET_MISSING', 'error', ['shop']), found('ROLE_RIGHTS_MISSING', 'warning')]
  assert.deepEqual(idsOf(groupConsequences(findings, wrongInstance)), [
    ['SECRET_MISSING', undefined],
    ['ROLE_RIGHTS_MISSING', undefined],
  ])
})

test('a cause is followed by its consequences, each with its own consequences, and then comes the next cause', () => {
  const findings = [
    found('POD_WITHOUT_SECRET', 'error', ['shop/web']),
    found('SECRET_MISSING', 'error', ['shop', 'team']),
    found('CLOUD_OUT_OF_REACH'),
    found('SECRET_FOREIGN', 'error', ['other']),
  ]
  assert.deepEqual(idsOf(groupConsequences(findings, wrongInstance)), [
    ['CLOUD_OUT_OF_REACH', undefined],
    ['SECRET_MISSING', 'CLOUD_OUT_OF_REACH'],
    ['POD_WITHOUT_SECRET', 'SECRET_MISSING'],
    ['SECRET_FOREIGN', undefined],
  ])
})

test('whatever was found, no finding is lost, repeated, or its own cause', () => {
  const severity = fc.constantFrom<Severity>('error', 'error', 'warning', 'info')
  const objects = fc.subarray(['shop', 'team', 'shop/web'])
  const finding = fc.tuple(fc.constantFrom(...FINDING_IDS), severity, objects).map((parts) => found(...parts))
  const property = fc.property(
    fc.array(finding, { maxLength: 40 }),
    fc.constantFrom(fixture(), wrongInstance),
    (all, observed) => {
      const grouped = groupConsequences(all, observed)
      const plain = grouped.map(({ causedBy: _, ...rest }) => JSON.stringify(rest))
      assert.deepEqual(plain.toSorted(), all.map((one) => JSON.stringify(one)).toSorted())
      for (const [index, { causedBy }] of grouped.entries()) {
        if (causedBy !== undefined) assert.ok(grouped.slice(0, index).some(({ id }) => id === causedBy))
      }
    },
  )
  fc.assert(property, { numRuns: 500 })
})

test("a node's long message is cut in the text, at neither end, and whole in the JSON", () => {
  const message = `BEGIN ${'x'.repeat(600)} END`
  const long = { ...found('POD_STUCK'), message, cause: message }
  const observed = fixture()
  const text = renderReport(observed, [long], PLAIN as never)
  const line = text.split('\n').find((one) => one.includes('BEGIN')) ?? ''
  assert.ok(line.length < 400 && line.endsWith('END') && line.includes(' … '))
  assert.ok(JSON.stringify(describeReport(observed, [long])).includes(message))
  const other = renderReport(observed, [{ ...long, id: 'GUARD_INACTIVE' }], PLAIN as never)
  assert.ok(other.includes(message))
})
