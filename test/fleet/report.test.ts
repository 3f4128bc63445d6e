import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ClusterCheck } from '../../src/fleet/cluster-check.ts'
import type { ClusterFinding } from '../../src/fleet/finding.ts'
import { judgeCluster } from '../../src/fleet/judge-cluster.ts'
import { describeResults } from '../../src/fleet/report/results.ts'
import { changesSince, parseEarlier, readEarlier } from '../../src/fleet/report/since.ts'
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
    { name: 'fine', from: 'healthy', to: 'failed', found: ['HELPER_DOWN s'], gone: [] },
    { name: 'late', from: 'warning', to: 'healthy', found: [], gone: ['CREDENTIAL_NOT_RENEWED s'] },
    { name: 'half', from: 'unread', to: 'unread', found: ['not read: Pods'], gone: [] },
    { name: 'new', from: null, to: 'healthy', found: [], gone: [] },
    { name: 'edited', from: 'drifted', to: null, found: [], gone: ['OBJECTS_DRIFTED s'] },
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
