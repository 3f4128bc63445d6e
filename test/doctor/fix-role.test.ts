import assert from 'node:assert/strict'
import { test } from 'node:test'
import { closeTrust, fixRights, fixTrust, makeRole } from '../../src/doctor/cloud/fix-role.ts'
import type { RoleFacts } from '../../src/doctor/cloud/read-role.ts'
import type { WantedRole } from '../../src/doctor/cloud/wanted-roles.ts'
import { normalForm, policyOf, type Statement } from '../../src/policy/normal-form.ts'
import { rrsaStatement } from '../../src/policy/trust-document.ts'
import { allow, ECS, role, text } from './cloud-fixture.ts'

const PULL = allow('cr:PullRepository', 'acs:cr:*:1:repository/*')
const OTHER = { ...ECS, Principal: { Service: ['fc.aliyuncs.com'] } }
const OTHERS = allow('ecs:*')
const NAME = 'acr-nopass-c1'

const wanted = (change: Partial<WantedRole> = {}): WantedRole => ({
  arn: 'acs:ram::1:role/nodes',
  accountId: '1',
  name: 'nodes',
  what: 'the worker role of the nodes',
  kind: 'worker-role',
  document: policyOf([PULL]),
  trust: policyOf([ECS]),
  ...change,
})
const roleWith = (ours: boolean, ...trust: readonly Statement[]): Partial<RoleFacts> => ({
  role: { name: 'nodes', description: '', trust: text(...trust), ours },
})
const policy = (ours: boolean, ...statements: readonly Statement[]): NonNullable<RoleFacts['policy']> => ({
  name: NAME,
  description: '',
  document: text(...statements),
  defaultVersion: 'v1',
  ours,
})
const absent = role({ role: null, attached: undefined })

/** Returns the calls of a printed command, with the documents as values. */
function callsOf(command: string | undefined): readonly unknown[] {
  return (command ?? '').split(' && ').map((call) => {
    const [, action] = /^aliyun ram (\w+) /.exec(call) ?? []
    const options = [...call.matchAll(/--(\w+) (?:'([^']*)'|(\S+))/g)].map(([, key = '', quoted, plain = '']) => {
      const value = quoted ?? plain
      return [key, value.startsWith('{') ? (JSON.parse(value) as unknown) : value]
    })
    return [action, Object.fromEntries(options)]
  })
}

const Description = 'Managed by acr-nopass for role nodes. Only acr-nopass changes and removes it.'
const created = ['CreatePolicy', { PolicyName: NAME, PolicyDocument: normalForm(policyOf([PULL])), Description }]
const attachedToo = ['AttachPolicyToRole', { PolicyType: 'Custom', PolicyName: NAME, RoleName: 'nodes' }]
const makes = (trust: Statement) => [
  'CreateRole',
  { RoleName: 'nodes', AssumeRolePolicyDocument: normalForm(policyOf([trust])), Description },
]
const updates = (...statements: readonly Statement[]) => [
  ['UpdateRole', { RoleName: 'nodes', NewAssumeRolePolicyDocument: policyOf(statements) }],
]
const PRINT = 'acr-nopass policy -f values.yaml'

test('a missing role is created with its trust, its policy, and the policy attached', () => {
  assert.deepEqual(callsOf(makeRole(wanted(), absent)), [makes(ECS), created, attachedToo])
})

test('a missing role that needs no right is only created', () => {
  assert.deepEqual(callsOf(makeRole(wanted({ document: undefined }), absent)), [makes(ECS)])
})

// The commands would end in the middle, because no policy can be attached to a missing role.
test('a missing role whose callers are not known is not created by commands', () => {
  assert.equal(makeRole(wanted({ trust: undefined }), absent), PRINT)
})

test("missing trust is added, and the statements of another owner's role stay as they are", () => {
  assert.deepEqual(callsOf(fixTrust(wanted(), role(roleWith(false, OTHER)))), updates(OTHER, ECS))
})

test('missing trust of our own role is added in normal form', () => {
  const { Statement: statements } = normalForm(policyOf([OTHER, ECS]))
  assert.deepEqual(callsOf(fixTrust(wanted(), role(roleWith(true, OTHER)))), updates(...statements))
})

test('where no command helps, the documents are printed for comparison', () => {
  const denied = { ...ECS, Effect: 'Deny' }
  // The statement is there, and a Deny excludes the caller.
  assert.equal(fixTrust(wanted(), role(roleWith(false, ECS, denied))), PRINT)
  assert.equal(fixTrust(wanted({ trust: undefined }), role(roleWith(false, OTHER))), PRINT)
  assert.equal(closeTrust(wanted({ trust: undefined }), role(roleWith(false, OTHER))), PRINT)
  assert.equal(closeTrust(wanted(), absent), PRINT)
  assert.equal(fixRights(wanted({ document: undefined }), role()), PRINT)
})

test('wide trust is narrowed to the caller, and the statements that allow nobody else stay', () => {
  const exact = rrsaStatement({
    oidcProviderArn: 'acs:ram::1:oidc-provider/p',
    issuer: 'https://i',
    namespace: 'a',
    serviceAccount: 'b',
  })
  const { Condition: _, ...open } = exact
  const ours = wanted({ kind: 'rrsa', trust: policyOf([exact]) })
  assert.deepEqual(callsOf(closeTrust(ours, role(roleWith(false, OTHER, open)))), updates(OTHER, exact))
})

test('rights are given by our own policy, which is created if it does not exist', () => {
  assert.deepEqual(callsOf(fixRights(wanted(), role({ attached: [] }))), [created, attachedToo])
})

test('rights are added to our policy, which keeps its other rights and is attached where it was not', () => {
  const extended = [
    'CreatePolicyVersion',
    {
      PolicyName: NAME,
      PolicyDocument: normalForm(policyOf([OTHERS, PULL])),
      SetAsDefault: 'true',
      RotateStrategy: 'DeleteOldestNonDefaultVersionWhenLimitExceeded',
    },
  ]
  const own = policy(true, OTHERS)
  assert.deepEqual(callsOf(fixRights(wanted(), role({ attached: [], policy: own }))), [extended, attachedToo])
  const attached = [{ name: NAME, custom: true, document: own.document }]
  assert.deepEqual(callsOf(fixRights(wanted(), role({ attached, policy: own }))), [extended])
  // Nothing is written about the owner of another client's policy.
  assert.deepEqual(callsOf(fixRights(wanted(), role({ attached, policy: policy(false, OTHERS) }))), [extended])
})

test('rights of roles that may not be read are given as if nothing was attached', () => {
  assert.deepEqual(callsOf(fixRights(wanted(), role({ attached: undefined, policy: policy(true, PULL) }))), [
    attachedToo,
  ])
})

test('no command writes a second policy beside a full one, because only a rollout removes it again', () => {
  const full = policy(true, allow('ecs:*', `acs:ecs:*:1:${'x'.repeat(6000)}`))
  assert.equal(fixRights(wanted(), role({ attached: [], policy: full })), PRINT)
})

test('what is no fault of a document is thrown on', () => {
  const broken = role({ attached: [] })
  Object.defineProperty(broken, 'policy', {
    get: () => {
      throw new TypeError('a defect')
    },
  })
  assert.throws(() => fixRights(wanted(), broken), { name: 'TypeError', message: 'a defect' })
})
