// What a preflight finds in a cluster that passes it, and what it asks of the API server and of
// helm for that.
import assert from 'node:assert/strict'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Helm } from '../../src/helm/find-helm.ts'
import type { Revision } from '../../src/helm/release/release-state.ts'
import { errorFromResponse } from '../../src/kube/api-error.ts'
import type { KubeCall, KubeClient } from '../../src/kube/client.ts'
import { formatRight, type Right } from '../../src/kube/read/access-review.ts'
import { newRun } from '../../src/rollout/cluster/cluster-run.ts'
import { type ChartRequest, preflightCluster } from '../../src/rollout/preflight/preflight-cluster.ts'
import { openRelease } from '../../src/rollout/release/open-release.ts'
import type { RunFolder } from '../../src/rollout/run-folder.ts'
import { loadValues } from '../../src/values/load-values.ts'

const TEAM = `registries: [{ name: prod, edition: enterprise, instanceId: cri-abc123, region: cn-hangzhou }]
identity: { type: worker-role }
tolerations:
  - { key: dedicated, tolerationSeconds: 30 }
`
const loaded = loadValues({ files: [{ name: 'team.yaml', text: TEAM }] })

/** The chart's objects: the configuration of a helper, and the helper. */
function manifestOf({ helper = true, fullname = 'acr-nopass', more = '' } = {}): string {
  const config = {
    registries: [{ name: 'prod', edition: 'enterprise', instanceId: 'cri-abcdefgh12345678', region: 'cn-hangzhou' }],
    identity: { type: 'worker-role' },
    attach: 'serviceAccounts',
    secretName: 'acr-pull',
    ...(!helper && { helper: { enabled: false } }),
    release: { name: 'r', namespace: 'n', fullname, serviceAccount: fullname, lease: fullname, status: 's' },
  }
  const metadata = { name: fullname, namespace: 'n' }
  const objects = [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { 'config.yaml': JSON.stringify(config) } },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: { template: { spec: { tolerations: [{ key: 'dedicated', tolerationSeconds: 30 }] } } },
    },
  ]
  return [...objects.map((object) => JSON.stringify(object)), more].filter(Boolean).join('\n---\n')
}

/** A revision in helm's history, and how it was applied. */
interface Recorded {
  readonly status: Revision['status']
  readonly manifest?: string
  readonly onServer?: boolean
}

interface Setup {
  readonly recorded?: readonly Recorded[]
  readonly manifest?: string
  readonly hooks?: readonly string[]
  readonly major?: 3 | 4
  readonly inputs?: object
  readonly values?: object | undefined
  readonly request?: Partial<ChartRequest>
  readonly bundled?: string
  /** The status of the response to a read of the release's namespace. */
  readonly namespace?: 200 | 403 | 404
  /** Rights that the deployer lacks. */
  readonly lacks?: readonly string[]
  /** The live object of each path. A Deployment or ConfigMap that is not here does not exist. */
  readonly live?: Readonly<Record<string, object>>
  /** The response to each dry run, as the status and the body of an error. */
  readonly refuse?: (call: KubeCall) => readonly [status: number, body: object] | undefined
  /** What other entries of the run have taken. */
  readonly taken?: ReadonlyMap<string, string>
}

const RESOURCES: Readonly<Record<string, readonly object[]>> = {
  '/api/v1': [{ name: 'configmaps', kind: 'ConfigMap', namespaced: true }],
  '/apis/apps/v1': [{ name: 'deployments', kind: 'Deployment', namespaced: true }],
}

