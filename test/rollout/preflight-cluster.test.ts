import assert from 'node:assert/strict'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { NopassError } from '../../src/errors.ts'
import type { Helm } from '../../src/helm/find-helm.ts'
import { otherReleases } from '../../src/installation/other-releases.ts'
import { errorFromResponse } from '../../src/kube/api-error.ts'
import { type KubeCall, type KubeClient, METADATA_ONLY_LIST } from '../../src/kube/client.ts'
import { newRun } from '../../src/rollout/cluster/cluster-run.ts'
import type { ClusterRun } from '../../src/rollout/cluster-result.ts'
import { preflightCluster, refuseRivals } from '../../src/rollout/preflight/preflight-cluster.ts'
import { openRelease } from '../../src/rollout/release/open-release.ts'
import { createRunFolder, type RunFolder, readOpenWork } from '../../src/rollout/run-folder.ts'
import { installed, labelled, labelledCluster } from '../support/labelled-cluster.ts'

type Arguments = Parameters<typeof preflightCluster>

const NO_HELM = { path: '/nothing', environment: {}, version: { major: 4, text: '4.3.1' } }

test('with an approved plan an abandoned release is not repaired, because no plan contains that', async (t) => {
  const methods: string[] = []
  const request = async ({ method, path }: { readonly method: string; readonly path: string }) => {
    methods.push(method)
    return path.endsWith('/secrets') ? listOf(['deployed', 'pending-upgrade']) : { metadata: {} }
  }
  const pending = { code: 'HELM_PENDING' }
  await assert.rejects(preflight(t, request, {}, { approved: new Map() }), pending)
  // Nor in a plan, nor without the input.
  await assert.rejects(preflight(t, request, {}, {}, { mode: 'plan' }), pending)
  await assert.rejects(preflight(t, request, {}, {}, { 'recover-pending': false }), pending)
  assert.deepEqual([...new Set(methods)], ['GET'])
})

test('P10 an abandoned release is repaired from the time that the error names, and not by a run that was cancelled', async (t) => {
  const request = async ({ path }: { readonly path: string }) =>
    path.endsWith('/secrets') ? listOf(['deployed', 'pending-upgrade']) : { metadata: {} }
  const repairs = async (time: string, signal: AbortSignal) => {
    const lines: string[] = []
    const access = { now: () => Date.parse(time), report: (line: string) => void lines.push(line) }
    await assert.rejects(preflight(t, request, { ...access, signal }))
    return lines.length > 0
  }
  assert.equal(await repairs('2001-09-09T07:51:39.999Z', t.signal), false)
  assert.equal(await repairs('2001-09-09T07:51:40.000Z', t.signal), true)
  assert.equal(await repairs('2001-09-09T07:51:40.000Z', AbortSignal.abort()), false)
})

test('P10 if an uninstall stopped half-way, plan and apply name the fix before anything is written', async (t) => {
  for (const mode of ['plan', 'apply']) {
    const methods: string[] = []
    const request = async ({ method, path }: { readonly method: string; readonly path: string }) => {
      methods.push(method)
      return path.endsWith('/secrets') ? listOf(['superseded', 'uninstalling']) : { metadata: {} }
    }
    await assert.rejects(preflight(t, request, {}, {}, { mode }), {
      code: 'HELM_PENDING',
      hint: 'If no other run is working on it: `helm uninstall r --namespace n`, then run again.',
    })
    assert.deepEqual([...new Set(methods)], ['GET'])
  }
})

test("recover-pending: the API server's clock, which dated a pending release, decides whether its deployer can be alive", async (t) => {
  const request = async ({ path }: { readonly path: string }) =>
    path.endsWith('/secrets') ? listOf(['deployed', 'pending-upgrade']) : { metadata: {} }
  // The clock of this machine is years ahead.
  const now = () => Date.parse('2001-09-09T01:50:00Z')
  await assert.rejects(preflight(t, request, { now }), { code: 'HELM_PENDING', hint: /from 2001-09-09T07:51:40\.000Z/ })
})

