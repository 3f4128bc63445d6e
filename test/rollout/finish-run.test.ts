import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import type { Helm } from '../../src/helm/find-helm.ts'
import type { Revision } from '../../src/helm/release/release-state.ts'
import { KubeApiError } from '../../src/kube/api-error.ts'
import { type ProcessId, processId } from '../../src/lib/process-id.ts'
import type { OpenRelease } from '../../src/rollout/release/open-release.ts'
import { decideRepair, finishRun, repairHelm, unrepairedError } from '../../src/rollout/run/finish-run.ts'
import { createRunFolder, type HelmBegun, readOpenWork } from '../../src/rollout/run-folder.ts'
import { type FakeObject, startFakeApiServer } from '../support/fake-api-server.ts'

const begun: HelmBegun = {
  event: 'helm-begun',
  id: '1',
  cluster: 'prod',
  command: 'upgrade',
  process: { pid: 1, start: '' },
  helm: '/bin/helm',
  target: { release: 'acr', namespace: 'system', kubeconfig: 'k' },
  before: 3,
  good: 3,
  rollback: true,
  stderrFile: 'e',
}

const OWN = { id: '1', timeoutSeconds: 300 }

/**
 * A history of revisions with these statuses. `*`: the step of the journal entry created the
 * revision.
 */
function history(...statuses: readonly `${Revision['status']}${'' | '*'}`[]): readonly Revision[] {
  return statuses.map((text, index) => {
    const status = text.replace('*', '') as Revision['status']
    return { revision: index + 1, status, updated: '', ...(text.endsWith('*') && { step: OWN }) }
  })
}

const past = ['superseded', 'superseded', 'deployed'] as const

test('P10 an interrupted upgrade is rolled back to the last good revision', () => {
  const before = ['superseded', 'superseded', 'superseded'] as const
  assert.deepEqual(decideRepair(begun, history(...before, 'pending-upgrade*'), ''), { good: 3 })
  assert.deepEqual(decideRepair(begun, history(...past, 'failed*'), ''), { good: 3 })
})

test('P10 an interrupted first installation is removed; one that merely failed stays for inspection', () => {
  const first = { ...begun, before: null, good: null }
  assert.deepEqual(decideRepair(first, history('pending-install*'), ''), { good: null })
  assert.deepEqual(decideRepair(first, history('failed*'), ''), { why: 'the release is failed' })
})

test('an interrupted upgrade removes nothing if the first installation failed, because the release may work', () => {
  const upgrade = { ...begun, before: 2, good: null }
  assert.deepEqual(decideRepair(upgrade, history('failed', 'failed', 'pending-upgrade*'), ''), { good: 2 })
  assert.deepEqual(decideRepair({ ...upgrade, before: 1 }, history('failed', 'failed*'), ''), {
    why: 'the release is failed',
  })
  // Helm records a pending installation only for its first revision, or the first revision after an
  // uninstall.
  const records = history('failed', 'deployed', 'pending-upgrade*').slice(2)
  assert.deepEqual(decideRepair(upgrade, records, ''), { why: 'no record shows what revision 3 was to replace' })
  const again = history('failed', 'uninstalled', 'pending-install*')
  assert.deepEqual(decideRepair(upgrade, again, ''), { good: null })
})

test('P15 a release that somebody uninstalls after our upgrade is not uninstalled by the post step', () => {
  assert.deepEqual(decideRepair(begun, history(...past, 'uninstalling*'), ''), { why: 'the release is uninstalling' })
})

test('P10 an interrupted rollback is repeated', () => {
  const back = { ...begun, command: 'rollback', before: 4 } as const
  assert.deepEqual(decideRepair(back, history(...past, 'failed', 'pending-rollback'), ''), {
    good: 3,
  })
})

