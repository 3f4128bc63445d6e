import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import type { Cloud } from '../../sandbox/cloud/start-cloud.ts'
import { startCloud } from '../../sandbox/cloud/start-cloud.ts'
import type { Ram } from '../../src/alibaba/ram.ts'
import { createKeyedLock } from '../../src/lib/concurrency.ts'
import { parseDocument } from '../../src/policy/normal-form.ts'
import { describeStep } from '../../src/policy/steps.ts'
import { newRun, type RolledCluster, type RunContext } from '../../src/rollout/cluster/cluster-run.ts'
import type { ClusterResult } from '../../src/rollout/cluster-result.ts'
import { planPolicies, widenPolicies } from '../../src/rollout/ram/cluster-policy.ts'
import { formerTargets, policyTargets } from '../../src/rollout/ram/cluster-targets.ts'
import { narrowPolicies, removePolicies } from '../../src/rollout/ram/narrow-policies.ts'
import { administratorRam, writesSince } from './acr-cloud-client.ts'
import { ECS_TRUST, pull } from './policy-samples.ts'

type Work = Parameters<typeof policyTargets>[0]

const signal = new AbortController().signal
/** No other deployer wrote anything. */
const read = async () => []
const ISSUER = 'https://oidc.example.com/a'

let cloud: Cloud
let ram: Ram
let names = 0
let puller = ''
before(async () => {
  cloud = await startCloud()
  ram = await administratorRam(cloud)
  cloud.control.putRole('nodes-a', ECS_TRUST)
})
after(() => cloud.stop())
beforeEach(() => {
  puller = `shop-pull-${++names}`
})

/** A run on one cluster, whose ServiceAccounts of the namespace shop pull with one role. */
function openRun(
  accounts: readonly string[],
  { repositories = ['shop/*'], accountId = cloud.accountId, provider = true } = {},
) {
  const key = `c-node-${names}`
  const role = `acs:ram::${accountId}:role/${puller}`
  const values = {
    identity: { type: 'worker-role', workerRole: {} },
    node: {
      identity: 'service-account',
      serviceAccount: provider ? { oidcProviderArn: `acs:ram::${cloud.accountId}:oidc-provider/a` } : {},
      serviceAccounts: accounts.map((name) => ({ namespace: 'shop', name, role })),
    },
    registries: [
      {
        name: 'prod',
        edition: 'enterprise',
        instanceId: 'cri-1',
        region: '*',
        repositories,
        limit: 'role',
        assumeRole: [],
      },
    ],
  }
  const settings = { name: 'a', access: { kind: 'ack', clusterId: key }, workerRoles: [] }
  const cluster = { name: 'a', ram: 'worker-role', values, settings }
  const listed = { name: 'a', key, accountId: cloud.accountId, registries: values.registries, workerRoles: ['nodes-a'] }
  const context = {
    settings: {
      clusters: [settings],
      selected: [settings],
      inputs: { ram: 'auto', 'ram-scope': 'instance', 'adopt-policy': false },
    },
    prepared: [cluster],
    cloud: { ram: () => ram, caller: async () => ({ accountId: cloud.accountId }) },
    ramLock: createKeyedLock(),
    ramList: async () => ({ clusters: [listed], unknown: new Map() }),
    report: () => undefined,
  } as unknown as RunContext
  const release = { client: { request: async () => ({ issuer: ISSUER }) }, signal }
  const work = { cluster, context, run: newRun(), signal, identity: {}, release } as unknown as Work
  const results = (status: ClusterResult['status']) =>
    [{ name: 'a', status, notes: [] }] as unknown as readonly ClusterResult[]
  const ofRole = (lines: readonly string[]) => lines.filter((line) => line.includes(puller))
  return {
    work,
    async apply(): Promise<readonly string[]> {
      const notes: string[] = []
      const targets = await policyTargets(work, 'sa')
      await widenPolicies(work, targets, (line) => notes.push(line))
      const rolled = new Map<string, RolledCluster>([['a', { targets, former: [], key, alone: true, verified: true }]])
      const narrowed = await narrowPolicies(results('deployed'), rolled, context, read, signal)
      return ofRole([...notes, ...narrowed.flatMap((one) => one.notes)])
    },
    async remove(): Promise<readonly string[]> {
      const targets = new Map([['a', await policyTargets(work, 'sa', 'remove')]])
      const removed = await removePolicies(results('uninstalled'), targets, context, read, signal)
      return ofRole(removed.flatMap((one) => one.notes))
    },
  }
}

