import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import type { Cloud } from '../../sandbox/cloud/start-cloud.ts'
import { startCloud } from '../../sandbox/cloud/start-cloud.ts'
import type { Ram } from '../../src/alibaba/ram.ts'
import { NopassError } from '../../src/errors.ts'
import { createKeyedLock } from '../../src/lib/concurrency.ts'
import { applyPolicy, planPolicy } from '../../src/policy/apply-policy.ts'
import {
  includesDocument,
  type PolicyDocument,
  parseDocument,
  policyOf,
  sameDocument,
  unionDocuments,
} from '../../src/policy/normal-form.ts'
import type { PolicyTarget } from '../../src/policy/policy-target.ts'
import { membersOf } from '../../src/policy/ram-names.ts'
import { removePolicy } from '../../src/policy/remove-policy.ts'
import { rrsaStatement } from '../../src/policy/trust-document.ts'
import { administratorRam } from './acr-cloud-client.ts'
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

/**
 * Four clusters with the same given RRSA role. Its trust must contain the statement of each
 * cluster.
 */
function trustTargets(): readonly PolicyTarget[] {
  return [1, 2, 3, 4].map((cluster) => {
    const issuer = `https://oidc.example/${name}-${cluster}`
    const oidcProviderArn = `acs:ram::${cloud.accountId}:oidc-provider/ack-rrsa-${name}-${cluster}`
    cloud.registerOidcProvider({
      name: `ack-rrsa-${name}-${cluster}`,
      issuer,
      jwks: { keys: [] },
      clientIds: ['sts.aliyuncs.com'],
    })
    const statement = rrsaStatement({ oidcProviderArn, issuer, namespace: 'n', serviceAccount: 's' })
    const trust = { role: worker, statements: [statement], create: false }
    return target({ policyName: `${name}-${cluster}`, roles: [], trust, phase: 'widen' })
  })
}

async function missingTrust(targets: readonly PolicyTarget[]): Promise<number> {
  const trust = parseDocument((await ram.getRole(worker))?.trust ?? '', worker)
  return targets.filter(({ trust: own }) => own && !includesDocument(trust, policyOf(own.statements))).length
}

test('four clusters of a run on one given role: each of them is trusted', async () => {
  const targets = trustTargets()
  const lock = createKeyedLock()
  await Promise.all(targets.map((one) => lock([`role ${worker}`], () => applyPolicy(ram, one))))
  assert.equal(await missingTrust(targets), 0)
})

test("four concurrent runs on one given role: each run's last check restores what another overwrote", async () => {
  const targets = trustTargets()
  await Promise.all(targets.map((one) => applyPolicy(ram, one)))
  for (const one of targets) await applyPolicy(ram, one)
  assert.equal(await missingTrust(targets), 0)
})

test('a grant that another run overwrites between our write and our check is written again', async () => {
  await applyPolicy(ram, target({ document: pull('old') }))
  let once = true
  const rival: Ram = {
    ...ram,
    async change(action, parameters, signal) {
      await ram.change(action, parameters, signal)
      if (action !== 'CreatePolicyVersion') return
      // The other run reads before our write and writes after it.
      const PolicyDocument = JSON.stringify(pull('old', 'theirs'))
      if (once) await ram.change(action, { ...parameters, PolicyDocument })
      once = false
    },
  }
  await applyPolicy(rival, target({ document: pull('ours'), phase: 'widen' }))
  assert.ok(sameDocument(await documentIn(name), unionDocuments(pull('old'), pull('theirs'), pull('ours'))))
})

test('two lists that share a role: neither removes a permission that the other needs', async () => {
  const one = target({ document: pull('one'), members: ['c-a', 'c-b'], phase: 'widen' })
  const two = target({ document: pull('two'), members: ['c-x', 'c-y'], phase: 'widen' })
  await applyPolicy(ram, one)
  assert.deepEqual(membersOf((await ram.getPolicy(name))?.description ?? ''), ['c-a', 'c-b'])
  assert.deepEqual(stepTexts(await applyPolicy(ram, two)), [
    `record who uses policy ${name}: c-a, c-b, c-x, c-y`,
    `update policy ${name}`,
  ])
  for (const narrow of [one, two]) {
    const { steps, kept } = await applyPolicy(ram, { ...narrow, phase: 'narrow' })
    assert.deepEqual([steps, kept.length], [[], 1])
    assert.match(kept[0] ?? '', /of another list needs it too/)
  }
  assert.deepEqual((await planPolicy(ram, { ...one, phase: 'narrow' })).kept.length, 1)
  assert.ok(sameDocument(await documentIn(name), pull('one', 'two')))
})

test('a list with every recorded cluster narrows; an uninstalled one is removed from the record', async () => {
  await applyPolicy(ram, target({ document: pull('one'), members: ['c-a', 'c-b'] }))
  await applyPolicy(ram, target({ document: pull('two'), members: ['c-x'], phase: 'widen' }))
  const removed = await removePolicy(ram, target({ members: ['c-a', 'c-b'] }))
  assert.deepEqual(stepTexts(removed), [`record who uses policy ${name}: c-x`])
  assert.match(removed.kept[0] ?? '', /the cluster c-x of another list still needs it/)
  await applyPolicy(ram, target({ document: pull('two'), members: ['c-x'] }))
  assert.ok(sameDocument(await documentIn(name), pull('two')))
})

test('without permission to write a description everything else is done, and that is reported', async () => {
  await applyPolicy(ram, target({ document: pull('one'), members: ['c-a'] }))
  const denied: Ram = {
    ...ram,
    async change(action, parameters, signal) {
      if (action === 'UpdatePolicyDescription') throw new NopassError('CLOUD_DENIED', 'denied')
      await ram.change(action, parameters, signal)
    },
  }
  const { steps, kept } = await applyPolicy(denied, target({ document: pull('two'), members: ['c-x'], phase: 'widen' }))
  assert.deepEqual(
    steps.map((step) => step.do),
    ['update-policy'],
  )
  assert.match(kept.at(-1) ?? '', /ram:UpdatePolicyDescription is denied/)
})