async function ready(t: TestContext, setup: Setup = {}) {
  const { recorded = [], manifest = manifestOf(), hooks = [], major = 4, namespace = 200, lacks = [] } = setup
  const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-ready-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  const rendered = { chart: { metadata: { name: 'acr-nopass', version: '1.0.0' } }, config: { a: 1 }, manifest }
  const withHooks = { ...rendered, hooks: hooks.map((text) => ({ manifest: text })) }
  await writeFile(join(folder, 'release.json'), JSON.stringify(withHooks))
  await writeFile(join(folder, 'manifest.yaml'), manifest)
  const path = join(folder, 'helm')
  const answer = `if test "$1" = template; then cat ${folder}/manifest.yaml; else cat ${folder}/release.json; fi`
  await writeFile(path, `#!/bin/sh\necho "$*" >> ${folder}/calls\n${answer}\n`)
  await chmod(path, 0o700)

  const rights = new Set<string>()
  const tried: string[] = []
  const written: string[] = []
  const request = async (call: KubeCall): Promise<unknown> => {
    const { method, path, query = {}, body } = call
    if (path.endsWith('/selfsubjectrulesreviews')) return { status: {} }
    if (path.endsWith('/selfsubjectaccessreviews')) {
      const right = (body as { readonly spec: { readonly resourceAttributes: Right } }).spec.resourceAttributes
      if (right.verb === '*') return { status: { allowed: false } }
      rights.add(formatRight(right))
      return { status: { allowed: !lacks.includes(formatRight(right)) } }
    }
    if (path in RESOURCES) return { resources: RESOURCES[path] }
    if (path === '/api/v1/namespaces/n/secrets') {
      const labels = recorded.map(({ status }, index) => ({ version: String(index + 1), status }))
      return { items: labels.map((own) => ({ metadata: { labels: own, creationTimestamp: '2001-09-09T01:46:40Z' } })) }
    }
    const revision = recorded[Number(/\.v(\d+)$/.exec(path)?.[1]) - 1]
    if (revision !== undefined) {
      const method = revision.onServer ? { apply_method: 'ssa' } : {}
      const record = { ...rendered, manifest: revision.manifest ?? manifestOf(), ...method }
      const packed = (await promisify(gzip)(JSON.stringify(record))).toString('base64')
      return { data: { release: Buffer.from(packed).toString('base64') } }
    }
    if (path === '/api/v1/namespaces/n' && namespace !== 200) throw errorFromResponse(method, namespace, '', undefined)
    if (/^\/api\/v1\/namespaces\/[^/]+$/.test(path)) return { metadata: { name: path.split('/').at(-1) } }
    if (method === 'GET') {
      const live = setup.live?.[path]
      if (live === undefined) throw errorFromResponse(method, 404, '', undefined)
      return live
    }
    const flags = ['force', 'fieldValidation'].map((name) => `${name}=${query[name]}`)
    tried.push([method, path, ...flags].join(' '))
    if (query.dryRun !== 'All') written.push(`${method} ${path}`)
    const refusal = setup.refuse?.(call)
    if (refusal !== undefined) throw errorFromResponse(method, refusal[0], JSON.stringify(refusal[1]), undefined)
    return setup.live?.[path] ?? body
  }
  const inputs = {
    'recover-pending': false,
    mode: 'apply',
    timeout: '5m',
    wait: true,
    'force-conflicts': false,
    verify: true,
    'verify-image': '',
    'verify-namespace': '',
    ...setup.inputs,
  }
  const run = newRun()
  const version = { major, minor: 3, patch: 1, text: `${major}.3.1` }
  const helm = { path, environment: { PATH: '/usr/bin:/bin' }, version } as unknown as Helm
  const release = openRelease({
    cluster: 'a',
    client: { request } as unknown as KubeClient,
    helm,
    folder: {} as RunFolder,
    target: { release: 'r', namespace: 'n', kubeconfig: 'k' },
    timeout: '5m',
    report: assert.fail,
    signal: t.signal,
  })
  const taken = new Map(setup.taken)
  const settings = { inputs, chart: { ours: false, bundled: setup.bundled } }
  const values = 'values' in setup ? setup.values && { ...loaded.values, ...setup.values } : loaded.values
  const work = {
    cluster: { name: 'a', settings: { namespace: 'n', release: 'r' }, values },
    context: { settings, taken, helm, runName: 'run 7' },
    run,
    now: Date.now,
    signal: t.signal,
    identity: { kubeSystemUid: 'u', version: 'v1.36.3' },
    release,
  } as unknown as Parameters<typeof preflightCluster>[0]
  const chart = { chart: 'chart.tgz', valuesFiles: ['v.yaml'], given: undefined, source: undefined, ...setup.request }
  const found = await preflightCluster(work, chart)
  assert.deepEqual(written, [])
  const calls = (await readFile(join(folder, 'calls'), 'utf8')).split('\n').filter(Boolean)
  return { found, rights: [...rights].sort(), tried, notes: run.notes, calls, taken }
}

