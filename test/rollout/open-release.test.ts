import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { Helm } from '../../src/helm/find-helm.ts'
import type { ReleaseContent } from '../../src/helm/release/release-record.ts'
import type { Revision } from '../../src/helm/release/release-state.ts'
import type { KubeClient } from '../../src/kube/client.ts'
import { openRelease, recordKind, refuseRename, requireSameHistory } from '../../src/rollout/release/open-release.ts'
import type { RunFolder } from '../../src/rollout/run-folder.ts'

// The storage drivers of Helm: https://github.com/helm/helm/blob/v3.22.0/pkg/action/action.go
// (`Configuration.Init`).

const of = (driver: string | undefined): Helm =>
  ({ environment: driver === undefined ? {} : { HELM_DRIVER: driver } }) as unknown as Helm

for (const [driver, kind] of [
  [undefined, 'secrets'],
  ['', 'secrets'],
  ['secret', 'secrets'],
  ['secrets', 'secrets'],
  ['configmap', 'configmaps'],
  ['configmaps', 'configmaps'],
] as const) {
  test(`with HELM_DRIVER ${driver ?? 'unset'} the labels of the revisions are read from ${kind}`, async (t) => {
    const paths: string[] = []
    const labels = { version: '1', status: 'deployed', 'acr-nopass.io/step': 'a' }
    const request = async ({ path }: { readonly path: string }) => {
      paths.push(path)
      return { items: [{ metadata: { labels } }] }
    }
    const target = { release: 'r', namespace: 'n', kubeconfig: 'k' }
    const release = openRelease({
      cluster: 'c',
      client: { request } as unknown as KubeClient,
      helm: of(driver),
      folder: {} as RunFolder,
      target,
      timeout: '5m',
      report: assert.fail,
      signal: t.signal,
    })
    const [revision] = await release.history()
    assert.deepEqual([paths, revision?.step?.id], [[`/api/v1/namespaces/n/${kind}`], 'a'])
  })
}

for (const driver of ['sql', 'memory', 'SQL', 'Secret']) {
  test(`with HELM_DRIVER ${driver} nothing is started, because the owner of a revision could not be determined`, () => {
    assert.throws(() => recordKind({ HELM_DRIVER: driver }), {
      code: 'HELM_DRIVER',
      message: `HELM_DRIVER=${driver} says where Helm keeps its records: acr-nopass reads there which run made a revision, but reads only Secrets and ConfigMaps`,
      hint: 'Unset `HELM_DRIVER`, or set it to `secret` or `configmap`.',
    })
  })
}

function content(fullname: string | undefined): ReleaseContent {
  const data = fullname === undefined ? {} : { 'config.yaml': JSON.stringify({ release: { fullname } }) }
  return { objects: [{ kind: 'ConfigMap', body: { data } }] } as unknown as ReleaseContent
}

/** Revisions from 1 on: the status, and the full name of the objects. */
type History = readonly (readonly [status: string, fullname: string | undefined])[]

async function refused(history: History, fullname: string | undefined): Promise<string | undefined> {
  const revisions = history.map(([status], index) => ({ revision: index + 1, status })) as unknown as Revision[]
  const store = { content: async (revision: number) => content(history[revision - 1]?.[1]) }
  try {
    await refuseRename(store, revisions, content(fullname))
    return undefined
  } catch (error) {
    return `${(error as { code: string }).code}: ${(error as Error).message}`
  }
}

test('a change of the full name on an upgrade is rejected with both names', async () => {
  const message =
    'RELEASE_RENAMED: the objects of this release are named ci-acr-nopass, and these values name them pull'
  assert.equal(await refused([['deployed', 'ci-acr-nopass']], 'pull'), message)
  // The override of the name is removed again.
  assert.match((await refused([['deployed', 'pull']], 'ci-acr-nopass')) ?? '', /^RELEASE_RENAMED: .* named pull, /)
})

test('a first installation, the same name, and a chart of another kind are not rejected', async () => {
  assert.equal(await refused([], 'pull'), undefined)
  assert.equal(await refused([['failed', 'ci-acr-nopass']], 'pull'), undefined)
  assert.equal(await refused([['deployed', 'pull']], 'pull'), undefined)
  assert.equal(await refused([['deployed', undefined]], 'pull'), undefined)
  assert.equal(await refused([['deployed', 'pull']], undefined), undefined)
})

test('after a failed rename the old name is accepted, and the rename is still rejected', async () => {
  const history: History = [
    ['deployed', 'ci-acr-nopass'],
    ['failed', 'pull'],
  ]
  assert.equal(await refused(history, 'ci-acr-nopass'), undefined)
  assert.match((await refused(history, 'pull')) ?? '', /^RELEASE_RENAMED/)
})

test('the record of a revision is read from a Secret, whose data are encoded once more, or from a ConfigMap', async (t) => {
  const record = gzipSync(JSON.stringify({ chart: { metadata: { name: 'c', version: '1' } } })).toString('base64')
  const read = async (driver: string, release: string | undefined) => {
    const paths: string[] = []
    const request = async ({ path }: { readonly path: string }) => {
      paths.push(path)
      return release === undefined ? {} : { data: { release } }
    }
    const opened = openRelease({
      cluster: 'c',
      client: { request } as unknown as KubeClient,
      helm: of(driver),
      folder: {} as RunFolder,
      target: { release: 'r', namespace: 'n', kubeconfig: 'k' },
      timeout: '5m',
      report: assert.fail,
      signal: t.signal,
    })
    return { chart: (await opened.content(3)).chart, paths }
  }
  assert.deepEqual(await read('secret', Buffer.from(record).toString('base64')), {
    chart: 'c-1',
    paths: ['/api/v1/namespaces/n/secrets/sh.helm.release.v1.r.v3'],
  })
  assert.deepEqual(await read('configmap', record), {
    chart: 'c-1',
    paths: ['/api/v1/namespaces/n/configmaps/sh.helm.release.v1.r.v3'],
  })
  await assert.rejects(read('secret', undefined), { code: 'HELM_CHART' })
})

test('if a release changed since it was checked, the error names its former and its present state', async () => {
  const revision = (number: number, status: Revision['status']): Revision => ({ revision: number, status, updated: '' })
  const compare = async (is: Revision | undefined, was: Revision | undefined) => {
    const history = async () => (is === undefined ? [] : [revision(1, 'superseded'), is])
    const target = { release: 'r', namespace: 'n', kubeconfig: 'k' }
    return requireSameHistory({ history, target }, was).then(
      () => undefined,
      ({ code, message }) => `${code} ${message}`,
    )
  }
  const two = revision(2, 'deployed')
  assert.equal(await compare(two, two), undefined)
  assert.equal(await compare(undefined, undefined), undefined)
  const was = 'RELEASE_CHANGED release n/r was'
  assert.equal(await compare(two, undefined), `${was} absent and is now at revision 2 (deployed)`)
  assert.equal(await compare(undefined, two), `${was} at revision 2 (deployed) and is now absent`)
  const failed = revision(2, 'failed')
  assert.equal(await compare(failed, two), `${was} at revision 2 (deployed) and is now at revision 2 (failed)`)
})
