import assert from 'node:assert/strict'
import { test } from 'node:test'
import { renderChange } from '../../src/cli/doctor/fleet/fleet-report.ts'
import { paintFor } from '../../src/cli/program/terminal.ts'
import type { Severity } from '../../src/doctor/finding.ts'
import type { ClusterCheck } from '../../src/fleet/cluster-check.ts'
import type { ClusterFinding } from '../../src/fleet/finding.ts'
import { judgeCluster } from '../../src/fleet/judge-cluster.ts'
import { parseEarlier } from '../../src/fleet/report/earlier-check.ts'
import { describeResults } from '../../src/fleet/report/results.ts'
import { changesSince, newsTest } from '../../src/fleet/report/since.ts'
import { renderCheckSummary } from '../../src/fleet/report/summary.ts'
import { VERSION } from '../../src/version.ts'
import { clusterFacts, RULES } from './facts.ts'

const PLAIN = paintFor(process.stdout, { env: { NO_COLOR: '1' } })
const HEALTHY = judgeCluster(clusterFacts(), RULES)

function finding(
  subject: string,
  objects?: readonly string[],
  severity: Severity = 'warning',
  id: ClusterFinding['id'] = 'POD_UNCOVERED',
): ClusterFinding {
  return { id, severity, subject, message: 'm', cause: 'c', fix: 'f', ...(objects && { objects }) }
}

/** A cluster that failed before and fails now, so that its state shows no change. */
const failed = (...findings: readonly ClusterFinding[]): ClusterCheck => {
  return { ...HEALTHY, name: 'a', state: 'failed', findings }
}

type Edit = (text: string) => string

/** Returns the differences of the cluster. `edit` changes the earlier JSON. */
function compare(before: readonly ClusterFinding[], now: readonly ClusterFinding[], edit: Edit = (text) => text) {
  const outcome = { errors: [], clusters: [failed(...before)], checkedAt: '2026-03-01T12:00:00Z' }
  const earlier = parseEarlier(edit(JSON.stringify(describeResults(outcome))), 'f')
  const [change] = changesSince(earlier, [failed(...now)]).clusters
  return change
}

function changedOf(...given: Parameters<typeof compare>) {
  const { found, gone, changed } = compare(...given) ?? {}
  assert.deepEqual([found ?? [], gone ?? []], [[], []])
  return changed
}

test('as many other Pods are a change that names them', () => {
  const before = [finding('3 Pods', ['a/x', 'a/y', 'a/z'])]
  assert.deepEqual(changedOf(before, [finding('3 Pods', ['a/z', 'b/u', 'b/v'])]), [
    {
      ...{ finding: 'POD_UNCOVERED 3 Pods', from: 'warning', to: 'warning' },
      ...{ added: ['b/u', 'b/v'], removed: ['a/x', 'a/y'] },
    },
  ])
  assert.equal(compare(before, [finding('3 Pods', ['a/z', 'a/y', 'a/x'])]), undefined, 'their order is no change')
  const all = changedOf(before, [finding('3 Pods', ['b/u', 'b/v', 'b/w'])])
  assert.deepEqual(all?.[0]?.removed, ['a/x', 'a/y', 'a/z'])
})

test('a warning that became an error is a change, also in a cluster that failed before', () => {
  const other = finding('s', undefined, 'error', 'HELPER_DOWN')
  const before = [other, finding('registry prod', undefined, 'warning', 'REGISTRY_FAILING')]
  const now = [other, finding('registry prod', undefined, 'error', 'REGISTRY_FAILING')]
  const change = { finding: 'REGISTRY_FAILING registry prod', added: [], removed: [] }
  assert.deepEqual(changedOf(before, now), [{ ...change, from: 'warning', to: 'error' }])
  assert.deepEqual(changedOf(now, before), [{ ...change, from: 'error', to: 'warning' }])
})