test('recover-pending: if no record shows what a pending upgrade was to replace, nothing is removed', async (t) => {
  const methods: string[] = []
  const request = async ({ method, path }: { readonly method: string; readonly path: string }) => {
    methods.push(method)
    const { items } = listOf(['deployed', 'pending-upgrade'])
    return path.endsWith('/secrets') ? { metadata: {}, items: items.slice(1) } : { metadata: {} }
  }
  await assert.rejects(preflight(t, request, {}), {
    code: 'HELM_PENDING',
    hint: /no record shows what it was to replace/,
  })
  assert.deepEqual([...new Set(methods)], ['GET'])
})

for (const { name, before = ['deployed', 'pending-upgrade'], repair, ends, after, calls, lines, open } of [
  {
    name: 'a first installation that was interrupted is removed',
    before: ['pending-install'],
    repair: 'pending-install (uninstall)',
    ends: 'exit 0',
    after: [[]],
    calls: ['uninstall r --namespace=n'],
    lines: ['removing the failed installation'],
    open: [],
  },
  {
    name: 'no revision was deployed, and the failed revision may work: the release is not removed',
    before: ['failed', 'pending-upgrade'],
    ends: 'exit 0',
    after: [['failed', 'superseded', 'deployed=1']],
    calls: ['rollback r 1'],
    lines: ['rolling back to revision 1'],
    open: [],
  },
  {
    name: 'the rollback is killed: the post step does it again',
    ends: 'kill -9 $$',
    after: [['deployed', 'pending-upgrade', 'pending-rollback']],
    calls: ['rollback r 1'],
    lines: ['rolling back to revision 1'],
    open: ['rollback'],
  },
  {
    name: 'another deployer completes while the rollback starts: theirs is restored',
    ends: 'exit 0',
    // Revision 3 is the other deployer's. Revision 4 is our rollback to revision 1. Revision 5 is
    // our rollback to revision 3.
    after: [
      ['superseded', 'superseded', 'superseded=3', 'deployed=1'],
      ['superseded', 'superseded', 'superseded=3', 'superseded=1', 'deployed=3'],
    ],
    calls: ['rollback r 1', 'rollback r 3'],
    lines: [
      'rolling back to revision 1',
      'rolling back to revision 3',
      'another deployer made revision 3 during the rollback: restored',
    ],
    open: [],
  },
] as const) {
  test(`recover-pending: ${name}`, async (t) => {
    const parent = await mkdtemp(join(tmpdir(), 'acr-nopass-recover-'))
    t.after(() => rm(parent, { recursive: true, force: true }))
    const log = join(parent, 'calls')
    await writeFile(log, '')
    const path = join(parent, 'helm')
    await writeFile(
      path,
      `#!/bin/sh\ncase "$1" in rollback | uninstall) echo "$1 $2 $3" >> ${log}; ${ends};; esac\nexit 1\n`,
    )
    await chmod(path, 0o700)
    const made = async (): Promise<readonly string[]> =>
      (await readFile(log, 'utf8')).split('\n').filter((line) => line !== '')
    const history = async (): Promise<readonly string[]> => {
      const count = (await made()).length
      return count === 0 ? before : (after[count - 1] ?? after.at(-1) ?? [])
    }
    const request = async ({ path }: { readonly path: string }) => {
      if (path.endsWith('/secrets')) return listOf(await history())
      const revision = Number(/\.v(\d+)$/.exec(path)?.[1])
      if (!(revision > 0)) return { metadata: {} }
      const [, by = String(revision)] = /=(\d+)/.exec((await history())[revision - 1] ?? '') ?? []
      const record = JSON.stringify({ config: { by }, manifest: '', chart: { metadata: { name: 'c', version: '1' } } })
      const packed = await promisify(gzip)(record)
      return { data: { release: Buffer.from(packed.toString('base64')).toString('base64') } }
    }
    const reported: string[] = []
    const folder = await createRunFolder(parent)
    const helm = {
      path,
      environment: { PATH: '/usr/bin:/bin' },
      version: { major: 4, minor: 3, patch: 1, text: '4.3.1' },
    }
    // This helm renders nothing, because the test ends with the repair.
    const report = (line: string): void => void reported.push(line)
    // Only a rollback that failed is the error of the run. Otherwise it goes on to render.
    const failed = open.length > 0 ? 'rollback' : 'upgrade'
    await assert.rejects(preflight(t, request, { helm, folder, report }), {
      code: /^HELM_/,
      message: new RegExp(`^helm ${failed}: `),
    })
    assert.deepEqual(await made(), calls)
    assert.deepEqual(reported, [
      `repairing the release that an interrupted run left ${repair ?? 'pending-upgrade (rollback)'}`,
      ...lines,
    ])
    assert.deepEqual(
      (await readOpenWork(folder)).helm.map(({ command }) => command),
      open,
    )
  })
}

