import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ClusterCheck } from '../../src/fleet/cluster-check.ts'
import type { ClusterFinding } from '../../src/fleet/finding.ts'
import { judgeCluster } from '../../src/fleet/judge-cluster.ts'
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
