import assert from 'node:assert/strict'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { InstalledRelease } from '../../src/helm/release/release-record.ts'
import type { Revision } from '../../src/helm/release/release-state.ts'
import { STATUS_KEY } from '../../src/installation/helper-status.ts'
import { KubeApiError } from '../../src/kube/api-error.ts'
import type { KubeCall, KubeClient } from '../../src/kube/client.ts'
import { sha256 } from '../../src/lib/text.ts'
import type { OpenRelease } from '../../src/rollout/release/open-release.ts'
import { createRunFolder, readOpenWork } from '../../src/rollout/run-folder.ts'
import { retireRelease, waitRetired } from '../../src/rollout/uninstall/retire-release.ts'
import { helperReport } from '../support/reports.ts'

const LAST: Revision = { revision: 3, status: 'deployed', updated: '' }
const CONFIG = JSON.stringify({ retire: true, release: {} })
const OBJECTS = [
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data: { 'config.yaml': CONFIG } },
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'd' },
    spec: { selector: { matchLabels: { app: 'h' } } },
  },
]
const DEPLOYED: InstalledRelease = { chart: 'acr-nopass-1.0.0', values: { logLevel: 'debug' }, objects: [], hooks: [] }

interface Setup {
  readonly deployed?: Partial<InstalledRelease>
  readonly inputs?: object
  /** The newest revision when helm is about to begin. */
  readonly now?: Revision
  readonly objects?: readonly object[]
  readonly hooks?: number
  /** What the dry run, and the upgrade, print as an error. */
  readonly fails?: { readonly dry?: string; readonly upgrade?: string }
}

/** Retires a release with a program in place of helm. Returns what it was told to do. */
async function retire(t: TestContext, { deployed, inputs = {}, now = LAST, fails = {}, ...setup }: Setup = {}) {
  const parent = await mkdtemp(join(tmpdir(), 'acr-nopass-retire-'))
  t.after(() => rm(parent, { recursive: true, force: true }))
  const { objects = OBJECTS, hooks = 0 } = setup
  const job = { manifest: '{ apiVersion: v1, kind: ConfigMap, metadata: { name: hook } }' }
  const rendered = {
    chart: { metadata: { name: 'acr-nopass', version: '1.1.0' } },
    manifest: objects.map((one) => JSON.stringify(one)).join('\n---\n'),
    hooks: Array.from({ length: hooks }, () => job),
  }
  await writeFile(join(parent, 'rendered'), JSON.stringify(rendered))
  const path = join(parent, 'helm')
  const end = (error: string | undefined): string => (error === undefined ? '' : `echo '${error}' >&2; exit 1;`)
  await writeFile(
    path,
    `#!/bin/sh\necho "$*" >> ${parent}/calls\ncase "$*" in *--dry-run*) ${end(fails.dry)} cat ${parent}/rendered;; *) ${end(fails.upgrade)} esac\n`,
  )
  await chmod(path, 0o700)
  await writeFile(join(parent, 'calls'), '')
  const folder = await createRunFolder(parent)
  const calls = async () => (await readFile(join(parent, 'calls'), 'utf8')).split('\n').filter(Boolean)
  const lines: string[] = []
  const patched: string[] = []
  const request = async ({ method, path, body }: KubeCall): Promise<unknown> => {
    if (method === 'PATCH') patched.push(`${path} ${JSON.stringify(body)}`)
    return { items: [{ metadata: { name: 'p' }, spec: { containers: [] } }] }
  }
  const release = {
    cluster: 'a',
    helm: { path, environment: { PATH: '/usr/bin:/bin' }, version: { major: 4, minor: 3, patch: 1, text: '4.3.1' } },
    client: { request } as unknown as KubeClient,
    folder,
    target: { release: 'r', namespace: 'n', kubeconfig: 'k' },
    timeout: '2m',
    report: (line: string) => lines.push(line),
    signal: t.signal,
    history: async (): Promise<readonly Revision[]> => {
      const id = /acr-nopass\.io\/step=([^,]+),/.exec((await calls()).join())?.[1]
      const own = id === undefined ? [] : [{ ...LAST, revision: 4, step: { id, timeoutSeconds: 120 } }]
      return [now, ...own]
    },
  }
  const context = {
    chart: async () => 'chart.tgz',
    settings: { inputs: { 'force-conflicts': false, ...inputs } },
    runName: 'run 7',
  }
  const work = { cluster: { name: 'a' }, context, release, signal: t.signal }
  const outcome = await retireRelease(
    work as unknown as Parameters<typeof retireRelease>[0],
    { ...DEPLOYED, ...deployed },
    LAST,
  ).catch((error: Error & { code: string }) => error)
  const shown = (await calls()).map((line) =>
    line.replaceAll(folder.path, 'FOLDER').replace(/step=[0-9a-f-]{36}/, 'step=ID'),
  )
  const values = await readFile(join(folder.path, 'a-retire.values.yaml'), 'utf8')
  return { outcome, calls: shown, values: JSON.parse(values), lines, patched, open: (await readOpenWork(folder)).helm }
}

const FLAGS = '--namespace=n --kubeconfig=k --values=FOLDER/a-retire.values.yaml --reset-values'
const DRY = `upgrade r chart.tgz --install ${FLAGS} --dry-run=server --output=json --hide-notes --color=never`