for (const mode of ['plan', 'apply']) {
  test(`${mode}: a field that somebody changed with kubectl is found before anything is written`, async (t) => {
    const parent = await mkdtemp(join(tmpdir(), 'acr-nopass-conflict-'))
    t.after(() => rm(parent, { recursive: true, force: true }))
    const manifest = 'apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }\nspec: { replicas: 1 }\n'
    const rendered = { chart: { metadata: { name: 'c', version: '1' } }, config: {}, manifest }
    const path = join(parent, 'helm')
    await writeFile(path, `#!/bin/sh\ncat <<'END'\n${JSON.stringify(rendered)}\nEND\n`)
    await chmod(path, 0o700)
    const helm = { path, environment: { PATH: '/usr/bin:/bin' }, version: NO_HELM.version }
    const packed = (await promisify(gzip)(JSON.stringify({ ...rendered, apply_method: 'ssa' }))).toString('base64')
    const writes: string[] = []
    const request = async (call: KubeCall) => {
      const { method, path, query = {} } = call
      if (path.endsWith('/selfsubjectaccessreviews')) return { status: { allowed: true } }
      if (method !== 'GET' && query.dryRun !== 'All') writes.push(`${method} ${path}`)
      if (path.endsWith('/secrets')) return listOf(['deployed'])
      if (path.endsWith('.v1')) return { data: { release: Buffer.from(packed).toString('base64') } }
      if (path === '/apis/apps/v1')
        return { resources: [{ name: 'deployments', kind: 'Deployment', namespaced: true }] }
      if (method !== 'PATCH') return { metadata: { name: 'web' } }
      const message = 'Apply failed with 1 conflict: conflict with "kubectl-edit" using apps/v1: .spec.replicas'
      throw errorFromResponse('PATCH', 409, JSON.stringify({ message }), undefined)
    }
    await assert.rejects(preflight(t, request, { helm }, {}, { mode }), {
      code: 'HELM_CONFLICT',
      message: 'kubectl-edit owns .spec.replicas of Deployment web, which the chart sets too',
    })
    assert.deepEqual(writes, [])
  })
}

test('if its hook left a rollback pending, the next run names the hook', async (t) => {
  const hooks = ['pre-rollback', 'post-install, pre-rollback', 'pre-upgrade'].map((events, index) => ({
    manifest: `apiVersion: batch/v1\nkind: Job\nmetadata: { name: job-${index}, annotations: { helm.sh/hook: "${events}" } }\n`,
  }))
  hooks.push({ manifest: 'apiVersion: batch/v1\nkind: Job\nmetadata: { name: plain }\n' })
  const packed = (await promisify(gzip)(JSON.stringify({ manifest: '', hooks }))).toString('base64')
  const request = async ({ path }: KubeCall) => {
    if (path.endsWith('/secrets')) return listOf(['deployed', 'failed', 'pending-rollback'])
    if (path.endsWith('.v3')) return { data: { release: Buffer.from(packed).toString('base64') } }
    return { metadata: {} }
  }
  await assert.rejects(preflight(t, request, {}, {}, { 'recover-pending': false }), {
    code: 'HELM_PENDING',
    hint: /The rollback runs the hook Job job-0, the hook Job job-1: if that is what failed.* `--no-hooks`/,
  })
})

test('hooks are named only for a pending rollback, and if its record can be read', async (t) => {
  const hook = `apiVersion: batch/v1\nkind: Job\nmetadata: { name: job, annotations: { helm.sh/hook: pre-rollback } }\n`
  const release = JSON.stringify({ manifest: '', hooks: [{ manifest: hook }] })
  const packed = (await promisify(gzip)(release)).toString('base64')
  const hintOf = async (last: string, status?: number) => {
    const request = async ({ path }: KubeCall) => {
      if (path.endsWith('/secrets')) return listOf(['deployed', last])
      if (path.endsWith('.v2') && status !== undefined) throw errorFromResponse('GET', status, '', undefined)
      if (path.endsWith('.v2')) return { data: { release: Buffer.from(packed).toString('base64') } }
      return { metadata: {} }
    }
    let hint = ''
    await assert.rejects(preflight(t, request, {}, {}, { 'recover-pending': false }), (error: NopassError) => {
      hint = error.hint ?? ''
      return error.code === 'HELM_PENDING'
    })
    return hint
  }
  assert.match(await hintOf('pending-rollback'), /The rollback runs the hook Job job: /)
  assert.doesNotMatch(await hintOf('pending-rollback', 403), /hook/)
  assert.doesNotMatch(await hintOf('pending-upgrade'), /hook/)
})