test('P10 an interrupted uninstall is repeated; a rollback that failed stays as helm reported it', () => {
  const away = { ...begun, command: 'uninstall', before: 3 } as const
  assert.deepEqual(decideRepair(away, history('superseded', 'superseded', 'uninstalling'), ''), { good: null })
  // Another deployer has installed the release again.
  assert.ok('why' in decideRepair(away, history('superseded', 'superseded', 'uninstalled', 'deployed'), ''))
  assert.ok('why' in decideRepair(away, history('superseded', 'superseded', 'uninstalled', 'uninstalling'), ''))
  assert.ok('why' in decideRepair(away, [], ''))
  const back = { ...begun, command: 'rollback', before: 4 } as const
  assert.ok('why' in decideRepair(back, history(...past, 'failed', 'failed'), ''))
  // This uninstall stopped before it began.
  const kept = history('superseded', 'deployed', 'failed')
  assert.deepEqual(decideRepair(away, kept, ''), { why: 'the release is failed' })
})

test('the post step does not touch what another deployer began, even if helm pruned our revision and copied its label', () => {
  const theirs = { revision: 5, status: 'pending-upgrade', updated: '', step: OWN } as const
  const pruned = [...history(...past), theirs]
  assert.deepEqual(decideRepair(begun, pruned, ''), { why: 'revision 5 does not belong to this run' })
})

test('the post step touches only a revision with the label of its own step', () => {
  const notOurs = (revision: number) => ({ why: `revision ${revision} does not belong to this run` })
  // By their numbers alone, each of these revisions would be ours.
  assert.deepEqual(decideRepair(begun, history(...past, 'failed'), ''), notOurs(4))
  assert.deepEqual(decideRepair(begun, history(...past, 'pending-upgrade'), ''), notOurs(4))
  const first = { ...begun, before: null, good: null }
  assert.deepEqual(decideRepair(first, history('pending-install'), ''), notOurs(1))
  assert.deepEqual(decideRepair(begun, history(...past), ''), notOurs(3))
  // Another deployer continued from our revision, and helm copied our label.
  assert.deepEqual(decideRepair(begun, history(...past, 'failed*', 'pending-upgrade*'), ''), notOurs(5))
  const back = { ...begun, command: 'rollback', before: 4 } as const
  assert.deepEqual(decideRepair(back, history(...past, 'failed', 'pending-upgrade'), ''), notOurs(5))
  const refused = 'Error: release: already exists'
  assert.deepEqual(decideRepair(back, history(...past, 'failed', 'pending-rollback'), refused), notOurs(5))
})

test('the post step rolls back to what another deployer completed below our revision', () => {
  assert.deepEqual(decideRepair(begun, history(...past, 'deployed', 'failed*'), ''), { good: 4 })
})

test('P10 a release that finished well, or no longer exists, needs no repair', () => {
  assert.ok('why' in decideRepair(begun, history(...past, 'deployed*'), ''))
  assert.ok('why' in decideRepair(begun, [], ''))
})

test('P10 with rollback: false a failed upgrade stays, a pending one is still repaired', () => {
  const kept = { ...begun, rollback: false }
  assert.ok('why' in decideRepair(kept, history(...past, 'failed*'), ''))
  assert.deepEqual(decideRepair(kept, history(...past, 'pending-upgrade*'), ''), { good: 3 })
})

/** Like helm: it exits once it is interrupted, and not before. */
const HELM = 'trap "exit 1" INT\necho ready\nwhile :; do sleep 0.05; done'

async function workplace(t: TestContext, files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-repair-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  for (const [name, script] of Object.entries(files)) {
    await writeFile(join(folder, name), `#!/bin/sh\n${script.replaceAll('FOLDER', folder)}\n`)
    await chmod(join(folder, name), 0o700)
  }
  return folder
}

