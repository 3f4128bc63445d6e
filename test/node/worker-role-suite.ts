import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sessionPolicy } from '../../src/policy/session-policy.ts'
import { INSTANCE } from '../support/cloud/team-seed.ts'
import { eventually } from '../support/eventually.ts'
import { isInEtcd, LOGIN } from '../support/node/etcd-files.ts'
import type { NodeFixture } from '../support/node/node-fixture.ts'
import type { ProviderNode } from '../support/node/provider-node.ts'
import { WORKER_ROLE } from '../support/registry/private-registry.ts'

const PULL = ['cr:GetAuthorizationToken', 'cr:ListInstanceEndpoint', 'cr:PullRepository']
const allow = (Action: readonly string[]) => ({
  Version: '1',
  Statement: [{ Effect: 'Allow', Action, Resource: ['*'] }],
})

/** Tests what a kubelet of any supported version pulls with the role of its node. */
export function testWorkerRole(opened: () => readonly [NodeFixture, ProviderNode]): void {
  test('P16 with the role of the node, private images run in Pods, init containers, static Pods and kube-system, without a Secret: no login is in etcd', async () => {
    const [fixture, provider] = opened()
    const { cloud, cluster } = fixture
    const chain = (team: string) => [{ roleArn: `acs:ram::${cloud.accountId}:role/pull-${team}` }]
    for (const team of ['a', 'b']) {
      const trusted = { RAM: [`acs:ram::${cloud.accountId}:root`] }
      cloud.control.putRole(`pull-${team}`, {
        Version: '1',
        Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: trusted }],
      })
      cloud.control.grant(`pull-${team}`, `pull-${team}`, allow(PULL))
    }
    cloud.control.grant(WORKER_ROLE, 'assume', allow(['sts:AssumeRole']))
    const demo = { edition: 'enterprise', instanceId: INSTANCE, region: cloud.regionId } as const
    cloud.control.grant(WORKER_ROLE, 'pull', JSON.parse(sessionPolicy(demo, ['team/*', 'base/*'])))
    const limited = (team: string) => ({
      name: `team-${team}`,
      repositories: [`team-${team}/*`],
      limit: 'repositories',
      assumeRole: chain(team),
      targets: { namespaces: { include: [`${team}-*`] } },
    })
    await provider.use({
      node: { identity: 'worker-role', unbounded: true },
      registries: [
        limited('a'),
        limited('b'),
        { name: 'rest', repositories: ['team/*', 'base/*'], targets: { namespaces: { include: ['shop'] } } },
      ],
    })
    await fixture.namespace('shop')
    await fixture.pod('shop', 'app', { pull: 'Always' })
    await fixture.pod('kube-system', 'app', { pull: 'Always' })
    const image = `${fixture.domain}/team/app:1`
    const container = { name: 'app', image, imagePullPolicy: 'Always' }
    const spec = { hostNetwork: true, terminationGracePeriodSeconds: 1, containers: [container] }
    provider.addStaticPod({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'static', namespace: 'kube-system' },
      spec,
    })
    await cluster.admin.request({
      method: 'POST',
      path: '/api/v1/namespaces/shop/pods',
      body: {
        metadata: { name: 'init' },
        spec: { ...spec, initContainers: [{ ...container, name: 'first', image: `${fixture.domain}/base/os:1` }] },
      },
    })
    for (const [namespace, name] of [
      ['shop', 'app'],
      ['kube-system', 'app'],
      ['kube-system', `static-${fixture.node.name}`],
    ] as const) {
      await fixture.until(namespace, name, 'running', 60_000)
    }
    // The program of this image does not end, so the init container keeps running.
    await eventually(async () => {
      const [first] = (await fixture.readPod('shop', 'init')).status?.initContainerStatuses ?? []
      assert.ok(first?.state?.running)
    }, 60_000)
    const { items } = await cluster.admin.request<{ items: { type: string }[] }>({
      method: 'GET',
      path: '/api/v1/secrets',
    })
    assert.deepEqual(items, [])
    assert.equal(isInEtcd(cluster, LOGIN), false)
  })

  test('one node pulls images of team A, of team B and of team A again, each with a login of its own', async () => {
    const [fixture] = opened()
    await fixture.push('2', 'team-a/app')
    await fixture.namespace('teams')
    for (const [name, image] of [
      ['first', 'team-a/app:1'],
      ['second', 'team-b/app:1'],
      ['third', 'team-a/app:2'],
    ] as const) {
      await fixture.pod('teams', name, { image, pull: 'Always' })
      await fixture.until('teams', name, 'running', 60_000)
    }
  })

  test('while the cloud is down, new images are pulled with the logins that the node keeps', async () => {
    const [fixture] = opened()
    await fixture.push('down', 'team/app')
    fixture.cloud.faults.add({ kind: 'empty', times: 1000, match: { product: 'cr' } })
    fixture.cloud.faults.add({ kind: 'empty', times: 1000, match: { product: 'imds' } })
    try {
      await fixture.pod('shop', 'down', { tag: 'down', pull: 'Always' })
      await fixture.until('shop', 'down', 'running', 60_000)
    } finally {
      fixture.cloud.faults.clear()
    }
  })
}
