import assert from 'node:assert/strict'
import { after, type TestContext, test } from 'node:test'
import { createAuthority } from '../../sandbox/cluster/certificate.ts'
import { MERGE_PATCH } from '../../src/kube/client.ts'
import { eventually } from '../support/eventually.ts'
import type { ProxiedRequest } from '../support/faults/fault-rules.ts'
import { openFaultFixture } from './fault-fixture.ts'
import { contentOf, HOME, RELEASE, SECRET } from './helper-cluster.ts'

const fixture = await openFaultFixture('fault-api-server', { namespaces: 30, values: { replicas: 1 } })
after(() => fixture[Symbol.asyncDispose]())
const { helperCluster, proxy, invariants } = fixture
const { admin } = helperCluster
const { cluster } = helperCluster.chart

const held = (context: TestContext, id: string, since: number, counts?: Record<string, number>) =>
  invariants.assertHeld(context, {
    id,
    area: 'api-server',
    since,
    namespaces: fixture.served,
    ...(counts && { counts }),
  })
const isSecretWrite = ({ method, resource }: ProxiedRequest) => method === 'PATCH' && resource === 'secrets'
const ordinary = ({ resource, isWatch }: ProxiedRequest) => resource !== 'leases' && !isWatch
const ownContent = async () => contentOf(await helperCluster.secret(HOME))
const helper = async () => `${HOME}/${(await helperCluster.leader()).name}`

/**
 * Requests a rotation and waits until the helper's own Secret, which is written first, is new. The
 * other Secrets are being written at that moment.
 */
async function beginRotation(): Promise<void> {
  const before = await ownContent()
  await helperCluster.requestRotation()
  await eventually(async () => assert.notEqual(await ownContent(), before), 30_000, 10)
}

test('P2 the API server is killed in the middle of a rotation and comes back', async (context) => {
  await beginRotation()
  cluster.apiServer.signal('SIGKILL')
  await cluster.apiServer.exited
  await cluster.restartApiServer()
  const since = performance.now()
  await fixture.addNamespace('after-restart')
  await invariants.assertHeld(context, {
    id: 'api-server-killed',
    area: 'api-server',
    since,
    namespaces: fixture.served,
    serverRestarted: true,
  })
})

test('P2 etcd is killed in the middle of a rotation and comes back', async (context) => {
  await beginRotation()
  await cluster.etcd.kill()
  const killed = proxy.calls.length
  // In the meantime the server gets requests and cannot respond, not even to requests for the
  // Lease.
  const unfinished = () => proxy.calls.slice(killed).filter(({ status, isWatch }) => !isWatch && status === undefined)
  await eventually(() => assert.ok(unfinished().filter(({ resource }) => resource === 'leases').length > 0), 60_000)
  await cluster.etcd.restart()
  const since = performance.now()
  await eventually(() => fixture.addNamespace('after-etcd'), 60_000)
  await held(context, 'etcd-killed', since)
})

test('P2 the API server is unreachable for longer than a lease lasts: the leader gives up, and starts again', async (context) => {
  const { name } = await helperCluster.leader()
  const { count } = await fixture.ends(name)
  await beginRotation()
  const begin = performance.now()
  const outage = proxy.fault({ match: () => true, fault: { kind: 'cut' } })
  proxy.cutAll()
  await eventually(async () => assert.deepEqual(await fixture.ends(name), { count: count + 1, exitCode: 1 }), 60_000)
  await fixture.addNamespace('during-outage')
  outage.remove()
  const since = performance.now()
  await held(context, 'api-server-unreachable', since, { outageSeconds: Math.round((since - begin) / 1000) })
})

test('P2 an API server that takes a second for each response', async (context) => {
  const slow = proxy.fault({ match: ordinary, fault: { kind: 'delay', ms: 1000 } })
  const since = performance.now()
  await beginRotation()
  await Promise.all(['slow-1', 'slow-2', 'slow-3'].map(fixture.addNamespace))
  await held(context, 'api-server-slow', since, { requests: slow.affected })
  slow.remove()
})

test('P2 429 with Retry-After: no write is started before that time has passed', async (context) => {
  const from = proxy.calls.length
  const since = performance.now()
  const throttle = { kind: 'status', status: 429, retryAfter: '3', reason: 'TooManyRequests' } as const
  proxy.fault({ match: (call) => isSecretWrite(call) && call.url.includes('/team-'), fault: throttle, times: 1 })
  await beginRotation()
  await held(context, 'throttled', since, { retryAfterSeconds: 3 })
  const writes = proxy.calls.slice(from).filter(isSecretWrite)
  const refusedAt = writes.find(({ status }) => status === 429)?.at ?? 0
  const within = writes.filter(({ at }) => at > refusedAt && at < refusedAt + 3_000).length
  // Writes that were already sent may finish: as many as the helper processes concurrently.
  assert.ok(within < 16 && writes.length - within > 16, `${within} of ${writes.length}`)
})