test('P12 a release retires in a revision of its own, with its own values, and nothing waits for its registries', async (t) => {
  const { outcome, calls, values, lines, patched, open } = await retire(t)
  assert.ok(!(outcome instanceof Error), `${outcome}`)
  assert.deepEqual([outcome.revision?.revision, outcome.desired.chart], [4, 'acr-nopass-1.1.0'])
  assert.deepEqual(values, { logLevel: 'debug', retire: true })
  const labels = '--labels=acr-nopass.io/step=ID,acr-nopass.io/timeout=120'
  assert.deepEqual(calls, [
    DRY,
    `upgrade r chart.tgz --install ${FLAGS} --history-max=10 --timeout=2m --description=run 7: retire ${labels} --hide-notes --color=never`,
  ])
  assert.deepEqual(lines, ['removing what the helper wrote (retire)'])
  // The kubelet then mounts the new configuration at once.
  const annotations = { 'acr-nopass.io/awaited-config': sha256(CONFIG) }
  assert.deepEqual(patched, [`/api/v1/namespaces/n/pods/p ${JSON.stringify({ metadata: { annotations } })}`])
  assert.deepEqual(open, [])
})

test('changes that others made in objects that are about to be deleted do not stop a removal', async (t) => {
  const forced = async (setup: Setup) =>
    (await retire(t, setup)).calls[1]?.includes(' --server-side=true --force-conflicts ')
  assert.equal(await forced({ deployed: { serverSide: true } }), true)
  assert.equal(await forced({ deployed: { serverSide: false } }), false)
  assert.equal(await forced({ inputs: { 'force-conflicts': true } }), true)
})

test('the recorded limit of the step includes the waits for hooks', async (t) => {
  assert.match((await retire(t, { hooks: 1 })).calls[1] ?? '', /acr-nopass\.io\/timeout=480 /)
})

test('a chart that refuses or ignores `retire` is refused, with the commands that uninstall it, before anything is written', async (t) => {
  const schema = "Error: values don'\\''t meet the specifications of the schema(s)"
  for (const setup of [{ fails: { dry: schema } }, { objects: [] }]) {
    const { outcome, calls } = await retire(t, setup)
    assert.ok(outcome instanceof Error && 'code' in outcome)
    assert.equal(outcome.code, 'UNINSTALL_CHART')
    assert.match(outcome.message, /^release n\/r was installed from acr-nopass-1\.0\.0, and the chart given here /)
    assert.deepEqual(calls, [DRY])
  }
})

test('any other failure of the dry run or of the upgrade is reported as it is', async (t) => {
  const { outcome, calls } = await retire(t, { fails: { dry: 'Error: Kubernetes cluster unreachable' } })
  assert.ok(outcome instanceof Error && 'code' in outcome)
  assert.deepEqual([outcome.code, calls], ['HELM_UNREACHABLE', [DRY]])
  const late = await retire(t, { fails: { upgrade: 'Error: UPGRADE FAILED: context deadline exceeded' } })
  assert.ok(late.outcome instanceof Error && 'code' in late.outcome)
  assert.equal(late.outcome.code, 'HELM_TIMEOUT')
  // The post step repairs it, from the revision that it was to replace.
  assert.deepEqual(
    late.open.map(({ command, before, good }) => [command, before, good]),
    [['upgrade', 3, 3]],
  )
})

test('a release that another deployer changed meanwhile is not retired', async (t) => {
  const { outcome, calls, lines } = await retire(t, { now: { ...LAST, revision: 5 } })
  assert.ok(outcome instanceof Error && 'code' in outcome)
  assert.deepEqual([outcome.code, calls], ['RELEASE_CHANGED', [DRY]])
  assert.deepEqual(lines, ['removing what the helper wrote (retire)'])
})

const PARTS = { namespace: 'n', selector: undefined, statusConfigMap: 's', configHash: 'h' }

/** Waits for a helper with these reports, one after another. Returns how often they were read. */
async function wait(
  reports: readonly (object | undefined)[],
  more: Parameters<typeof waitRetired>[2] = {},
  parts = {},
) {
  let reads = 0
  const request = async ({ path }: KubeCall) => {
    assert.equal(path, '/api/v1/namespaces/n/configmaps/s')
    const report = reports[Math.min(reads++, reports.length - 1)]
    if (report === undefined) throw new KubeApiError(503, 'away')
    return { data: { [STATUS_KEY]: JSON.stringify(helperReport([], report)) } }
  }
  const release = { client: { request }, timeout: '150ms', signal: AbortSignal.timeout(60_000) }
  await waitRetired(release as unknown as OpenRelease, { ...PARTS, ...parts }, more)
  return reads
}

test('P12 a removal waits until the helper reports about this configuration that everything was removed', async () => {
  assert.equal(await wait([{ retired: false }, { retired: true }]), 2)
  assert.equal(await wait([undefined, { retired: true }]), 2)
  assert.equal(await wait([{ retired: true, configHash: 'older' }, { retired: true }]), 2)
  // A configuration that is not known cannot be compared.
  assert.equal(await wait([{ retired: true, configHash: 'older' }], {}, { configHash: undefined }), 1)
})

test('P12 a removal also ends when the cluster itself shows that nothing is left, before a report', async () => {
  const seen = [false, true]
  assert.equal(await wait([{ retired: false }], { isClean: async () => seen.shift() ?? assert.fail() }), 1)
})

test('a helper that does not remove everything in time fails the removal, with the limit and the fix', async () => {
  const message = 'the helper did not report within 150ms that everything was removed'
  const code = 'RETIRE_INCOMPLETE'
  await assert.rejects(wait([{ retired: false }]), { code, message })
  await assert.rejects(wait([{ retired: true, configHash: 'older' }], { hint: 'Do this.' }), {
    code,
    message,
    hint: 'Do this.',
  })
})