for (const { what, isInstalled, code, message, notes } of [
  {
    what: 'a Deployment of a tenant with the labels of a release stops no rollout; a note names it, and RAM is not narrowed',
    isInstalled: false,
    code: 'HELM_PENDING',
    message: /./,
    notes: [
      'objects have the labels of aaa/acr-nopass, but may not belong to a release of acr-nopass (there is no ClusterRoleBinding, ClusterRole or guard of acr-nopass.aaa.acr-nopass); RAM is not narrowed',
    ],
  },
  {
    what: 'another release that the chart installed stops a rollout',
    isInstalled: true,
    code: 'RELEASE_ELSEWHERE',
    message: /^acr-nopass is already installed here as aaa\/acr-nopass$/,
    notes: [],
  },
]) {
  test(what, async (t) => {
    const cluster = labelledCluster({
      deployments: [labelled('aaa', 'acr-nopass')],
      signs: isInstalled ? [installed('aaa', 'acr-nopass')] : [],
    })
    const request = async (call: KubeCall): Promise<unknown> => {
      if (call.path.endsWith('/secrets')) return listOf(['superseded', 'uninstalling'])
      if (/deployments$|rbac|admission/.test(call.path)) return cluster.client.request(call)
      return { metadata: {}, items: [] }
    }
    const run = newRun()
    await assert.rejects(preflight(t, request, { run, ours: true }), { code, message })
    assert.deepEqual(run.notes, notes)
  })
}

test('RAM may be narrowed only if Deployments and ConfigMaps can be listed and no other has the labels of a release', async () => {
  const isAlone = async (content: Parameters<typeof labelledCluster>[0]): Promise<boolean> => {
    const context = { settings: { chart: { ours: true }, inputs: {} } }
    const cluster = { settings: { namespace: 'n', release: 'r' } }
    const work = { cluster, context, run: newRun(), release: labelledCluster(content) }
    return refuseRivals(work as unknown as Parameters<typeof refuseRivals>[0])
  }
  const own = labelled('n', 'r')
  assert.equal(await isAlone({ deployments: [own] }), true)
  assert.equal(await isAlone({ deployments: [own, labelled('aaa', 'r')] }), false)
  assert.equal(await isAlone({ denies: (path) => path.endsWith('/deployments') }), false)
  // A release without a helper has only its configuration, and its nodes need what RAM grants.
  assert.equal(await isAlone({ deployments: [own], configMaps: [own] }), true)
  assert.equal(await isAlone({ deployments: [own], configMaps: [labelled('aaa', 'r')] }), false)
  assert.equal(await isAlone({ deployments: [own], denies: (path) => path === '/api/v1/configmaps' }), false)
})

test('a chart that is not ours is not compared with releases of ours', async () => {
  const context = { settings: { chart: { ours: false }, inputs: {} } }
  const release = { client: { request: assert.fail }, signal: AbortSignal.any([]) }
  const work = { cluster: { settings: {} }, context, run: newRun(), release }
  assert.equal(await refuseRivals(work as unknown as Parameters<typeof refuseRivals>[0]), true)
})

test('what a deployer may not list is a note, and so is a vendor’s helper that is accepted', async () => {
  const { client, signal } = labelledCluster({ denies: (path) => path.endsWith('/deployments') })
  const image = 'registry/acs/aliyun-acr-credential-helper:v1'
  const addon = { spec: { template: { spec: { containers: [{ image }] } } } }
  const request = async (call: KubeCall): Promise<unknown> =>
    call.path.endsWith('/aliyun-acr-credential-helper') ? addon : client.request(call)
  const context = { settings: { chart: { ours: true }, inputs: { coexist: true } } }
  const run = newRun()
  const release = { client: { ...client, request }, signal }
  const work = { cluster: { settings: { namespace: 'n', release: 'r' } }, context, run, release }
  assert.equal(await refuseRivals(work as unknown as Parameters<typeof refuseRivals>[0]), false)
  assert.deepEqual(run.notes, [
    'not checked: whether another acr-nopass is installed, because the deployer lacks the right to list Deployments and ConfigMaps',
    "beside the vendor's aliyun-acr-credential-helper",
  ])
})

