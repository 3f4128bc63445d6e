import assert from 'node:assert/strict'
import { access, appendFile, chmod, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Helm } from '../../src/helm/obtain/find-helm.ts'
import type { KubeClient } from '../../src/kube/client.ts'
import { beginHelmStep, runUndo } from '../../src/rollout/release/helm-step.ts'
import { openRelease } from '../../src/rollout/release/open-release.ts'
import { createRunFolder, readOpenWork } from '../../src/rollout/run-folder.ts'

const FULL = '/dev/full'

async function open(t: TestContext) {
  const parent = await mkdtemp(join(tmpdir(), 'acr-nopass-step-'))
  t.after(() => rm(parent, { recursive: true, force: true }))
  const ran = join(parent, 'ran')
  const path = join(parent, 'helm')
  await writeFile(path, `#!/bin/sh\necho "$@" > ${ran}\n`)
  await chmod(path, 0o755)
  const version = { major: 4, minor: 3, patch: 1, text: 'v4.3.1' }
  const helm: Helm = { path, version, environment: { PATH: process.env.PATH ?? '' } }
  const target = { release: 'r', namespace: 'n', kubeconfig: 'k' }
  return { cluster: 'c', helm, target, ran, folder: await createRunFolder(parent) }
}

function about(command: 'upgrade' | 'rollback' | 'uninstall') {
  return { id: '1', command, before: 1, good: 1 } as const
}

for (const command of ['upgrade', 'rollback', 'uninstall'] as const) {
  test(`with a full disk, helm ${command} does not run, because its work could not be cleaned up`, {
    skip: await access(FULL).then(
      () => false,
      () => 'needs /dev/full, which Linux has',
    ),
  }, async (t) => {
    const release = await open(t)
    const { ran, folder } = release
    await symlink(FULL, join(folder.path, 'journal.jsonl'))
    await assert.rejects(beginHelmStep(release, [command, 'r'], about(command)), {
      code: 'NO_DISK_SPACE',
      message: /^no space is left in \S+ for journal\.jsonl$/,
      hint: /^Free space on that disk/,
    })
    await assert.rejects(access(ran), { code: 'ENOENT' })
  })
}

test('with a full disk the post step still undoes a revision, because no step comes after it', async (t) => {
  const opened = await open(t)
  const release = openRelease({
    ...opened,
    client: {} as KubeClient,
    timeout: '2m',
    report: () => undefined,
    signal: t.signal,
    withoutJournal: true,
  })
  await symlink(FULL, join(opened.folder.path, 'journal.jsonl'))
  assert.equal(await runUndo(release, { good: 1, over: 2 }), undefined)
  assert.match(await readFile(opened.ran, 'utf8'), /^rollback r 1 /)
})

test("a disk that becomes full while helm works does not change helm's result", async (t) => {
  const release = await open(t)
  const { ran, folder } = release
  const step = await beginHelmStep(release, ['upgrade', 'r'], about('upgrade'))
  assert.equal((await step.ended).exitCode, 0)
  await rm(join(folder.path, 'journal.jsonl'))
  await symlink(folder.path, join(folder.path, 'journal.jsonl'))
  step.settle()
  assert.equal(await readFile(ran, 'utf8'), 'upgrade r\n')
})

test('a journal entry that a full disk truncated hides no other entry', async (t) => {
  const release = await open(t)
  const { folder } = release
  const first = await beginHelmStep(release, ['upgrade', 'r'], about('upgrade'))
  await appendFile(join(folder.path, 'journal.jsonl'), '\n{"event":"helm-be')
  const second = await beginHelmStep(release, ['rollback', 'r'], { ...about('rollback'), id: '2' })
  await Promise.all([first.ended, second.ended])
  assert.deepEqual(
    (await readOpenWork(folder)).helm.map(({ id }) => id),
    ['1', '2'],
  )
})

for (const [name, content, flags] of [
  ['was applied on the server: nothing blocks it', { serverSide: true }, ' --server-side=true --force-conflicts '],
  ['was applied on the client: as it was', { serverSide: false }, ' '],
  ['cannot be read: helm may still be able to', undefined, ' '],
] as const) {
  test(`a rollback to a revision that ${name}`, async (t) => {
    const opened = await open(t)
    const access = { ...opened, client: {} as KubeClient, timeout: '2m', report: () => undefined, signal: t.signal }
    const release = {
      ...openRelease(access),
      content: async () => {
        if (content === undefined) throw new Error('unreadable')
        return { chart: 'c-1', values: {}, objects: [], hooks: [], ...content }
      },
    }
    assert.equal(await runUndo(release, { good: 1, over: 2 }), undefined)
    const args = await readFile(opened.ran, 'utf8')
    assert.equal(args, `rollback r 1 --namespace=n --kubeconfig=k${flags}--timeout=2m --color=never\n`)
  })
}
