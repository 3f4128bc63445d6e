import assert from 'node:assert/strict'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { foldersOf, pauseOrChange } from '../../src/node/daemon/watch-folders.ts'

let root: string
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'acr-nopass-watch-'))
  for (const name of ['etc/default', 'opt/acr-nopass']) mkdirSync(join(root, name), { recursive: true })
})
after(() => rmSync(root, { recursive: true }))

const never = new AbortController().signal
const HOUR = 3_600_000

test("each profile watches the folder of the kubelet's settings, and the folder of the program", () => {
  assert.deepEqual(foldersOf('ack'), ['/etc/kubernetes', '/opt/acr-nopass'])
  assert.deepEqual(foldersOf('kubeadm'), ['/etc/default', '/etc/sysconfig', '/opt/acr-nopass'])
  for (const profile of ['k3s', 'rke2'] as const) {
    assert.deepEqual(foldersOf(profile), ['/var/lib/rancher/credentialprovider', '/opt/acr-nopass'])
  }
})

test('the pause ends by itself, also with folders that are missing', async () => {
  await pauseOrChange(root, ['/etc/default', '/absent'], 20, never)
})

for (const folder of ['/etc/default', '/opt/acr-nopass']) {
  test(`a file in ${folder} that changes ends a long pause, once its writer is done`, async () => {
    const begin = performance.now()
    const ended = pauseOrChange(root, foldersOf('kubeadm'), HOUR, never)
    // The other folders of the profile are missing here.
    writeFileSync(join(root, folder, 'kubelet'), 'first')
    writeFileSync(join(root, folder, 'kubelet'), 'second')
    await ended
    assert.ok(performance.now() - begin > 1_900)
  })
}

test('an abort ends the pause at once, also an earlier one', async () => {
  const end = new AbortController()
  const ended = pauseOrChange(root, ['/etc/default'], HOUR, end.signal)
  end.abort()
  await ended
  await pauseOrChange(root, ['/etc/default'], HOUR, end.signal)
})
