import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  abandonedAt,
  explainPending,
  isPending,
  lastGoodRevision,
  longestSeconds,
  type Revision,
  revisionOfStep,
} from '../../src/helm/release/release-state.ts'
import { parseGoDuration } from '../../src/lib/go-duration.ts'

const target = { release: 'acr', namespace: 'system', kubeconfig: 'k' }

function revision(number: number, status: Revision['status'], updated = '2026-11-25T10:00:00Z'): Revision {
  return { revision: number, status, updated }
}

test('a pending upgrade is explained with the exact rollback', () => {
  const history = [
    revision(1, 'superseded'),
    revision(2, 'deployed'),
    revision(3, 'failed'),
    revision(4, 'pending-upgrade'),
  ]
  assert.equal(isPending(history.at(-1)), true)
  const error = explainPending(target, history)
  assert.equal(error.code, 'HELM_PENDING')
  assert.equal(error.message, 'release system/acr is pending-upgrade at revision 4 since 2026-11-25T10:00:00Z')
  assert.match(error.hint, /`helm rollback acr 2 --namespace system`/)
})

test('a pending first install is explained with an uninstall, because there is no revision to roll back to', () => {
  assert.match(explainPending(target, [revision(1, 'pending-install')]).hint, /`helm uninstall acr --namespace system`/)
})

test('an uninstall that was left half-way is explained with an uninstall, because Helm upgrades no such release', () => {
  const { message, hint } = explainPending(target, [revision(1, 'superseded'), revision(2, 'uninstalling')], false)
  assert.equal(message, 'release system/acr is uninstalling at revision 2 since 2026-11-25T10:00:00Z')
  assert.equal(hint, 'If no other run is working on it: `helm uninstall acr --namespace system`, then run again.')
})

test('a rollback goes to the newest revision that worked below the failed one', () => {
  const history = [revision(1, 'superseded'), revision(2, 'superseded'), revision(3, 'failed'), revision(4, 'deployed')]
  assert.equal(lastGoodRevision(history)?.revision, 4)
  assert.equal(lastGoodRevision(history, 4)?.revision, 2)
  assert.equal(lastGoodRevision([revision(1, 'failed')]), undefined)
})

test('M12 a pending release counts as abandoned after the timeout of the step that created it, not after ours', () => {
  const minutes = (history: readonly Revision[]): number => {
    const last = history.at(-1) ?? assert.fail()
    return (abandonedAt(last, history) - Date.parse(last.updated)) / 60_000
  }
  const updated = '2026-11-25T10:00:00Z'
  const pending = { ...revision(4, 'pending-upgrade', updated), step: { id: 'b', timeoutSeconds: 1800 } }
  assert.equal(minutes([revision(3, 'deployed'), pending]), 35)
  // Another deployer's: its timeout is not known, and our labels are passed on to its revision.
  assert.equal(minutes([revision(3, 'deployed'), revision(4, 'pending-upgrade', updated)]), 365)
  const earlier = { ...revision(3, 'deployed'), step: pending.step }
  assert.equal(minutes([earlier, pending]), 365)
})

test('C1 the revision of a step is the first one with its label: helm passes labels on', () => {
  const step = { id: 'a', timeoutSeconds: 300 }
  const history = [revision(1, 'deployed'), { ...revision(2, 'failed'), step }, { ...revision(3, 'deployed'), step }]
  assert.equal(revisionOfStep(history, 'a')?.revision, 2)
  assert.equal(revisionOfStep(history, 'b'), undefined)
})

test('L5 recover-pending is not named if it does not help', () => {
  const history = [revision(1, 'deployed'), revision(2, 'pending-upgrade', '2026-11-25T10:00:00Z')]
  assert.match(
    explainPending(target, history).hint,
    /`recover-pending: true`, which takes effect from 2026-11-25T16:05:00/,
  )
  assert.doesNotMatch(explainPending(target, history, false).hint, /recover-pending/)
})

test('durations are read as helm reads them', () => {
  assert.deepEqual(
    ['5m', '90s', '1m30s', '1h', '1.5m', '500ms'].map((text) => parseGoDuration(text, 'timeout')),
    [300, 90, 90, 3600, 90, 0.5],
  )
  for (const text of ['5', '5 m', '', '-5m', '5d']) {
    assert.throws(() => parseGoDuration(text, 'timeout'), { code: 'INPUT_INVALID' })
  }
})

test('a helm call with hooks may take its timeout for each of their waits, and its revision is not abandoned before that', () => {
  assert.equal(longestSeconds(300, 0), 300)
  assert.equal(longestSeconds(300, 2), 2100)
})