test('P2 a burst of 500, 502 and 503', async (context) => {
  const since = performance.now()
  for (const status of [500, 502, 503]) {
    proxy.fault({ match: ordinary, fault: { kind: 'status', status, reason: 'InternalError' }, times: 20 })
  }
  await helperCluster.requestRotation()
  await fixture.addNamespace('burst')
  const failed = () => proxy.calls.filter(({ status, at }) => at >= since && (status ?? 0) >= 500).length
  await eventually(() => assert.ok(failed() >= 60), 60_000)
  await held(context, 'burst-of-500', since, { answers: failed() })
})

test('P1 P4 writes that succeed but whose responses are lost are made once', async (context) => {
  const match = ({ method, resource }: ProxiedRequest) =>
    method === 'PATCH' && (resource === 'secrets' || resource === 'serviceaccounts')
  const since = performance.now()
  const lost = proxy.fault({ match, fault: { kind: 'cut-after' }, times: 20 })
  await helperCluster.requestRotation()
  await Promise.all(['lost-1', 'lost-2', 'lost-3'].map(fixture.addNamespace))
  await eventually(() => assert.equal(lost.affected, 20), 60_000)
  await held(context, 'answers-lost', since, { answers: lost.affected })
})

test('P4 a Secret that another client deletes before the helper has seen its own write comes back', async (context) => {
  let release = (): void => {}
  const until = new Promise<void>((resolve) => {
    release = resolve
  })
  const match = (call: ProxiedRequest) => isSecretWrite(call) && call.url.includes('/namespaces/late/')
  proxy.fault({ match, fault: { kind: 'hold-response', until }, times: 1 })
  await fixture.addNamespace('late')
  invariants.exempt('late')
  await eventually(async () => assert.ok(await helperCluster.secret('late')))
  await admin.request({ method: 'DELETE', path: `/api/v1/namespaces/late/secrets/${SECRET}` })
  // Once the helper repairs the Secret in team-1, its watch has also delivered the deletion above.
  const content = await ownContent()
  const path = `/api/v1/namespaces/team-1/secrets/${SECRET}`
  const wrong = content.replaceAll(/"auth":"[^"]*"/g, '"auth":"eDp5"')
  const data = { '.dockerconfigjson': Buffer.from(wrong).toString('base64') }
  await admin.request({ method: 'PATCH', path, contentType: MERGE_PATCH, body: { data } })
  await eventually(async () => assert.equal(contentOf(await helperCluster.secret('team-1')), content))
  release()
  await held(context, 'deleted-before-answer', performance.now())
})

test("the API server's certificate is issued by another authority, which the file contains later", async (context) => {
  const authority = createAuthority('rotated-ca')
  const pair = authority.issue({ commonName: 'kube-apiserver', names: ['127.0.0.1'], minutes: 60 })
  // The controller manager would write the old authority back.
  cluster.controllerManager.signal('SIGSTOP')
  context.after(() => {
    proxy.useCertificate()
    proxy.cutAll()
    cluster.controllerManager.signal('SIGCONT')
  })
  const pod = await helper()
  const from = proxy.calls.length
  proxy.useCertificate({ cert: pair.certificatePem, key: pair.keyPem })
  proxy.cutAll()
  await helperCluster.requestRotation()
  await eventually(() => assert.match(helperCluster.node.log(pod), /SIGNED_CERT|UNABLE_TO_VERIFY/), 30_000)
  assert.deepEqual(proxy.calls.slice(from), [])
  const since = performance.now()
  await admin.request({
    method: 'PATCH',
    path: `/api/v1/namespaces/${HOME}/configmaps/kube-root-ca.crt`,
    contentType: MERGE_PATCH,
    body: { data: { 'ca.crt': authority.certificatePem } },
  })
  await eventually(() => assert.ok(proxy.calls.length > from), 60_000)
  await held(context, 'certificate-rotated', since)
})

test('the ServiceAccount token is replaced on disk and the old one is rejected', async (context) => {
  const path = `/api/v1/namespaces/${HOME}/serviceaccounts`
  const old = await admin.request<{ metadata: { labels: object } }>({ method: 'GET', path: `${path}/${RELEASE}` })
  invariants.exempt(HOME)
  const pod = await helper()
  // A new ServiceAccount with the same name: tokens bound to the previous one are no longer valid.
  await admin.request({ method: 'DELETE', path: `${path}/${RELEASE}` })
  await admin.request({ method: 'POST', path, body: { metadata: { name: RELEASE, labels: old.metadata.labels } } })
  const from = proxy.calls.length
  proxy.cutAll()
  await eventually(() => assert.ok(proxy.calls.slice(from).some(({ status }) => status === 401)), 60_000)
  const since = performance.now()
  helperCluster.node.rotateTokens(pod)
  await fixture.addNamespace('after-token')
  await held(context, 'token-rotated', since)
})
