import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import type { Cloud } from '../../sandbox/cloud/start-cloud.ts'
import { startCloud } from '../../sandbox/cloud/start-cloud.ts'
import type { Ram } from '../../src/alibaba/ram.ts'
import { createKeyedLock } from '../../src/lib/concurrency.ts'
import { parseDocument } from '../../src/policy/normal-form.ts'
import { membersOf } from '../../src/policy/ram-names.ts'
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

let cloud: Cloud
let ram: Ram
let names = 0
let puller = ''
before(async () => {
  cloud = await startCloud()
  ram = await administratorRam(cloud)
  for (const name of ['a', 'b', 'former']) cloud.control.putRole(`nodes-${name}`, ECS_TRUST)
})
after(() => cloud.stop())
beforeEach(() => {
  puller = `puller-${++names}`
})

/** A run on these clusters, each with limited entries for these repositories behind one role. */
function openRun(clusters: Readonly<Record<string, readonly string[]>>, accountId = cloud.accountId) {
  const prepared = Object.entries(clusters).map(([name, repositories]) => ({
    name,
    ram: 'worker-role',
    values: {
      identity: { type: 'worker-role', workerRole: {} },
      node: { identity: 'service-account', serviceAccounts: [] },
      registries: repositories.map((repository) => ({
        name: repository,
        edition: 'enterprise',
        instanceId: 'cri-1',
        region: '*',
        repositories: [repository],
        limit: 'repositories',
        assumeRole: [{ roleArn: `acs:ram::${accountId}:role/${puller}`, durationSeconds: 3600 }],
      })),
    },
    settings: { name, access: { kind: 'ack', clusterId: `c-${names}-${name}` }, workerRoles: [] },
  }))
  const settings = prepared.map((one) => one.settings)
  const listed = prepared.map(({ name, values, settings: { access } }) => ({
    name,
    key: access.clusterId,
    accountId: cloud.accountId,
    registries: values.registries,
    workerRoles: [`nodes-${name}`],
  }))
  const context = {
    settings: {
      clusters: settings,
      selected: settings,
      inputs: { ram: 'auto', 'ram-scope': 'instance', 'adopt-policy': false },
    },
    prepared,
    cloud: { ram: () => ram, caller: async () => ({ accountId: cloud.accountId }) },
    ramLock: createKeyedLock(),
    ramList: async () => ({ clusters: listed, unknown: new Map() }),
    report: () => undefined,
  } as unknown as RunContext
  const works = prepared.map(
    (cluster) => ({ cluster, context, run: newRun(), signal, identity: {} }) as unknown as Work,
  )
  const results = (status: ClusterResult['status']) =>
    prepared.map(({ name }) => ({ name, status, notes: [] })) as unknown as readonly ClusterResult[]
  const targets = async (purpose?: 'remove') =>
    new Map(
      await Promise.all(
        works.map(async (work) => [work.cluster.name, await policyTargets(work, 'sa', purpose)] as const),
      ),
    )
  return {
    works,
    targets,
    /** Does what an apply does in RAM: widens for each cluster, then narrows. */
    async apply(verified = true): Promise<readonly string[]> {
      const notes: string[] = []
      const all = await targets()
      for (const work of works) await widenPolicies(work, all.get(work.cluster.name) ?? [], (line) => notes.push(line))
      const rolled = new Map(
        [...all].map(([name, own]): [string, RolledCluster] => {
          return [name, { targets: own, former: [], key: `c-${names}-${name}`, alone: true, verified }]
        }),
      )
      const narrowed = await narrowPolicies(results('deployed'), rolled, context, read, signal)
      return [...notes, ...narrowed.flatMap((one) => one.notes)].filter((line) => line.includes('puller'))
    },
    async remove(): Promise<readonly string[]> {
      const removed = await removePolicies(results('uninstalled'), await targets('remove'), context, read, signal)
      return removed.flatMap((one) => one.notes).filter((line) => line.includes('puller'))
    },
  }
}

