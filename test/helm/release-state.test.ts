import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  abandonedAt,
  explainPending,
  hasLostRecords,
  isPending,
  lastGoodRevision,
  longestSeconds,
  type Revision,
  revisionOfStep,
  revisionToRestore,
  revisionUnderFailed,
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

test('if no revision was deployed, a pending upgrade is not explained with an uninstall, because the release may work', () => {
  const history = [revision(1, 'failed'), revision(2, 'pending-upgrade')]
  assert.match(explainPending(target, history).hint, /`helm rollback acr 1 --namespace system`/)
  const { hint } = explainPending(target, history.slice(1))
  assert.match(
    hint,
    /^If no other run is working on it: no record shows what it was to replace, so uninstall it only if /,
  )
  assert.doesNotMatch(hint, /recover-pending|helm uninstall/)
})

test('an uninstall that stopped half-way is explained with an uninstall, because Helm upgrades no such release', () => {
  const { message, hint } = explainPending(target, [revision(1, 'superseded'), revision(2, 'uninstalling')], false)
  assert.equal(message, 'release system/acr is uninstalling at revision 2 since 2026-11-25T10:00:00Z')
  assert.equal(hint, 'If no other run is working on it: `helm uninstall acr --namespace system`, then run again.')
})

test('a pending rollback is explained with the hook that it runs, and the flag to leave it out', () => {
  const history = [revision(1, 'deployed'), revision(2, 'failed'), revision(3, 'pending-rollback')]
  assert.equal(
    explainPending(target, history, false, ['the hook Job system/migrate', 'the hook Pod system/check']).hint,
    'If no other run is working on it: `helm rollback acr 1 --namespace system`, then run again. The rollback runs the hook Job system/migrate, the hook Pod system/check: if that is what failed, correct it, or add `--no-hooks` to the command.',
  )
})

test('a rollback goes to the newest revision that worked below the failed one', () => {
  const history = [revision(1, 'superseded'), revision(2, 'superseded'), revision(3, 'failed'), revision(4, 'deployed')]
  assert.equal(lastGoodRevision(history)?.revision, 4)
  assert.equal(lastGoodRevision(history, 4)?.revision, 2)
  assert.equal(lastGoodRevision([revision(1, 'failed')]), undefined)
})

test('a pending revision is replaced by the newest that worked, else by the newest that failed, else by none', () => {
  const restored = (...statuses: readonly Revision['status'][]): number | undefined => {
    const history = statuses.map((status, index) => revision(index + 1, status))
    return revisionToRestore(history, history.length)?.revision
  }
  assert.equal(restored('superseded', 'failed', 'pending-upgrade'), 1)
  assert.equal(restored('failed', 'failed', 'pending-upgrade'), 2)
  assert.equal(restored('failed', 'pending-install', 'pending-upgrade'), 1)
  assert.equal(restored('pending-install', 'unknown', 'pending-upgrade'), undefined)
  // What was uninstalled with its history kept does not come back.
  assert.equal(restored('deployed', 'failed', 'uninstalled', 'pending-install'), undefined)
  assert.equal(restored('pending-upgrade'), undefined)
})

test('records are lost only under a pending upgrade or rollback that replaces nothing', () => {
  const isLost = (...statuses: readonly Revision['status'][]): boolean =>
    hasLostRecords(statuses.map((status, index) => revision(index + 1, status)))
  assert.deepEqual([isLost('pending-upgrade'), isLost('uninstalled', 'pending-rollback')], [true, true])
  assert.deepEqual(
    [isLost('pending-install'), isLost('deployed'), isLost('failed'), isLost()],
    [false, false, false, false],
  )
  assert.deepEqual([isLost('deployed', 'pending-upgrade'), isLost('failed', 'pending-upgrade')], [false, false])
})

test('only a deployed revision counts as the one below a newest revision that failed, because helm also calls failed revisions superseded', () => {
  const under = (...statuses: readonly Revision['status'][]): number | undefined =>
    revisionUnderFailed(statuses.map((status, index) => revision(index + 1, status)))?.revision
  assert.equal(under('deployed', 'superseded', 'failed'), 1)
  assert.equal(under('deployed', 'deployed', 'failed'), 2)
  assert.equal(under('superseded', 'failed'), undefined)
  assert.equal(under('failed', 'failed'), undefined)
  assert.equal(under('failed', 'deployed'), undefined)
  assert.equal(under('deployed', 'pending-upgrade'), undefined)
  assert.equal(under(), undefined)
})

test('a pending release counts as abandoned after the timeout of the step that created it, not after ours', () => {
  const minutes = (history: readonly Revision[]): number => {
    const last = history.at(-1) ?? assert.fail()
    return (abandonedAt(last, history) - Date.parse(last.updated)) / 60_000
  }
  const updated = '2026-11-25T10:00:00Z'
  const pending = { ...revision(4, 'pending-upgrade', updated), step: { id: 'b', timeoutSeconds: 1800 } }
  assert.equal(minutes([revision(3, 'deployed'), pending]), 35)
  // Another deployer's revision: its timeout is not known, and it has copies of our labels.
  assert.equal(minutes([revision(3, 'deployed'), revision(4, 'pending-upgrade', updated)]), 365)
  const earlier = { ...revision(3, 'deployed'), step: pending.step }
  assert.equal(minutes([earlier, pending]), 365)
})