const CONFIG = '/api/v1/namespaces/n/configmaps/acr-nopass'
const HELPER = '/apis/apps/v1/namespaces/n/deployments/acr-nopass'
const RECORDS = ['create', 'delete', 'get', 'list', 'update'].map((verb) => `${verb} secrets in n`)
const OBJECTS = ['configmaps', 'deployments.apps'].flatMap((what) => [
  `create ${what} in n`,
  ...['get', 'patch'].map((verb) => `${verb} ${what}/acr-nopass in n`),
])
const WATCHES = ['configmaps', 'deployments.apps'].flatMap((what) => [`list ${what} in n`, `watch ${what} in n`])
const PROBE = ['create namespaces', 'create pods', 'delete namespaces', 'get secrets/acr-pull']

/** The objects of the deployed revision, as they are in the cluster. */
const LIVE = Object.fromEntries(
  manifestOf()
    .split('\n---\n')
    .map((text, index) => {
      const object = JSON.parse(text)
      const labels = { 'app.kubernetes.io/managed-by': 'Helm' }
      const annotations = { 'meta.helm.sh/release-name': 'r', 'meta.helm.sh/release-namespace': 'n' }
      return [index === 0 ? CONFIG : HELPER, { ...object, metadata: { ...object.metadata, labels, annotations } }]
    }),
)

test('a first installation: all rights of the deploy and of the verification are checked, and nothing is written', async (t) => {
  const { found, rights, notes, calls, taken } = await ready(t, {
    namespace: 404,
    refuse: () => [404, { message: 'namespaces "n" not found' }],
  })
  const { desired, dryRuns, ...rest } = found
  assert.deepEqual(rest, {
    options: {
      chart: 'chart.tgz',
      valuesFiles: ['v.yaml'],
      timeout: '5m',
      wait: true,
      forceConflicts: false,
      description: 'run 7',
    },
    history: [],
    exact: false,
    namespaceExists: false,
    deployed: undefined,
    removesHelper: false,
    alone: true,
    probe: { existing: undefined, registries: ['prod'], attaches: true },
    isByNode: false,
  })
  assert.deepEqual(
    [desired.chart, desired.objects.map(({ kind }) => kind)],
    ['acr-nopass-1.0.0', ['ConfigMap', 'Deployment']],
  )
  assert.deepEqual(rights, [...new Set([...RECORDS, ...OBJECTS, ...WATCHES, ...PROBE])].sort())
  const objects = 'ConfigMap n/acr-nopass, Deployment n/acr-nopass'
  assert.deepEqual(notes, [`not checked by a dry run: ${objects}: namespace n does not exist yet`])
  assert.deepEqual(
    dryRuns.map(({ object, drift }) => [object, drift]),
    objects.split(', ').map((object) => [object, 'absent']),
  )
  assert.deepEqual(calls, [
    'upgrade r chart.tgz --install --namespace=n --kubeconfig=k --values=v.yaml --reset-values --dry-run=server --output=json --hide-notes --color=never',
  ])
  assert.deepEqual([...taken], [['u n/r', 'a']])
})

