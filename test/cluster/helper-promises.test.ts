import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { APPLY, MERGE_PATCH } from '../../src/kube/client.ts'
import { readAuditLog } from '../support/cluster/audit-log.ts'
import { eventually } from '../support/eventually.ts'
import { contentOf, HOME, names, openHelperCluster, RELEASE, SECRET, type ServiceAccount } from './helper-cluster.ts'

const helperCluster = await openHelperCluster('helper-promises')
after(() => helperCluster[Symbol.asyncDispose]())
const { admin } = helperCluster
const teams = Array.from({ length: 20 }, (_, index) => `team-${index}`)
await Promise.all(teams.map((name) => helperCluster.chart.createNamespace(name)))
await helperCluster.install({ replicas: 1 })
await helperCluster.settled()

const accountPath = (namespace: string, name = 'default') => `/api/v1/namespaces/${namespace}/serviceaccounts/${name}`
const secretPath = (namespace: string) => `/api/v1/namespaces/${namespace}/secrets/${SECRET}`
const usable = (namespace: string) =>
  eventually(async () => assert.equal(await helperCluster.isUsable(namespace), true))
const tokenCalls = () => helperCluster.cloud.calls.filter(({ action }) => action === 'GetAuthorizationToken').length
const cloudCalls = () => helperCluster.cloud.calls.filter(({ product }) => product !== 'registry').length
const isWrite = ({ verb }: { verb: string }) => verb !== 'list' && verb !== 'get'

test('P8 P7 a new namespace is usable within moments, by two requests', async () => {
  const from = helperCluster.auditLength()
  await helperCluster.chart.createNamespace('shop')
  await usable('shop')
  assert.deepEqual(
    helperCluster
      .requests(from)
      .filter(({ objectRef }) => objectRef?.namespace === 'shop')
      .map(({ verb, objectRef }) => `${verb} ${objectRef?.resource}`)
      .sort(),
    ['patch secrets', 'patch serviceaccounts'],
  )
})

test('P4 P7 a rotation is one write per namespace, no read and one token call, and every Secret keeps its UID', async () => {
  const all = [...teams, 'default', 'shop', HOME]
  const theirs = { metadata: { labels: { theirs: 'x' }, annotations: { theirs: 'y' } } }
  await admin.request({ method: 'PATCH', path: secretPath('shop'), contentType: MERGE_PATCH, body: theirs })
  const before = new Map(await Promise.all(all.map(async (name) => [name, await helperCluster.secret(name)] as const)))
  const [from, calls] = [helperCluster.auditLength(), tokenCalls()]
  await helperCluster.requestRotation()
  await eventually(async () => {
    for (const name of all) assert.notEqual(contentOf(await helperCluster.secret(name)), contentOf(before.get(name)))
  })
  for (const name of all) assert.equal((await helperCluster.secret(name))?.metadata.uid, before.get(name)?.metadata.uid)
  const { labels, annotations } = (await helperCluster.secret('shop'))?.metadata ?? {}
  assert.deepEqual([labels?.theirs, annotations?.theirs], ['x', 'y'])
  const requests = helperCluster.requests(from)
  assert.deepEqual(
    new Set(requests.map(({ verb, objectRef }) => `${verb} ${objectRef?.resource}`)),
    new Set(['patch secrets']),
  )
  assert.equal(new Set(requests.map(({ objectRef }) => objectRef?.namespace)).size, requests.length)
  assert.equal(tokenCalls() - calls, 1)
})

test('P7 a restart with valid tokens writes nothing and calls no cloud API, and new namespaces do not wait', async () => {
  // The helper would handle a request again that its status does not report as handled.
  await eventually(async () => assert.ok((await helperCluster.status())?.lastHandledRefresh), 30_000)
  const pod = await helperCluster.leader()
  const [from, calls] = [helperCluster.auditLength(), cloudCalls()]
  assert.equal(helperCluster.node.signal(`${HOME}/${pod.name}`, 'SIGKILL'), true)
  await helperCluster.chart.createNamespace('after-restart')
  await usable('after-restart')
  const writes = helperCluster.requests(from).filter(isWrite)
  assert.deepEqual(new Set(writes.map(({ objectRef }) => objectRef?.namespace)), new Set(['after-restart']))
  assert.equal(writes.length, 2)
  assert.equal(cloudCalls(), calls)
})