test('the revision of a step is the first one with its label, because helm copies labels', () => {
  const step = { id: 'a', timeoutSeconds: 300 }
  const history = [revision(1, 'deployed'), { ...revision(2, 'failed'), step }, { ...revision(3, 'deployed'), step }]
  assert.equal(revisionOfStep(history, { id: 'a', before: 1 })?.revision, 2)
  assert.equal(revisionOfStep(history, { id: 'b', before: 1 }), undefined)
  // Another deployer was faster, and its revision is in the history.
  const second = [revision(1, 'superseded'), revision(2, 'deployed'), { ...revision(3, 'failed'), step }]
  assert.equal(revisionOfStep(second, { id: 'a', before: 1 })?.revision, 3)
})

test("another deployer's revision does not belong to the step, even if helm pruned the step's revision and copied its label", () => {
  const step = { id: 'a', timeoutSeconds: 300 }
  const theirs = { ...revision(4, 'deployed'), step }
  assert.equal(revisionOfStep([revision(2, 'superseded'), theirs], { id: 'a', before: 2 }), undefined)
  assert.equal(revisionOfStep([theirs], { id: 'a', before: null }), undefined)
  const pending = { ...theirs, status: 'pending-upgrade' as const }
  const minutes = (history: readonly Revision[]) =>
    (abandonedAt(pending, history) - Date.parse(pending.updated)) / 60_000
  assert.equal(minutes([revision(2, 'deployed'), pending]), 365)
  assert.equal(minutes([revision(2, 'deployed'), revision(3, 'failed'), pending]), 10)
})

test('a revision that counts as ours is ours, whatever other deployers do and whenever helm prunes', () => {
  // Helm's rules: an upgrade copies the labels of the newest revision, a rollback those of its
  // target. Before helm makes a record, it removes the oldest records, except the deployed one
  // (pkg/action/upgrade.go, rollback.go, pkg/storage/storage.go: removeLeastRecent).
  type Made = Revision & { readonly ours?: true }
  const step = { id: 'a', timeoutSeconds: 300 }
  const operation = fc.record({
    kind: fc.constantFrom('upgrade' as const, 'rollback' as const),
    ok: fc.boolean(),
    target: fc.nat(20),
    most: fc.constantFrom(0, 1, 2, 3, 10),
  })
  type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never
  const make = (
    history: readonly Made[],
    one: Pick<Made, 'status' | 'step' | 'ours'>,
    most: number,
  ): readonly Made[] => {
    const last = history.at(-1)?.revision ?? 0
    const deployed = history.findLast(({ status }) => status === 'deployed')
    let kept = history
    while (most > 0 && kept.length > most - 1) {
      const oldest = kept.find((record) => record !== deployed)
      if (oldest === undefined) break
      kept = kept.filter((record) => record !== oldest)
    }
    const others =
      one.status !== 'deployed' ? kept : kept.map((record) => ({ ...record, status: 'superseded' as const }))
    return [...others, { revision: last + 1, updated: '2026-11-25T10:00:00Z', ...one }]
  }
  const apply = (history: readonly Made[], { kind, ok, target, most }: Operation): readonly Made[] => {
    const source = kind === 'upgrade' ? history.at(-1) : history[target % Math.max(1, history.length)]
    return make(history, { status: ok ? 'deployed' : 'failed', step: source?.step }, most)
  }
  fc.assert(
    fc.property(
      fc.array(operation, { maxLength: 3 }),
      fc.array(operation, { maxLength: 1 }),
      fc.array(operation, { maxLength: 5 }),
      fc.boolean(),
      (earlier, meanwhile, later, ok) => {
        const seen = earlier.reduce(apply, [] as readonly Made[])
        const before = seen.at(-1)?.revision ?? null
        const begun = meanwhile.reduce(apply, seen)
        const own = make(begun, { status: ok ? 'deployed' : 'failed', step, ours: true }, 10)
        const found: Made | undefined = revisionOfStep(later.reduce(apply, own), { id: 'a', before })
        assert.ok(found === undefined || found.ours === true)
        assert.equal((revisionOfStep(own, { id: 'a', before }) as Made | undefined)?.ours, true)
      },
    ),
    { numRuns: 2000 },
  )
})

test('recover-pending is not named if it does not help', () => {
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

test('a release is pending only by its newest revision, and one that does not exist is not', () => {
  const statuses = ['pending-install', 'pending-upgrade', 'pending-rollback', 'failed', 'uninstalling'] as const
  assert.deepEqual(
    statuses.map((status) => isPending(revision(1, status))),
    [true, true, true, false, false],
  )
  assert.equal(isPending(undefined), false)
})

test('a rollback never goes below an uninstall, and prefers what is deployed to what is superseded', () => {
  const good = (...statuses: readonly Revision['status'][]) =>
    lastGoodRevision(statuses.map((status, index) => revision(index + 1, status)))?.revision
  assert.equal(good('deployed', 'uninstalled', 'failed'), undefined)
  assert.equal(good('superseded', 'uninstalled', 'superseded', 'failed'), 3)
  assert.equal(good('deployed', 'superseded', 'failed'), 1)
})

test('a pending release is abandoned six hours and five minutes after a rollback; after our first upgrade, its own timeout counts', () => {
  const updated = '2026-11-25T10:00:00Z'
  const step = { id: 'a', timeoutSeconds: 600 }
  const minutes = (history: readonly Revision[]) => {
    const last = history.at(-1) ?? assert.fail()
    return (abandonedAt(last, history) - Date.parse(updated)) / 60_000
  }
  assert.equal(minutes([{ ...revision(1, 'pending-install', updated), step }]), 15)
  assert.equal(minutes([revision(1, 'deployed'), { ...revision(2, 'pending-rollback', updated), step }]), 365)
  assert.equal(minutes([revision(1, 'deployed'), { ...revision(2, 'pending-upgrade', updated), step }]), 15)
})