const nodes = (name: string) => `acs:ram::${cloud.accountId}:role/nodes-${name}`
const trusted = async (): Promise<readonly unknown[]> =>
  parseDocument((await ram.getRole(puller))?.trust ?? '', puller).Statement.map(({ Principal }) => Principal)
const pullable = async (): Promise<readonly string[]> =>
  ((await ram.getPolicy(`acr-nopass-${puller}`))?.document.match(/repository\/cri-1\/[^"]+/g) ?? []).map((one) =>
    one.replace('repository/cri-1/', ''),
  )
const members = async () => membersOf((await ram.getPolicy(`acr-nopass-${puller}`))?.description ?? '')

test('P9 a plan shows the role of limited entries and writes nothing; an apply creates it once', async () => {
  const run = openRun({ a: ['base/*', 'team-a/*'] })
  const [work] = run.works
  assert.ok(work)
  const start = cloud.calls.length
  const targets = await policyTargets(work, 'sa')
  const plans = await planPolicies(work, targets, [], undefined)
  const created = [
    `create role ${puller}`,
    `create policy acr-nopass-${puller}`,
    `attach policy acr-nopass-${puller} to role ${puller}`,
  ]
  assert.deepEqual(plans[1]?.steps.map(describeStep), created)
  assert.match(plans[1]?.diff ?? '', /\+.*nodes-a/)
  assert.deepEqual(writesSince(cloud, start), [])
  assert.deepEqual(
    await run.apply(),
    created.map((step) => `RAM: ${step}`),
  )
  assert.deepEqual(await trusted(), [{ RAM: [nodes('a')] }])
  assert.deepEqual(await pullable(), ['base/*', 'team-a/*'])
  const done = cloud.calls.length
  assert.deepEqual(await run.apply(), [])
  assert.deepEqual(writesSince(cloud, done), [])
})

test('P2 clusters that name one role: each is trusted and may pull, until a verified run needs less', async () => {
  await openRun({ a: ['team-a/*', 'old/*'], b: ['team-b/*'] }).apply()
  assert.deepEqual(await trusted(), [{ RAM: [nodes('a')] }, { RAM: [nodes('b')] }])
  assert.deepEqual(await pullable(), ['old/*', 'team-a/*', 'team-b/*'])
  assert.deepEqual(await members(), [`c-${names}-a`, `c-${names}-b`])
  const now = { a: ['team-a/*'], b: ['team-b/*'] }
  await openRun(now).apply(false)
  assert.deepEqual(await pullable(), ['old/*', 'team-a/*', 'team-b/*'])
  const [work] = openRun(now).works
  assert.ok(work)
  const plans = await planPolicies(work, await policyTargets(work, 'sa'), [], undefined)
  assert.deepEqual(
    plans.flatMap(({ steps }) => steps.map(describeStep)).filter((step) => step.includes('puller')),
    [`update policy acr-nopass-${puller}`],
  )
  await openRun(now).apply()
  assert.deepEqual(await pullable(), ['team-a/*', 'team-b/*'])
  assert.deepEqual(await trusted(), [{ RAM: [nodes('a')] }, { RAM: [nodes('b')] }])
})

test('P2 a run on one of two clusters takes neither rights nor trust from the other one', async () => {
  await openRun({ a: ['team-a/*'], b: ['team-b/*'] }).apply()
  const notes = await openRun({ a: ['team-a/new'] }).apply()
  assert.deepEqual(notes, [
    `RAM: update policy acr-nopass-${puller}`,
    `RAM: kept policy acr-nopass-${puller} as wide as it is: the cluster c-${names}-b of another list needs it too (its description records who does)`,
  ])
  assert.deepEqual(await pullable(), ['team-a/*', 'team-a/new', 'team-b/*'])
  assert.deepEqual(await trusted(), [{ RAM: [nodes('a')] }, { RAM: [nodes('b')] }])
})

test('a caller that no cluster has any more loses the trust of our role after a verified run', async () => {
  const run = openRun({ a: ['team-a/*'] })
  await run.apply()
  const before = (await ram.getRole(puller))?.trust ?? ''
  const with2 = parseDocument(before, puller)
  const [first] = with2.Statement
  const more = { ...first, Effect: 'Allow', Principal: { RAM: [nodes('former')] } }
  const wider = JSON.stringify({ ...with2, Statement: [...with2.Statement, more] })
  await ram.change('UpdateRole', { RoleName: puller, NewAssumeRolePolicyDocument: wider })
  assert.equal((await trusted()).length, 2)
  await run.apply(false)
  assert.equal((await trusted()).length, 2)
  await run.apply()
  assert.deepEqual(await trusted(), [{ RAM: [nodes('a')] }])
})

test('P9 a role of somebody else gets our statement and our policy, and loses only these', async () => {
  const theirs = { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: ['ecs.aliyuncs.com'] } }
  cloud.control.putRole(puller, { Version: '1', Statement: [theirs] })
  cloud.control.grant(puller, `theirs-${puller}`, pull('theirs'))
  const run = openRun({ a: ['team-a/*'] })
  assert.deepEqual(await run.apply(), [
    `RAM: update the trust policy of role ${puller}`,
    `RAM: create policy acr-nopass-${puller}`,
    `RAM: attach policy acr-nopass-${puller} to role ${puller}`,
  ])
  assert.deepEqual(await trusted(), [theirs.Principal, { RAM: [nodes('a')] }])
  await run.remove()
  assert.deepEqual(await trusted(), [theirs.Principal])
  assert.deepEqual(await ram.listRolePolicies(puller), [{ name: `theirs-${puller}`, custom: true, description: '' }])
  assert.equal(await ram.getPolicy(`acr-nopass-${puller}`), undefined)
})

test('P15 an uninstall removes the role that we made once no cluster of any list needs it', async () => {
  await openRun({ a: ['team-a/*'], b: ['team-b/*'] }).apply()
  assert.deepEqual(await openRun({ a: ['team-a/*'] }).remove(), [
    `RAM: record who uses policy acr-nopass-${puller}: c-${names}-b`,
    `RAM: kept policy acr-nopass-${puller}: the cluster c-${names}-b of another list still needs it`,
    `RAM: kept role ${puller}: its policy acr-nopass-${puller} stays`,
  ])
  assert.deepEqual(await trusted(), [{ RAM: [nodes('a')] }, { RAM: [nodes('b')] }])
  await openRun({ b: ['team-b/*'] }).apply()
  assert.deepEqual(await trusted(), [{ RAM: [nodes('b')] }])
  assert.deepEqual(await openRun({ b: ['team-b/*'] }).remove(), [
    `RAM: detach policy acr-nopass-${puller} from role ${puller}`,
    `RAM: delete policy acr-nopass-${puller}`,
    `RAM: delete role ${puller}`,
  ])
  assert.equal(await ram.getRole(puller), undefined)
})

test('an uninstall of two clusters at once removes the role that both used', async () => {
  const run = openRun({ a: ['team-a/*'], b: ['team-b/*'] })
  await run.apply()
  await run.remove()
  assert.equal(await ram.getRole(puller), undefined)
  assert.equal(await ram.getPolicy(`acr-nopass-${puller}`), undefined)
})

test('P9 a role of another account is not changed, and a note says who has to', async () => {
  const run = openRun({ a: ['team-a/*'] }, '1867204395510376')
  const [work] = run.works
  assert.ok(work)
  const targets = await policyTargets(work, 'sa')
  assert.deepEqual(
    targets.map(({ target }) => target.policyName),
    [`acr-nopass-c-${names}-a`],
  )
  assert.deepEqual((await formerTargets(work, targets)).unseen, [
    `RAM: role acs:ram::1867204395510376:role/${puller} not changed, because it belongs to another account: \`acr-nopass policy\` prints it`,
  ])
  assert.deepEqual((await formerTargets({ ...work, cluster: { ...work.cluster, ram: 'none' } }, [])).unseen, [
    `RAM: role acs:ram::1867204395510376:role/${puller} not changed, because you manage it: \`acr-nopass policy\` prints it`,
  ])
})