test('a finding about more or fewer of the same Pods is not new, and a Pod of it is not gone', () => {
  const one = finding('Pod a/x', ['a/x'])
  const two = finding('2 Pods', ['a/x', 'a/y'])
  const change = { from: 'warning', to: 'warning' }
  assert.deepEqual(changedOf([one], [two]), [
    { ...change, finding: 'POD_UNCOVERED 2 Pods', added: ['a/y'], removed: [] },
  ])
  assert.deepEqual(changedOf([two], [one]), [
    { ...change, finding: 'POD_UNCOVERED Pod a/x', added: [], removed: ['a/y'] },
  ])
})

test('findings without an object in common are new and gone, and so are those of another id', () => {
  const change = compare([finding('Pod a/x', ['a/x'])], [finding('2 Pods', ['b/x', 'b/y'])])
  assert.deepEqual(change, {
    ...{ name: 'a', from: 'failed', to: 'failed', changed: [] },
    ...{ found: ['POD_UNCOVERED 2 Pods'], gone: ['POD_UNCOVERED Pod a/x'] },
  })
  const denied = compare([finding('Pod a/x', ['a/x'])], [finding('Pod a/x', ['a/x'], 'warning', 'POD_DENIED')])
  assert.deepEqual([denied?.found, denied?.gone], [['POD_DENIED Pod a/x'], ['POD_UNCOVERED Pod a/x']])
})

test('Pods that are counted in another group of the same id are no change', () => {
  const before = [finding('2 Pods', ['a/x', 'a/y']), finding('2 Pods', ['b/x', 'b/y']), finding('Pod c/x', ['c/x'])]
  const now = [finding('3 Pods', ['a/x', 'a/y', 'b/x']), finding('2 Pods', ['b/y', 'c/x'])]
  assert.equal(compare(before, now), undefined)
})

test('one Pod of a group that became an error is a change, whichever group it is in now', () => {
  const before = [finding('2 Pods', ['b/x', 'b/y'], 'error'), finding('2 Pods', ['a/x', 'a/y'])]
  const now = [finding('3 Pods', ['b/x', 'b/y', 'a/x'], 'error'), finding('Pod a/y', ['a/y'])]
  assert.deepEqual(changedOf(before, now), [
    { finding: 'POD_UNCOVERED 3 Pods', from: 'warning', to: 'error', added: [], removed: [] },
  ])
})

test('a Pod whose containers have findings of two severities is the same in the next check', () => {
  const both = [finding('Pod a/x', ['a/x'], 'error'), finding('Pod a/x', ['a/x'], 'warning')]
  assert.equal(compare(both, both), undefined)
  assert.equal(compare([...both].reverse(), both), undefined)
  for (const now of [both, both.toReversed()]) {
    const [first] = changedOf(both.slice(1), now) ?? []
    assert.deepEqual([first?.from, first?.to], ['warning', 'error'])
  }
  const info = [finding('Pod a/x', ['a/x'], 'info')]
  for (const before of [both, both.toReversed()]) assert.equal(changedOf(before, info)?.[0]?.from, 'error')
})

test('several findings with one subject are one change, which names each object once', () => {
  const one = [finding('2 Pods', ['a/x', 'a/y'])]
  const two = [finding('2 Pods', ['a/x', 'b/z']), finding('2 Pods', ['a/y', 'b/z'])]
  const change = { finding: 'POD_UNCOVERED 2 Pods', from: 'warning', to: 'warning' }
  assert.deepEqual(changedOf(one, two), [{ ...change, added: ['b/z'], removed: [] }])
  assert.deepEqual(changedOf(two, one), [{ ...change, added: [], removed: ['b/z'] }])
  // One of two is known by a Pod, and the other is not known at all.
  assert.deepEqual(changedOf([finding('Pod a/x', ['a/x'])], [...one, finding('2 Pods', ['b/x', 'b/y'])]), [
    { ...change, added: ['a/y', 'b/x', 'b/y'], removed: [] },
  ])
})

test('of several findings with one subject no object is lost when only one of them is still there', () => {
  const before = [finding('2 Pods', ['c/x', 'c/y']), finding('2 Pods', ['a/x', 'a/y'])]
  assert.deepEqual(changedOf(before, [finding('3 Pods', ['a/x', 'a/y', 'b/x'])]), [
    {
      ...{ finding: 'POD_UNCOVERED 3 Pods', from: 'warning', to: 'warning' },
      ...{ added: ['b/x'], removed: ['c/x', 'c/y'] },
    },
  ])
})

