import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { HELPER_NODE_FLAGS, writeHelperImage } from '../../sandbox/image/helper-image.ts'
import { DEFAULT_SECRET_NAME as SECRET } from '../../src/kube/names.ts'
import { eventually } from '../support/eventually.ts'
import { type NodeFixture, openNodeFixture } from '../support/node/node-fixture.ts'
import { type NodeHelper, prepareHelper } from '../support/node/node-helper.ts'
import { testAttach } from './attach-suite.ts'
import { testImageCache } from './cache-suite.ts'
import { testDoctor } from './doctor-suite.ts'
import { testLimits } from './limit-suite.ts'
import { testMigration } from './migrate-suite.ts'
import { testPulls } from './pull-suite.ts'
import { testVerifyImage } from './verify-suite.ts'

let fixture: NodeFixture
let helper: NodeHelper
before(async () => {
  fixture = await openNodeFixture(AbortSignal.timeout(30 * 60_000))
  helper = await prepareHelper(fixture)
})
after(async () => {
  await helper?.[Symbol.asyncDispose]()
  await fixture?.[Symbol.asyncDispose]()
})

testPulls(() => fixture)
testImageCache(() => fixture)

test("the helper's image starts from the registry, with its user, its entrypoint and its own Node, and reaches the API server", async () => {
  const helper = join(fixture.cluster.run.folder, 'helper.mjs')
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
  const layout = await writeHelperImage(join(fixture.cluster.run.folder, 'helper-image'), {
    node: process.execPath,
    helper,
    arch: process.arch,
  })
  await fixture.pushLayout(layout, 'platform/helper', '1')
  await fixture.namespace('platform', { secrets: [SECRET] })
  await fixture.writeSecret('platform', await fixture.pullToken())
  await fixture.pod('platform', 'helper', { image: 'platform/helper:1' })
  await fixture.until('platform', 'helper', 'running', 40_000)
  await eventually(async () => {
    const log = await fixture.log('platform', 'helper')
    assert.deepEqual(JSON.parse(log), [process.version, 65532, HELPER_NODE_FLAGS, '/app', 200])
  })
})

let beforeInstall: { readonly registry: number; readonly tokenService: number }
const tokenHost = (): string => new URL(fixture.cloud.registryAuth.vendorRealm).hostname
const requests = (host: string): number => fixture.node.vendorNames.requests.get(host) ?? 0

test('the chart runs the helper with the host network of the only node, and helm waits until it is ready', async () => {
  beforeInstall = { registry: requests(fixture.domain), tokenService: requests(tokenHost()) }
  await helper.install({ attach: 'serviceAccounts' })
  const pods = await helper.pods()
  assert.equal(pods.length, 1)
})

test("the helper's login is verified and accepted by the token service that the registry names, in another region", async () => {
  await eventually(async () => {
    const { registries } = await helper.status()
    assert.deepEqual(
      registries.map(({ state, verified }) => [state, verified]),
      [['live', 'accepted']],
    )
  }, 60_000)
  // No Pod has pulled since then, so the requests are the helper's.
  assert.ok(requests(fixture.domain) > beforeInstall.registry)
  assert.ok(requests(tokenHost()) > beforeInstall.tokenService)
})

testAttach('serviceAccounts', () => [fixture, helper])

testVerifyImage(() => [fixture, helper])

testMigration(() => [fixture, helper])

testDoctor(() => [fixture, helper])

test('an upgrade with the host network replaces the only Pod: the new Pod takes over its ports, and helm waits until the new Pod is ready', async () => {
  const [before] = await helper.pods()
  await helper.install({ attach: 'admission', podAnnotations: { release: 'next' } })
  await eventually(async () => {
    const pods = await helper.pods()
    assert.equal(pods.length, 1)
    assert.notEqual(pods[0]?.metadata.uid, before?.metadata.uid)
  })
})

testAttach('admission', () => [fixture, helper])

testLimits(() => [fixture, helper])
