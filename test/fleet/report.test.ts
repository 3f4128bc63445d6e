import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { NopassError } from '../../src/errors.ts'
import type { ClusterCheck } from '../../src/fleet/cluster-check.ts'
import type { ClusterFinding } from '../../src/fleet/finding.ts'
import { judgeCluster } from '../../src/fleet/judge-cluster.ts'
import { parseEarlier, readEarlier } from '../../src/fleet/report/earlier-check.ts'
import { describeResults } from '../../src/fleet/report/results.ts'
import { changesSince } from '../../src/fleet/report/since.ts'
import { describeOutputs, type FailOn, headline, isFailed, sortChecks } from '../../src/fleet/report/verdict.ts'
import { clusterFacts, RULES } from './facts.ts'

const HEALTHY = judgeCluster(clusterFacts(), RULES)
const finding = (id: ClusterFinding['id'], severity: ClusterFinding['severity']): ClusterFinding => {
  return { id, severity, subject: 's', message: 'm', cause: 'c', fix: 'f' }
}
const check = (name: string, state: ClusterCheck['state'], ...findings: readonly ClusterFinding[]): ClusterCheck => {
  return { ...HEALTHY, name, state, findings }
}
const CHECKS = [
  check('fine', 'healthy'),
  check('late', 'warning', finding('CREDENTIAL_NOT_RENEWED', 'warning')),
  check('edited', 'drifted', finding('OBJECTS_DRIFTED', 'warning')),
  check('half', 'unread'),
  check('gone', 'unread', finding('CLUSTER_UNREAD', 'error')),
  check('down', 'failed', finding('HELPER_DOWN', 'error'), finding('VALUES_DRIFTED', 'warning')),
]

test('the worst clusters come first', () => {
  assert.deepEqual(
    sortChecks(CHECKS).map(({ name }) => name),
    ['down', 'half', 'gone', 'edited', 'late', 'fine'],
  )
  assert.equal(headline(CHECKS), '1 failed, 2 unread, 1 drifted, 1 warning, 1 healthy')
})

test('the outputs name clusters: healthy only those that were seen so, failed also those that could not be reached', () => {
  assert.deepEqual(describeOutputs(CHECKS), {
    healthy: ['fine'],
    failed: ['gone', 'down'],
    drifted: ['edited', 'down'],
  })
})

for (const [name, failing] of [
  ['fine', []],
  ['late', ['warning']],
  ['edited', ['warning', 'drift']],
  ['half', ['warning']],
  ['gone', ['error', 'warning', 'drift']],
  ['down', ['error', 'warning', 'drift']],
] as const) {
  test(`a cluster that is ${name} makes a check fail with fail-on ${failing.join(', ') || 'nothing'}`, () => {
    const all: readonly FailOn[] = ['error', 'warning', 'drift', 'never']
    const one = CHECKS.filter((each) => each.name === name)
    assert.deepEqual(
      all.filter((failOn) => isFailed(one, failOn)),
      failing,
    )
  })
}

test('one cluster with an error or a drift is enough, however many are healthy', () => {
  const failing = (['error', 'drift', 'warning', 'never'] as const).map((failOn) => isFailed(CHECKS, failOn))
  assert.deepEqual(failing, [true, true, true, false])
  const drifted = CHECKS.filter(({ name }) => ['fine', 'edited'].includes(name))
  assert.deepEqual([isFailed(drifted, 'error'), isFailed(drifted, 'drift')], [false, true])
  assert.equal(isFailed([check('a', 'failed'), check('b', 'healthy')], 'error'), true)
})

test('the results have a change only if they were compared', () => {
  const outcome = { errors: [], clusters: CHECKS, checkedAt: '2026-03-01T12:00:00Z' }
  assert.equal('since' in describeResults(outcome), false)
  const change = { checkedAt: null, clusters: [] }
  assert.deepEqual(describeResults(outcome, change).since, change)
})

const resultsOf = (clusters: readonly ClusterCheck[]) =>
  JSON.stringify(describeResults({ errors: [], clusters, checkedAt: '2026-03-01T12:00:00Z' }))

