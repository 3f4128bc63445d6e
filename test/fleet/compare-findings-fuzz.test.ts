import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compareFindings, type PresentFinding } from '../../src/fleet/report/compare-findings.ts'

// Few ids, subjects and objects, so that findings of two checks often meet.
const findings: fc.Arbitrary<PresentFinding[]> = fc.array(
  fc
    .record({
      id: fc.constantFrom('A', 'B'),
      subject: fc.constantFrom('2 Pods', 's', 't'),
      severity: fc.constantFrom('error', 'warning', 'info'),
      objects: fc.subarray(['a', 'b', 'c', 'd']),
    })
    .map(({ subject, ...one }) => ({ ...one, text: `${one.id} ${subject}` })),
  { maxLength: 5 },
)

test('a check in another order is no change', () => {
  const twice = findings.chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })))
  fc.assert(
    fc.property(twice, ([before, now]) => {
      assert.deepEqual(compareFindings(before, now), { found: [], gone: [], changed: [] })
    }),
    { numRuns: 2_000 },
  )
})

test('each object that came or left is named, or its findings are new or gone, and no other object is', () => {
  fc.assert(
    fc.property(findings, findings, (before, now) => {
      const { found, gone, changed } = compareFindings(before, now)
      const named = (key: 'added' | 'removed') =>
        new Set(changed.flatMap((one) => (one[key] ?? []).map((object) => `${one.finding[0]} ${object}`)))
      for (const [one, other, texts, names] of [
        [now, before, found, named('added')],
        [before, now, gone, named('removed')],
      ] as const) {
        const [own, others] = [keysOf(one), keysOf(other)]
        for (const [key, carriers] of own) {
          const isNamed = names.has(key) || carriers.every((text) => texts.includes(text))
          assert.ok(others.has(key) || isNamed, `${key} is lost`)
        }
        for (const key of names) assert.ok(own.has(key) && !others.has(key), `${key} is no change`)
      }
    }),
    { numRuns: 5_000 },
  )
})

/** The texts of the findings that name an object, by id and object. */
function keysOf(all: readonly PresentFinding[]): ReadonlyMap<string, readonly string[]> {
  const keys = all.flatMap(({ id, objects, text }) => objects.map((object) => ({ key: `${id} ${object}`, text })))
  return new Map([...Map.groupBy(keys, ({ key }) => key)].map(([key, group]) => [key, group.map(({ text }) => text)]))
}
