import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Cloud } from '../../sandbox/cloud/start-cloud.ts'
import { startCloud } from '../../sandbox/cloud/start-cloud.ts'
import type { Ram } from '../../src/alibaba/ram.ts'
import { createKeyedLock } from '../../src/lib/concurrency.ts'
import { applyPolicy } from '../../src/policy/apply-policy.ts'
import type { SharedTarget } from '../../src/policy/policy-targets.ts'
import type { RolledCluster, RunContext } from '../../src/rollout/cluster/cluster-run.ts'
import type { ClusterResult } from '../../src/rollout/cluster-result.ts'
import { narrowPolicies, removePolicies } from '../../src/rollout/ram/narrow-policies.ts'
import { administratorRam } from './acr-cloud-client.ts'
import { ECS_TRUST, pull, sampleTarget } from './policy-samples.ts'

const ROLE = 'shared-worker'
const POLICY = `acr-nopass-${ROLE}`

/** A separate account for each cluster that names one. */
const clouds = new Map<string, Cloud>()
const rams = new Map<string, Ram>()

before(async () => {
  for (const account of ['first', 'second']) {
    const cloud = await startCloud()
    cloud.control.putRole(ROLE, ECS_TRUST)
    clouds.set(account, cloud)
    rams.set(account, await administratorRam(cloud))
  }
})
after(() => Promise.all([...clouds.values()].map((cloud) => cloud.stop())))

const ramOf = (account: string): Ram => {
  const ram = rams.get(account)
  assert.ok(ram)
  return ram
}

/** A run on the clusters a and b, each in its own account. */
function contextOf(accounts: readonly [string, string]): RunContext {
  const entry = (name: string, index: number) => ({
    name,
    access: { kind: 'ack', clusterId: `c-${accounts[index]}-${name}` },
  })
  const clusters = ['a', 'b'].map(entry)
  return {
    settings: { clusters },
    prepared: clusters.map((settings) => ({ name: settings.name, ram: 'rrsa', settings })),
    cloud: { ram: ({ name }: { name: string }) => ramOf(accounts[name === 'a' ? 0 : 1]) },
    ramLock: createKeyedLock(),
    ramList: async () => ({ clusters: [], unknown: new Map() }),
    report: () => undefined,
  } as unknown as RunContext
}

const resultsOf = (...statuses: readonly ClusterResult['status'][]): readonly ClusterResult[] =>
  statuses.map((status, index) => ({
    name: ['a', 'b'][index],
    status,
    notes: [],
  })) as unknown as readonly ClusterResult[]
const signal = new AbortController().signal
/** No other deployer wrote anything. */
const read = async () => []

test('a shared policy is deleted once all its clusters were uninstalled, and stays while one of them failed', async () => {
  const target = sampleTarget(POLICY, ROLE, { members: ['c-first-a', 'c-first-b'] })
  await applyPolicy(ramOf('first'), target)
  const shared: SharedTarget = { target, clusters: ['a', 'b'], accountId: 'first' }
  const targets = new Map([
    ['a', [shared]],
    ['b', [shared]],
  ])
  const context = contextOf(['first', 'first'])
  const [kept] = await removePolicies(resultsOf('uninstalled', 'failed'), targets, context, read, signal)
  assert.deepEqual(kept?.notes, [`RAM: kept policy ${POLICY}: b may still need it`])
  assert.deepEqual((await ramOf('first').listPolicyEntities(POLICY)).roles, [ROLE])
  const both = await removePolicies(resultsOf('uninstalled', 'uninstalled'), targets, context, read, signal)
  assert.deepEqual(
    both.map(({ notes }) => notes),
    [[`RAM: detach policy ${POLICY} from role ${ROLE}`, `RAM: delete policy ${POLICY}`], []],
  )
  assert.equal(await ramOf('first').getPolicy(POLICY), undefined)
})

/** The same policy name in two accounts, one cluster in each. */
function twoAccounts(document: SharedTarget['target']['document']): Map<string, RolledCluster> {
  return new Map(
    (['first', 'second'] as const).map((accountId, index) => {
      const name = index === 0 ? 'a' : 'b'
      const target = sampleTarget(POLICY, ROLE, { document, phase: 'widen' })
      const targets = [{ target, clusters: [name], accountId }]
      return [name, { targets, former: [], key: name, alone: true, verified: true }]
    }),
  )
}

test('a policy with the same name in another account is narrowed, and removed, as well', async () => {
  const accounts = ['first', 'second'] as const
  for (const account of accounts)
    await applyPolicy(ramOf(account), sampleTarget(POLICY, ROLE, { document: pull('a', 'old') }))
  const rolled = twoAccounts(pull('a'))
  const narrowed = await narrowPolicies(resultsOf('unchanged', 'unchanged'), rolled, contextOf(accounts), read, signal)
  assert.deepEqual(
    narrowed.map(({ notes, ramChanged }) => [notes, ramChanged]),
    accounts.map(() => [[`RAM: update policy ${POLICY}`], true]),
  )
  for (const account of accounts) {
    assert.equal((await ramOf(account).getPolicy(POLICY))?.document, JSON.stringify(pull('a')))
  }
  const targets = new Map([...rolled].map(([name, one]) => [name, one.targets]))
  await removePolicies(resultsOf('uninstalled', 'uninstalled'), targets, contextOf(accounts), read, signal)
  for (const account of accounts) assert.equal(await ramOf(account).getPolicy(POLICY), undefined)
})

test('a deployed but unverified cluster is not narrowed, and the note says so', async () => {
  const accounts = ['first', 'second'] as const
  for (const account of accounts)
    await applyPolicy(ramOf(account), sampleTarget(POLICY, ROLE, { document: pull('a', 'old') }))
  const rolled = twoAccounts(pull('a'))
  for (const one of rolled.values()) one.verified = false
  const kept = await narrowPolicies(resultsOf('deployed', 'deployed'), rolled, contextOf(accounts), read, signal)
  for (const [index, account] of accounts.entries()) {
    assert.equal((await ramOf(account).getPolicy(POLICY))?.document, JSON.stringify(pull('a', 'old')))
    const why = `${['a', 'b'][index]} not verified in this run`
    assert.deepEqual(kept[index]?.notes, [`RAM: policy ${POLICY} not narrowed: ${why}`])
    assert.equal(kept[index]?.ramChanged, undefined)
  }
})
