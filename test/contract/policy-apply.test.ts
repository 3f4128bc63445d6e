import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import type { Cloud } from '../../sandbox/cloud/start-cloud.ts'
import { startCloud } from '../../sandbox/cloud/start-cloud.ts'
import type { Ram } from '../../src/alibaba/ram.ts'
import { applyPolicy, planPolicy } from '../../src/policy/apply-policy.ts'
import { type PolicyDocument, parseDocument, policyOf, sameDocument } from '../../src/policy/normal-form.ts'
import type { PolicyTarget } from '../../src/policy/policy-target.ts'
import { administratorRam, writesSince } from './acr-cloud-client.ts'
import { ECS_TRUST, pull, sampleTarget, stepTexts } from './policy-samples.ts'

let cloud: Cloud
let ram: Ram
let names = 0
let name = ''
let worker = ''

before(async () => {
  cloud = await startCloud()
  ram = await administratorRam(cloud)
})
after(() => cloud.stop())
beforeEach(() => {
  cloud.faults.clear()
  name = `acr-nopass-c${++names}`
  worker = `worker-${names}`
  cloud.control.putRole(worker, ECS_TRUST)
})

const target = (changes: Partial<PolicyTarget> = {}): PolicyTarget => sampleTarget(name, worker, changes)
const documentIn = async (policy: string): Promise<PolicyDocument> =>
  parseDocument((await ram.getPolicy(policy))?.document ?? '', policy)

test('P9 a plan only reads, and an apply does exactly what the plan shows', async () => {
  const start = cloud.calls.length
  const plan = await planPolicy(ram, target())
  assert.deepEqual(writesSince(cloud, start), [])
  assert.match(plan.diff, /^\+ {8}"acs:cr:\*:\*:repository\/cri-1\/a"$/m)
  const applied = await applyPolicy(ram, target())
  assert.deepEqual(applied, plan)
  assert.deepEqual(stepTexts(applied), [`create policy ${name}`, `attach policy ${name} to role ${worker}`])
  assert.deepEqual(writesSince(cloud, start), ['CreatePolicy', 'AttachPolicyToRole'])
})

test('P9 the second apply of the same document makes no call that writes', async () => {
  await applyPolicy(ram, target({ document: pull('a', 'b') }))
  const start = cloud.calls.length
  const turned = policyOf([
    { Effect: 'allow', Action: 'cr:PullRepository', Resource: [...(pull('b', 'a').Statement[0]?.Resource ?? [])] },
  ])
  for (const phase of ['widen', 'narrow'] as const) {
    const again = await applyPolicy(ram, target({ document: turned, phase }))
    assert.deepEqual(again, { steps: [], diff: '', kept: [] })
  }
  assert.deepEqual(writesSince(cloud, start), [])
  assert.equal(cloud.calls.length - start, 4)
})

test('P9 our objects carry the mark in their description and in a tag', async () => {
  await applyPolicy(ram, target())
  assert.match((await ram.getPolicy(name))?.description ?? '', /^Managed by acr-nopass for cluster c1/)
  assert.deepEqual(await ram.listTags('policy', name), [{ key: 'managed-by', value: 'acr-nopass' }])
  await ram.change('UpdatePolicyDescription', { PolicyName: name, NewDescription: 'edited by hand' })
  assert.deepEqual(stepTexts(await applyPolicy(ram, target())), [])
})

test('P9 any number of changes fits into RAM’s five versions', async () => {
  for (let change = 0; change < 8; change++) await applyPolicy(ram, target({ document: pull(`v${change}`) }))
  assert.ok(sameDocument(await documentIn(name), pull('v7')))
  assert.equal((await ram.getPolicy(name))?.defaultVersion, 'v8')
})