test('the vendor’s helper in the cluster stops a rollout, unless one of both settings accepts it', async () => {
  const addon = {
    spec: { template: { spec: { containers: [{ image: 'registry/acs/aliyun-acr-credential-helper:v1' }] } } },
  }
  const found = async (coexist: { readonly cluster?: boolean; readonly run?: boolean }) => {
    const { client, signal } = labelledCluster({ deployments: [labelled('n', 'r')] })
    const request = async (call: KubeCall): Promise<unknown> =>
      /\/kube-system\/deployments\/[^/]+$/.test(call.path) ? addon : client.request(call)
    const context = { settings: { chart: { ours: true }, inputs: { coexist: coexist.run ?? false } } }
    const cluster = { settings: { namespace: 'n', release: 'r', coexist: coexist.cluster ?? false } }
    const run = newRun()
    const work = { cluster, context, run, release: { client: { ...client, request }, signal } }
    const isAlone = await refuseRivals(work as unknown as Parameters<typeof refuseRivals>[0])
    return [isAlone, run.notes.length, run.notes[0]?.startsWith("beside the vendor's ")]
  }
  await assert.rejects(found({}), { code: 'ADDON_PRESENT', message: / runs in kube-system$/ })
  assert.deepEqual(
    [await found({ cluster: true }), await found({ run: true })],
    [
      [true, 1, true],
      [true, 1, true],
    ],
  )
})

test('the release itself does not count as another release, and only metadata of Deployments is read', async () => {
  const second = labelled('n', 'second')
  const { client, signal, calls } = labelledCluster({ deployments: [labelled('n', 'r'), second, second] })
  const others = await otherReleases({ client, signal }, { namespace: 'n', release: 'r' })
  assert.deepEqual(
    others?.map(({ name, evidence }) => [name, evidence]),
    [['second', 'missing']],
  )
  const [list] = calls
  assert.deepEqual(
    [list?.path, list?.accept, list?.query?.limit],
    ['/apis/apps/v1/deployments', METADATA_ONLY_LIST, 500],
  )
})

/** The list of helm's records, which are from 2001. */
function listOf(statuses: readonly string[]) {
  return {
    items: statuses.map((text, index) => {
      const labels = { version: String(index + 1), status: text.replace(/=.*/, '') }
      return { metadata: { labels, creationTimestamp: '2001-09-09T01:46:40Z' } }
    }),
  }
}

function preflight(
  t: TestContext,
  request: (request: KubeCall) => Promise<unknown>,
  {
    helm = NO_HELM,
    run = newRun(),
    ours = false,
    now = Date.now,
    signal = t.signal,
    ...access
  }: {
    readonly helm?: object
    readonly folder?: RunFolder
    readonly report?: (line: string) => void
    readonly run?: ClusterRun
    readonly signal?: AbortSignal
    /** The API server's time. */
    readonly now?: () => number
    /** True if the chart is ours. */
    readonly ours?: boolean
  },
  more: object = {},
  given: object = {},
): ReturnType<typeof preflightCluster> {
  const inputs = {
    'recover-pending': true,
    mode: 'apply',
    timeout: '5m',
    wait: true,
    'force-conflicts': false,
    ...given,
  }
  const settings = { inputs, chart: { ours } }
  const context = { settings, taken: new Map(), helm, ...more }
  const cluster = { name: 'a', settings: { namespace: 'n', release: 'r' } }
  const release = openRelease({
    cluster: 'a',
    client: { request } as unknown as KubeClient,
    helm: helm as unknown as Helm,
    folder: {} as RunFolder,
    target: { release: 'r', namespace: 'n', kubeconfig: 'k' },
    timeout: '5m',
    report: assert.fail,
    signal,
    ...access,
  })
  const work = { cluster, context, run, now, signal, identity: { kubeSystemUid: 'u' }, release }
  return preflightCluster(work as unknown as Arguments[0], {
    chart: 'c',
    valuesFiles: [],
    given: undefined,
    source: undefined,
  })
}
