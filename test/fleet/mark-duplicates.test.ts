import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NopassError } from '../../src/errors.ts'
import type { ClusterFacts } from '../../src/fleet/cluster-facts.ts'
import { judgeCluster } from '../../src/fleet/judge-cluster.ts'
import { markDuplicates, placeOf } from '../../src/fleet/mark-duplicates.ts'
import { clusterFacts, RULES } from './facts.ts'

/** A healthy cluster under a name of the list. */
function reach(name: string, kubeSystemUid: string, release: { name?: string; namespace?: string } = {}): ClusterFacts {
  const facts = clusterFacts({ release })
  assert.ok('reached' in facts)
  return { name, ack: null, reached: { ...facts.reached, kubeSystemUid } }
}
const mark = (...all: readonly ClusterFacts[]) =>
  markDuplicates(all.map((facts) => ({ check: judgeCluster(facts, RULES), place: placeOf(facts) })))

test('entries of the list that lead to one release of one cluster fail, each with the names of the others', () => {
  const checks = mark(
    reach('prod', 'u-1'),
    reach('other', 'u-2'),
    reach('copy', 'u-1'),
    reach('second', 'u-1', { name: 'second' }),
    reach('elsewhere', 'u-1', { namespace: 'elsewhere' }),
  )
  const shown = checks.map(({ name, state, findings }) => [name, state, findings.map(({ message }) => message)])
  assert.deepEqual(shown, [
    ['prod', 'failed', ['copy is the same release in the same cluster']],
    ['other', 'healthy', []],
    ['copy', 'failed', ['prod is the same release in the same cluster']],
    ['second', 'healthy', []],
    ['elsewhere', 'healthy', []],
  ])
  assert.deepEqual(checks[0]?.findings, [
    {
      id: 'CLUSTER_DUPLICATE',
      severity: 'error',
      subject: 'cluster prod',
      message: 'copy is the same release in the same cluster',
      cause: 'Several entries of the list lead to one cluster, so another cluster may not be checked.',
      fix: 'Correct `kubeconfig` or `ack` of the wrong entry, or remove it. A rollout of this list is refused too.',
    },
  ])
})

test('of three entries for one cluster, each names the other two, before what else was found', () => {
  const down = clusterFacts({ observed: { deployment: { wanted: 2, available: 0 } } })
  assert.ok('reached' in down)
  const [first, ...rest] = mark({ ...down, name: 'a' }, reach('b', 'u-1'), reach('c', 'u-1'))
  assert.deepEqual(
    first?.findings.map(({ id }) => id),
    ['CLUSTER_DUPLICATE', 'HELPER_DOWN'],
  )
  assert.deepEqual(
    [first, ...rest].map((one) => one?.findings[0]?.message),
    ['b, c', 'a, c', 'a, b'].map((names) => `${names} are the same release in the same cluster`),
  )
})

test('clusters that could not be reached are not taken for one another', () => {
  const error = new NopassError('CLUSTER_UNREACHABLE', 'it does not respond')
  const checks = mark({ name: 'a', ack: null, error }, { name: 'b', ack: null, error }, reach('c', 'u-1'))
  assert.deepEqual(
    checks.map(({ state }) => state),
    ['unread', 'unread', 'healthy'],
  )
})