test('P4 P7 an upgrade from Secrets that note no log writes each of them once, in place, and calls no cloud API', async () => {
  const all = [...teams, 'default', 'shop', 'after-restart', HOME]
  await helperCluster.install({ replicas: 0 })
  await eventually(() => assert.deepEqual(helperCluster.helpers(), []), 30_000)
  const read = async () =>
    new Map(await Promise.all(all.map(async (name) => [name, await helperCluster.secret(name)] as const)))
  const before = await read()
  // In the format of an earlier version: with the notes of each credential, but without numbers.
  const tokens = before.get(HOME)?.metadata.annotations?.['acr-nopass.io/tokens'] ?? '[]'
  const notes = (JSON.parse(tokens) as object[]).map((note) => ({ ...note, number: undefined }))
  for (const name of all) {
    const annotations = { 'acr-nopass.io/log': null, 'acr-nopass.io/tokens': JSON.stringify(notes) }
    await admin.request({
      method: 'PATCH',
      path: secretPath(name),
      contentType: MERGE_PATCH,
      body: { metadata: { annotations } },
    })
  }
  const [from, calls] = [helperCluster.auditLength(), cloudCalls()]
  await helperCluster.install({ replicas: 1 })
  const logOf = async (name: string) => (await helperCluster.secret(name))?.metadata.annotations?.['acr-nopass.io/log']
  const log = `${before.get(HOME)?.metadata.uid} demo=1`
  await eventually(async () => {
    for (const name of all) assert.equal(await logOf(name), name === HOME ? 'last=1' : log, name)
  }, 60_000)
  const after = await read()
  for (const name of all) {
    assert.equal(contentOf(after.get(name)), contentOf(before.get(name)), name)
    assert.equal(after.get(name)?.metadata.uid, before.get(name)?.metadata.uid, name)
  }
  const written = helperCluster.requests(from).filter((one) => isWrite(one) && one.objectRef?.resource === 'secrets')
  assert.deepEqual(written.map(({ objectRef }) => objectRef?.namespace ?? '').sort(), [...all].sort())
  assert.equal(cloudCalls(), calls)
})

test('P1 entries of other writers survive, in order, whatever they do concurrently', async () => {
  const targets = teams.slice(0, 10)
  const rounds = 25
  // Each writer knows only the result of its own successful writes, and ignores the helper's entry.
  const hostile = async (namespace: string): Promise<string[]> => {
    let theirs: string[] = []
    for (let round = 0; round < rounds; round += 1) {
      for (;;) {
        const account = await admin.request<ServiceAccount>({ method: 'GET', path: accountPath(namespace) })
        const next =
          round % 3 === 2 ? names(account).filter((name) => name !== theirs[0]) : [...names(account), `r-${round}`]
        // Twice, the write also removes the helper's entry, like a writer with a fixed list.
        const list = round === 5 || round === 15 ? next.filter((name) => name !== SECRET) : next
        const { uid, resourceVersion } = account.metadata
        const body = { metadata: { uid, resourceVersion }, imagePullSecrets: list.map((name) => ({ name })) }
        try {
          await admin.request({ method: 'PATCH', path: accountPath(namespace), contentType: MERGE_PATCH, body })
          theirs = list.filter((name) => name !== SECRET)
          break
        } catch (error) {
          if ((error as { status?: number }).status !== 409) throw error
        }
      }
    }
    return theirs
  }
  const expected = await Promise.all(targets.map(hostile))
  await eventually(async () => {
    for (const [index, namespace] of targets.entries()) {
      const list = names(await helperCluster.account(namespace))
      assert.deepEqual(
        list.filter((name) => name !== SECRET),
        expected[index],
      )
      assert.equal(list.filter((name) => name === SECRET).length, 1)
    }
  })
})

