import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import type { Cloud } from '../../sandbox/cloud/start-cloud.ts'
import { startCloud } from '../../sandbox/cloud/start-cloud.ts'
import { type Registry, startRegistry } from '../../sandbox/registry/start-registry.ts'
import type { RegistryToken } from '../../src/acr/registry-token.ts'
import { createUnions } from '../../src/acr/unions.ts'
import { createEntries } from '../../src/helper/credentials/create-entries.ts'
import type { RegistryEntry } from '../../src/helper/credentials/registry-state.ts'
import { loadConfig } from '../../src/installation/load-config.ts'
import { allow } from '../support/cloud/vendor-sdk.ts'
import { registryClient } from '../support/registry/registry-client.ts'
import { testTools } from '../tools.ts'
import { clientOf } from './acr-cloud-client.ts'

// The helper's own requests to the emulated cloud and to a real registry that asks this cloud who
// may pull. The sources for the emulator's assumptions about session policies are in
// cloud-session-policies.test.ts and cloud-registry.test.ts.

const INSTANCE = 'cri-k7x2m9q4w1t8z5h3'
const OWN = 'team/a-app'
const OTHER = 'team/b-app'
const BASE = 'platform/helper'

let cloud: Cloud
let registry: Registry
before(async () => {
  cloud = await startCloud()
  const { registry: binary } = await testTools('registry')
  registry = await startRegistry({ tools: { registry: binary }, auth: cloud.registryAuth })
  const pusher = registryClient(registry.url, cloud.registryPush)
  for (const repository of [OWN, OTHER, BASE]) assert.equal(await pusher.push(repository, '1', repository), 201)
  const trusted = { RAM: [`acs:ram::${cloud.accountId}:root`] }
  const Statement = [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: trusted }]
  cloud.control.putRole('puller', { Version: '1', Statement })
  const actions = ['cr:GetAuthorizationToken', 'cr:ListInstanceEndpoint', 'cr:PullRepository']
  cloud.control.grant('puller', 'all', JSON.parse(allow(actions)))
})
afterEach(() => {
  cloud.control.breakSessionPolicies(undefined)
  cloud.control.denyUnknownRepositories(false)
  cloud.control.setVisibility(OTHER, 'private')
})
after(async () => {
  await registry.stop()
  await cloud.stop()
})

/** The helper's credentials of three limited entries and of one that is not limited. */
function createHelperEntries({ probes = false } = {}) {
  const { accessKeyId, accessKeySecret } = cloud.administrator
  const entry = (name: string, repositories: readonly string[], probe: string) => ({
    name,
    edition: 'enterprise',
    instanceId: INSTANCE,
    region: 'cn-hangzhou',
    assumeRole: [{ roleArn: `acs:ram::${cloud.accountId}:role/puller` }],
    limit: 'repositories',
    repositories,
    ...(probes && { probe }),
  })
  const { limit: _, probe: __, ...whole } = entry('whole', ['*'], '') as { limit: string; probe?: string }
  const { sts, cr } = cloud.endpoints
  const { config } = loadConfig(
    JSON.stringify({
      registries: [
        entry('base', ['platform/*'], BASE),
        entry('a', ['team/a*'], OWN),
        entry('b', ['team/b*'], OTHER),
        whole,
      ],
      identity: { type: 'access-key', accessKey: { existingSecret: 'key' } },
      attach: 'admission',
      region: 'cn-hangzhou',
      endpoints: { sts, cr, registry: registry.url },
      release: { name: 'r', namespace: 'ops', fullname: 'r', serviceAccount: 'r', lease: 'r', status: 's' },
    }),
  )
  const entries = createEntries(config, {
    transport: clientOf(cloud).transport,
    readText: async (file) => (file.endsWith('accessKeyId') ? accessKeyId : accessKeySecret),
    secretsDir: '/none',
    sessionName: 'the-pod',
  })
  const unions = createUnions(config)
  const of = (...names: string[]): RegistryEntry => {
    const union = unions.of(names)[0]?.union
    assert.ok(union)
    return entries.of(union)
  }
  const [unlimited] = entries.unlimited
  assert.ok(unlimited)
  return { of, unlimited }
}