test('only Helm 4 that waits watches the objects; without a verification nothing of it has to be allowed', async (t) => {
  const asked = async (setup: Setup) => (await ready(t, setup)).rights
  const needed = [...RECORDS, ...OBJECTS]
  const unverified = { inputs: { verify: false } }
  assert.deepEqual(await asked({ major: 3, ...unverified }), [...needed].sort())
  assert.deepEqual(await asked({ inputs: { wait: false } }), [...needed].sort())
  assert.deepEqual(await asked(unverified), [...needed, ...WATCHES].sort())
  const image = await asked({ inputs: { 'verify-image': 'r.example/app:1' } })
  assert.deepEqual(image, [...needed, ...WATCHES, ...PROBE, 'get pods'].sort())
})

test('a namespace that does not exist has to be created, whatever is verified', async (t) => {
  const asked = async (namespace: 200 | 404) => {
    const refuse = () => (namespace === 404 ? ([404, { message: 'namespaces "n" not found' }] as const) : undefined)
    return (await ready(t, { namespace, refuse, inputs: { verify: false } })).rights.includes('create namespaces')
  }
  assert.deepEqual([await asked(404), await asked(200)], [true, false])
  // A namespace that is deleted after it was read is not created by the deploy.
  await assert.rejects(ready(t, { refuse: () => [404, { message: 'namespaces "n" not found' }] }), {
    code: 'HELM_INVALID_OBJECT',
  })
})

test('a deployer that lacks a right is refused before the first write, with every missing right', async (t) => {
  const lacks = ['patch deployments.apps/acr-nopass in n', 'create pods']
  await assert.rejects(ready(t, { lacks }), {
    code: 'DEPLOYER_FORBIDDEN',
    message: 'the deployer may not patch deployments.apps/acr-nopass in n; create pods',
  })
})

test('a namespace that the deployer may not read counts as existing, because another right cannot be asked for', async (t) => {
  const { found, rights } = await ready(t, { namespace: 403, inputs: { verify: false } })
  assert.equal(found.namespaceExists, true)
  assert.ok(!rights.includes('create namespaces'))
})

test('verify-namespace: the namespace is read before the first write, and only rights in it are needed', async (t) => {
  const { found, rights } = await ready(t, {
    inputs: { 'verify-namespace': 'checks', 'verify-image': 'r.example/a:1' },
  })
  assert.deepEqual(found.probe, { existing: 'checks', registries: ['prod'], attaches: true })
  const inside = ['create pods', 'get pods', 'delete pods', 'create serviceaccounts', 'delete serviceaccounts']
  const probe = [
    'get namespaces/checks',
    'get secrets/acr-pull in checks',
    ...inside.map((right) => `${right} in checks`),
  ]
  assert.deepEqual(rights, [...RECORDS, ...OBJECTS, ...WATCHES, ...probe].sort())
  const unused = await ready(t, { inputs: { verify: false, 'verify-namespace': 'checks' } })
  assert.equal(unused.found.probe, undefined)
  assert.deepEqual(unused.rights, [...RECORDS, ...OBJECTS, ...WATCHES].sort())
})

test('without a helper, a Pod without a Secret is verified, and no right to Secrets outside of the release is needed', async (t) => {
  const setup = {
    manifest: manifestOf({ helper: false }),
    values: { node: { identity: 'worker-role', fallback: 'none' }, helper: { enabled: false } },
  }
  const image = { 'verify-image': 'r.example/app:1' }
  const { found, rights } = await ready(t, { ...setup, inputs: image })
  assert.deepEqual([found.isByNode, found.probe], [true, undefined])
  const probe = ['create namespaces', 'delete namespaces', 'create pods', 'get pods']
  assert.deepEqual(rights, [...RECORDS, ...OBJECTS, ...WATCHES, ...probe].sort())
  const named = await ready(t, { ...setup, inputs: { ...image, 'verify-namespace': 'checks' } })
  assert.deepEqual([named.found.isByNode, named.found.probe], [true, undefined])
  assert.ok(named.rights.includes('create pods in checks') && !named.rights.join().includes('acr-pull'))
})