const subjects = async (): Promise<readonly string[]> =>
  ((await ram.getRole(puller))?.trust.match(/system:serviceaccount:[\w:-]+/g) ?? []).map((one) => one.slice(22))

test('P9 a plan shows the role of a ServiceAccount on nodes and writes nothing; an apply creates it once', async () => {
  const run = openRun(['web'])
  const start = cloud.calls.length
  const plans = await planPolicies(run.work, await policyTargets(run.work, 'sa'), [], undefined)
  const created = [
    `create role ${puller}`,
    `create policy acr-nopass-${puller}`,
    `attach policy acr-nopass-${puller} to role ${puller}`,
  ]
  assert.deepEqual(plans[1]?.steps.map(describeStep), created)
  assert.match(plans[1]?.diff ?? '', /\+.*system:serviceaccount:shop:web/)
  assert.deepEqual(writesSince(cloud, start), [])
  assert.deepEqual(
    await run.apply(),
    created.map((step) => `RAM: ${step}`),
  )
  assert.deepEqual(await subjects(), ['shop:web'])
  const done = cloud.calls.length
  assert.deepEqual(await run.apply(), [])
  assert.deepEqual(writesSince(cloud, done), [])
})

test('P2 a ServiceAccount that the values drop loses the trust, and the list of repositories narrows, after a verified run', async () => {
  await openRun(['web', 'api'], { repositories: ['shop/*', 'old/*'] }).apply()
  assert.deepEqual((await subjects()).toSorted(), ['shop:api', 'shop:web'])
  await openRun(['web']).apply()
  assert.deepEqual(await subjects(), ['shop:web'])
  assert.doesNotMatch((await ram.getPolicy(`acr-nopass-${puller}`))?.document ?? 'old/', /old\//)
})

test('P9 a role of somebody else gets our statement and our policy, and loses only these', async () => {
  const theirs = { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: ['ecs.aliyuncs.com'] } }
  cloud.control.putRole(puller, { Version: '1', Statement: [theirs] })
  cloud.control.grant(puller, `theirs-${puller}`, pull('theirs'))
  const run = openRun(['web'])
  await run.apply()
  assert.deepEqual(await subjects(), ['shop:web'])
  await run.remove()
  const trust = parseDocument((await ram.getRole(puller))?.trust ?? '', puller)
  assert.deepEqual(
    trust.Statement.map(({ Principal }) => Principal),
    [theirs.Principal],
  )
  assert.deepEqual(await ram.listRolePolicies(puller), [{ name: `theirs-${puller}`, custom: true, description: '' }])
})

test('P15 an uninstall removes the role that we made', async () => {
  const run = openRun(['web'])
  await run.apply()
  assert.deepEqual(await run.remove(), [
    `RAM: detach policy acr-nopass-${puller} from role ${puller}`,
    `RAM: delete policy acr-nopass-${puller}`,
    `RAM: delete role ${puller}`,
  ])
  assert.equal(await ram.getRole(puller), undefined)
})

test('without the OIDC provider nothing is written, and the key to set is named', async () => {
  await assert.rejects(policyTargets(openRun(['web'], { provider: false }).work, 'sa'), {
    code: 'NODE_PROVIDER_MISSING',
  })
})

test('P9 a role of another account is not changed, and a note says who has to', async () => {
  const run = openRun(['web'], { accountId: '1867204395510376' })
  const targets = await policyTargets(run.work, 'sa')
  assert.deepEqual(
    targets.map(({ target }) => target.policyName),
    [`acr-nopass-c-node-${names}`],
  )
  assert.deepEqual((await formerTargets(run.work, targets)).unseen, [
    `RAM: role acs:ram::1867204395510376:role/${puller} not changed, because it belongs to another account: \`acr-nopass policy\` prints it`,
  ])
})