test('objects that appear in a finding of this version without any are new', () => {
  const [bare, named] = [finding('DaemonSet a/b'), finding('DaemonSet a/b', ['n1'])]
  const change = { finding: 'POD_UNCOVERED DaemonSet a/b', from: 'warning', to: 'warning' }
  assert.deepEqual(changedOf([bare], [named]), [{ ...change, added: ['n1'], removed: [] }])
  assert.deepEqual(changedOf([named], [bare]), [{ ...change, added: [], removed: ['n1'] }])
})

test('what an earlier version did not record is not compared, and the change says so', () => {
  const older: Edit = (text) => text.replace(`"acrNopass":"${VERSION}"`, '"acrNopass":"0.9.0"')
  const [bare, named] = [finding('3 Pods'), finding('3 Pods', ['a/x', 'a/y', 'a/z'])]
  const change = { finding: 'POD_UNCOVERED 3 Pods', to: 'warning' }
  assert.deepEqual(changedOf([bare], [named], older), [{ ...change, from: 'warning', added: null, removed: null }])
  assert.equal(compare([bare], [bare], older), undefined, 'without objects there is nothing to compare')
  assert.equal(compare([named], [named], older), undefined, 'an older file with objects is compared')
  const unranked: Edit = (text) => text.replaceAll(/"severity":"warning",/g, '')
  assert.deepEqual(changedOf([named], [named], unranked), [{ ...change, from: null, added: [], removed: [] }])
  const odd: Edit = (text) => text.replaceAll(/"severity":"warning"/g, '"severity":"fatal"')
  assert.equal(changedOf([named], [named], odd)?.[0]?.from, null)
})

test('what an earlier file has in place of the names of objects is not compared, and the change says so', () => {
  const named = finding('3 Pods', ['a/x', 'a/y'])
  const change = { finding: 'POD_UNCOVERED 3 Pods', from: 'warning', to: 'warning', added: null, removed: null }
  for (const objects of ['{}', 'null', '"a/x"', '[7]', '["a/x",null]']) {
    assert.deepEqual(
      changedOf([named], [named], (text) => text.replace('["a/x","a/y"]', objects)),
      [change],
      objects,
    )
  }
})

test('objects with characters that are not printed as they are stay the same', () => {
  const odd = finding('values of a/b', ['"first\nsecond"', '\u202efdp'])
  assert.equal(compare([odd], [odd]), undefined)
  const change = changedOf([odd], [finding('values of a/b', ['"first\nsecond"', 'x\u001b[31m'])])
  assert.deepEqual([change?.[0]?.added, change?.[0]?.removed], [['x\\u001b[31m'], ['\\u202efdp']])
})

test('of a Pod with two findings of an id the error that ended is a change, and so is one that became worse', () => {
  const [error, warning] = [finding('Pod a/x', ['a/x'], 'error'), finding('Pod a/x', ['a/x'])]
  const change = { finding: 'POD_UNCOVERED Pod a/x', added: [], removed: [] }
  for (const both of [
    [error, warning],
    [warning, error],
  ]) {
    assert.deepEqual(changedOf(both, [warning]), [{ ...change, from: 'error', to: 'warning' }])
    assert.deepEqual(changedOf([warning], both), [{ ...change, from: 'warning', to: 'error' }])
  }
  const bare = (severity: Severity) => finding('registry prod', undefined, severity, 'REGISTRY_FAILING')
  assert.deepEqual(changedOf([bare('warning'), bare('error')], [bare('warning')]), [
    { finding: 'REGISTRY_FAILING registry prod', from: 'error', to: 'warning', added: [], removed: [] },
  ])
})

