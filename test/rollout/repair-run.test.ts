import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Revision } from '../../src/helm/release-state.ts'
import { decideRepair } from '../../src/rollout/repair-run.ts'
import type { HelmBegun } from '../../src/rollout/run-folder.ts'

const begun: HelmBegun = {
  event: 'helm-begun',
  id: '1',
  cluster: 'prod',
  command: 'upgrade',
  pid: 1,
  helm: '/bin/helm',
  target: { release: 'acr', namespace: 'system', kubeconfig: 'k' },
  before: 3,
  good: 3,
  rollback: true,
  stderrFile: 'e',
}

function history(...statuses: readonly Revision['status'][]): readonly Revision[] {
  return statuses.map((status, index) => ({ revision: index + 1, status, updated: '' }))
}

const past = ['superseded', 'superseded', 'deployed'] as const

test('P10 an upgrade that was cut goes back to the last good revision', () => {
  const before = ['superseded', 'superseded', 'superseded'] as const
  assert.deepEqual(decideRepair(begun, history(...before, 'pending-upgrade'), ''), { kind: 'rollback', revision: 3 })
  assert.deepEqual(decideRepair(begun, history(...past, 'failed'), ''), { kind: 'rollback', revision: 3 })
})

test('P10 a first installation that was cut is removed; one that merely failed stays to be looked at', () => {
  const first = { ...begun, before: null, good: null }
  assert.deepEqual(decideRepair(first, history('pending-install'), ''), { kind: 'uninstall' })
  assert.deepEqual(decideRepair(first, history('failed'), ''), { kind: 'none', why: 'the release is failed' })
})

test('P10 a rollback that was cut is done again', () => {
  const back = { ...begun, command: 'rollback', before: 4 } as const
  assert.deepEqual(decideRepair(back, history(...past, 'failed', 'pending-rollback'), ''), {
    kind: 'rollback',
    revision: 3,
  })
})

test('P10 only the revision that this run began is touched', () => {
  assert.deepEqual(decideRepair(begun, history(...past, 'failed', 'pending-upgrade'), ''), {
    kind: 'none',
    why: 'revision 5 is not of this run',
  })
  assert.deepEqual(decideRepair(begun, history(...past), ''), { kind: 'none', why: 'revision 3 is not of this run' })
  const refused = 'Error: UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress'
  assert.deepEqual(decideRepair(begun, history(...past, 'pending-upgrade'), refused), {
    kind: 'none',
    why: 'another run is at work on the release',
  })
})

test('P10 what ended well, and what is gone, needs nothing', () => {
  assert.equal(decideRepair(begun, history(...past, 'deployed'), '').kind, 'none')
  assert.equal(decideRepair(begun, [], '').kind, 'none')
})

test('P10 with rollback: false a failed upgrade stays, a pending one is still mended', () => {
  const kept = { ...begun, rollback: false }
  assert.equal(decideRepair(kept, history(...past, 'failed'), '').kind, 'none')
  assert.deepEqual(decideRepair(kept, history(...past, 'pending-upgrade'), ''), { kind: 'rollback', revision: 3 })
})
