import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { type Etcd, startEtcd } from '../../sandbox/cluster/etcd.ts'
import { type Cluster, startCluster } from '../../sandbox/cluster/start-cluster.ts'
import { startProcessNode } from '../../sandbox/nodes/process/process-node.ts'
import { createKubeClient } from '../../src/kube/client.ts'
import { kubeconfigConnection } from '../../src/kube/connection.ts'
import { isAlive } from '../../src/lib/process-id.ts'
import { ensureTools } from '../../tools/build/ensure-tools.ts'
import { openRun, type Run } from '../../tools/process/run.ts'
import { readAuditLog } from '../support/cluster/audit-log.ts'
import { eventually } from '../support/eventually.ts'
import { silentProgress } from '../support/silent-progress.ts'

let run: Run
let etcd: Etcd
let one: Cluster
let two: Cluster

before(async () => {
  const signal = AbortSignal.timeout(30 * 60_000)
  const names = ['etcd', 'kube-apiserver', 'kube-controller-manager'] as const
  const tools = await ensureTools(names, { progress: silentProgress, signal })
  run = await openRun()
  etcd = await startEtcd({ tools, run, signal })
  ;[one, two] = await Promise.all([
    startCluster({ name: 'one', tools, run, etcd, signal }),
    startCluster({ name: 'two', tools, run, etcd, signal, issuer: 'https://issuer.example/two' }),
  ])
})
after(() => run?.end())

const namespaces = async (cluster: Cluster): Promise<string[]> => {
  const list = await cluster.admin.request<{ items: { metadata: { name: string } }[] }>({
    method: 'GET',
    path: '/api/v1/namespaces',
  })
  return list.items.map((item) => item.metadata.name)
}

test('a node that is interrupted during its start leaves no listening server, which would keep the process alive', async () => {
  const listening = (): number => process.getActiveResourcesInfo().filter((name) => name === 'TCPServerWrap').length
  const before = listening()
  const signal = AbortSignal.abort(new Error('interrupted'))
  await assert.rejects(startProcessNode({ cluster: one, images: {}, signal }), /interrupted/)
  await eventually(() => assert.equal(listening(), before))
})

test('two clusters share one store without seeing each other', async () => {
  await one.admin.request({ method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name: 'only-in-one' } } })
  assert.ok((await namespaces(one)).includes('only-in-one'))
  assert.ok(!(await namespaces(two)).includes('only-in-one'))
  assert.notEqual(one.caPem, two.caPem)
})

test('the admin kubeconfig file works', async () => {
  const client = createKubeClient(await kubeconfigConnection({ file: one.adminKubeconfigFile }))
  const version = await client.request<{ gitVersion: string }>({ method: 'GET', path: '/version' })
  client.close()
  assert.match(version.gitVersion, /^v1\.\d+\.\d+$/)
})

test("a user has only the permissions of its groups, and the audit log records each user's requests", async () => {
  const client = createKubeClient(await kubeconfigConnection({ text: one.kubeconfigFor('jane', ['devs'], 5) }))
  const secrets = '/api/v1/namespaces/default/secrets'
  await assert.rejects(client.request({ method: 'GET', path: secrets }), { status: 403 })
  client.close()
  const entries = readAuditLog(one).filter((entry) => entry.user.username === 'jane')
  assert.deepEqual(
    entries.map((entry) => [entry.verb, entry.requestURI, entry.responseStatus?.code, entry.user.groups]),
    [['list', secrets, 403, ['devs', 'system:authenticated']]],
  )
})

test("a node's user can only read Secrets that its Pods reference", async () => {
  const client = createKubeClient(one.connectionFor('system:node:n1', ['system:nodes'], 5))
  const path = '/api/v1/namespaces/default/secrets/any'
  await assert.rejects(client.request({ method: 'GET', path }), { status: 403 })
  client.close()
})

test('ServiceAccount tokens carry issuer and audience, signed with a published key', async () => {
  const token = await two.serviceAccountToken('default', 'default', ['sts.aliyuncs.com'], 600)
  const part = (index: number): Record<string, unknown> =>
    JSON.parse(Buffer.from(token.split('.')[index] ?? '', 'base64url').toString())
  const { iss, aud, sub } = part(1)
  assert.deepEqual(
    { iss, aud, sub },
    { iss: 'https://issuer.example/two', aud: ['sts.aliyuncs.com'], sub: 'system:serviceaccount:default:default' },
  )
  const { keys } = await two.jwks()
  assert.deepEqual(
    keys.map((key) => [key.kid, key.kty]),
    [[part(0).kid, 'RSA']],
  )
})

test('API server and store can be killed and restarted: same address, same data', async () => {
  await etcd.kill()
  two.apiServer.signal('SIGKILL')
  await two.apiServer.exited
  await assert.rejects(namespaces(two), { code: 'KUBE_UNREACHABLE' })
  await etcd.restart()
  await two.restartApiServer()
  assert.ok((await namespaces(two)).includes('default'))
})

test('a stopped cluster leaves no process, and its data is deleted', async () => {
  await Promise.all([one.stop(), one.stop()])
  assert.equal(isAlive(one.apiServer.id), false)
  assert.equal(isAlive(one.controllerManager.id), false)
  assert.ok((await namespaces(two)).includes('default'), 'the other one goes on')
  await run.end()
  assert.equal(existsSync(run.folder), false)
})
