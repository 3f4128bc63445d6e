import assert from 'node:assert/strict'
import { afterEach, beforeEach, mock, test } from 'node:test'
import { createProgress } from '../../tools/progress.ts'
import { silentProgress } from '../support/silent-progress.ts'

beforeEach(() => mock.timers.enable({ apis: ['Date', 'setInterval'] }))
afterEach(() => mock.timers.reset())

/** A progress with a stream and clock that the test controls. */
function createFixture(isTTY: boolean, columns?: number, ci?: string) {
  let written = ''
  const progress = createProgress({ isTTY, columns, write: (text) => (written += text) }, ci)
  const wait = (ms: number) => mock.timers.tick(ms)
  const take = () => {
    const text = written
    written = ''
    return text
  }
  /** What the last redraw wrote. */
  const last = () => {
    const text = take()
    return text.slice(text.lastIndexOf('\u001b', text.lastIndexOf('\u001b') - 1))
  }
  return { progress, wait, take, last }
}

test('in a log a short step is one line with its duration', async () => {
  const { progress, wait, take } = createFixture(false)
  const work = async () => {
    wait(400)
    return 7
  }
  assert.equal(await progress.step('etcd', work), 7)
  assert.equal(take(), '✔ etcd · 0.4 s\n')
})

test('in a log a long step prints its current text after a second and then every 15 s', async () => {
  const { progress, wait, take } = createFixture(false)
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
  const { progress, take } = createFixture(false)
  const work = progress.step('etcd', async () => {
    throw new Error('no space')
  })
  await assert.rejects(work, { message: 'no space' })
  assert.equal(take(), '✖ etcd · 0.0 s\n')
})

test('on a terminal running steps are redrawn in place, below the finished ones', async () => {
  const { progress, wait, take, last } = createFixture(true, 80)
  await progress.step('one', async () => {
    wait(1_000)
    assert.equal(last(), '\u001b[1A\u001b[0J… one · 1.0 s\n')
    await progress.step('two', async () => {
      wait(1_000)
      assert.equal(last(), '\u001b[2A\u001b[0J… one · 2.0 s\n… two · 1.0 s\n')
    })
    assert.equal(take(), '\u001b[2A\u001b[0J✔ two · 1.0 s\n… one · 2.0 s\n')
    progress.note('a word')
    assert.equal(take(), '\u001b[1A\u001b[0Ja word\n… one · 2.0 s\n')
  })
  assert.equal(take(), '\u001b[1A\u001b[0J✔ one · 2.0 s\n')
})

test('lines never wrap on a terminal, because they could not be redrawn', async () => {
  const { progress, wait, take } = createFixture(true, 30)
  await progress.step('a title of more than thirty columns', async () => {
    wait(200)
    assert.equal(take(), '… a title of more than thirt…\n')
  })
})

test('after the last step nothing is drawn any more, until the next one', async () => {
  let writes = 0
  const progress = createProgress({ isTTY: true, columns: 80, write: () => (writes += 1) })
  for (const title of ['one', 'two']) {
    await progress.step(title, async () => {
      const before = writes
      mock.timers.tick(60_000)
      assert.ok(writes > before)
    })
    const before = writes
    mock.timers.tick(60_000)
    assert.equal(writes, before)
  }
})

test('silentProgress prints nothing and returns results', async () => {
  assert.equal(await silentProgress.step('x', async (step) => step.update('y') ?? 5), 5)
})

test('lines are plain if the output is not a terminal, and in CI', async () => {
  for (const [isTTY, ci, plain] of [
    [true, undefined, false],
    [true, '', false],
    [true, 'false', false],
    [true, 'true', true],
    [false, undefined, true],
  ] as const) {
    const { progress, wait, take } = createFixture(isTTY, 80, ci)
    await progress.step('x', async () => wait(400))
    assert.equal(take() === '✔ x · 0.4 s\n', plain)
  }
})