test('a check that finds the same as an earlier one has no change, whatever times and numbers its messages have', () => {
  const later = CHECKS.map((one) => ({
    ...one,
    findings: one.findings.map((each) => ({ ...each, message: 'another time' })),
  }))
  const change = changesSince(parseEarlier(resultsOf(CHECKS), 'f'), later)
  assert.deepEqual(change, { checkedAt: '2026-03-01T12:00:00Z', clusters: [] })
})

test('a change names the clusters, their states before and now, and what is new and gone', () => {
  const now = [
    check('fine', 'failed', finding('HELPER_DOWN', 'error')),
    check('late', 'healthy'),
    { ...check('half', 'unread'), unread: [{ what: 'Pods', why: 'w' }] },
    check('new', 'healthy'),
  ]
  const before = CHECKS.filter(({ name }) => ['fine', 'late', 'half', 'edited'].includes(name))
  assert.deepEqual(changesSince(parseEarlier(resultsOf(before), 'f'), now).clusters, [
    { name: 'fine', from: 'healthy', to: 'failed', found: ['HELPER_DOWN s'], gone: [], changed: [] },
    { name: 'late', from: 'warning', to: 'healthy', found: [], gone: ['CREDENTIAL_NOT_RENEWED s'], changed: [] },
    { name: 'half', from: 'unread', to: 'unread', found: ['not read: Pods'], gone: [], changed: [] },
    { name: 'new', from: null, to: 'healthy', found: [], gone: [], changed: [] },
    { name: 'edited', from: 'drifted', to: null, found: [], gone: ['OBJECTS_DRIFTED s'], changed: [] },
  ])
})

