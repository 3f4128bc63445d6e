import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { readRecord, readRevisions, recordName, recordSelector } from '../../src/helm/release/release-record.ts'

test('the revisions of a release are read from the labels of its records, oldest first', () => {
  const record = (version: string, status: string, labels: object, time?: string) => ({
    creationTimestamp: '2026-11-25T08:00:00Z',
    managedFields: [{ manager: 'helm' }, ...(time === undefined ? [] : [{ manager: 'helm', time }])],
    labels: { name: 'acr', owner: 'helm', version, status, ...labels },
  })
  assert.deepEqual(
    readRevisions([
      record('10', 'pending-upgrade', { 'acr-nopass.io/step': 'one', 'acr-nopass.io/timeout': '300' }),
      record('9', 'deployed', {}, '2026-11-25T09:20:00Z'),
      record('8', 'superseded', {}),
      { labels: { owner: 'helm' } },
    ]),
    [
      { revision: 8, updated: '2026-11-25T08:00:00Z', status: 'superseded', step: undefined },
      { revision: 9, updated: '2026-11-25T09:20:00Z', status: 'deployed', step: undefined },
      {
        revision: 10,
        updated: '2026-11-25T08:00:00Z',
        status: 'pending-upgrade',
        step: { id: 'one', timeoutSeconds: 300 },
      },
    ],
  )
})

test('P10 a revision has its own time, although Helm copies the time of the revision before with its labels', () => {
  const [revision] = readRevisions([
    {
      creationTimestamp: '2026-11-25T08:00:00Z',
      labels: { version: '2', status: 'pending-upgrade', createdAt: '1000000000', modifiedAt: '1000000000' },
    },
  ])
  assert.equal(revision?.updated, '2026-11-25T08:00:00Z')
})

test('records are found as helm names and labels them', () => {
  assert.equal(recordName('acr', 3), 'sh.helm.release.v1.acr.v3')
  assert.equal(recordSelector('acr'), 'owner=helm,name=acr')
})

test('a record is unpacked to chart, values and objects', async () => {
  const release = {
    chart: { metadata: { name: 'acr-nopass', version: '0.1.0' } },
    config: { replicas: 1, gone: null },
    manifest: '---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n',
  }
  const packed = gzipSync(JSON.stringify(release)).toString('base64')
  const { chart, values, objects } = await readRecord(packed)
  assert.deepEqual([chart, values], ['acr-nopass-0.1.0', { replicas: 1, gone: null }])
  assert.deepEqual(
    objects.map(({ kind, name }) => `${kind} ${name}`),
    ['ConfigMap a'],
  )
})

// `ApplyMethod` in https://github.com/helm/helm/blob/v4.3.1/pkg/release/v1/release.go. Helm 3 does
// not write this field.
test('a record shows whether helm applied its objects on the server', async () => {
  const serverSide = async (more: object) =>
    (await readRecord(gzipSync(JSON.stringify({ manifest: '', ...more })).toString('base64'))).serverSide
  assert.deepEqual(await Promise.all([{ apply_method: 'ssa' }, { apply_method: 'csa' }, {}].map(serverSide)), [
    true,
    false,
    false,
  ])
})

const read = (record: unknown) => readRecord(gzipSync(JSON.stringify(record)).toString('base64'))

// `Dependency` in https://github.com/helm/helm/blob/v4.3.1/pkg/chart/v2/dependency.go.
test('a subchart has its values under its alias, else under its name', async () => {
  const subcharts = async (dependencies: unknown) => (await read({ chart: { metadata: { dependencies } } })).subcharts
  const named = [{ name: 'a' }, { name: 'b', alias: 'c' }, { name: 'd', alias: '' }, { name: 'e', alias: 1 }]
  assert.deepEqual(await subcharts([...named, { alias: 'f' }, { name: 1 }, null, 'g']), [
    { name: 'a', key: 'a' },
    { name: 'b', key: 'c' },
    { name: 'd', key: 'd' },
    { name: 'e', key: 'e' },
  ])
  assert.deepEqual(await Promise.all([undefined, null, {}, 'a'].map(subcharts)), [[], [], [], []])
})

test('a record of another shape than helm writes has no content, and does not make the program fail', async () => {
  const empty = { chart: 'undefined-undefined', values: {}, objects: [], hooks: [], serverSide: false, subcharts: [] }
  for (const record of [
    null,
    [],
    'text',
    7,
    {},
    { chart: 'a', config: 'b', manifest: 3, hooks: 'c' },
    { chart: { metadata: 'a' } },
  ])
    assert.deepEqual(await read(record), empty, JSON.stringify(record))
  const hook = { manifest: 'apiVersion: v1\nkind: Pod\nmetadata: { name: a }\n' }
  const { hooks } = await read({ hooks: [hook, {}, null, 'text', { manifest: null }] })
  assert.deepEqual(
    hooks.map(({ kind, name }) => `${kind} ${name}`),
    ['Pod a'],
  )
})

test('a revision with incomplete labels has an unknown status, and a record without a number is no revision', () => {
  const step = { 'acr-nopass.io/step': 'one' }
  assert.deepEqual(
    readRevisions([
      { labels: { version: '2', ...step } },
      { labels: { version: '0' } },
      { labels: { version: 'x' } },
      {},
    ]),
    [{ revision: 2, updated: '', status: 'unknown', step: { id: 'one', timeoutSeconds: 0 } }],
  )
})

test('an invalid record is reported as such', async () => {
  const unreadable = { code: 'HELM_CHART', message: "helm's record of the release cannot be read" }
  for (const record of ['', 'bm90aGluZw==']) await assert.rejects(readRecord(record), unreadable)
  const text = gzipSync('{ "chart": ').toString('base64')
  await assert.rejects(readRecord(text), { code: 'HELM_CHART', message: "helm's record of the release is not JSON" })
})
