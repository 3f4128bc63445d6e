import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { after, test } from 'node:test'
import { parse, stringify } from 'yaml'
import { readSeedFile } from '../../sandbox/cloud/seed/read-seed.ts'
import { DEMO_SEED_FILE } from '../../sandbox/cloud/start-cloud.ts'
import { APPLY, MERGE_PATCH } from '../../src/kube/client.ts'
import type { ObjectMeta } from '../../src/kube/types.ts'
import { eventually } from '../support/eventually.ts'
import { contentOf, HOME, openHelperCluster, RELEASE, SECRET } from './helper-cluster.ts'

const LEGACY = 'crpi-abc.cn-hangzhou.personal.cr.aliyuncs.com'
const CONFIG = `/api/v1/namespaces/${HOME}/configmaps/${RELEASE}`

const options = { cloud: { seed: await seedWithPullers(), tls: true } }
const helperCluster = await openHelperCluster('helper-reload', undefined, options)
after(() => helperCluster[Symbol.asyncDispose]())
const { admin, cloud, chart } = helperCluster
for (const name of [HOME, 'app-a', 'web-a']) await chart.createNamespace(name)
const putSecret = (name: string, stringData: object) =>
  admin.request({
    method: 'PATCH',
    path: `/api/v1/namespaces/${HOME}/secrets/${name}`,
    query: { fieldManager: 'admin' },
    contentType: APPLY,
    body: { apiVersion: 'v1', kind: 'Secret', metadata: { name }, stringData },
  })
const keyOf = (user: string) => ({ ...cloud.accessKeyOf(user) })
await putSecret('cloud-key', keyOf('puller-a'))
await putSecret('legacy-login', { username: 'robot', password: 'the-first' })

const demo = { name: 'demo', edition: 'enterprise', instanceId: 'cri-k7x2m9q4w1t8z5h3', region: 'cn-hangzhou' }
const values = {
  replicas: 1,
  registries: [demo, { name: 'legacy', edition: 'static', domains: [LEGACY], existingSecret: 'legacy-login' }],
  identity: { type: 'access-key', accessKey: { existingSecret: 'cloud-key' } },
  verify: { enabled: false },
  targets: { namespaces: { include: ['app-*'] } },
}
await helperCluster.install(values)
const pod = await eventually(() => helperCluster.leader(), 30_000)
await helperCluster.settled()

type Auths = Record<string, { readonly auth: string; readonly username?: string }>
const authsIn = async (namespace: string): Promise<Auths> =>
  JSON.parse(contentOf(await helperCluster.secret(namespace)) || '{"auths":{}}').auths
const loginIn = async (namespace: string, domain: string) =>
  Buffer.from((await authsIn(namespace))[domain]?.auth ?? '', 'base64').toString()
const log = () => helperCluster.node.log(`${HOME}/${pod.name}`)
/** Checks that the same Pod runs, and that its container never restarted. */
function assertNotRestarted(): void {
  assert.deepEqual(helperCluster.helpers(), [pod])
  assert.equal(log().match(/"msg":"started"/g)?.length, 1)
}

test('a changed configuration takes effect without a restart: targets, labels, format', async () => {
  assert.match(await loginIn('app-a', LEGACY), /^robot:the-first$/)
  const targets = { namespaces: { include: ['web-*'] } }
  await helperCluster.install(values, { targets, authFormat: 'full', secretLabels: { team: 'shop' } })
  await eventually(async () => assert.equal((await authsIn('web-a'))[LEGACY]?.username, 'robot'), 30_000)
  await eventually(async () => assert.equal(contentOf(await helperCluster.secret('app-a')), '{"auths":{}}'), 30_000)
  assert.equal((await helperCluster.secret('web-a'))?.metadata.labels?.team, 'shop')
  assertNotRestarted()
})

test("a label that is removed from the values is removed from the Secret, and another client's label stays", async () => {
  const path = `/api/v1/namespaces/web-a/secrets/${SECRET}`
  const body = { metadata: { labels: { theirs: 'x' } } }
  await admin.request({ method: 'PATCH', path, query: { fieldManager: 'them' }, contentType: MERGE_PATCH, body })
  const before = await helperCluster.secret('web-a')
  assert.deepEqual([before?.metadata.labels?.team, before?.metadata.labels?.theirs], ['shop', 'x'])
  await helperCluster.install(values, { targets: { namespaces: { include: ['web-*'] } }, authFormat: 'full' })
  await eventually(
    async () => assert.equal((await helperCluster.secret('web-a'))?.metadata.labels?.team, undefined),
    30_000,
  )
  const now = await helperCluster.secret('web-a')
  assert.deepEqual([now?.metadata.labels?.theirs, now?.metadata.uid], ['x', before?.metadata.uid])
  assert.equal(contentOf(now), contentOf(before))
  assertNotRestarted()
})

test('a configuration that violates its schema is rejected by name, and the last valid one stays in use', async () => {
  const object = await admin.request<{ metadata: ObjectMeta; data: { 'config.yaml': string } }>({
    method: 'GET',
    path: CONFIG,
  })
  // The object is applied as by Helm, so that Helm's next upgrade owns the fields.
  const write = (text: string) => {
    const { name, labels } = object.metadata
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels }, data: { 'config.yaml': text } }
    const query = { fieldManager: 'helm', force: true }
    return admin.request({ method: 'PATCH', path: CONFIG, query, contentType: APPLY, body })
  }
  const before = await authsIn('web-a')
  await write('registries: none of them\n')
  await eventually(() => assert.match(log(), /"code":"HELPER_CONFIG_INVALID"/), 30_000)
  await chart.createNamespace('web-b')
  await eventually(async () => assert.deepEqual(await authsIn('web-b'), before))
  const config = parse(object.data['config.yaml'])
  config.registries[1].domains.push('mirror.acme.example')
  await write(stringify(config))
  await eventually(async () => assert.match(await loginIn('web-b', 'mirror.acme.example'), /^robot:/), 30_000)
  assertNotRestarted()
})

