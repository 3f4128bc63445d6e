import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ClusterCheck } from '../../src/fleet/cluster-check.ts'
import { judgeCluster } from '../../src/fleet/judge-cluster.ts'
import { describeCells } from '../../src/fleet/report/cells.ts'
import { NOW } from '../doctor/fixture.ts'
import { at, clusterFacts, RULES } from './facts.ts'

const HEALTHY = judgeCluster(clusterFacts(), RULES)
const cells = (change: Partial<ClusterCheck>) => describeCells({ ...HEALTHY, ...change }, NOW)

test('a row of the table shows the release, the helper, the registries, the namespaces, and no reason if all is well', () => {
  const { kubernetes, ...rest } = cells({ namespaces: { total: 12, current: 7, pending: 1, skipped: { a: 1, b: 3 } } })
  assert.equal(kubernetes, HEALTHY.kubernetes)
  assert.deepEqual(rest, {
    release: 'acr-nopass-1.0.0 #3',
    helper: '2/2',
    registries: '1 live, expires in 40 min',
    coverage: '7/8',
    why: '',
  })
})

test('what is not known of a cluster is an empty cell', () => {
  const parts = { release: null, kubernetes: null, helper: null, nodes: null, registries: null, namespaces: null }
  assert.deepEqual(cells(parts), { release: '', kubernetes: '', helper: '', registries: '', coverage: '', why: '' })
  assert.equal(cells({ registries: [] }).registries, '')
})

test('a release without a record of its chart, its revision or its status shows the rest', () => {
  const release = HEALTHY.release ?? assert.fail()
  const shown = (change: Partial<typeof release>) => cells({ release: { ...release, ...change } }).release
  assert.equal(shown({ status: 'failed' }), 'acr-nopass-1.0.0 #3 (failed)')
  assert.equal(shown({ status: null }), 'acr-nopass-1.0.0 #3')
  assert.equal(shown({ chart: null }), 'revision #3')
  assert.equal(shown({ revision: null }), 'acr-nopass-1.0.0')
  assert.equal(shown({ chart: null, revision: null, status: 'failed' }), '')
})

test('the cell of the helper shows replicas, a missing leader, and the nodes that pull without a Secret', () => {
  const helper = HEALTHY.helper ?? assert.fail()
  const nodes = { total: 7, withPlugin: 2, unknown: 1 }
  const shown = (change: Partial<typeof helper>, more: Partial<ClusterCheck> = {}) =>
    cells({ helper: { ...helper, ...change }, ...more }).helper
  assert.equal(shown({ replicas: { wanted: 3, available: 1, since: null } }), '1/3')
  assert.equal(shown({ leader: null }, { nodes }), '2/2, no leader, 2 of 7 nodes')
  assert.equal(shown({ replicas: null, leader: null }, { nodes }), '2 of 7 nodes')
  assert.equal(shown({}, { nodes: { ...nodes, withPlugin: 0 } }), '2/2')
  assert.equal(cells({ helper: null, nodes }).helper, '2 of 7 nodes')
})

test('the cell of the registries counts states and limits, and shows the first expiry', () => {
  const [registry] = HEALTHY.registries ?? []
  assert.ok(registry)
  const shown = (...changes: readonly Partial<typeof registry>[]) =>
    cells({ registries: changes.map((change) => ({ ...registry, ...change })) }).registries
  assert.equal(
    shown({}, { state: 'failing', expiresAt: null }, { rights: 'limited', expiresAt: at(10) }),
    '2 live, 1 failing, 1 limited, expires in 10 min',
  )
  assert.equal(shown({ rights: null, expiresAt: null }), '1 live')
  assert.equal(shown({ expiresAt: at(0) }), '1 live, expires in 0 min')
  assert.equal(shown({ expiresAt: at(-5) }, {}), '2 live, expired 5 min ago')
  assert.deepEqual(
    [119, 120, 209, 211].map((minutes) => shown({ expiresAt: at(minutes) })),
    ['119 min', '2 h', '3 h', '4 h'].map((time) => `1 live, expires in ${time}`),
  )
})

test('the reason of a state is the first finding, and for an unread cluster what could not be read', () => {
  const finding = { id: 'HELPER_DOWN', severity: 'error', subject: 'helper a/b', message: 'it is down' } as const
  const findings = [
    { ...finding, cause: 'c', fix: 'f' },
    { ...finding, id: 'HELPER_SILENT', cause: 'c', fix: 'f' },
  ] as const
  const unread = [{ what: 'Pods', why: 'forbidden' }]
  assert.equal(cells({ state: 'failed', findings, unread }).why, 'HELPER_DOWN helper a/b: it is down')
  assert.equal(cells({ state: 'unread', findings, unread }).why, 'not read: Pods (forbidden)')
  assert.equal(cells({ state: 'unread', findings, unread: [] }).why, 'HELPER_DOWN helper a/b: it is down')
  assert.equal(cells({ state: 'failed', findings: [], unread }).why, '')
  assert.equal(cells({ state: 'healthy', findings }).why, '')
})