/** Starts a helm whose run was killed, so that only the post step waits for it. */
async function orphan(t: TestContext, path: string, ...args: readonly string[]): Promise<ProcessId> {
  const child = spawn(path, args, { stdio: ['ignore', 'pipe', 'ignore'] })
  t.after(() => child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  return processId(child.pid ?? 0)
}

/** Returns what the post step does with this history, and the calls of helm. */
async function repaired(t: TestContext, about: Partial<HelmBegun>, live: readonly Revision[], exit = 0) {
  const folder = await workplace(t, { helm: `echo "$1 $2 $3" >> FOLDER/calls; exit ${exit}` })
  const path = join(folder, 'helm')
  const version = { major: 3, minor: 22, patch: 0, text: '3.22.0' }
  const helm = { path, environment: {}, version } as unknown as Helm
  const { target } = begun
  const common = { helm, target, timeout: '2m', report: () => undefined, withoutJournal: true, signal: t.signal }
  const release = { ...common, history: async () => live } as unknown as OpenRelease
  const line = await repairHelm({ ...begun, process: { pid: 1, start: 'before' }, ...about }, release, 0)
  return [line, await readFile(join(folder, 'calls'), 'utf8')]
}

test('P10 the post step rolls back or removes what an interrupted helm left, and reports what failed', {
  skip: process.platform === 'win32',
}, async (t) => {
  const title = 'prod: release system/acr'
  const half = history(...past, 'failed*')
  assert.deepEqual(await repaired(t, {}, half), [`${title}: rolled back to revision 3`, 'rollback acr 3\n'])
  const first = await repaired(t, { before: null, good: null }, history('pending-install*'))
  assert.deepEqual(
    first.map((text) => text.slice(0, 54)),
    [`${title}: removed the half-made instal`, 'uninstall acr --namespace=system\n'],
  )
  const [failed = ''] = await repaired(t, {}, half, 1)
  assert.match(failed, /^prod: release system\/acr: helm rollback: /)
  const [left = ''] = await repaired(t, { before: null, good: null }, history('pending-install*'), 1)
  assert.match(left, /^prod: release system\/acr: helm uninstall: /)
})

function repair(t: TestContext, path: string, about: Partial<HelmBegun>, limitMs: number): Promise<string> {
  const helm = { path, environment: {}, version: { major: 4, minor: 3, patch: 1, text: '4.3.1' } } as unknown as Helm
  const release = { helm, history: async () => [], signal: t.signal } as unknown as OpenRelease
  return repairHelm({ ...begun, helm: path, ...about }, release, limitMs)
}

const DONE = 'prod: release system/acr: nothing to repair, there is no release'
const AT_WORK = /^prod: release system\/acr: helm \(pid \d+\) is still running$/

for (const { name, files } of [
  { name: 'helm', files: { helm: HELM } },
  { name: 'a wrapper that becomes another program', files: { helm: 'exec FOLDER/real "$@"', real: HELM } },
  { name: 'a wrapper that drops its arguments', files: { helm: 'exec env -i /bin/sh FOLDER/real', real: HELM } },
] as const) {
  test(`P10 ${name}: an upgrade whose run was killed is interrupted by the post step; a rollback is waited for`, {
    skip: process.platform === 'win32',
  }, async (t) => {
    const path = join(await workplace(t, files), 'helm')
    const of = (command: string) => orphan(t, path, command, 'acr', '--kubeconfig=k')
    assert.equal(await repair(t, path, { command: 'upgrade', process: await of('upgrade') }, 60_000), DONE)
    assert.match(await repair(t, path, { command: 'rollback', process: await of('rollback') }, 0), AT_WORK)
  })
}

test('P10 a program that has the process ID of a finished helm is not interrupted, even if it is another helm', {
  skip: process.platform === 'win32',
}, async (t) => {
  const path = join(await workplace(t, { helm: HELM }), 'helm')
  const other = await orphan(t, path, 'upgrade', 'acr', '--kubeconfig=k')
  const ended = { ...other, start: 'before' }
  assert.equal(await repair(t, path, { command: 'upgrade', process: ended }, 0), DONE)
  assert.match(await repair(t, path, { command: 'rollback', process: other }, 0), AT_WORK)
})

/** Reports each signal that it receives, and exits after USR1. */
const RECORDER = 'trap "echo INT" INT\ntrap "echo USR1; exit 0" USR1\necho ready\nwhile :; do sleep 0.05; done'

test('P10 after a killed run, only an upgrade by helm is interrupted; a rollback and an uninstall are left to finish', {
  skip: process.platform === 'win32',
}, async (t) => {
  const path = join(await workplace(t, { helm: RECORDER }), 'helm')
  const signalsOf = async (command: HelmBegun['command'], start?: string): Promise<string> => {
    const child = spawn(path, [command], { stdio: ['ignore', 'pipe', 'ignore'] })
    t.after(() => child.kill('SIGKILL'))
    const output = text(child.stdout)
    const id = await new Promise<ProcessId>((resolve) => {
      child.stdout.once('data', () => resolve(processId(child.pid ?? 0)))
    })
    await repair(t, path, { command, process: start === undefined ? id : { ...id, start } }, 0)
    // The shell handles a pending INT first.
    child.kill('SIGUSR1')
    return (await output).replaceAll('\n', ' ')
  }
  assert.equal(await signalsOf('upgrade'), 'ready INT USR1 ')
  assert.equal(await signalsOf('rollback'), 'ready USR1 ')
  assert.equal(await signalsOf('uninstall'), 'ready USR1 ')
  // Another program has the process ID by now.
  assert.equal(await signalsOf('upgrade', 'before'), 'ready USR1 ')
})

test('P10 if a manual rollback during our upgrade left two revisions that count as deployed, one remains', () => {
  const twice = history('superseded', 'superseded', 'superseded', 'deployed*', 'deployed')
  assert.deepEqual(decideRepair(begun, twice, ''), { good: 5 })
  // Found by `npm run soak -- --rivals --seed 20261128 --run 4`. A helm that failed wrote the
  // record below its own, in the state in which it had read that record.
  const below = history('superseded', 'superseded', 'deployed', 'failed*', 'deployed')
  assert.deepEqual(decideRepair(begun, below, ''), { good: 5 })
  const once = history('superseded', 'superseded', 'superseded', 'superseded*', 'deployed')
  assert.deepEqual(decideRepair(begun, once, ''), { why: 'revision 5 does not belong to this run' })
})

test('P10 if our rollback made no record, a pending rollback with its number belongs to another deployer', () => {
  const back = { ...begun, command: 'rollback', before: 4 } as const
  const live = history(...past, 'failed', 'pending-rollback')
  assert.ok('why' in decideRepair(back, live, 'Error: Kubernetes cluster unreachable: the server is busy'))
  assert.ok('why' in decideRepair(back, live, 'Error: release has no 12 version'))
  assert.ok('good' in decideRepair(back, live, ''))
})

test('P10 a failed revision that Helm marks superseded, because a rollback from it failed, is not rolled back to', () => {
  const revisions = history('superseded', 'superseded', 'deployed', 'superseded', 'failed', 'failed*')
  assert.deepEqual(decideRepair(begun, revisions, ''), { good: 3 })
})

test('if its credential has expired, the post step names the release that it did not repair, and the repair', () => {
  const error = unrepairedError(begun, new KubeApiError(401, 'GET /api returned 401: Unauthorized'))
  assert.equal(error.code, 'KUBE_UNAUTHORIZED')
  assert.equal(
    error.message,
    'prod: release system/acr: GET /api returned 401: Unauthorized; a run with `recover-pending: true` repairs it',
  )
})

test('P10 an interrupted rollback is repeated to its own target, which need not be the newest good revision', () => {
  const back = { ...begun, command: 'rollback', before: 4, good: 2 } as const
  assert.deepEqual(decideRepair(back, history(...past, 'failed', 'pending-rollback'), ''), { good: 2 })
})

test('P10 the post step reports what it cannot clean up, and continues with the rest', async (t) => {
  const parent = await workplace(t, {})
  const absent = { ...begun, helm: join(parent, 'no-helm') }
  const lines: string[] = []
  const open = { helm: [absent, { ...absent, id: '2' }], probes: [] }
  await finishRun(await createRunFolder(parent), open, {}, (line) => lines.push(line))
  assert.equal(lines.length, 2)
  for (const line of lines) assert.match(line, /^could not be cleaned up: .*no-helm/)
})

/** Helm's record of a revision of the release `acr`. `*`: the step of the journal entry made it. */
function recordOf(text: `${Revision['status']}${'' | '*'}`, index: number): FakeObject {
  const labels = {
    owner: 'helm',
    name: 'acr',
    version: String(index + 1),
    status: text.replace('*', ''),
    ...(text.endsWith('*') && { 'acr-nopass.io/step': OWN.id, 'acr-nopass.io/timeout': '300' }),
  }
  return { apiVersion: 'v1', kind: 'Secret', metadata: { namespace: 'system', name: `acr.v${index + 1}`, labels } }
}

test('P10 the post step repairs the releases of a run, removes its probes, and forgets what is done', {
  skip: process.platform === 'win32',
}, async (t) => {
  const account = { namespace: 'checks', name: 'acr-nopass-probe-1' }
  await using server = await startFakeApiServer([
    ...(['superseded', 'superseded', 'deployed', 'failed*'] as const).map(recordOf),
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: account },
  ])
  const parent = await workplace(t, { helm: 'test "$1" = version && echo v3.22.0 || echo "$*" >> FOLDER/calls' })
  const kubeconfig = join(parent, 'kubeconfig')
  await writeFile(kubeconfig, server.kubeconfig)
  const folder = await createRunFolder(parent)
  const target = { ...begun.target, kubeconfig }
  const path = `/api/v1/namespaces/checks/serviceaccounts/${account.name}`
  folder.note({ ...begun, helm: join(parent, 'helm'), target, process: { pid: 1, start: 'before' } })
  folder.note({ event: 'probe-made', id: account.name, target, objects: [path] })
  const finish = async (): Promise<readonly string[]> => {
    const lines: string[] = []
    await finishRun(folder, await readOpenWork(folder), {}, (line) => lines.push(line))
    return lines.toSorted()
  }
  server.refuse = (method) => (method === 'DELETE' ? 403 : undefined)
  const [failed = '', repaired] = await finish()
  assert.match(failed, /^could not be cleaned up: DELETE .* returned 403: refused with 403$/)
  assert.equal(repaired, 'prod: release system/acr: rolled back to revision 3')
  assert.match(await readFile(join(parent, 'calls'), 'utf8'), /^rollback acr 3 --namespace=system .* --timeout=2m\n$/)
  // What could not be done stays open.
  server.refuse = () => undefined
  assert.deepEqual(await finish(), [`removed the probe ${account.name}`])
  assert.ok(!server.objects.some(({ kind }) => kind === 'ServiceAccount'))
  assert.deepEqual(await finish(), [])
})

test('P10 if the post step cannot read a release, the line names the release and what repairs it', {
  skip: process.platform === 'win32',
}, async (t) => {
  await using server = await startFakeApiServer([])
  server.refuse = () => 401
  const parent = await workplace(t, { helm: 'echo v3.22.0' })
  const kubeconfig = join(parent, 'kubeconfig')
  await writeFile(kubeconfig, server.kubeconfig)
  const folder = await createRunFolder(parent)
  const process = { pid: 1, start: 'before' }
  folder.note({ ...begun, helm: join(parent, 'helm'), target: { ...begun.target, kubeconfig }, process })
  const lines: string[] = []
  await finishRun(folder, await readOpenWork(folder), {}, (line) => lines.push(line))
  assert.equal(lines.length, 1)
  assert.match(
    lines[0] ?? '',
    /^could not be cleaned up: prod: release system\/acr: .* returned 401.*; a run with `recover-pending: true` repairs it$/,
  )
  assert.equal((await readOpenWork(folder)).helm.length, 1)
})
