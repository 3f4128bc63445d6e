import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StopMark } from '../../src/installation/stop-mark.ts'
import type { ScriptResult } from '../../src/node/daemon/judge-script.ts'
import { CHECK_MS, type NodeState, RETRY_MS, runDaemon } from '../../src/node/daemon/run-daemon.ts'

const OK: ScriptResult = { code: 0, stdout: '', stderr: '' }
const DIFFERENT: ScriptResult = {
  code: 3,
  stdout: 'acr-nopass: a run would change this host: /etc/default/kubelet\n',
  stderr: '',
}
const UNDONE: ScriptResult = { code: 1, stdout: '', stderr: 'acr-nopass: NODE_UNDONE: the kubelet was not healthy\n' }
const REFUSED: ScriptResult = { code: 1, stdout: '', stderr: 'acr-nopass: NODE_CHECKSUM: other checksums\n' }

interface Given {
  /** What the script returns, call by call. After the last one the daemon ends. */
  readonly script: readonly ScriptResult[]
  readonly stop?: string
  /** The mark that another node writes while this one waits for its turn. */
  readonly stopMeanwhile?: string
  readonly remove?: boolean
}

/** Runs the daemon of node `n1` and returns all that it did. */
async function run({ script, stop, stopMeanwhile, remove = false }: Given) {
  const results = [...script]
  const calls: string[] = []
  const states: NodeState[] = []
  const marks: StopMark[] = []
  const pauses: number[] = []
  const end = new AbortController()
  let annotation = stop
  await runDaemon(
    {
      node: 'n1',
      config: 'c1',
      remove,
      runScript: async (args) => {
        calls.push(args.join(' '))
        return results.shift() ?? OK
      },
      turns: {
        readStop: async () => annotation,
        writeStop: async (mark) => void marks.push(mark),
        take: async (work) => {
          annotation = stopMeanwhile ?? annotation
          calls.push('(')
          await work()
          calls.push(')')
        },
      },
      now: () => new Date('2026-12-01T12:00:00Z'),
      onState: (state) => states.push(state),
      onRun: () => undefined,
      pause: async (milliseconds) => {
        pauses.push(milliseconds)
        if (results.length === 0) end.abort()
      },
    },
    end.signal,
  )
  return { calls, marks, pauses, last: states.at(-1), states }
}

const mark = (config: string): string => JSON.stringify({ node: 'n0', config, why: 'NODE_UNDONE: broken', at: 'now' })

test('a node that is in order needs no turn: only checks run, every five minutes', async () => {
  const { calls, pauses, last } = await run({ script: [OK, OK] })
  assert.deepEqual(calls, ['--check', '--check'])
  assert.deepEqual(pauses, [CHECK_MS, CHECK_MS])
  assert.deepEqual([CHECK_MS, RETRY_MS], [300_000, 60_000])
  assert.equal(last?.ready, true)
})

test('a node that differs is changed in its turn, and is ready only after a check saw the result', async () => {
  const { calls, states } = await run({ script: [DIFFERENT, OK, OK] })
  assert.deepEqual(calls, ['--check', '(', '', ')', '--check'])
  assert.deepEqual(
    states.map(({ ready }) => ready),
    [false, true],
  )
  assert.match(states[0]?.text ?? '', /waiting for the turn.*\/etc\/default\/kubelet/)
})

test('a run that ends well without the wanted result leaves the node not ready', async () => {
  const { last } = await run({ script: [DIFFERENT, OK, DIFFERENT] })
  assert.deepEqual(last, { ready: false, text: 'to change: /etc/default/kubelet' })
})

test('a change that was lost later is made again, in a turn', async () => {
  const { calls, states } = await run({ script: [OK, DIFFERENT, OK, OK] })
  assert.deepEqual(calls, ['--check', '--check', '(', '', ')', '--check'])
  assert.deepEqual(
    states.map(({ ready }) => ready),
    [true, false, true],
  )
})

test('an undone change stops all nodes, while the node still has its turn', async () => {
  const { calls, marks, last, pauses } = await run({ script: [DIFFERENT, UNDONE] })
  assert.deepEqual(calls, ['--check', '(', '', ')'])
  const why = 'NODE_UNDONE: the kubelet was not healthy'
  assert.deepEqual(marks, [{ node: 'n1', config: 'c1', why, at: '2026-12-01T12:00:00.000Z' }])
  assert.equal(last?.ready, false)
  assert.match(last?.text ?? '', /^NODE_STOPPED: .*node n1: NODE_UNDONE.*fix: .*acr-nopass\.io\/node-stopped/)
  assert.deepEqual(pauses, [RETRY_MS])
})

test('a refusal, which changed nothing, does not stop other nodes', async () => {
  const { marks, last } = await run({ script: [DIFFERENT, REFUSED] })
  assert.deepEqual(marks, [])
  assert.deepEqual(last, { ready: false, text: 'NODE_CHECKSUM: other checksums' })
})

test('a stop is seen before the turn, and after it was waited for', async () => {
  const before = await run({ script: [DIFFERENT], stop: mark('c1') })
  assert.deepEqual(before.calls, ['--check'])
  assert.match(before.last?.text ?? '', /^NODE_STOPPED: .*node n0, now: NODE_UNDONE: broken/)
  const meanwhile = await run({ script: [DIFFERENT], stopMeanwhile: mark('c1') })
  assert.deepEqual(meanwhile.calls, ['--check', '(', ')'])
  assert.match(meanwhile.last?.text ?? '', /^NODE_STOPPED/)
})

test('a stop of other values does not stop these', async () => {
  const { calls } = await run({ script: [DIFFERENT, OK, OK], stop: mark('c0') })
  assert.deepEqual(calls, ['--check', '(', '', ')', '--check'])
})

test('a mark that cannot be read stops all values', async () => {
  for (const stop of ['yes', '{}', '[]', '{"config":1}']) {
    const { calls, last } = await run({ script: [DIFFERENT], stop })
    assert.deepEqual(calls, ['--check'], stop)
    assert.match(last?.text ?? '', /cannot be read/)
  }
})

test('with `remove` the script removes, and the node is ready when nothing is left', async () => {
  const { calls, last } = await run({ script: [DIFFERENT, OK, OK], remove: true })
  assert.deepEqual(calls, ['--remove --check', '(', '--remove', ')', '--remove --check'])
  assert.deepEqual(last, { ready: true, text: 'the program is removed' })
})

test('an API server that does not answer leaves the node as it is, with the reason', async () => {
  const end = new AbortController()
  const states: NodeState[] = []
  const calls: string[] = []
  const fail = () => Promise.reject(new Error('no answer'))
  await runDaemon(
    {
      node: 'n1',
      config: 'c1',
      remove: false,
      runScript: async (args) => {
        calls.push(args.join(' '))
        return DIFFERENT
      },
      turns: { readStop: fail, writeStop: fail, take: fail },
      now: () => new Date(),
      onState: (state) => states.push(state),
      onRun: () => undefined,
      pause: async () => end.abort(),
    },
    end.signal,
  )
  assert.deepEqual(calls, ['--check'])
  assert.match(states.at(-1)?.text ?? '', /no answer/)
})