test('an entry for a release that another entry of the run has in the same cluster is refused', async (t) => {
  await assert.rejects(ready(t, { taken: new Map([['u n/r', 'b']]) }), {
    code: 'CLUSTER_DUPLICATE',
    message: 'a and b are the same release in the same cluster',
  })
  const again = new Map([
    ['u n/r', 'a'],
    ['v n/r', 'b'],
    ['u n/other', 'c'],
  ])
  assert.deepEqual((await ready(t, { taken: again })).taken, again)
})

for (const [how, major, onServer, inputs, expected] of [
  ['Helm 4 applied it on the server', 4, true, {}, 'PATCH force=false fieldValidation=Strict'],
  ['Helm 3 applied it on the client', 4, false, {}, 'PATCH force=true fieldValidation=Ignore'],
  ['Helm 3 upgrades', 3, true, {}, 'PATCH force=true fieldValidation=Ignore'],
  ['force-conflicts is set', 4, true, { 'force-conflicts': true }, 'PATCH force=true fieldValidation=Strict'],
] as const) {
  test(`an upgrade where ${how} is tried in the way in which helm will apply it`, async (t) => {
    const recorded = [{ status: 'superseded' }, { status: 'deployed', onServer }] as const
    const { found, tried, notes } = await ready(t, { recorded, live: LIVE, major, inputs })
    assert.deepEqual(
      tried,
      [CONFIG, HELPER].map((path) => expected.replace(' ', ` ${path} `)),
    )
    assert.deepEqual(
      [found.history.map(({ revision, status }) => `${revision} ${status}`), found.deployed?.serverSide, notes],
      [['1 superseded', '2 deployed'], onServer, []],
    )
    assert.deepEqual(
      found.dryRuns.map(({ drift }) => drift),
      ['same', 'same'],
    )
    assert.equal(found.options.forceConflicts, 'force-conflicts' in inputs)
  })
}

test('with force-conflicts Helm 4 takes over what it applied on the client, so what only an apply refuses is no refusal', async (t) => {
  const refuse = ({ method, path }: KubeCall) =>
    method === 'PATCH' && path === HELPER ? ([422, { message: 'Duplicate value: "http"' }] as const) : undefined
  const inputs = { 'force-conflicts': true }
  const onClient = await ready(t, { recorded: [{ status: 'deployed' }], live: LIVE, inputs, refuse })
  assert.match(onClient.notes.join(), /^not checked by a dry run: Deployment n\/acr-nopass: helm also removes /)
  const onServer = ready(t, { recorded: [{ status: 'deployed', onServer: true }], live: LIVE, inputs, refuse })
  await assert.rejects(onServer, { code: 'HELM_INVALID_OBJECT' })
})

test('objects of the deployed revision may have other labels; after an uninstall, they belong to somebody else', async (t) => {
  const live = { ...LIVE, [HELPER]: { metadata: { name: 'acr-nopass', labels: {} } } }
  const { found } = await ready(t, { recorded: [{ status: 'deployed', onServer: true }], live })
  assert.deepEqual(
    found.dryRuns.map(({ verdict }) => verdict.verdict),
    ['accepted', 'accepted'],
  )
  await assert.rejects(ready(t, { recorded: [{ status: 'uninstalled' }], live }), {
    code: 'HELM_OWNERSHIP',
    message: 'Deployment n/acr-nopass exists and belongs to no release, or to another release',
  })
})

test('hooks cannot be tried, and a note counts them', async (t) => {
  const hook = (name: string) => `{ apiVersion: v1, kind: ConfigMap, metadata: { name: ${name} } }`
  const { notes, rights } = await ready(t, { hooks: [hook('one'), hook('two')] })
  assert.deepEqual(notes, ['not checked by a dry run: 2 hooks of the chart, which helm creates during the upgrade'])
  assert.ok(rights.includes('delete configmaps in n'))
})

