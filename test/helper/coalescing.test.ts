import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { refreshAt } from '../../src/acr/refresh-schedule.ts'
import { coalesces, type Schedule } from '../../src/helper/credentials/credential-manager.ts'

const MINUTE = 60_000
const PERIODS = 200
const jitters = fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }))
const lives = fc.array(fc.integer({ min: 15, max: 24 * 60 }), { minLength: 2, maxLength: 5 })

interface Run {
  /** Returns the times of replacements, and which fraction of the lifetime had passed at each. */
  readonly rotations: readonly { readonly at: number; readonly used: readonly number[] }[]
  readonly calls: number
  readonly until: number
}

/**
 * Replaces the credentials of registries with these lifetimes (minutes). Each credential is first
 * issued at the given fraction of its lifetime.
 */
function follow(
  minutes: readonly number[],
  starts: readonly number[],
  jitter: Iterator<number>,
  joining: boolean,
): Run {
  const issue = (life: number, at: number): Schedule & { life: number } => {
    const token = { issuedAt: at, expiresAt: at + life }
    const random = jitter.next().value
    return {
      ...token,
      life,
      sharedSession: false,
      refreshAt: refreshAt(token, { random, sharedSession: false, spread: 'usual' }) ?? 0,
    }
  }
  const all = minutes.map((life, index) => issue(life * MINUTE, (starts[index] ?? 0) * life * MINUTE))
  const until = PERIODS * Math.min(...minutes) * MINUTE
  const rotations: Run['rotations'][number][] = []
  for (;;) {
    const due = all.reduce((first, one) => (one.refreshAt < first.refreshAt ? one : first))
    const at = due.refreshAt
    if (at > until) break
    const chosen = all.filter((one) => one === due || (joining && coalesces(due, one, at)))
    rotations.push({ at, used: chosen.map((one) => (at - one.issuedAt) / one.life) })
    for (const one of chosen) all[all.indexOf(one)] = issue(one.life, at)
  }
  return { rotations, until, calls: rotations.reduce((sum, { used }) => sum + used.length, 0) }
}

test('P7 registries with the same lifetime are replaced together after one period, whenever they started', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 15, max: 1440 }),
      fc.array(fc.double({ min: 0, max: 0.6, noNaN: true }), { minLength: 2, maxLength: 5 }),
      jitters,
      (life, starts, jitter) => {
        const run = follow(
          starts.map(() => life),
          starts,
          jitter,
          true,
        )
        const alone = run.rotations.map(({ used }, index) => (used.length < starts.length ? index : -1))
        assert.ok(Math.max(...alone) <= 4 * starts.length, `${Math.max(...alone)} of ${run.rotations.length}`)
      },
    ),
  )
})

test('P7 replacing together never replaces a token before 30 % of its lifetime, and costs at most 2.2 times the calls', () => {
  fc.assert(
    fc.property(lives, jitters, (minutes, jitter) => {
      const starts = minutes.map(() => 0)
      const [joined, apart] = [follow(minutes, starts, jitter, true), follow(minutes, starts, jitter, false)]
      assert.ok(Math.min(...joined.rotations.flatMap(({ used }) => used)) >= 0.3)
      assert.ok(joined.calls <= 2.2 * apart.calls + minutes.length, `${joined.calls} against ${apart.calls}`)
    }),
  )
})

test('P3 replacing together never delays a token', () => {
  fc.assert(
    fc.property(lives, jitters, (minutes, jitter) => {
      const { rotations } = follow(
        minutes,
        minutes.map(() => 0),
        jitter,
        true,
      )
      assert.ok(Math.max(...rotations.flatMap(({ used }) => used)) <= 0.7 + 1e-9)
    }),
  )
})

const HOUR = 60 * MINUTE
const cases: [
  name: string,
  due: [issued: number, life: number],
  other: [issued: number, life: number, refresh: number],
  joins: boolean,
][] = [
  ['as old as the other', [0, 60], [0, 60, 41], true],
  ['exactly half as old', [0, 60], [20, 60, 59], true],
  ['younger than half', [0, 60], [21, 60, 60], false],
  ['twelve hours, due after the next rotation', [0, 60], [-400, 720, 80], false],
  ['twelve hours, due before the next rotation', [0, 60], [-400, 720, 70], true],
  ['expired: it is already being requested', [0, 60], [-60, 60, -20], false],
]
for (const [name, [issued, life], [otherIssued, otherLife, otherRefresh], joins] of cases) {
  test(`replaced together with a credential that is due after 40 of 60 minutes: ${name}: ${joins ? 'yes' : 'no'}`, () => {
    const of = (at: number, lasts: number, refresh: number): Schedule => ({
      issuedAt: at * MINUTE,
      expiresAt: (at + lasts) * MINUTE,
      refreshAt: refresh * MINUTE,
      sharedSession: false,
    })
    assert.equal(coalesces(of(issued, life, 40), of(otherIssued, otherLife, otherRefresh), 40 * MINUTE), joins)
  })
}

test('beside a credential that is long overdue, one is replaced after 35 % of its lifetime, if it is due before the next turn', () => {
  const due: Schedule = { issuedAt: 0, expiresAt: HOUR, refreshAt: 40 * MINUTE, sharedSession: false }
  const other = (issued: number, refresh: number): Schedule => {
    const issuedAt = issued * MINUTE
    return { issuedAt, expiresAt: issuedAt + 100 * MINUTE, refreshAt: refresh * MINUTE, sharedSession: false }
  }
  // The next turn is 36 minutes from now.
  const now = 58 * MINUTE
  const joins = [other(23, 93.9), other(23, 94), other(24, 93)].map((one) => coalesces(due, one, now))
  assert.deepEqual(joins, [true, false, false])
  assert.equal(coalesces(due, { ...other(0, 50), expiresAt: now }, now), false)
})

test('a session that is shared on the node is requested at most once in five minutes', () => {
  const one: Schedule = { issuedAt: 0, expiresAt: 8 * MINUTE, refreshAt: 5 * MINUTE, sharedSession: true }
  const due = { ...one, issuedAt: -HOUR }
  assert.deepEqual([coalesces(due, one, 5 * MINUTE - 1), coalesces(due, one, 5 * MINUTE)], [false, true])
})