test('P4 what another client removed or changed in our Secret is restored in place', async () => {
  const before = await helperCluster.secret('team-11')
  const data = { '.dockerconfigjson': Buffer.from('{"auths":{}}').toString('base64') }
  await admin.request({ method: 'PATCH', path: secretPath('team-11'), contentType: MERGE_PATCH, body: { data } })
  await eventually(async () => {
    const now = await helperCluster.secret('team-11')
    assert.equal(contentOf(now), contentOf(before))
    assert.equal(now?.metadata.uid, before?.metadata.uid)
  })
  await admin.request({ method: 'DELETE', path: secretPath('team-11') })
  await eventually(async () => assert.equal(contentOf(await helperCluster.secret('team-11')), contentOf(before)))
})

test("another client's Secret with our name is left alone and reported; once it is deleted the namespace is served", async () => {
  const body = { metadata: { name: 'foreign', labels: { 'acr-nopass.io/skip': 'true' } } }
  await admin.request({ method: 'POST', path: '/api/v1/namespaces', body })
  const secret = { metadata: { name: SECRET }, stringData: { password: 'theirs' } }
  await admin.request({ method: 'POST', path: '/api/v1/namespaces/foreign/secrets', body: secret })
  const theirs = await helperCluster.secret('foreign')
  const labels = { 'acr-nopass.io/skip': null }
  await admin.request({
    method: 'PATCH',
    path: '/api/v1/namespaces/foreign',
    contentType: MERGE_PATCH,
    body: { metadata: { labels } },
  })
  await eventually(async () => {
    const events = await admin.request<{ items: { reason: string; type: string }[] }>({
      method: 'GET',
      path: '/api/v1/namespaces/foreign/events',
    })
    assert.deepEqual(
      events.items.map(({ reason, type }) => `${type} ${reason}`),
      ['Warning ForeignSecret'],
    )
  })
  assert.deepEqual(await helperCluster.secret('foreign'), theirs)
  // The namespace controller may be slower than the helper.
  await eventually(async () => assert.deepEqual(names(await helperCluster.account('foreign')), []))
  await admin.request({ method: 'DELETE', path: secretPath('foreign') })
  await usable('foreign')
})

test('a list that another tool applies is left alone, so that its next apply does not fail', async () => {
  const apply = (list: object[]) =>
    admin.request({
      method: 'PATCH',
      path: accountPath('shop', 'owned'),
      query: { fieldManager: 'helm' },
      contentType: APPLY,
      body: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'owned' }, imagePullSecrets: list },
    })
  await apply([{ name: 'theirs' }])
  await eventually(async () => {
    const problems = (
      await admin.request<{ items: { reason: string }[] }>({ method: 'GET', path: '/api/v1/namespaces/shop/events' })
    ).items
    assert.ok(problems.some(({ reason }) => reason === 'ForeignList'))
  })
  await apply([{ name: 'theirs' }, { name: 'more' }])
  assert.deepEqual(names(await helperCluster.account('shop', 'owned')), ['theirs', 'more'])
})

test('a namespace that opts out is reverted, and served again when it opts in', async () => {
  const label = (value: string | null) =>
    admin.request({
      method: 'PATCH',
      path: '/api/v1/namespaces/team-12',
      contentType: MERGE_PATCH,
      body: { metadata: { labels: { 'acr-nopass.io/skip': value } } },
    })
  await label('true')
  await eventually(async () => {
    assert.deepEqual(names(await helperCluster.account('team-12')), [])
    assert.equal(contentOf(await helperCluster.secret('team-12')), '{"auths":{}}')
  })
  await label(null)
  await usable('team-12')
})

