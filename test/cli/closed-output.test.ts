import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, open, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { BIN, runBin } from './run-bin.ts'

const KUBECONFIG = JSON.stringify({
  'current-context': 'down',
  clusters: [{ name: 'down', cluster: { server: 'https://127.0.0.1:1' } }],
  contexts: [{ name: 'down', context: { cluster: 'down', user: 'me' } }],
  users: [{ name: 'me', user: { token: 'none' } }],
})
const VALUES = JSON.stringify({
  registries: [{ name: 'prod', edition: 'enterprise', instanceId: 'cri-abc123', region: 'cn-hangzhou' }],
  identity: { type: 'access-key', accessKey: { existingSecret: 'key' } },
  region: 'cn-hangzhou',
})

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'acr-nopass-closed-'))
  await writeFile(join(folder, 'kubeconfig'), KUBECONFIG)
  await writeFile(join(folder, 'values.yaml'), VALUES)
  await writeFile(join(folder, 'helm'), '#!/bin/sh\necho v4.3.0\n', { mode: 0o755 })
  await mkdir(join(folder, 'temp'))
})
after(() => rm(folder, { recursive: true }))

for (const closed of [['stdout'], ['stderr'], ['stdout', 'stderr']] as const) {
  test(`P10 an apply whose reader of ${closed.join(' and ')} has gone (\`| head\`) ends with its own exit code, and leaves no file`, async () => {
    const env = { PATH: `${folder}:${process.env.PATH}`, HOME: folder, TMPDIR: join(folder, 'temp') }
    const args = ['apply', '--kubeconfig', 'kubeconfig', '-f', 'values.yaml', '--timeout', '1s']
    const child = spawn(BIN, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
    for (const name of closed) child[name].destroy()
    const texts = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const) child[name].on('data', (text: Buffer) => (texts[name] += text))
    assert.deepEqual(await once(child, 'exit'), [1, null], texts.stderr)
    assert.deepEqual(await readdir(join(folder, 'temp')), [])
    if (closed.length > 1) return
    const [open, expected] =
      closed[0] === 'stdout'
        ? [texts.stderr, /cluster: failed in connect: CLUSTER_UNREACHABLE\n/]
        : [texts.stdout, /cluster: CLUSTER_UNREACHABLE: the API server https:\/\/127\.0\.0\.1:1 does not respond/]
    assert.match(open, expected)
  })
}

test('a report that is longer than a pipe holds arrives whole', async () => {
  const list = Array.from({ length: 2000 }, (_, index) => `- name: c${index}\n  wave: -1\n`)
  await writeFile(join(folder, 'clusters.yaml'), list.join(''))
  const { code, stderr } = await runBin(['validate', '--clusters-file', 'clusters.yaml'], { cwd: folder })
  assert.equal(code, 2)
  assert.match(stderr, /^clusters\.yaml:1:/)
  assert.match(stderr, /\n4000 errors\n$/)
})

test('a result that a full disk does not take is a failure', {
  skip: process.platform !== 'linux' && 'only Linux has /dev/full',
}, async () => {
  const full = await open('/dev/full', 'w')
  const child = spawn(BIN, ['validate', '-f', 'values.yaml'], { cwd: folder, stdio: ['ignore', full.fd, 'pipe'] })
  await full.close()
  assert.ok(child.stderr)
  const [[code], stderr] = await Promise.all([once(child, 'exit'), text(child.stderr)])
  assert.deepEqual([code, stderr], [1, 'standard output could not be written: ENOSPC\n'])
})
