import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import type { Cloud } from '../../sandbox/cloud/start-cloud.ts'
import { startCloud } from '../../sandbox/cloud/start-cloud.ts'
import type { Ram } from '../../src/alibaba/ram.ts'
import { applyPolicy } from '../../src/policy/apply-policy.ts'
import { type PolicyDocument, parseDocument, policyOf, sameDocument } from '../../src/policy/normal-form.ts'
import type { PolicyTarget } from '../../src/policy/policy-target.ts'
import { removePolicy } from '../../src/policy/remove-policy.ts'
import { rrsaStatement } from '../../src/policy/trust-document.ts'
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

const trustOf = (serviceAccount: string) =>
  rrsaStatement({
    oidcProviderArn: `acs:ram::${cloud.accountId}:oidc-provider/ack-rrsa-${name}`,
    issuer: `https://oidc.example/${name}`,
    namespace: 'acr-nopass',
    serviceAccount,
  })
const withRole = (role: string, create: boolean, changes: Partial<PolicyTarget> = {}): PolicyTarget =>
  target({ roles: [], trust: { role, statements: [trustOf('acr-nopass')], create }, ...changes })
const trustIn = async (role: string): Promise<PolicyDocument> =>
  parseDocument((await ram.getRole(role))?.trust ?? '', role)
const provider = (): void => {
  cloud.registerOidcProvider({
    name: `ack-rrsa-${name}`,
    issuer: `https://oidc.example/${name}`,
    jwks: { keys: [] },
    clientIds: ['sts.aliyuncs.com'],
  })
}

test('P9 rrsa: our own role is created with its trust and its policy, once', async () => {
  provider()
  const done = await applyPolicy(ram, withRole(name, true))
  assert.deepEqual(stepTexts(done), [
    `create role ${name}`,
    `create policy ${name}`,
    `attach policy ${name} to role ${name}`,
  ])
  assert.ok(sameDocument(await trustIn(name), policyOf([trustOf('acr-nopass')])))
  const start = cloud.calls.length
  assert.deepEqual(stepTexts(await applyPolicy(ram, withRole(name, true))), [])
  assert.deepEqual(writesSince(cloud, start), [])
  const renamed = { role: name, statements: [trustOf('renamed')], create: true }
  await applyPolicy(ram, withRole(name, true, { trust: renamed, phase: 'widen' }))
  assert.equal((await trustIn(name)).Statement.length, 2)
  await applyPolicy(ram, withRole(name, true, { trust: renamed }))
  assert.ok(sameDocument(await trustIn(name), policyOf([trustOf('renamed')])))
})

test('P9 rrsa: a role of another client keeps its statements, its description and its policies', async () => {
  provider()
  const role = `theirs-${names}`
  const theirs = { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: ['ecs.aliyuncs.com'] } }
  cloud.control.putRole(role, { Version: '1', Statement: [theirs] })
  cloud.control.grant(role, `their-policy-${names}`, pull('theirs'))
  const applied = await applyPolicy(ram, withRole(role, false))
  assert.deepEqual(stepTexts(applied), [
    `update the trust policy of role ${role}`,
    `create policy ${name}`,
    `attach policy ${name} to role ${role}`,
  ])
  assert.deepEqual((await trustIn(role)).Statement, [theirs, trustOf('acr-nopass')])
  const start = cloud.calls.length
  await applyPolicy(ram, withRole(role, false))
  assert.deepEqual(writesSince(cloud, start), [])
  await removePolicy(ram, withRole(role, false))
  assert.deepEqual((await trustIn(role)).Statement, [theirs])
  assert.deepEqual(await ram.listRolePolicies(role), [{ name: `their-policy-${names}`, custom: true, description: '' }])
  assert.equal(await ram.getPolicy(name), undefined)
})

test('P9 a removal deletes what is ours, and can be repeated', async () => {
  provider()
  await applyPolicy(ram, withRole(name, true, { roles: [worker] }))
  await applyPolicy(ram, withRole(name, true, { roles: [worker], document: pull('b') }))
  const removed = await removePolicy(ram, withRole(name, true, { roles: [worker] }))
  assert.deepEqual(stepTexts(removed).sort(), [
    `delete policy ${name}`,
    `delete role ${name}`,
    `detach policy ${name} from role ${name}`,
    `detach policy ${name} from role ${worker}`,
  ])
  assert.equal(await ram.getPolicy(name), undefined)
  assert.equal(await ram.getRole(name), undefined)
  assert.deepEqual(await removePolicy(ram, withRole(name, true, { roles: [worker] })), {
    steps: [],
    diff: '',
    kept: [],
  })
})

test('P9 nothing of another client is removed, and a policy that others use stays', async () => {
  const role = `user-of-${name}`
  cloud.control.putRole(role, ECS_TRUST)
  await applyPolicy(ram, target({ roles: [worker, role] }))
  const removed = await removePolicy(ram, target())
  assert.deepEqual(removed.kept, [`policy ${name}: still attached to role ${role}`])
  assert.notEqual(await ram.getPolicy(name), undefined)
  const foreign = `${name}-foreign`
  await ram.change('CreatePolicy', { PolicyName: foreign, PolicyDocument: JSON.stringify(pull('x')) })
  const start = cloud.calls.length
  assert.deepEqual((await removePolicy(ram, target({ policyName: foreign }))).kept, [
    `policy ${foreign}: it was not made by acr-nopass`,
  ])
  assert.deepEqual(writesSince(cloud, start), [])
})