test('P2 a permission is widened first and narrowed only on request', async () => {
  await applyPolicy(ram, target({ document: pull('old') }))
  await applyPolicy(ram, target({ document: pull('new'), phase: 'widen' }))
  assert.ok(sameDocument(await documentIn(name), pull('old', 'new')))
  const narrowed = await applyPolicy(ram, target({ document: pull('new') }))
  assert.ok(sameDocument(await documentIn(name), pull('new')))
  assert.match(narrowed.diff, /^-.*cri-1\/old"/m)
})

test("P9 another client's policy with our name is left alone, unless adopted", async () => {
  await ram.change('CreatePolicy', { PolicyName: name, PolicyDocument: JSON.stringify(pull('theirs')) })
  const start = cloud.calls.length
  await assert.rejects(applyPolicy(ram, target()), { code: 'POLICY_NOT_OURS' })
  assert.deepEqual(writesSince(cloud, start), [])
  assert.deepEqual(stepTexts(await applyPolicy(ram, target({ adopt: true, phase: 'widen' }))), [
    `mark policy ${name} as managed by acr-nopass`,
    `update policy ${name}`,
    `attach policy ${name} to role ${worker}`,
  ])
  assert.ok(sameDocument(await documentIn(name), pull('theirs', 'a')))
  assert.deepEqual(stepTexts(await applyPolicy(ram, target({ phase: 'widen' }))), [])
})

test('P9 ten concurrent runs end with one policy, attached once, and none fails', async () => {
  const all = await Promise.all(Array.from({ length: 10 }, () => applyPolicy(ram, target())))
  const done = all.flatMap(stepTexts)
  assert.deepEqual(done.sort(), [`attach policy ${name} to role ${worker}`, `create policy ${name}`])
  assert.ok(sameDocument(await documentIn(name), pull('a')))
})

test('P9 if a response is lost after the work was done, the result is read and the call is not repeated', async () => {
  for (const action of ['CreatePolicy', 'AttachPolicyToRole'])
    cloud.faults.add({ kind: 'cut-after', match: { action } })
  const start = cloud.calls.length
  await applyPolicy(ram, target())
  cloud.faults.add({ kind: 'cut-after', match: { action: 'CreatePolicyVersion' } })
  await applyPolicy(ram, target({ document: pull('b') }))
  assert.deepEqual(
    writesSince(cloud, start),
    ['CreatePolicy', 'AttachPolicyToRole', 'CreatePolicyVersion'].map((call) => `${call} fault:cut-after`),
  )
  assert.equal((await ram.getPolicy(name))?.defaultVersion, 'v2')
})

test('throttling, server errors and error pages of gateways are retried', async () => {
  cloud.faults.add({ kind: 'throttle', retryAfterMs: 5, times: 2, match: { action: 'GetPolicy' } })
  cloud.faults.add({ kind: 'throttle', retryAfterMs: 5, match: { action: 'CreatePolicy' } })
  cloud.faults.add({ kind: 'html', match: { action: 'AttachPolicyToRole' } })
  cloud.faults.add({
    kind: 'status',
    status: 503,
    code: 'ServiceUnavailable',
    match: { action: 'ListPoliciesForRole' },
  })
  await applyPolicy(ram, target())
  assert.deepEqual(stepTexts(await planPolicy(ram, target())), [])
})

test('a cloud that keeps failing has an error code of its own, and the completed steps stay', async () => {
  cloud.faults.add({
    kind: 'status',
    status: 500,
    code: 'InternalError',
    times: 99,
    match: { action: 'AttachPolicyToRole' },
  })
  const pauses: number[] = []
  const pause = async (ms: number): Promise<void> => void pauses.push(ms)
  await assert.rejects(applyPolicy(ram, target(), { pause }), {
    code: 'POLICY_UNSETTLED',
    reason: 'InternalError',
    message:
      `RAM does not show the desired state for cluster c1; written: create policy ${name}; ` +
      `sent without an answer: attach policy ${name} to role ${worker}; not done: attach policy ${name} to role ${worker}`,
    hint: 'Wait, then run again.',
  })
  assert.deepEqual(pauses, [300, 600, 1200, 2400, 4800, 9600, 10_000, 10_000, 10_000, 10_000, 10_000])
  cloud.faults.clear()
  assert.deepEqual(stepTexts(await applyPolicy(ram, target())), [`attach policy ${name} to role ${worker}`])
})

test('writes that fail for a second are tried again after growing pauses', async () => {
  const failing = { kind: 'status', status: 500, code: 'InternalError', match: { action: 'CreatePolicy' } } as const
  cloud.faults.add({ ...failing, times: 99 })
  let waited = 0
  const pause = async (ms: number): Promise<void> => {
    waited += ms
    if (waited >= 1_000) cloud.faults.clear()
  }
  assert.equal(stepTexts(await applyPolicy(ram, target(), { pause })).length, 2)
  assert.equal(waited, 300 + 600 + 1200)
})

test('a missing role and a document that is too large are rejected before anything is written', async () => {
  const start = cloud.calls.length
  await assert.rejects(applyPolicy(ram, target({ roles: ['nobody'] })), { code: 'POLICY_ROLE_MISSING' })
  await assert.rejects(applyPolicy(ram, target({ document: pull('x'.repeat(6100)) })), { code: 'POLICY_TOO_LARGE' })
  assert.deepEqual(writesSince(cloud, start), [])
})

test("a role with as many policies as RAM allows is reported with RAM's own limit", async () => {
  for (let policy = 0; policy < 10; policy++) cloud.control.grant(worker, `full-${names}-${policy}`, pull('x'))
  await assert.rejects(applyPolicy(ram, target()), { code: 'POLICY_LIMIT', reason: 'LimitExceeded.Role.Policy' })
})
