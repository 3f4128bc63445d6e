// What a deploy reports when the release does not become ready, and when it stops helm.
import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Helm } from '../../src/helm/find-helm.ts'
import type { Revision } from '../../src/helm/release/release-state.ts'
import type { KubeCall, KubeClient } from '../../src/kube/client.ts'
import { deployRelease } from '../../src/rollout/deploy/deploy-release.ts'
import { createRunFolder, readOpenWork } from '../../src/rollout/run-folder.ts'
import { eventually } from '../support/eventually.ts'

const BEFORE: Revision = { revision: 1, status: 'deployed', updated: '' }
const CONTENT = { chart: 'c-1.0.0', values: {}, objects: [], hooks: [] }
const TIMEOUT = 'Error: UPGRADE FAILED: context deadline exceeded'
/** Waits until it is interrupted. */
const WAITS = 'trap "exit 1" INT; while :; do sleep 0.05; done'
const FAILS = (error: string): string => `echo '${error}' >&2; exit 1`

const podWaiting = (reason: string) => ({
  metadata: { name: 'new' },
  status: { containerStatuses: [{ name: 'helper', image: 'i', ready: false, state: { waiting: { reason } } }] },
})

interface Setup {
  /** What helm does with an upgrade. */
  readonly upgrade: string
  /** The Pods once helm works. */
  readonly pods?: readonly object[]
  /** Called when Pods are read while helm works. */
  readonly onWatch?: (cancel: AbortController) => void
  readonly history?: (own: Revision) => readonly Revision[]
  readonly rollback?: boolean
}

async function deploy(t: TestContext, { upgrade, pods = [], onWatch, history, rollback = true }: Setup) {
  const parent = await mkdtemp(join(tmpdir(), 'acr-nopass-evidence-'))
  t.after(() => rm(parent, { recursive: true, force: true }))
  const path = join(parent, 'helm')
  const log = join(parent, 'calls')
  await writeFile(log, '')
  await writeFile(path, `#!/bin/sh\necho "$*" >> ${log}\ncase "$1" in upgrade) ${upgrade};; esac\n`)
  await chmod(path, 0o700)
  const cancel = new AbortController()
  const lines: string[] = []
  const folder = await createRunFolder(parent)
  let reads = 0
  const calls = async () => (await readFile(log, 'utf8')).split('\n').filter(Boolean)
  const request = async ({ path }: KubeCall) => {
    if (!path.endsWith('/pods')) return { metadata: {}, items: [] }
    // The first read is before helm works.
    if (reads++ === 0) return { items: [] }
    if (upgrade === WAITS) await eventually(async () => assert.equal((await calls()).length, 1))
    onWatch?.(cancel)
    return { items: pods }
  }
  const revisions = async (): Promise<readonly Revision[]> => {
    const made = await calls()
    const id = /acr-nopass\.io\/step=([^,]+),/.exec(made.join())?.[1]
    if (id === undefined) return [BEFORE]
    const own: Revision = { revision: 2, status: 'failed', updated: '', step: { id, timeoutSeconds: 300 } }
    if (history !== undefined) return history(own)
    const undone: Revision = { revision: 3, status: 'deployed', updated: '' }
    return [BEFORE, own, ...(made.length > 1 ? [undone] : [])]
  }
  const outcome = await deployRelease(
    {
      cluster: 'c',
      helm: { path, environment: { PATH: '/usr/bin:/bin' }, version: { major: 3, text: '3.22.0' } } as unknown as Helm,
      client: { request } as unknown as KubeClient,
      folder,
      target: { release: 'r', namespace: 'n', kubeconfig: 'k' },
      timeout: '5m',
      report: (line) => lines.push(line),
      signal: cancel.signal,
      history: revisions,
      content: async () => CONTENT,
    },
    {
      options: { chart: 'c', valuesFiles: [], timeout: '5m', wait: true, forceConflicts: false, description: 'test' },
      parts: {
        namespace: 'n',
        selector: { app: 'h' },
        statusConfigMap: undefined,
        configHash: undefined,
        ramChanged: false,
      },
      desired: CONTENT,
      exact: false,
      history: [BEFORE],
      rollback,
      uninstallOnFailedInstall: true,
    },
  ).then(
    ({ status, revision, error, notes }) => ({
      status,
      revision,
      error: `${error?.code} ${error?.message}`,
      notes,
      hint: error?.hint,
    }),
    (error) => ({
      status: 'threw',
      revision: null,
      error: `${error.code} ${error.message}`,
      notes: [],
      hint: error.hint,
    }),
  )
  // A later cancel of the job must not interrupt a program that has helm's process ID by then.
  assert.deepEqual(getEventListeners(cancel.signal, 'abort'), [])
  const made = (await calls()).map((line) => line.split(' --')[0])
  return { ...outcome, calls: made, lines, open: (await readOpenWork(folder)).helm.map(({ command }) => command) }
}

