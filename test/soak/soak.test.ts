import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CancelRecord, findBreaches } from '../action/support/cancel-case.ts'
import { cancelPoints } from '../action/support/cancel-points.ts'
import { broken, cancelTable } from './cancel-table.ts'
import { findRivalBreaches, type RivalEnd, rivalPlan } from './rival-plan.ts'
import { readSoakOptions } from './soak-options.ts'
import { fillBlock } from './write-block.ts'

test('the same seed gives the same moments, and a longer soak begins with the shorter one', () => {
  assert.deepEqual(cancelPoints(7, 200).slice(0, 40), cancelPoints(7, 40))
  assert.notDeepEqual(cancelPoints(7, 40), cancelPoints(8, 40))
})

test('twelve moments include every kind: from the start, while helm starts and works, a first installation, a lost machine', () => {
  const points = cancelPoints(20_261_125, 12)
  const kinds = new Set(points.flatMap(({ after, command, lost, stuck }) => [after, command, `${lost} ${stuck}`]))
  assert.deepEqual([...kinds].sort(), [
    'false false',
    'false true',
    'helm',
    'install',
    'pending',
    'start',
    'true true',
    'upgrade',
  ])
})

test('every kind of moment alternates between both Helms', () => {
  const points = cancelPoints(20_261_125, 240)
  const kinds = Map.groupBy(points, ({ after, command, stuck, lost }) =>
    lost ? 'lost' : `${after} ${command} ${stuck}`,
  )
  for (const [kind, own] of kinds) {
    for (const [index, { helm }] of own.entries()) assert.notEqual(helm, own[index - 1]?.helm, kind)
  }
  assert.equal(kinds.size, 13)
})

const OTHERS = { hostile: false, rivals: false, run: undefined, help: false }

test('a new seed is generated and printed unless one is given', () => {
  assert.deepEqual(
    readSoakOptions([], () => 5),
    { count: 200, seed: 5, helm: 'both', fresh: false, write: true, ...OTHERS },
  )
  const given = readSoakOptions(['--seed', '9', '--count', '40', '--helm', 'helm3', '--fresh'], () => 5)
  assert.deepEqual(given, { count: 40, seed: 9, helm: 'helm3', fresh: true, write: false, ...OTHERS })
  assert.throws(() => readSoakOptions(['--helm', 'helm2'], () => 5), { message: /both, helm3 or helm4, not helm2/ })
  assert.throws(() => readSoakOptions(['--count', '0'], () => 5), { message: /--count takes a whole number from 1 on/ })
})

const [first, second] = cancelPoints(1, 2).map((point) => ({ ...point, helm: 'helm4' }) as const)
assert.ok(first && second)
const good: CancelRecord = {
  point: first,
  main: 'ended',
  post: 0,
  warnings: 0,
  processes: 0,
  files: 0,
  release: 'deployed',
  fixed: undefined,
  output: '',
}
const lost: CancelRecord = {
  ...good,
  point: { ...second, lost: true },
  main: 'killed',
  post: undefined,
  release: 'pending-upgrade',
  fixed: true,
}

for (const [what, change, breach] of [
  ['a helm that continues to run', { processes: 1 }, '1 helm processes left'],
  ['a folder that is left behind', { files: 1 }, '1 folders left'],
  ['a main step that had to be killed', { main: 'killed' }, 'the main step had to be killed'],
  ['a failed post step', { post: 1 }, 'the post step ended with 1'],
  ['a warning', { warnings: 2 }, '2 warnings of the post step'],
  ['a pending release', { release: 'pending-install', fixed: true }, 'the release is pending-install'],
] as const) {
  test(`${what} breaks the promise`, () => {
    assert.deepEqual(findBreaches({ ...good, ...change }), [breach])
  })
}

test('a lost machine is allowed to leave a pending release if the next run names the fix', () => {
  assert.deepEqual(broken([good, lost]), [])
  assert.deepEqual(findBreaches({ ...lost, fixed: false }), ['the next run did not name a fix that works'])
})

test('the table counts by moment, in both languages, and is in its block of the page', () => {
  const conditions = { seed: 1, helm: 'both', at: Date.UTC(2026, 10, 25) } as const
  const byHelm3 = { ...good, point: { ...first, helm: 'helm3' as const }, files: 1 }
  const table = cancelTable([good, lost, { ...good, processes: 1 }, byHelm3], conditions, 'en').split('\n')
  assert.equal(table[2], '| 4 | up to 3 s after the start | 2 | 1 | 0 | 0 | 0 | – |')
  assert.equal(table[5], '| 4 | the machine is lost, Helm with it | 1 | 0 | 0 | 0 | 0 | 1 / 1 |')
  assert.equal(table[6], '| 4 | all | 3 | 1 | 0 | 0 | 0 | 1 / 1 |')
  assert.equal(table[7], '| 3 | up to 3 s after the start | 1 | 0 | 1 | 0 | 0 | – |')
  assert.equal(table[12], '| 3, 4 | all | 4 | 1 | 1 | 0 | 0 | 1 / 1 |')
  assert.equal(table.at(-1), '4 cancels, 2026-11-25. Again: `npm run soak -- --seed 1 --count 4 --fresh`.')
  const alone = cancelTable([good], { ...conditions, helm: 'helm4' }, 'zh').split('\n')
  assert.equal(alone.length, 9)
  assert.match(alone.at(-1) ?? '', /--count 1 --helm helm4 --fresh`。$/)
  const page = 'a\n<!-- reliability:cancel -->\nold\n<!-- /reliability:cancel -->\nb\n'
  assert.equal(fillBlock(page, 'new'), page.replace('old', 'new'))
  assert.throws(() => fillBlock('a', 'new'), /the page has no part for it/)
})

test('the same seed and number give the same run, and runs differ', () => {
  assert.deepEqual(rivalPlan(7, 3), rivalPlan(7, 3))
  assert.notDeepEqual(rivalPlan(7, 3), rivalPlan(7, 4))
  assert.notDeepEqual(rivalPlan(7, 3), rivalPlan(8, 3))
  const { rivals, run, count } = readSoakOptions(['--rivals', '--seed', '7', '--run', '3'], () => 5)
  assert.deepEqual({ rivals, run, count }, { rivals: true, run: 3, count: 100 })
})

const end: RivalEnd = {
  cluster: 'a',
  revisions: [
    { revision: 1, status: 'superseded', by: 'base' },
    { revision: 2, status: 'deployed', by: 'first' },
  ],
  live: 'first',
  green: [{ revision: 2, by: 'first', whose: 'job first' }],
  uninstalled: false,
  grantsWide: true,
  needsWide: true,
}

for (const [what, change, breach] of [
  ['no promise is broken', {}, []],
  [
    'two are deployed',
    { revisions: end.revisions.map((one) => ({ ...one, status: 'deployed' })) },
    ['a: 2 revisions are deployed'],
  ],
  [
    'a green revision is lost',
    { green: [{ revision: 2, by: 'second', whose: 'x' }] },
    ['a: revision 2 of second was green for x, and first is deployed'],
  ],
  [
    'other objects are in the cluster',
    { live: 'base' },
    ['a: revision 2 of first is deployed, and base is in the cluster'],
  ],
  ['RAM lacks a grant', { grantsWide: false }, ['a: RAM lacks what is deployed']],
] as const) {
  test(`rivals: ${what}`, () => assert.deepEqual(findRivalBreaches({ ...end, ...change }), breach))
}
