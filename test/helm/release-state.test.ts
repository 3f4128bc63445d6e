import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseGoDuration } from '../../src/helm/go-duration.ts'
import {
  explainPending,
  isAbandoned,
  isPending,
  lastGoodRevision,
  parseHistory,
  type Revision,
} from '../../src/helm/release-state.ts'

const target = { release: 'acr', namespace: 'system', kubeconfig: 'k' }

function revision(number: number, status: Revision['status'], updated = '2026-11-25T10:00:00Z'): Revision {
  return { revision: number, status, updated }
}

test('the history is read in order, whatever order helm printed', () => {
  const text = JSON.stringify([
    {
      revision: 2,
      updated: '2026-11-25T10:00:00Z',
      status: 'deployed',
      chart: 'a-1',
      app_version: '1',
      description: 'd',
    },
    {
      revision: 1,
      updated: '2026-11-25T09:00:00Z',
      status: 'superseded',
      chart: 'a-1',
      app_version: '1',
      description: 'c',
    },
  ])
  assert.deepEqual(
    parseHistory(text).map(({ revision, status }) => [revision, status]),
    [
      [1, 'superseded'],
      [2, 'deployed'],
    ],
  )
})

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

test('a pending first install is explained with an uninstall, because there is nothing to go back to', () => {
  assert.match(explainPending(target, [revision(1, 'pending-install')]).hint, /`helm uninstall acr --namespace system`/)
})

test('a rollback goes to the newest revision that worked below the failed one', () => {
  const history = [revision(1, 'superseded'), revision(2, 'superseded'), revision(3, 'failed'), revision(4, 'deployed')]
  assert.equal(lastGoodRevision(history)?.revision, 4)
  assert.equal(lastGoodRevision(history, 4)?.revision, 2)
  assert.equal(lastGoodRevision([revision(1, 'failed')]), undefined)
})

test('a pending release counts as abandoned only after its own timeout and five minutes', () => {
  const last = revision(4, 'pending-upgrade', '2026-11-25T10:00:00Z')
  const at = (minutes: number): number => Date.parse('2026-11-25T10:00:00Z') + minutes * 60_000
  assert.equal(isAbandoned(last, 300, at(9.9)), false)
  assert.equal(isAbandoned(last, 300, at(10.1)), true)
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