test('without an earlier file everything is new, as in the first run of a job', () => {
  const folder = mkdtempSync(join(tmpdir(), 'acr-nopass-since-'))
  try {
    assert.equal(readEarlier('none.json', { folder }), undefined)
    const change = changesSince(undefined, CHECKS)
    assert.equal(change.checkedAt, null)
    assert.equal(change.clusters.length, CHECKS.length)
    writeFileSync(join(folder, 'some.json'), resultsOf(CHECKS))
    assert.equal(readEarlier('some.json', { folder, within: [folder] })?.clusters.length, CHECKS.length)
    assert.throws(() => readEarlier('some.json', { folder, within: [join(folder, 'other')] }), {
      code: 'INPUT_INVALID',
      message: 'since: some.json is outside of the workspace and of RUNNER_TEMP',
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('an earlier file that is a folder, larger than any check, or out of reach, is refused', () => {
  const folder = mkdtempSync(join(tmpdir(), 'acr-nopass-since-'))
  try {
    assert.throws(() => readEarlier('.', { folder }), { code: 'INPUT_INVALID', message: 'since: . cannot be read' })
    writeFileSync(join(folder, 'some.json'), '')
    truncateSync(join(folder, 'some.json'), 64 * 1024 * 1024 + 1)
    assert.throws(() => readEarlier('some.json', { folder }), { message: 'since: some.json is too large' })
    symlinkSync('loop.json', join(folder, 'loop.json'))
    for (const name of ['loop.json', 'some.json/earlier.json'])
      assert.throws(() => readEarlier(name, { folder }), { message: `since: ${name} cannot be read` })
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('what will change by itself, and what could not be read, is compared too, each once', () => {
  const ahead = [{ id: 'KUBERNETES_LEAVES', message: 'm' }] as const
  const unread = [{ what: 'Pods', why: 'w' }]
  const before = { ...check('a', 'unread', finding('HELPER_DOWN', 'error')), unread }
  const now = { ...before, ahead, unread: [], findings: [...before.findings, ...before.findings] }
  assert.deepEqual(changesSince(parseEarlier(resultsOf([before]), 'f'), [now]).clusters, [
    {
      name: 'a',
      from: 'unread',
      to: 'unread',
      found: ['ahead: KUBERNETES_LEAVES'],
      gone: ['not read: Pods'],
      changed: [],
    },
  ])
})

test('texts of an earlier file are printable', () => {
  const one = { ...finding('HELPER_DOWN', 'error'), subject: 's\u001b', objects: ['a\u001b', 'b'] }
  const evil = resultsOf([check('evil\u001b[31m', 'healthy', one)]).replace('"checkedAt":"', '"checkedAt":"\\u001b')
  const texts: unknown[] = []
  JSON.stringify(parseEarlier(evil, 'f'), (_key, value) => texts.push(value) && value)
  assert.ok(texts.includes('b'))
  assert.ok(!texts.some((text) => typeof text === 'string' && text.includes('\u001b')))
})

for (const [what, text] of [
  ['no JSON', 'clusters:'],
  ['other JSON', '{"healthy":true}'],
  ['another version', resultsOf(CHECKS).replace('"version":1', '"version":2')],
  ['an unknown state', resultsOf(CHECKS).replace('"state":"failed"', '"state":"fine"')],
] as const) {
  test(`since refuses a file with ${what}`, () => {
    assert.throws(() => parseEarlier(text, 'old.json'), { code: 'INPUT_INVALID', message: /^since: old\.json / })
  })
}

test('the refusal of an earlier file names its version, and what to give instead', () => {
  const message = (text: string): string => {
    try {
      parseEarlier(text, 'f')
    } catch (error) {
      assert.ok(error instanceof NopassError)
      assert.match(error.hint, /-o json/)
      return error.message
    }
    return 'accepted'
  }
  const withVersion = (version: string): string => resultsOf(CHECKS).replace('"version":1', `"version":${version}`)
  assert.deepEqual(
    ['1', '7', '"1"', 'null'].map((version) => message(withVersion(version))),
    [
      'accepted',
      'since: f has version 7, and this program reads version 1',
      ...Array(2).fill('since: f has no version, and this program reads version 1'),
    ],
  )
  assert.equal(message('{"version":1,"checkedAt":"t","clusters":{}}'), 'since: f is not the JSON of a check')
  const odd = 'since: f has a cluster without a name or a known state'
  for (const cluster of ['7', 'null', '{"state":"failed"}', '{"name":1,"state":"failed"}', '{"name":"a"}'])
    assert.equal(message(`{"version":1,"checkedAt":"t","clusters":[${cluster}]}`), odd)
})

test('an earlier file without a part that is compared is refused, as everything would be new', () => {
  const text = resultsOf([check('a', 'failed', finding('HELPER_DOWN', 'error'))])
  const edits: readonly (readonly [RegExp, string])[] = [
    [/"findings":\[.*?\]/, '"findings":{}'],
    [/"findings":\[.*?\],/, ''],
    [/"findings":\[/, '"findings":[7,'],
    [/"findings":\[/, '"findings":[null,'],
    [/"id":"HELPER_DOWN"/, '"id":7'],
    [/"subject":"s",/, ''],
    [/"unread":\[\]/, '"unread":null'],
    [/"unread":\[\]/, '"unread":[{"why":"w"}]'],
    [/"ahead":\[\]/, '"ahead":"x"'],
    [/"ahead":\[\]/, '"ahead":[{"message":"m"}]'],
  ]
  for (const [from, to] of edits) {
    const edited = text.replace(from, to)
    assert.notEqual(edited, text)
    assert.throws(
      () => parseEarlier(edited, 'f'),
      { message: 'since: f has a cluster without its findings, or with another form of them' },
      edited,
    )
  }
})

test('an earlier file that does not say when it was written, or has a cluster twice, is refused', () => {
  const text = resultsOf([check('a', 'failed'), check('b', 'healthy')])
  assert.throws(() => parseEarlier(text.replace(/"checkedAt":"[^"]*"/, '"checkedAt":7'), 'f'), {
    message: 'since: f does not say when the check was made',
  })
  assert.throws(() => parseEarlier(text.replace('"name":"b"', '"name":"a"'), 'f'), {
    message: 'since: f has two clusters with one name',
  })
})
