import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createProgress, type ProgressOptions, wantsPlain } from '../../src/sandbox/progress.ts'
import { silentProgress } from '../support/silent-progress.ts'

/** A progress with a stream, clock and ticker that the test controls. */
function createFixture(plain: boolean, columns?: number) {
  let time = 0
  let written = ''
  const ticks = new Set<() => void>()
  const options: ProgressOptions = {
    plain,
    now: () => time,
    every: (_ms, tick) => {
      ticks.add(tick)
      return () => ticks.delete(tick)
    },
  }
  const progress = createProgress({ columns, write: (text) => (written += text) }, options)
  const wait = (ms: number) => {
    time += ms
    for (const tick of ticks) tick()
  }
  const take = () => {
    const text = written
    written = ''
    return text
  }
  return { progress, wait, take, ticking: () => ticks.size }
}

test('in a log a short step is one line with its duration', async () => {
  const { progress, wait, take, ticking } = createFixture(true)
  const work = async () => {
    wait(400)
    return 7
  }
  assert.equal(await progress.step('etcd', work), 7)
  assert.equal(take(), '✔ etcd · 0.4 s\n')
  assert.equal(ticking(), 0)
})

test('in a log a long step prints its current text after a second and then every 15 s', async () => {
  const { progress, wait, take } = createFixture(true)
  await progress.step('etcd', async (step) => {
    wait(999)
    assert.equal(take(), '')
    wait(1)
    assert.equal(take(), '… etcd · 1.0 s\n')
    step.update('12 packages')
    wait(14_999)
    assert.equal(take(), '')
    wait(1)
    assert.equal(take(), '… etcd · 12 packages · 16 s\n')
    step.update('')
  })
  assert.equal(take(), '✔ etcd · 16 s\n')
})

test('a failed step is marked as failed, and its error is thrown', async () => {
  const { progress, take, ticking } = createFixture(true)
  const work = progress.step('etcd', async () => {
    throw new Error('no space')
  })
  await assert.rejects(work, { message: 'no space' })
  assert.equal(take(), '✖ etcd · 0.0 s\n')
  assert.equal(ticking(), 0)
})

test('on a terminal running steps are redrawn in place, below the finished ones', async () => {
  const { progress, wait, take } = createFixture(false, 80)
  await progress.step('one', async () => {
    wait(1_000)
    assert.equal(take(), '… one · 1.0 s\n')
    await progress.step('two', async () => {
      wait(1_000)
      assert.equal(take(), '\u001b[1A\u001b[0J… one · 2.0 s\n… two · 1.0 s\n')
    })
    assert.equal(take(), '\u001b[2A\u001b[0J✔ two · 1.0 s\n… one · 2.0 s\n')
    progress.note('a word')
    assert.equal(take(), '\u001b[1A\u001b[0Ja word\n… one · 2.0 s\n')
  })
  assert.equal(take(), '\u001b[1A\u001b[0J✔ one · 2.0 s\n')
})

test('lines never wrap on a terminal, because they could not be redrawn', async () => {
  const { progress, wait, take } = createFixture(false, 30)
  await progress.step('a title of more than thirty columns', async () => {
    wait(1)
    assert.equal(take(), '… a title of more than thirt…\n')
  })
})

test('silentProgress prints nothing and returns results', async () => {
  assert.equal(await silentProgress.step('x', async (step) => step.update('y') ?? 5), 5)
})

test('lines are plain if the output is not a terminal, and in CI', () => {
  assert.equal(wantsPlain(true, undefined), false)
  assert.equal(wantsPlain(true, ''), false)
  assert.equal(wantsPlain(true, 'false'), false)
  assert.equal(wantsPlain(true, 'true'), true)
  assert.equal(wantsPlain(false, undefined), true)
})