const signal = new AbortController().signal
const pulls = async ({ username, password }: RegistryToken): Promise<readonly number[]> =>
  Promise.all(
    [OWN, BASE, OTHER].map(
      async (name) => (await registryClient(registry.url, { username, password }).pull(name, '1')).status,
    ),
  )
const grantOf = async (entry: RegistryEntry, token: RegistryToken, inUse?: RegistryToken) =>
  (await entry.mayPull?.(token, inUse, signal))?.grant
const widthOf = async (entry: RegistryEntry, token: RegistryToken, turn = 0) =>
  (await entry.measure?.(token, turn, signal))?.width

test('a namespace of two entries pulls the repositories of both and no others, and both facts are seen', async () => {
  for (const probes of [false, true]) {
    const entry = createHelperEntries({ probes }).of('base', 'a')
    const token = await entry.source.get(signal)
    assert.deepEqual(await pulls(token), [200, 200, 401])
    assert.equal(await entry.verify(token, signal), 'accepted')
    assert.equal(await grantOf(entry, token), 'granted')
    assert.equal(await widthOf(entry, token), 'limited')
  }
})

test('each union costs one session and one token', async () => {
  const { of } = createHelperEntries()
  const from = cloud.calls.length
  await of('base', 'a').source.get(signal)
  await of('base', 'b').source.get(signal)
  const calls = cloud.calls.slice(from).map(({ action }) => action)
  assert.equal(calls.filter((action) => action === 'AssumeRole').length, 2)
  assert.equal(calls.filter((action) => action === 'GetAuthorizationToken').length, 2)
})

for (const fault of ['ignored', 'ignored-by-registry'] as const) {
  test(`a credential is too wide where session policies are ${fault}`, async () => {
    cloud.control.breakSessionPolicies(fault)
    for (const probes of [false, true]) {
      const entry = createHelperEntries({ probes }).of('base', 'a')
      const token = await entry.source.get(signal)
      assert.deepEqual(await pulls(token), [200, 200, 200])
      assert.equal(await grantOf(entry, token), 'granted')
      assert.equal(await widthOf(entry, token), 'too-wide')
    }
  })
}

test('a registry that refuses every pull of a limited session is noticed by the probe, or by the credential in use', async () => {
  cloud.control.breakSessionPolicies('refused-by-registry')
  const { of, unlimited } = createHelperEntries()
  const inUse = await unlimited.source.get(signal)
  const entry = of('base', 'a')
  const token = await entry.source.get(signal)
  assert.deepEqual(await pulls(token), [401, 401, 401])
  assert.equal(await grantOf(entry, token, inUse), 'denied')
  assert.equal(await grantOf(entry, token), 'unknown')
  const probed = createHelperEntries({ probes: true }).of('base', 'a')
  assert.equal(await grantOf(probed, await probed.source.get(signal)), 'denied')
  assert.equal(await widthOf(entry, token), 'not-checked')
})

test('a cloud that refuses everything under a session policy gives no token', async () => {
  cloud.control.breakSessionPolicies('refused')
  await assert.rejects(createHelperEntries().of('base', 'a').source.get(signal), { code: 'CLOUD_DENIED' })
})

test('a registry that denies all unknown names decides nothing without a probe, and everything with one', async () => {
  cloud.control.denyUnknownRepositories(true)
  const { of, unlimited } = createHelperEntries()
  const entry = of('base', 'a')
  const token = await entry.source.get(signal)
  assert.equal(await grantOf(entry, token, await unlimited.source.get(signal)), 'unknown')
  assert.equal(await widthOf(entry, token), 'not-checked')
  const probed = createHelperEntries({ probes: true }).of('base', 'a')
  const other = await probed.source.get(signal)
  assert.equal(await grantOf(probed, other), 'granted')
  assert.equal(await widthOf(probed, other), 'limited')
})

test('a public repository of another list says nothing about the limit', async () => {
  cloud.control.setVisibility(OTHER, 'public')
  const entry = createHelperEntries({ probes: true }).of('base', 'a')
  const token = await entry.source.get(signal)
  assert.deepEqual(await pulls(token), [200, 200, 200])
  assert.equal(await widthOf(entry, token), 'not-checked')
})
