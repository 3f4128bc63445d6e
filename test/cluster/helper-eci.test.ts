import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { eventually } from '../support/eventually.ts'
import { HOME, openHelperCluster } from './helper-cluster.ts'

// ECI gives each Pod the role of its annotation, and other Pods none: this test's metadata service asks the node
// which Pod a connection comes from.
const ROLE = 'acr-nopass-eci'
const ECS = { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: ['ecs.aliyuncs.com'] } }
const linux = process.platform === 'linux' ? {} : { skip: 'which process has a connection is only known on Linux' }

const helperCluster = await openHelperCluster('helper-eci')
after(() => helperCluster[Symbol.asyncDispose]())
const { chart, cloud, node } = helperCluster
cloud.control.putRole(ROLE, { Version: '1', Statement: [ECS] })
cloud.control.grant(ROLE, 'pull', { Version: '1', Statement: [{ Effect: 'Allow', Action: ['cr:*'], Resource: ['*'] }] })
const imds = await cloud.imdsFor((connection) => node.eciRole(connection))
const onEci = (workerRole: object) => ({
  replicas: 1,
  identity: { type: 'worker-role', workerRole },
  endpoints: { imds },
})
const logs = (): string =>
  helperCluster
    .helpers()
    .map(({ name }) => node.log(`${HOME}/${name}`))
    .join('\n')

test('ECI: a helper without the annotation has no role, and reports the value that sets one', linux, async () => {
  await chart.createNamespace('shop')
  await helperCluster.install(onEci({}))
  await eventually(() => {
    assert.match(logs(), /the instance has no RAM role/)
    assert.match(logs(), /IDENTITY_UNAVAILABLE/)
  }, 60_000)
  assert.equal(await helperCluster.secret('shop'), undefined)
})

test('ECI: eciRoleName gives the role to the helper only, and pull secrets are written', linux, async () => {
  await helperCluster.install(onEci({ eciRoleName: ROLE }))
  await eventually(async () => assert.equal(await helperCluster.isUsable('shop'), true), 60_000)
  const principals = cloud.calls
    .filter(({ action, code }) => action === 'GetAuthorizationToken' && code === '')
    .map(({ principal }) => principal.split('/')[1])
  assert.deepEqual([...new Set(principals)], [ROLE])
  // This process is not a Pod.
  const token = await fetch(`${imds}/latest/api/token`, {
    method: 'PUT',
    headers: { 'x-aliyun-ecs-metadata-token-ttl-seconds': '60' },
  })
  const headers = { 'x-aliyun-ecs-metadata-token': await token.text() }
  for (const path of ['', ROLE]) {
    const response = await fetch(`${imds}/latest/meta-data/ram/security-credentials/${path}`, { headers })
    assert.equal(response.status, 404)
  }
})