test('P6 no credential is in logs, Events, status or metrics', async () => {
  const auths = Object.values(JSON.parse(contentOf(await helperCluster.secret(HOME))).auths) as { auth: string }[]
  const secrets = auths.flatMap(({ auth }) => [auth, Buffer.from(auth, 'base64').toString().split(':')[1] ?? ''])
  assert.ok(secrets.length >= 4 && secrets.every((text) => text.length > 20))
  const pod = await helperCluster.leader()
  const texts: Record<string, string> = {
    log: helperCluster.node.log(`${HOME}/${pod.name}`),
    events: JSON.stringify(await admin.request({ method: 'GET', path: '/api/v1/events' })),
    status: JSON.stringify(await helperCluster.status()),
    metrics: await (await fetch(`http://${pod.ip}:8080/metrics`)).text(),
  }
  for (const [source, text] of Object.entries(texts)) {
    assert.ok(text.length > 100, source)
    for (const secret of secrets) assert.equal(text.includes(secret), false, source)
    assert.doesNotMatch(text, /eyJ[\w-]{20,}/, source)
  }
})

test('P5 throughout these tests the helper read no Secret but its own, and no request was rejected', () => {
  const user = `system:serviceaccount:${HOME}:${RELEASE}`
  const entries = readAuditLog(helperCluster.chart.cluster).filter((entry) => entry.user.username === user)
  const refused = entries.filter(({ responseStatus }) => responseStatus?.code === 403 || responseStatus?.code === 401)
  // A list by watch, which the oldest minor version rejects. The helper then requests a plain list.
  const byWatch = entries.filter(({ requestURI }) => requestURI.includes('sendInitialEvents=true'))
  const expected = helperCluster.chart.minor === 'newest' ? 200 : 422
  assert.deepEqual(new Set(byWatch.map(({ responseStatus }) => responseStatus?.code)), new Set([expected]))
  assert.deepEqual(
    refused.map(({ verb, requestURI }) => `${verb} ${requestURI}`),
    [],
  )
  const secrets = entries.filter(({ objectRef }) => objectRef?.resource === 'secrets')
  const named = new RegExp(`/secrets(/${SECRET}\\?|\\?.*fieldSelector=metadata\\.name%3D${SECRET}(&|$))`)
  assert.deepEqual(
    secrets.filter(({ requestURI }) => !named.test(requestURI)).map(({ requestURI }) => requestURI),
    [],
  )
  assert.ok(secrets.length > 50)
})

test('P12 retire removes every reference and all content, and reports it', async () => {
  await helperCluster.install({ replicas: 1, retire: true })
  await eventually(async () => assert.equal((await helperCluster.status())?.retired, true), 60_000)
  for (const namespace of [...teams, 'shop', HOME]) {
    assert.equal(names(await helperCluster.account(namespace)).includes(SECRET), false)
    assert.equal(contentOf(await helperCluster.secret(namespace)), '{"auths":{}}')
  }
  await helperCluster.install({ replicas: 1 })
  await Promise.all([...teams, 'shop'].map(usable))
})

test('P12 retire stops if the names in the values no longer let the helper change every ServiceAccount with its entry', async () => {
  await admin.request({
    method: 'POST',
    path: '/api/v1/namespaces/shop/serviceaccounts',
    body: { metadata: { name: 'builder' } },
  })
  await eventually(async () => assert.deepEqual(names(await helperCluster.account('shop', 'builder')), [SECRET]))
  await helperCluster.install({ replicas: 1, retire: true, targets: { serviceAccounts: { include: ['default'] } } })
  await eventually(async () => assert.equal((await helperCluster.status())?.retired, true), 30_000)
  assert.deepEqual((await helperCluster.status())?.serviceAccounts?.skipped['left-attached'], 2)
  assert.deepEqual(names(await helperCluster.account('shop', 'builder')), [SECRET])
  assert.deepEqual(names(await helperCluster.account('shop')), [])
  assert.equal(contentOf(await helperCluster.secret('shop')), '{"auths":{}}')
})
