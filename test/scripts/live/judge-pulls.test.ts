import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeLimit, judgeUnknown } from '../../../scripts/live/ask/pulls.ts'

type Grant = 'granted' | 'denied' | 'unknown'
const GRANTS: readonly Grant[] = ['granted', 'denied', 'unknown']
const pair = (own: Grant, other: Grant) => ({ own, other })

/** Every combination of six responses. */
function* combinations() {
  for (const a of GRANTS)
    for (const b of GRANTS)
      for (const c of GRANTS)
        for (const d of GRANTS) for (const e of GRANTS) for (const f of GRANTS) yield [a, b, c, d, e, f] as const
}

test('a limit is confirmed or refuted only if both controls decide', () => {
  const decided: Record<string, string> = {}
  for (const [a, b, c, d, e, f] of combinations()) {
    const { answer } = judgeLimit({ anonymous: pair(a, b), role: pair(c, d) }, pair(e, f), '')
    if (answer !== 'not answered') decided[`${a} ${b}, ${c} ${d}, ${e} ${f}`] = answer
  }
  const controls = 'denied denied, granted granted'
  assert.deepEqual(decided, {
    [`${controls}, granted denied`]: 'yes',
    [`${controls}, granted granted`]: 'no',
    [`${controls}, denied granted`]: 'no',
    [`${controls}, denied denied`]: 'no',
    [`${controls}, denied unknown`]: 'no',
  })
})

test('the reason for no answer names the control that failed', () => {
  const reasonOf = (anonymous: Grant, other: Grant, roleOwn: Grant, roleOther: Grant): string =>
    judgeLimit(
      { anonymous: pair(anonymous, other), role: pair(roleOwn, roleOther) },
      pair('granted', 'unknown'),
      ': hint',
    ).because
  const unreachable = 'the registry did not decide: its domain may not be reachable from here'
  assert.equal(reasonOf('unknown', 'granted', 'granted', 'granted'), unreachable)
  assert.equal(reasonOf('denied', 'denied', 'granted', 'unknown'), unreachable)
  assert.equal(reasonOf('granted', 'granted', 'granted', 'granted'), 'the repository is public')
  assert.equal(reasonOf('denied', 'granted', 'granted', 'granted'), 'the other repository is public')
  const own = 'the role is not granted the repository without a session policy'
  assert.equal(reasonOf('denied', 'denied', 'denied', 'denied'), own)
  const second = 'the role is not granted the other repository without a session policy: hint'
  assert.equal(reasonOf('denied', 'denied', 'granted', 'denied'), second)
  assert.equal(reasonOf('denied', 'denied', 'granted', 'granted'), 'the registry did not decide')
})

test('a response to an unknown repository decides only if the existing one is granted', () => {
  const answers = GRANTS.flatMap((own) =>
    GRANTS.map((unknown) => {
      const controls = { anonymous: pair('denied', 'denied'), role: pair(own, 'granted') }
      return `${own} ${unknown}: ${judgeUnknown(controls, unknown).answer}`
    }),
  )
  assert.deepEqual(
    answers.filter((line) => !line.endsWith('not answered')),
    ['granted granted: yes', 'granted denied: no'],
  )
})
