import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeCheck, judgeRun } from '../../src/node/daemon/judge-script.ts'

// The texts are those of node/install.sh and of formatError.
const UNDONE =
  'not healthy for 60 s: http://127.0.0.1:10248/healthz does not answer\nacr-nopass: NODE_UNDONE: the kubelet was not healthy with the new configuration; everything was undone, and the kubelet is healthy again\n  fix: Read the log of the kubelet\n'
const result = (code: number | null, stderr = '', stdout = '') => ({ code, stdout, stderr })

test('a check says that a node is in order, what a run would change, or why that is unknown', () => {
  assert.deepEqual(judgeCheck(result(0)), { is: 'in-order' })
  const changes = 'acr-nopass: a run would change this host: /etc/default/kubelet\n'
  assert.deepEqual(judgeCheck(result(3, '', changes)), { is: 'different', why: '/etc/default/kubelet' })
  const refused = 'acr-nopass: NODE_BUSY: another run of this script changes this node\n  fix: Wait.\n'
  assert.deepEqual(judgeCheck(result(1, refused)), {
    is: 'unknown',
    why: 'NODE_BUSY: another run of this script changes this node',
  })
})

test('a run that was undone stops other nodes; a refusal, which changed nothing, does not', () => {
  assert.deepEqual(judgeRun(result(0), false), { is: 'done' })
  const undone = judgeRun(result(1, UNDONE), false)
  assert.equal(undone.is, 'undone')
  assert.match('why' in undone ? undone.why : '', /^NODE_UNDONE: the kubelet was not healthy/)
  assert.equal(judgeRun(result(1, UNDONE.replace('NODE_UNDONE', 'NODE_UNDO')), false).is, 'undone')
  const refused =
    '/etc/default/kubelet:2: NODE_FLAG_FILE: KUBELET_EXTRA_ARGS is set more than once\n  fix: Write it once.\n'
  assert.deepEqual(judgeRun(result(1, refused), false), {
    is: 'refused',
    why: 'NODE_FLAG_FILE: KUBELET_EXTRA_ARGS is set more than once',
  })
})

test('a run that ends because its Pod ends stops no other node, although it was undone', () => {
  for (const code of [null, 129, 130, 143]) {
    assert.deepEqual(judgeRun(result(code, UNDONE), true), { is: 'interrupted' })
  }
})

test('a run that did not end in time and was undone stops the other nodes', () => {
  assert.equal(judgeRun(result(143, UNDONE), false).is, 'undone')
  // It was killed, so nothing is undone yet.
  assert.deepEqual(judgeRun(result(null), false), { is: 'interrupted' })
})

test('without a message with a code, the last line or the exit code is the reason', () => {
  assert.deepEqual(judgeRun(result(1, 'sh: 1: foo: not found\n'), false), {
    is: 'refused',
    why: 'sh: 1: foo: not found',
  })
  assert.deepEqual(judgeCheck(result(127)), { is: 'unknown', why: 'the script ended with 127' })
})

test('only the lines of the script count, not what a program quotes within a line', () => {
  const words = 'acr-nopass: a run would change this host: '
  const quoted = `curl: ${words}/wrong\n`
  assert.deepEqual(judgeCheck(result(3, '', `${quoted}${words}/etc/default/kubelet\nmore\n`)), {
    is: 'different',
    why: '/etc/default/kubelet',
  })
  assert.deepEqual(judgeCheck(result(3, '', quoted)), { is: 'different', why: '' })
  assert.deepEqual(judgeRun(result(1, `curl: ${UNDONE.split('\n')[1]}\n`), false).is, 'refused')
  const bare = 'NODE_HOST: the script could not be started: ENOENT\n'
  assert.deepEqual(judgeRun(result(1, `${bare}a b NODE_BUSY: quoted\n`), false), {
    is: 'refused',
    why: bare.trim(),
  })
})

test('a check that a signal ended, without a word, says so', () => {
  assert.deepEqual(judgeCheck(result(null)), { is: 'unknown', why: 'the script ended with a signal' })
})
