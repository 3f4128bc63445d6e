import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { KubeObject } from '../../src/kube/types.ts'
import { eventually } from '../support/eventually.ts'
import { HOME, openHelperCluster } from './helper-cluster.ts'

// ECI gives a Pod the role in its annotation, and no role to other Pods. Therefore this test's
// metadata service reads the helper's Pod.
const ROLE = 'acr-nopass-eci'
const ECS = { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: ['ecs.aliyuncs.com'] } }

const helperCluster = await openHelperCluster('helper-eci')
after(() => helperCluster[Symbol.asyncDispose]())
const { chart, cloud, node, admin } = helperCluster
cloud.control.putRole(ROLE, { Version: '1', Statement: [ECS] })
cloud.control.grant(ROLE, 'pull', { Version: '1', Statement: [{ Effect: 'Allow', Action: ['cr:*'], Resource: ['*'] }] })
let annotation: string | undefined
const imds = await cloud.imdsFor(() => annotation)
const install = async (workerRole: { eciRoleName?: string }): Promise<void> => {
  await helperCluster.install({ replicas: 1, identity: { type: 'worker-role', workerRole }, endpoints: { imds } })
  await eventually(async () => {
    // The old Pod stays until the new Pod is ready, for which it needs the role.
    const newest = helperCluster.helpers().at(-1)
    const path = `/api/v1/namespaces/${HOME}/pods/${newest?.name}`
    const { metadata } = await admin.request<KubeObject>({ method: 'GET', path })
    annotation = metadata.annotations?.['k8s.aliyun.com/eci-ram-role-name']
    assert.equal(annotation, workerRole.eciRoleName)
  }, 60_000)
}
const logs = (): string =>
  helperCluster
    .helpers()
    .map(({ name }) => node.log(`${HOME}/${name}`))
    .join('\n')

test('ECI: a helper without the annotation has no role, and reports the value that sets one', async () => {
  await chart.createNamespace('shop')
  await install({})
  await eventually(() => {
    assert.match(logs(), /the instance has no RAM role/)
    assert.match(logs(), /IDENTITY_UNAVAILABLE/)
  }, 60_000)
  assert.equal(await helperCluster.secret('shop'), undefined)
})

test('ECI: eciRoleName gives the role to the helper, and pull secrets are written', async () => {
  await install({ eciRoleName: ROLE })
  await eventually(async () => assert.equal(await helperCluster.isUsable('shop'), true), 60_000)
  const principals = cloud.calls
    .filter(({ action, code }) => action === 'GetAuthorizationToken' && code === '')
    .map(({ principal }) => principal.split('/')[1])
  assert.deepEqual([...new Set(principals)], [ROLE])
})
