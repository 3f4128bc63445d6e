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

test('P10 the time of a revision is not that of the one before, which Helm copies with its labels', () => {
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

// `ApplyMethod` in https://github.com/helm/helm/blob/v4.3.1/pkg/release/v1/release.go; Helm 3 writes none.
test('a record tells whether helm applied its objects on the server', async () => {
  const serverSide = async (more: object) =>
    (await readRecord(gzipSync(JSON.stringify({ manifest: '', ...more })).toString('base64'))).serverSide
  assert.deepEqual(await Promise.all([{ apply_method: 'ssa' }, { apply_method: 'csa' }, {}].map(serverSide)), [
    true,
    false,
    false,
  ])
})

test('an invalid record is reported as such', async () => {
  await assert.rejects(readRecord(''), { code: 'HELM_CHART' })
  await assert.rejects(readRecord('bm90aGluZw=='), { code: 'HELM_CHART' })
})