test('a login and an access key that are replaced in their Secrets take effect without a restart', async () => {
  const from = cloud.calls.length
  const before = await helperCluster.secret('web-a')
  await putSecret('legacy-login', { username: 'robot', password: 'the-second' })
  await putSecret('cloud-key', keyOf('puller-b'))
  cloud.control.disableAccessKey(cloud.accessKeyOf('puller-a').accessKeyId)
  await helperCluster.requestRotation()
  await eventually(async () => assert.equal(await loginIn('web-a', LEGACY), 'robot:the-second'), 60_000)
  await eventually(() => {
    const calls = cloud.calls.slice(from).filter(({ action }) => action === 'GetAuthorizationToken')
    assert.match(calls.at(-1)?.principal ?? '', /puller-b$/)
    assert.equal(calls.at(-1)?.code, '')
  }, 60_000)
  assert.equal((await helperCluster.secret('web-a'))?.metadata.uid, before?.metadata.uid)
  assertNotRestarted()
})

test('a login that is replaced in its Secret is found without a request', async () => {
  await putSecret('legacy-login', { username: 'robot', password: 'the-third' })
  await eventually(async () => assert.equal(await loginIn('web-a', LEGACY), 'robot:the-third'), 90_000)
  assertNotRestarted()
})

test('the cloud is called through HTTPS_PROXY, with caBundle’s trust; the API server is not', async () => {
  const hosts: string[] = []
  const proxy = createServer()
  after(() => {
    proxy.closeAllConnections()
    proxy.close()
  })
  proxy.on('connect', (request, socket) => {
    hosts.push(request.url ?? '')
    const { port } = new URL(cloud.tlsEndpoints?.cr ?? '')
    const through = connect(Number(port), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      through.pipe(socket).pipe(through)
    })
    through.on('error', () => socket.destroy())
    socket.on('error', () => through.destroy())
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
  await helperCluster.install(values, {
    registries: [demo],
    targets: { namespaces: { include: ['web-*'] } },
    endpoints: { cr: 'https://cloud.sandbox.invalid' },
    caBundle: await readFile(cloud.caFile ?? '', 'utf8'),
    extraEnv: [
      { name: 'HTTPS_PROXY', value: url },
      { name: 'NO_PROXY', value: 'aliyuncs.com' },
    ],
  })
  await eventually(() => assert.notDeepEqual(helperCluster.helpers(), [pod]), 60_000)
  const restored = await eventually(async () => {
    const content = contentOf(await helperCluster.secret('web-a'))
    assert.match(content, /demo-registry/)
    assert.doesNotMatch(content, /personal\.cr/)
    return content
  }, 60_000)
  await helperCluster.requestRotation()
  await eventually(async () => assert.notEqual(contentOf(await helperCluster.secret('web-a')), restored), 60_000)
  assert.deepEqual(new Set(hosts), new Set(['cloud.sandbox.invalid:443']))
})

test('P2 a new helper whose own copy was deleted during a typo takes no entry from a Secret, serves new namespaces, and all of them once the typo is repaired', async () => {
  const more = { targets: { namespaces: { include: ['web-*'] } } }
  await putSecret('legacy-login', { username: 'robot', password: 'before' })
  await helperCluster.install(values, more)
  await eventually(async () => assert.equal(await loginIn('web-a', LEGACY), 'robot:before'), 90_000)
  const before = await authsIn('web-a')
  assert.equal(Object.keys(before).length > 1, true)
  await helperCluster.install(values, more, { replicas: 0 })
  await eventually(() => assert.deepEqual(helperCluster.helpers(), []), 60_000)
  await admin.request({ method: 'DELETE', path: `/api/v1/namespaces/${HOME}/secrets/${SECRET}` })
  await putSecret('legacy-login', { username: 'robot', password: 'after' })
  const typo = { ...demo, instanceId: 'cri-0000000000000000' }
  await helperCluster.install(values, more, { registries: [typo, values.registries[1] as object] })
  await eventually(async () => assert.deepEqual(Object.keys(await authsIn(HOME)), [LEGACY]), 90_000)
  await chart.createNamespace('web-during-typo')
  await eventually(async () => assert.equal(await loginIn('web-during-typo', LEGACY), 'robot:after'), 30_000)
  assert.deepEqual(await authsIn('web-a'), before)
  await helperCluster.install(values, more)
  await eventually(async () => assert.equal(await loginIn('web-a', LEGACY), 'robot:after'), 90_000)
  assert.deepEqual(Object.keys(await authsIn('web-a')), Object.keys(before))
})

/** The demo cloud with two users whose keys may pull. */
async function seedWithPullers() {
  const seed = await readSeedFile(DEMO_SEED_FILE)
  const [main, ...others] = seed.accounts
  assert.ok(main)
  const policies = { system: ['AliyunContainerRegistryFullAccess'] }
  const users = [...main.users, { name: 'puller-a', policies }, { name: 'puller-b', policies }]
  return { ...seed, accounts: [{ ...main, users }, ...others] }
}
