import assert from 'node:assert/strict'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Helm } from '../../src/helm/find-helm.ts'
import { createKeyedLock } from '../../src/lib/concurrency.ts'
import type { RunContext } from '../../src/rollout/cluster/cluster-run.ts'
import { prepareClusters } from '../../src/rollout/inputs/prepare-cluster.ts'
import { readInputs } from '../../src/rollout/inputs/read-inputs.ts'
import type { ClusterSettings, Settings } from '../../src/rollout/inputs/settings.ts'
import { rollCluster } from '../../src/rollout/run/roll-cluster.ts'
import { createRunFolder } from '../../src/rollout/run-folder.ts'
import { type FakeObject, startFakeApiServer } from '../support/fake-api-server.ts'

const RELEASE = { name: 'acr-nopass', namespace: 'acr-nopass' }
const VALUES = `
helper: { enabled: HELPER }
registries: [{ name: prod, edition: personal, region: cn-hangzhou }]
identity: { type: worker-role }
node: { identity: worker-role }
`

interface Given {
  readonly mode: 'plan' | 'apply'
  /** The statuses of the revisions. */
  readonly history: readonly string[]
  /** True if the values to roll out keep the helper. */
  readonly keepsHelper?: boolean
}

/** The object of a revision: the helper's configuration. */
function objectsOf(hasHelper: boolean): readonly FakeObject[] {
  const config = {
    secretName: 'acr-nopass',
    registries: [{ name: 'prod' }],
    helper: { enabled: hasHelper },
    release: { ...RELEASE, fullname: 'acr-nopass', serviceAccount: 'acr-nopass', status: 'acr-nopass-status' },
  }
  return [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: RELEASE, data: { 'config.yaml': JSON.stringify(config) } }]
}

/** Helm's own JSON of a revision. */
const revisionOf = (objects: readonly FakeObject[]): string =>
  JSON.stringify({
    chart: { metadata: { name: 'acr-nopass', version: '1.0.0' } },
    config: {},
    manifest: objects.map((object) => `---\n${JSON.stringify(object)}\n`).join(''),
  })

async function recordOf(revision: number, status: string): Promise<FakeObject> {
  const packed = (await promisify(gzip)(revisionOf(objectsOf(true)))).toString('base64')
  const labels = { owner: 'helm', name: RELEASE.name, version: String(revision), status }
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: `sh.helm.release.v1.acr-nopass.v${revision}`, namespace: RELEASE.namespace, labels },
    data: { release: Buffer.from(packed).toString('base64') },
  }
}

/** Rolls a release with a helper to these values, and returns the result and all writes. */
async function roll(t: TestContext, { mode, history, keepsHelper = false }: Given) {
  const records = await Promise.all(history.map((status, index) => recordOf(index + 1, status)))
  const api = await startFakeApiServer([...objectsOf(true), ...records])
  t.after(() => api[Symbol.asyncDispose]())
  const writes: string[] = []
  api.refuse = (method, path, query) => {
    if (method !== 'GET' && query.get('dryRun') !== 'All' && !path.includes('/selfsubject')) {
      writes.push(`${method} ${path}`)
    }
    return undefined
  }
  api.answer = (path) => (path.includes('/selfsubject') ? '{"status":{"allowed":true}}' : undefined)

  const parent = await mkdtemp(join(tmpdir(), 'acr-nopass-roll-'))
  t.after(() => rm(parent, { recursive: true, force: true }))
  const helmPath = join(parent, 'helm')
  // This Helm renders the desired revision, and can write nothing.
  await writeFile(join(parent, 'rendered'), revisionOf(objectsOf(keepsHelper)))
  await writeFile(helmPath, `#!/bin/sh\ncase "$*" in *dry-run*) cat ${parent}/rendered ;; *) exit 1 ;; esac\n`)
  await chmod(helmPath, 0o700)

  const given: Readonly<Record<string, string>> = { mode, ram: 'none', verify: 'false' }
  const text = VALUES.replace('HELPER', String(keepsHelper))
  const cluster: ClusterSettings = {
    ...{ name: 'production', wave: 0, namespace: RELEASE.namespace, release: RELEASE.name, coexist: false },
    access: { kind: 'kubeconfig-text', text: api.kubeconfig, from: 'a test', context: undefined },
    layers: [{ name: 'values', text, source: { name: 'values', text } }],
    workerRoles: [],
    expect: {},
  }
  const settings: Settings = {
    inputs: readInputs((name) => given[name]),
    clusters: [cluster],
    selected: [cluster],
    chart: { reference: 'chart', version: undefined, ours: true, bundled: undefined, defaults: undefined },
    endpoints: {},
  }
  const { clusters: prepared, errors } = prepareClusters(settings)
  const [first] = prepared
  assert.ok(first !== undefined, errors.join('\n'))
  const version = { major: 4, minor: 3, patch: 1, text: '4.3.1' }
  const helm: Helm = { path: helmPath, environment: { PATH: '/usr/bin:/bin' }, version } as Helm
  const noCloud = (): never => assert.fail('the cloud is not used')
  const context: RunContext = {
    ...{ settings, prepared, helm, chart: async () => 'chart', folder: await createRunFolder(parent) },
    cloud: { credentialsFor: noCloud, cs: noCloud, ram: noCloud, caller: noCloud },
    ramList: async () => noCloud(),
    ramLock: createKeyedLock(),
    taken: new Map(),
    mask: () => undefined,
    report: () => undefined,
    elapsed: () => 0,
    runName: 'a test',
    approved: undefined,
  }
  return { result: await rollCluster(first, context, () => undefined, t.signal), writes }
}

test('plan: the plan says what comes before the helper is switched off', async (t) => {
  const { result, writes } = await roll(t, { mode: 'plan', history: ['superseded', 'deployed'] })
  assert.deepEqual([result.status, result.error], ['planned', undefined])
  assert.ok(result.notes.some((note) => note.startsWith('the helper is switched off: before, a revision with `retire')))
  assert.deepEqual(writes, [])
})

test('apply: the helper is retired before the release is upgraded', async (t) => {
  const { result } = await roll(t, { mode: 'apply', history: ['deployed'] })
  // The Helm of this test renders no `retire: true`, which ends the work there.
  assert.deepEqual([result.phase, result.error?.code], ['deploy', 'UNINSTALL_CHART'])
})

test('plan: a release that keeps its helper is unchanged', async (t) => {
  const { result } = await roll(t, { mode: 'plan', history: ['deployed'], keepsHelper: true })
  assert.deepEqual([result.status, result.error], ['unchanged', undefined])
})