test('if helm’s wait ends without success, the error has the state of the Pod that is not ready, and its fix', async (t) => {
  const found = await deploy(t, { upgrade: FAILS(TIMEOUT), pods: [podWaiting('ErrImagePull')] })
  assert.equal(found.error, 'HELM_TIMEOUT not ready in time: Pod n/new does not start: ErrImagePull (i)')
  assert.match(found.hint ?? '', /`kubectl describe pod new -n n` shows its Events/)
  assert.deepEqual([found.status, found.revision, found.calls[1]], ['rolled-back', 3, 'rollback r 1'])
  const failed = await deploy(t, {
    upgrade: FAILS('Error: UPGRADE FAILED: no words'),
    pods: [podWaiting('ErrImagePull')],
  })
  assert.match(failed.error, /^HELM_FAILED not ready in time: Pod n\/new does not start/)
})

test('an error of helm with a cause of its own keeps it, whatever state the Pods have', async (t) => {
  const refused = FAILS('Error: UPGRADE FAILED: Kubernetes cluster unreachable')
  const { error } = await deploy(t, { upgrade: refused, pods: [podWaiting('ErrImagePull')] })
  assert.match(error, /^HELM_UNREACHABLE (?!not ready)/)
  const none = await deploy(t, { upgrade: FAILS(TIMEOUT) })
  assert.match(none.error, /^HELM_TIMEOUT (?!not ready)/)
})

test('what no waiting can fix stops helm at once, and the release is rolled back', async (t) => {
  const found = await deploy(t, { upgrade: WAITS, pods: [podWaiting('InvalidImageName')] })
  assert.match(found.error, /^POD_FAILING Pod n\/new does not start: InvalidImageName/)
  assert.deepEqual(found.lines, ['stopping early: POD_FAILING', 'rolling back to revision 1'])
  assert.deepEqual([found.status, found.calls, found.open], ['rolled-back', ['upgrade r c', 'rollback r 1'], []])
})

test('P10 a job that is cancelled while helm works interrupts it, and leaves the repair to the post step', async (t) => {
  const found = await deploy(t, { upgrade: WAITS, onWatch: (cancel) => cancel.abort() })
  assert.deepEqual(
    [found.status, found.revision, found.error, found.open],
    ['cancelled', 1, 'INTERRUPTED interrupted while helm was changing n/r', ['upgrade']],
  )
  assert.ok(!found.calls.includes('rollback r 1'))
})

test('if the history cannot be read after a failure, nothing is rolled back, and the error says why', async (t) => {
  const unread = () => {
    throw new Error('no route')
  }
  const found = await deploy(t, { upgrade: FAILS(TIMEOUT), history: unread })
  assert.match(
    found.error,
    /^HELM_TIMEOUT .*context deadline exceeded; it was not rolled back, because the history could not be read \(.*no route\)$/,
  )
  assert.deepEqual([found.status, found.calls, found.open], ['threw', ['upgrade r c'], ['upgrade']])
})
