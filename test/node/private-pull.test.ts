import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { DEFAULT_SECRET_NAME as SECRET } from '../../src/kube/names.ts'
import { writeHelperImage } from '../../src/sandbox/image/helper-image.ts'
import { eventually } from '../support/eventually.ts'
import { type NodeBed, openNodeBed } from '../support/node-bed.ts'

let bed: NodeBed
before(async () => {
  bed = await openNodeBed(AbortSignal.timeout(30 * 60_000))
})
after(() => bed?.[Symbol.asyncDispose]())

const manifests = (): number => bed.registry.requests().filter(({ path }) => path.includes('/manifests/')).length

test('a Pod without any credential is refused its private image', async () => {
  await bed.namespace('bare')
  await bed.pod('bare', 'app', { pull: 'Always' })
  await bed.until('bare', 'app', /^(ErrImagePull|ImagePullBackOff): /)
  assert.deepEqual((await bed.readPod('bare', 'app')).status?.phase, 'Pending')
})

test('a Pod of a ServiceAccount that names our Secret really runs from the private image', async () => {
  await bed.namespace('shop', SECRET)
  await bed.writeSecret('shop', await bed.pullToken())
  await bed.pod('shop', 'app', { pull: 'Always' })
  await bed.until('shop', 'app', 'running')
  const pod = await bed.readPod('shop', 'app')
  assert.deepEqual((pod.spec as { imagePullSecrets?: unknown }).imagePullSecrets, [{ name: SECRET }])
  assert.ok(bed.cloud.calls.some(({ product, status }) => product === 'registry' && status === 200))
})

test('P8 a Secret that comes just after the Pod costs no failed pull', async () => {
  await bed.namespace('fresh', SECRET)
  const token = await bed.pullToken()
  await bed.node.images.remove(bed.domain)
  await bed.pod('fresh', 'app')
  await bed.writeSecret('fresh', token)
  const ms = await bed.until('fresh', 'app', 'running', 8_000)
  assert.ok(ms < 8_000)
  const path = '/api/v1/namespaces/fresh/events?fieldSelector=involvedObject.name=app'
  const { items } = await bed.cluster.admin.request<{ items: { reason: string }[] }>({ method: 'GET', path })
  assert.ok(!items.some(({ reason }) => reason === 'Failed' || reason === 'BackOff'))
})

test('a Pod that was refused runs as soon as its Secret is there', async () => {
  await bed.namespace('late', SECRET)
  await bed.push('late')
  await bed.pod('late', 'app', { tag: 'late' })
  await bed.until('late', 'app', /^ErrImagePull: /)
  await bed.writeSecret('late', await bed.pullToken())
  await bed.until('late', 'app', 'running', 40_000)
})

test('P4 after a rotation in place, a Pod starts from the cache although the registry is down', async () => {
  await bed.namespace('steady', SECRET)
  const uid = await bed.writeSecret('steady', await bed.pullToken())
  await bed.pod('steady', 'first')
  await bed.until('steady', 'first', 'running')
  bed.cloud.control.expireTokens()
  const rotated = await bed.writeSecret('steady', await bed.pullToken())
  assert.equal(rotated, uid)
  await bed.registry.breakDown()
  try {
    await bed.pod('steady', 'second')
    await bed.until('steady', 'second', 'running')
  } finally {
    await bed.registry.comeBack()
  }
})

test('P4 the same credential in another namespace shares the cache: no request to the registry', async () => {
  const token = await bed.pullToken()
  await bed.namespace('north', SECRET)
  await bed.namespace('south', SECRET)
  await bed.writeSecret('north', token)
  await bed.writeSecret('south', token)
  await bed.pod('north', 'app')
  await bed.until('north', 'app', 'running')
  const before = manifests()
  await bed.pod('south', 'app')
  await bed.until('south', 'app', 'running')
  assert.equal(manifests(), before)
})

test('P4 an image on the node is not given to a Pod of another namespace without a credential', async () => {
  await bed.namespace('thief')
  await bed.pod('thief', 'app')
  await bed.until('thief', 'app', /^(ErrImagePull|ImagePullBackOff): /)
})

test('P4 a Secret that was deleted and made anew, with a credential that has ended, is refused the cached image', async () => {
  await bed.namespace('again', SECRET)
  const token = await bed.pullToken()
  await bed.writeSecret('again', token)
  await bed.pod('again', 'first')
  await bed.until('again', 'first', 'running')
  await bed.cluster.admin.request({ method: 'DELETE', path: `/api/v1/namespaces/again/secrets/${SECRET}` })
  await bed.writeSecret('again', { username: token.username, password: 'ended' })
  await bed.pod('again', 'second')
  await bed.until('again', 'second', /^(ErrImagePull|ImagePullBackOff): /)
})

test('a revoked permission does not end what runs', async () => {
  await eventually(async () => assert.equal((await bed.readPod('shop', 'app')).status?.phase, 'Running'))
  const [container] = (await bed.readPod('shop', 'app')).status?.containerStatuses ?? []
  assert.equal(container?.restartCount, 0)
})

test("the helper's image starts from the registry: its user, its entrypoint, its own Node; and reaches the API server", async () => {
  const helper = join(bed.cluster.run.folder, 'helper.mjs')
  const lines = ['process.version', 'process.getuid()', 'process.execArgv', 'process.cwd()', 'answer.statusCode']
  writeFileSync(
    helper,
    `import { readFileSync } from 'node:fs'
import { get } from 'node:https'
const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env
const ca = readFileSync('/var/run/secrets/kubernetes.io/serviceaccount/ca.crt')
get({ host, port, ca, path: '/version' }, (answer) => console.log(JSON.stringify([${lines}])))
setInterval(() => {}, 1000)`,
  )
  const layout = await writeHelperImage(join(bed.cluster.run.folder, 'helper-image'), {
    node: process.execPath,
    helper,
    arch: process.arch,
  })
  await bed.pushLayout(layout, 'platform/helper', '1')
  await bed.namespace('platform', SECRET)
  await bed.writeSecret('platform', await bed.pullToken())
  await bed.pod('platform', 'helper', { image: 'platform/helper:1' })
  await bed.until('platform', 'helper', 'running', 40_000)
  await eventually(async () => {
    const log = await bed.log('platform', 'helper')
    assert.deepEqual(JSON.parse(log), [process.version, 65532, ['--optimize-for-size'], '/app', 200])
  })
})

test('the log of a container on the node is there for kubectl logs', async () => {
  assert.equal(await bed.log('shop', 'app'), 'running app-1\n')
})