test('of two findings about one object each has its own severity', () => {
  const one = (name: string, severity: Severity) => finding(`call ${name}`, ['n1'], severity, 'NODE_LOGIN_FAILED')
  const change = { added: [], removed: [] }
  const [toWarning, toError] = [
    { ...change, finding: 'NODE_LOGIN_FAILED call a', from: 'error', to: 'warning' },
    { ...change, finding: 'NODE_LOGIN_FAILED call b', from: 'warning', to: 'error' },
  ]
  const before = [one('a', 'error'), one('b', 'warning')]
  assert.equal(compare(before, before.toReversed()), undefined)
  assert.deepEqual(changedOf(before, [one('a', 'warning'), one('b', 'error')]), [toWarning, toError])
  const both = [one('a', 'error'), one('b', 'error')]
  assert.deepEqual(changedOf(both, [one('a', 'warning'), one('b', 'error')]), [toWarning])
  assert.deepEqual(changedOf(before, both), [toError])
})

test('if one Pod of a group became worse and another better, the worse one counts', () => {
  const before = [finding('Pod a/x', ['a/x'], 'error'), finding('Pod a/y', ['a/y'], 'info')]
  const now = finding('2 Pods', ['a/x', 'a/y'])
  assert.deepEqual(changedOf(before, [now]), [
    { finding: 'POD_UNCOVERED 2 Pods', from: 'info', to: 'warning', added: [], removed: [] },
  ])
  const change = compare(before, [now])
  assert.equal(change !== undefined && newsTest(change)(now), true)
})

const MANY = 10_000
const many = (one: (index: number) => ClusterFinding): readonly ClusterFinding[] =>
  Array.from({ length: MANY }, (_, i) => one(i))
const inError = (one: ClusterFinding): ClusterFinding => ({ ...one, severity: 'error' })
const LARGE: readonly (readonly [string, readonly ClusterFinding[]])[] = [
  ['of a Pod each', many((index) => finding(`Pod a/${index}`, [`a/${index}`]))],
  ['of the same object', many((index) => finding(`node ${index}`, ['n1'], 'warning', 'NODE_LOGIN_FAILED'))],
  ['with the same subject', many(() => finding('Pod a/x', ['a/x']))],
  ['without an object', many(() => finding('registry prod', undefined, 'warning', 'REGISTRY_FAILING'))],
]
for (const [what, findings] of LARGE) {
  // With a time that grows with the square of their number, this would take minutes.
  test(`10,000 findings ${what} are compared and reported in seconds`, { timeout: 60_000 }, () => {
    for (const [before, now] of [
      [[], findings],
      [findings, []],
      [findings, findings.map(inError)],
    ] as const) {
      const change = compare(before, now)
      assert.ok(change !== undefined)
      const checks = [failed(...now)]
      renderChange(checks, { checkedAt: '', clusters: [change] }, PLAIN)
      renderCheckSummary(checks, { checkedAt: '', clusters: [change] })
      assert.equal(now.filter(newsTest(change)).length, now.length)
    }
  })
}

test('an annotation is for what is new or became worse, not for what became better', () => {
  const isNewsOf = (before: ClusterFinding, now: ClusterFinding, edit?: Edit): boolean => {
    const change = compare([before], [now], edit)
    return change !== undefined && newsTest(change)(now)
  }
  const [warning, error] = [finding('2 Pods', ['a/x', 'a/y']), finding('2 Pods', ['a/x', 'a/y'], 'error')]
  assert.equal(isNewsOf(warning, error), true)
  assert.equal(isNewsOf(error, warning), false)
  assert.equal(isNewsOf(warning, finding('2 Pods', ['a/x', 'a/z'])), true)
  assert.equal(isNewsOf(warning, finding('Pod a/x', ['a/x'])), false)
  assert.equal(isNewsOf(finding('Pod b/x', ['b/x']), warning), true)
  const unranked: Edit = (text) => text.replaceAll(/"severity":"warning",/g, '')
  assert.equal(isNewsOf(warning, warning, unranked), true)
  const older: Edit = (text) => text.replace(`"acrNopass":"${VERSION}"`, '"acrNopass":"0.9.0"')
  assert.equal(isNewsOf(finding('2 Pods'), warning, older), true)
})
