import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import type { Cloud } from '../../sandbox/cloud/start-cloud.ts'
import { startCloud } from '../../sandbox/cloud/start-cloud.ts'
import type { Ram } from '../../src/alibaba/ram.ts'
import { NopassError } from '../../src/errors.ts'
import { createKeyedLock } from '../../src/lib/concurrency.ts'
import { applyPolicy, planPolicy } from '../../src/policy/apply-policy.ts'
import type { PolicyDocument } from '../../src/policy/normal-form.ts'
import type { PolicyTarget } from '../../src/policy/policy-target.ts'
import { leftoverTargets, type SharedTarget } from '../../src/policy/policy-targets.ts'
import { policyName } from '../../src/policy/ram-names.ts'
import { removePolicy } from '../../src/policy/remove-policy.ts'
import type { RolledCluster, RunContext } from '../../src/rollout/cluster/cluster-run.ts'
import type { ClusterResult } from '../../src/rollout/cluster-result.ts'
import { narrowPolicies } from '../../src/rollout/ram/narrow-policies.ts'
import { administratorRam, writesSince } from './acr-cloud-client.ts'
import { ECS_TRUST, pull, sampleTarget, stepTexts } from './policy-samples.ts'

let cloud: Cloud
let ram: Ram
let names = 0
let key = ''
let worker = ''
let rrsaRole = ''

before(async () => {
  cloud = await startCloud()
  ram = await administratorRam(cloud)
})
after(() => cloud.stop())
beforeEach(() => {
  cloud.faults.clear()
  key = `c${++names}`
  worker = `worker-${names}`
  rrsaRole = `acr-nopass-c${names}`
  for (const role of [worker, rrsaRole]) cloud.control.putRole(role, ECS_TRUST)
})

const own = (changes: Partial<PolicyTarget> = {}): PolicyTarget =>
  sampleTarget(policyName({ cluster: key }), worker, { phase: 'widen', ...changes })
const attachedTo = async (policy: string): Promise<readonly string[]> =>
  (await ram.listPolicyEntities(policy)).roles.toSorted()
const large = (letter: string): PolicyDocument => pull(letter.repeat(5000))

interface RunOptions {
  readonly status?: ClusterResult['status']
  readonly verified?: boolean
  /** Clusters of the list that are not part of this run. */
  readonly unselected?: readonly string[]
  readonly former?: readonly SharedTarget[]
  readonly by?: Ram
}

/**
 * Narrows policies at the end of a run on one cluster `a` with this target. Returns the run's
 * notes.
 */
async function narrow(target: PolicyTarget, options: RunOptions = {}): Promise<readonly string[]> {
  const { status = 'deployed', verified = true, unselected = [], former = [], by = ram } = options
  const settings = (name: string, clusterId: string) => ({ name, access: { kind: 'ack', clusterId } })
  const context = {
    settings: { clusters: [settings('a', key), ...unselected.map((name) => settings(name, name))] },
    prepared: [{ name: 'a', ram: 'rrsa', settings: {} }],
    cloud: { ram: () => by },
    ramLock: createKeyedLock(),
    report: () => undefined,
  } as unknown as RunContext
  const targets = [{ target, clusters: ['a'], accountId: cloud.accountId }]
  const rolled = new Map<string, RolledCluster>([['a', { targets, former, key, alone: true, verified }]])
  const results = [{ name: 'a', status, notes: [] }] as unknown as readonly ClusterResult[]
  const [result] = await narrowPolicies(results, rolled, context, async () => [], new AbortController().signal)
  return result?.error ? [result.error.code] : (result?.notes ?? [])
}

test('worker-role -> rrsa: the worker role loses the policy after the verification, and the plan shows it', async () => {
  const policy = policyName({ cluster: key })
  await applyPolicy(ram, own())
  const rrsa = own({ roles: [rrsaRole] })
  await applyPolicy(ram, rrsa)
  assert.deepEqual(await attachedTo(policy), [rrsaRole, worker].sort())
  const plan = await planPolicy(ram, { ...rrsa, phase: 'narrow', leftovers: 'detach' })
  assert.deepEqual(stepTexts(plan), [`detach policy ${policy} from role ${worker}`])
  assert.deepEqual(await narrow(rrsa), [`RAM: detach policy ${policy} from role ${worker}`])
  assert.deepEqual(await attachedTo(policy), [rrsaRole])
  assert.deepEqual(await narrow(rrsa), [])
})

for (const [title, options, note] of [
  ['not verified', { verified: false }, /a not verified in this run$/],
  ['beside an entry that is not selected', { unselected: ['b'] }, /b not verified in this run$/],
] as const) {
  test(`a cluster ${title}: nothing is detached, and the note says why`, async () => {
    const policy = policyName({ cluster: key })
    await applyPolicy(ram, own())
    const start = cloud.calls.length
    const notes = await narrow(own({ roles: [worker], document: undefined }), options)
    assert.match(notes.at(-1) ?? '', note)
    assert.deepEqual(writesSince(cloud, start), [])
    assert.deepEqual(await attachedTo(policy), [worker])
  })
}

test('a failed cluster: nothing is detached', async () => {
  await applyPolicy(ram, own())
  const start = cloud.calls.length
  await narrow(own({ document: undefined }), { status: 'failed' })
  assert.deepEqual(writesSince(cloud, start), [])
})