test('a refused field that the chart passes on is reported with its key and place in the values', async (t) => {
  const field = 'spec.template.spec.tolerations[0].tolerationSeconds'
  const refuse = ({ path }: KubeCall) =>
    path.includes('/deployments') ? ([422, { message: 'no', details: { causes: [{ field }] } }] as const) : undefined
  const located = ready(t, { refuse, request: { source: loaded } })
  await assert.rejects(located, {
    code: 'HELM_INVALID_OBJECT',
    hint: 'Change `tolerations[0].tolerationSeconds` (team.yaml:4:42).',
  })
  await assert.rejects(ready(t, { refuse }), ({ code, hint, message }) => {
    assert.match(message, /^the API server would refuse Deployment n\/acr-nopass: .* no$/)
    return code === 'HELM_INVALID_OBJECT' && !hint?.includes('team.yaml')
  })
})

test('values that rename the objects of a release are refused', async (t) => {
  const setup = { recorded: [{ status: 'deployed' }], manifest: manifestOf({ fullname: 'other' }) } as const
  await assert.rejects(ready(t, setup), { code: 'RELEASE_RENAMED' })
})

test('our own chart is rendered without the cluster for an apply, which is exact; every other chart and plan is rendered by it', async (t) => {
  const given = { logLevel: 'debug' }
  const own = { bundled: 'acr-nopass-1.0.0', request: { given } }
  const { found, calls } = await ready(t, { ...own, recorded: [{ status: 'deployed', onServer: true }], live: LIVE })
  assert.deepEqual(calls, [
    'template r chart.tgz --namespace=n --values=v.yaml --kube-version=v1.36.3 --is-upgrade --no-hooks',
  ])
  const { desired, exact } = found
  assert.deepEqual([exact, desired.chart, desired.values, desired.hooks], [true, 'acr-nopass-1.0.0', given, []])
  const first = await ready(t, own)
  assert.deepEqual(first.calls, [
    'template r chart.tgz --namespace=n --values=v.yaml --kube-version=v1.36.3 --no-hooks',
  ])
  for (const change of [
    { inputs: { mode: 'plan' } },
    { values: { extraObjects: [{ kind: 'Secret' }] } },
    { values: undefined },
    { bundled: undefined },
    { request: { given: undefined } },
  ]) {
    const other = await ready(t, { ...own, ...change } as Setup)
    assert.deepEqual([other.found.exact, other.calls[0]?.split(' ')[0]], [false, 'upgrade'], JSON.stringify(change))
  }
})

test('values without the helper of the working revision remove it, and the chart is rendered without looking it up', async (t) => {
  const off = { values: { helper: { enabled: false } }, manifest: manifestOf({ helper: false }) }
  const removes = async (recorded: readonly Recorded[], setup: Setup = off) => {
    const { found, calls } = await ready(t, { ...setup, recorded, live: LIVE })
    return [found.removesHelper, /--dry-run=(\w+)/.exec(calls[0] ?? '')?.[1]]
  }
  const without = manifestOf({ helper: false })
  assert.deepEqual(await removes([{ status: 'deployed' }]), [true, 'client'])
  assert.deepEqual(await removes([{ status: 'deployed', manifest: without }]), [false, 'server'])
  // The revision that failed is not the one whose helper works.
  assert.deepEqual(await removes([{ status: 'deployed' }, { status: 'failed', manifest: without }]), [true, 'client'])
  assert.deepEqual(await removes([{ status: 'deployed', manifest: without }, { status: 'failed' }]), [false, 'server'])
  assert.deepEqual(await removes([{ status: 'deployed', manifest: '' }]), [false, 'server'])
  assert.deepEqual(await removes([{ status: 'uninstalled' }]), [false, 'server'])
  assert.deepEqual(await removes([]), [false, 'server'])
  assert.deepEqual(await removes([{ status: 'deployed' }], {}), [false, 'server'])
  assert.deepEqual(await removes([{ status: 'deployed' }], { values: undefined }), [false, 'server'])
})
