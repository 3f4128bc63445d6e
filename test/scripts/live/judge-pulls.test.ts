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
