import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { access, appendFile, chmod, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Helm } from '../../src/helm/find-helm.ts'
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

test('P10 the journal has all that the post step needs to repair a helm call, and forgets a call that succeeded', async (t) => {
  const release = await open(t)
  const { folder, target, helm } = release
  const step = await beginHelmStep(release, ['upgrade', 'r'], {
    ...about('upgrade'),
    before: 3,
    good: 2,
    rollback: false,
  })
  const [entry, ...more] = (await readOpenWork(folder)).helm
  const { process, stderrFile, ...rest } = entry ?? assert.fail()
  assert.deepEqual(more, [])
  assert.deepEqual(rest, {
    event: 'helm-begun',
    id: '1',
    cluster: 'c',
    command: 'upgrade',
    helm: helm.path,
    target,
    before: 3,
    good: 2,
    rollback: false,
  })
  assert.ok(process.pid > 0)
  assert.equal(stderrFile, join(folder.path, 'c-upgrade-1.err'))
  await step.ended
  step.settle()
  assert.deepEqual((await readOpenWork(folder)).helm, [])
})

for (const { good, wait, line, args } of [
  { good: 1, wait: true, line: 'rolling back to revision 1', args: /^rollback r 1 .* --wait / },
  { good: 1, wait: false, line: 'rolling back to revision 1', args: /^rollback r 1 (?!.*--wait)/ },
  { good: null, wait: true, line: 'removing the failed installation', args: /^uninstall r (?!.*--wait)/ },
]) {
  test(`P10 ${line}${wait ? ' and waiting' : ''}: the former journal entry is settled once the undo has its own`, async (t) => {
    const opened = await open(t)
    const lines: string[] = []
    const report = (one: string) => void lines.push(one)
    const access = { ...opened, client: {} as KubeClient, timeout: '2m', report, signal: t.signal }
    const content = async () => ({ chart: 'c-1', values: {}, objects: [], hooks: [], serverSide: true })
    const journals: string[] = []
    const settle = () => journals.push(readFileSync(join(opened.folder.path, 'journal.jsonl'), 'utf8'))
    assert.equal(await runUndo({ ...openRelease(access), content }, { good, over: 2, wait }, settle), undefined)
    assert.deepEqual(lines, [line])
    assert.match(await readFile(opened.ran, 'utf8'), args)
    assert.equal(journals.length, 1)
    assert.match(journals.join(), /^\n\{"event":"helm-begun".*\}$/)
    assert.deepEqual((await readOpenWork(opened.folder)).helm, [])
  })
}

test('a helm that fails leaves its journal entry open until the caller settles it, and its error names the command', async (t) => {
  const opened = await open(t)
  await writeFile(opened.helm.path, '#!/bin/sh\necho "Error: no" >&2\nexit 1\n')
  const access = { ...opened, client: {} as KubeClient, timeout: '2m', report: () => undefined, signal: t.signal }
  for (const [good, command] of [
    [null, 'uninstall'],
    [1, 'rollback'],
  ] as const) {
    const failure = (await runUndo(openRelease(access), { good, over: 2 })) ?? assert.fail()
    assert.deepEqual([failure.error.message, failure.stderr?.trim()], [`helm ${command}: no`, 'Error: no'])
    const entries = (await readOpenWork(opened.folder)).helm.map((one) => [
      one.command,
      one.before,
      one.good,
      one.rollback,
    ])
    assert.deepEqual(entries, [[command, 2, good, true]])
    failure.settle()
    assert.deepEqual((await readOpenWork(opened.folder)).helm, [])
  }
})
