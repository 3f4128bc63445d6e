import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { APPLY, MERGE_PATCH } from '../../src/kube/client.ts'
import { BIN } from '../cli/run-bin.ts'
import { eventually } from '../support/eventually.ts'
import { contentOf, HOME, names, openHelperCluster, RELEASE, SECRET, type ServiceAccount } from './helper-cluster.ts'

const helperCluster = await openHelperCluster('helper-options')
after(() => helperCluster[Symbol.asyncDispose]())
const { admin, chart, cloud } = helperCluster
for (const name of ['conflict', 'taken']) await chart.createNamespace(name)
const login = Buffer.from('{"auths":{"old.example":{"auth":"b2xk"}}}').toString('base64')
await admin.request({
  method: 'POST',
  path: '/api/v1/namespaces/taken/secrets',
  body: { metadata: { name: SECRET }, type: 'kubernetes.io/dockerconfigjson', data: { '.dockerconfigjson': login } },
})
const theirs = await helperCluster.secret('taken')
await helperCluster.install({ replicas: 1, adopt: true })
await helperCluster.settled()

interface Event {
  readonly reason: string
  readonly type: string
  readonly message: string
  readonly involvedObject: { readonly kind: string; readonly name: string }
}
const events = async (namespace: string, reason: string) => {
  const path = `/api/v1/namespaces/${namespace}/events`
  const { items } = await admin.request<{ items: Event[] }>({ method: 'GET', path })
  return items.filter((event) => event.reason === reason)
}

test('adopt: another client’s Secret with our name becomes ours in place', async () => {
  await eventually(async () => assert.equal(await helperCluster.isUsable('taken'), true))
  const now = await helperCluster.secret('taken')
  assert.equal(now?.metadata.uid, theirs?.metadata.uid)
  assert.doesNotMatch(contentOf(now), /old\.example/)
})

test('P1 a writer that removes our entry three times is named in one Event, and our entry is not added again', async () => {
  const path = '/api/v1/namespaces/conflict/serviceaccounts/busy'
  // The API server records a writer only for fields that were applied once.
  await admin.request({
    method: 'PATCH',
    path,
    query: { fieldManager: 'setup' },
    contentType: APPLY,
    body: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'busy', labels: { team: 'shop' } } },
  })
  const list = async () => names(await helperCluster.account('conflict', 'busy'))
  const attached = () => eventually(async () => assert.deepEqual((await list()).slice(-1), [SECRET]))
  await attached()
  const set = (entries: readonly string[]) =>
    admin.request<ServiceAccount>({
      method: 'PATCH',
      path,
      query: { fieldManager: 'their-operator' },
      contentType: MERGE_PATCH,
      body: { imagePullSecrets: entries.map((name) => ({ name })) },
    })
  for (let round = 0; round < 3; round += 1) {
    await set(['own'])
    if (round < 2) await attached()
  }
  const [event] = await eventually(async () => {
    const found = await events('conflict', 'ListConflict')
    assert.equal(found.length, 1)
    return found
  })
  assert.match(event?.message ?? '', /"their-operator" keeps removing acr-nopass/)
  assert.equal(event?.involvedObject.kind, 'ServiceAccount')
  assert.deepEqual(await list(), ['own'])
})

test('a registry that gives no new credential is an Event on the Deployment, with its fix and without text from the cloud', async () => {
  const match = { product: 'cr' }
  cloud.faults.add({ kind: 'status', status: 503, code: 'ServiceUnavailable', times: Number.POSITIVE_INFINITY, match })
  await helperCluster.requestRotation()
  const [event, ...more] = await eventually(async () => {
    const found = await events(HOME, 'TokenFailing')
    assert.ok(found.length > 0)
    return found
  }, 60_000)
  cloud.faults.clear()
  assert.deepEqual(
    [event?.type, event?.involvedObject.kind, event?.involvedObject.name],
    ['Warning', 'Deployment', RELEASE],
  )
  assert.match(event?.message ?? '', /^registry demo: .+\. .+/)
  assert.equal(more.length, 0)
})

test('each line of the log is one JSON object: time, level, message, and the registry or namespace that it is about', async () => {
  const { name } = await helperCluster.leader()
  const lines = helperCluster.node
    .log(`${HOME}/${name}`)
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  for (const line of lines) {
    assert.deepEqual([typeof line.time, typeof line.level, typeof line.msg], ['string', 'number', 'string'])
  }
  const about = (words: string) => lines.find(({ msg }) => String(msg).startsWith(words))
  assert.equal(about('the credential is refreshed')?.registry, 'demo')
  assert.equal(about('no new credential')?.registry, 'demo')
  const { namespace, serviceAccount } = about('another writer removed the reference') ?? {}
  assert.deepEqual([namespace, serviceAccount], ['conflict', 'busy'])
})

test('acr-nopass helper serves a cluster from outside, with a configuration and a kubeconfig, and releases the lease', async () => {
  await helperCluster.install({ replicas: 0, adopt: true })
  await eventually(() => assert.deepEqual(helperCluster.helpers(), []), 30_000)
  const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-outside-'))
  const config = join(folder, 'config.yaml')
  const path = `/api/v1/namespaces/${HOME}/configmaps/${RELEASE}`
  const { data } = await admin.request<{ data: Record<string, string> }>({ method: 'GET', path })
  await writeFile(config, data['config.yaml'] ?? '')
  const child = spawn(BIN, ['helper', '--config', config, '--kubeconfig', chart.cluster.adminKubeconfigFile], {
    env: { PATH: process.env.PATH },
    stdio: 'ignore',
  })
  const exited = once(child, 'exit')
  try {
    await chart.createNamespace('outside')
    await eventually(async () => assert.equal(await helperCluster.isUsable('outside'), true), 60_000)
  } finally {
    child.kill('SIGTERM')
  }
  assert.deepEqual((await exited)[0], 0)
  const lease = `/apis/coordination.k8s.io/v1/namespaces/${HOME}/leases/${RELEASE}`
  const { spec } = await admin.request<{ spec: { holderIdentity?: string } }>({ method: 'GET', path: lease })
  assert.equal(spec.holderIdentity ?? '', '')
  await rm(folder, { recursive: true, force: true })
})