test('only static registries are left: no role keeps a permission', async () => {
  const policy = policyName({ cluster: key })
  await applyPolicy(ram, own())
  assert.deepEqual(await narrow(own({ document: undefined })), [`RAM: detach policy ${policy} from role ${worker}`])
  assert.deepEqual(await attachedTo(policy), [])
})

test("a role that became shared loses the cluster's own policy; one without our mark stays", async () => {
  const policy = policyName({ cluster: key })
  await applyPolicy(ram, own())
  const shared = own({ policyName: policyName({ sharedRole: worker }), members: [key] })
  await applyPolicy(ram, shared)
  const targets = [{ target: shared, clusters: ['a'], accountId: cloud.accountId }]
  const cluster = { name: 'a', key, accountId: cloud.accountId, workerRoles: [worker] }
  const former = leftoverTargets(cluster, targets, [key])
  assert.deepEqual(await narrow(shared, { former }), [`RAM: detach policy ${policy} from role ${worker}`])
  assert.deepEqual(await attachedTo(shared.policyName), [worker])

  const foreign = policyName({ cluster: `${key}-by-hand` })
  await ram.change('CreatePolicy', { PolicyName: foreign, PolicyDocument: JSON.stringify(pull('a')) })
  await ram.change('AttachPolicyToRole', { PolicyType: 'Custom', PolicyName: foreign, RoleName: worker })
  const handmade = leftoverTargets({ ...cluster, key: `${key}-by-hand` }, targets, [key])
  assert.deepEqual(await narrow(shared, { former: handmade }), [])
  assert.deepEqual(await attachedTo(foreign), [worker])
})

test('a role that is no longer shared loses the shared policy, unless another list is on its record', async () => {
  const shared = policyName({ sharedRole: worker })
  await applyPolicy(ram, own({ policyName: shared, members: [key, 'c-x'] }))
  await applyPolicy(ram, own())
  const targets = [{ target: own(), clusters: ['a'], accountId: cloud.accountId }]
  const cluster = { name: 'a', key, accountId: cloud.accountId, workerRoles: [worker] }
  const former = leftoverTargets(cluster, targets, [key, 'c-y'])
  const [note = ''] = await narrow(own(), { former })
  assert.match(note, /^RAM: kept policy \S+ on role \S+, .*: the cluster c-x of another list may need it$/)
  const NewDescription = `Managed by acr-nopass. Members: ${key}`
  await ram.change('UpdatePolicyDescription', { PolicyName: shared, NewDescription })
  assert.deepEqual(await narrow(own(), { former }), [`RAM: detach policy ${shared} from role ${worker}`])
  assert.deepEqual(await attachedTo(shared), [])
})

for (const [title, right, denied] of [
  ['the right to detach', 'ram:DetachPolicyFromRole', 'DetachPolicyFromRole'],
  ['the right to list', 'ram:ListEntitiesForPolicy', 'listPolicyEntities'],
] as const) {
  test(`without ${title} the rollout succeeds, and the note names it`, async () => {
    await applyPolicy(ram, own())
    const deny = (): Promise<never> => Promise.reject(new NopassError('CLOUD_DENIED', 'denied'))
    const by: Ram = {
      ...ram,
      ...(denied in ram && { [denied]: deny }),
      change: (action, ...more) => (action === denied ? deny() : ram.change(action, ...more)),
    }
    const notes = await narrow(own({ document: undefined }), { by })
    assert.equal(notes.length, 1)
    assert.ok(notes[0]?.endsWith(`: ${right} is denied`), notes[0])
  })
}

test('old and new documents that fit only separately: widened in a second policy, narrowed into one, never less in between', async () => {
  const policy = policyName({ cluster: key })
  const next = `${policy}-next`
  await applyPolicy(ram, own({ document: large('x') }))
  const desired = own({ document: large('y') })
  assert.deepEqual(stepTexts(await planPolicy(ram, desired)), [
    `create policy ${next}`,
    `attach policy ${next} to role ${worker}`,
  ])
  await applyPolicy(ram, desired)
  assert.deepEqual(stepTexts(await applyPolicy(ram, desired)), [])
  assert.deepEqual((await ram.getPolicy(policy))?.document, JSON.stringify(large('x')))
  assert.deepEqual((await ram.getPolicy(next))?.document, JSON.stringify(large('y')))
  assert.deepEqual(await narrow(desired), [
    `RAM: update policy ${policy}`,
    `RAM: detach policy ${next} from role ${worker}`,
    `RAM: delete policy ${next}`,
  ])
  assert.deepEqual((await ram.getPolicy(policy))?.document, JSON.stringify(large('y')))
  assert.equal(await ram.getPolicy(next), undefined)
})

test('ram-cleanup removes the second policy too', async () => {
  const policy = policyName({ cluster: key })
  await applyPolicy(ram, own({ document: large('x') }))
  await applyPolicy(ram, own({ document: large('y') }))
  assert.deepEqual((await removePolicy(ram, own())).kept, [])
  assert.equal(await ram.getPolicy(policy), undefined)
  assert.equal(await ram.getPolicy(`${policy}-next`), undefined)
})
