import assert from 'node:assert/strict'
import { existsSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { hostCommand } from '../../src/node/daemon/host-command.ts'
import { runOnHost } from '../../src/node/daemon/run-on-host.ts'

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'acr-nopass-run-'))
})
after(() => rmSync(folder, { recursive: true }))

let scripts = 0
function script(text: string): string {
  const file = join(folder, `script-${scripts++}.sh`)
  writeFileSync(file, text)
  return file
}

const never = new AbortController().signal
const run = (text: string, args: readonly string[] = [], signal = never) =>
  runOnHost(['/bin/sh'], script(text), args, signal)

test('a script gets its arguments, the usual PATH, nothing else of the environment, and no input', async () => {
  // The shell sets the first four. While coverage is collected, Node gives its own to each child.
  const text = 'echo "$@"; env | grep -Ev "^(PWD|SHLVL|_|OLDPWD|NODE_V8_COVERAGE)="; cat; echo no >&2; exit 3\n'
  const result = await run(text, ['--remove', '--check'])
  assert.deepEqual(result, {
    code: 3,
    stdout: '--remove --check\nPATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n',
    stderr: 'no\n',
  })
})

test('a program that cannot be started is the result of the run', async () => {
  const result = await runOnHost([join(folder, 'absent')], 'x', [], never)
  assert.equal(result.code, 1)
  assert.match(result.stderr, /^NODE_HOST: the script could not be started: spawn .*ENOENT\n$/)
})

test('of a long output the end is kept', async () => {
  const { code, stdout } = await run('i=0; while [ $i -lt 20000 ]; do echo "line $i"; i=$((i+1)); done\n')
  assert.deepEqual([code, stdout.length], [0, 64 * 1024])
  assert.ok(stdout.endsWith('line 19999\n'))
})

test('after an abort, the script gets a signal and the time to undo its changes', async () => {
  const end = new AbortController()
  const ready = join(folder, 'ready')
  const text = `trap 'echo undone; exit 143' TERM\n: > ${ready}\nwhile :; do sleep 0.05; done\n`
  const running = run(text, [], end.signal)
  while (!existsSync(ready)) await new Promise((resolve) => setImmediate(resolve))
  end.abort()
  assert.deepEqual(await running, { code: 143, stdout: 'undone\n', stderr: '' })
})

test('a script that is started after the abort gets the signal at once', async () => {
  const { code } = await run('exec sleep 60\n', [], AbortSignal.abort())
  assert.equal(code, null)
})

test("the command runs the host's own programs by the host's linker and libraries", () => {
  const root = `/proc/${process.pid}/root`
  const [linker, libraries, folders] = {
    x64: [
      '/lib64/ld-linux-x86-64.so.2',
      '--library-path',
      ['/lib64', '/usr/lib64', '/lib/x86_64-linux-gnu', '/usr/lib/x86_64-linux-gnu'],
    ],
    arm64: [
      '/lib/ld-linux-aarch64.so.1',
      '--library-path',
      ['/lib64', '/usr/lib64', '/lib/aarch64-linux-gnu', '/usr/lib/aarch64-linux-gnu'],
    ],
  }[process.arch as 'x64' | 'arm64'] as [string, string, string[]]
  const command = hostCommand(process.pid, process.arch)
  assert.equal(realpathSync(command[0] ?? ''), realpathSync(linker))
  assert.ok(command[0]?.startsWith(`${root}/`))
  assert.deepEqual(command.slice(1, 3), [libraries, folders.map((one) => root + one).join(':')])
  assert.equal(realpathSync(command[3] ?? ''), realpathSync('/usr/bin/nsenter'))
  const enter = ['--target', String(process.pid), '--mount', '--uts', '--ipc', '--net', '--', '/bin/sh']
  assert.deepEqual(command.slice(4), enter)
})

test('a host of another kind is refused, with the reason', () => {
  const hint = 'Use another operating system for these nodes, or pull secrets.'
  assert.throws(() => hostCommand(process.pid, 'mips'), {
    code: 'NODE_HOST',
    message: 'the script for nodes cannot run on this host: there is no archive for mips',
    hint,
  })
  const other = process.arch === 'x64' ? 'arm64' : 'x64'
  assert.throws(() => hostCommand(process.pid, other), { code: 'NODE_HOST', message: /it has no glibc$/, hint })
})
