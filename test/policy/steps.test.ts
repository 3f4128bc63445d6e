import assert from 'node:assert/strict'
import { test } from 'node:test'
import { policyOf } from '../../src/policy/normal-form.ts'
import type { PolicyStep } from '../../src/policy/policy-target.ts'
import { describeStep, diffDocuments, planOf, stepCommands } from '../../src/policy/steps.ts'

const DOCUMENT = policyOf([{ Effect: 'Allow', Action: 'cr:*', Resource: '*' }])
const JSON_WORD = `'{"Version":"1","Statement":[{"Effect":"Allow","Action":"cr:*","Resource":"*"}]}'`
const MARK = `'Managed by acr-nopass for role r. Only acr-nopass changes and removes it.'`

const STEPS: readonly PolicyStep[] = [
  { do: 'create-role', role: 'r', trust: DOCUMENT },
  { do: 'update-trust', role: 'r', before: DOCUMENT, after: DOCUMENT },
  { do: 'create-policy', policy: 'p', document: DOCUMENT },
  { do: 'adopt-policy', policy: 'p' },
  { do: 'update-policy', policy: 'p', before: DOCUMENT, after: DOCUMENT },
  { do: 'attach', policy: 'p', role: 'r' },
  { do: 'detach', policy: 'p', role: 'r' },
  { do: 'delete-policy', policy: 'p', before: DOCUMENT },
  { do: 'delete-role', role: 'r' },
]

// RAM does not delete a policy that has versions besides the default one, unless CascadingDelete is
// set (DeletePolicyRequest of @alicloud/ram20150501 1.2.1; aliyun/aliyun-openapi-meta
// metadatas/ram/DeletePolicy.json).
test('every step is one command of the CLI, in order; adopting is two', () => {
  const commands = stepCommands(STEPS, 'role r')
  assert.deepEqual(commands?.split(' && '), [
    `aliyun ram CreateRole --RoleName r --AssumeRolePolicyDocument ${JSON_WORD} --Description ${MARK}`,
    `aliyun ram UpdateRole --RoleName r --NewAssumeRolePolicyDocument ${JSON_WORD}`,
    `aliyun ram CreatePolicy --PolicyName p --PolicyDocument ${JSON_WORD} --Description ${MARK}`,
    `aliyun ram TagResources --ResourceType policy --ResourceNames '["p"]' --Tag '[{"Key":"managed-by","Value":"acr-nopass"}]'`,
    `aliyun ram UpdatePolicyDescription --PolicyName p --NewDescription ${MARK}`,
    `aliyun ram CreatePolicyVersion --PolicyName p --PolicyDocument ${JSON_WORD} --SetAsDefault true --RotateStrategy DeleteOldestNonDefaultVersionWhenLimitExceeded`,
    'aliyun ram AttachPolicyToRole --PolicyType Custom --PolicyName p --RoleName r',
    'aliyun ram DetachPolicyFromRole --PolicyType Custom --PolicyName p --RoleName r',
    'aliyun ram DeletePolicy --PolicyName p --CascadingDelete true',
    'aliyun ram DeleteRole --RoleName r',
  ])
  assert.equal(stepCommands([], 'role r'), undefined)
})

test('the text of every step names what it changes', () => {
  const shared: PolicyStep = { do: 'record-members', policy: 'p', members: ['c1', 'c2'] }
  assert.deepEqual([...STEPS, shared].map(describeStep), [
    'create role r',
    'update the trust policy of role r',
    'create policy p',
    'mark policy p as managed by acr-nopass',
    'update policy p',
    'attach policy p to role r',
    'detach policy p from role r',
    'delete policy p',
    'delete role r',
    'record who uses policy p: c1, c2',
  ])
  assert.equal(
    stepCommands([shared], 'role r'),
    `aliyun ram UpdatePolicyDescription --PolicyName p --NewDescription 'Managed by acr-nopass for role r. Only acr-nopass changes and removes it. Members: c1 c2'`,
  )
})

test('a plan shows each document that a step creates, changes or deletes, and no other', () => {
  const other = policyOf([{ Effect: 'Allow', Action: 'cr:Get*', Resource: '*' }])
  const heads = (step: PolicyStep): readonly string[] =>
    planOf([step])
      .diff.split('\n')
      .filter((line) => /^(---|\+\+\+) /.test(line))
  assert.deepEqual(
    STEPS.map((step) => heads('after' in step ? { ...step, after: other } : step)),
    [
      ['--- (absent)', '+++ trust policy of role r'],
      ['--- trust policy of role r', '+++ trust policy of role r'],
      ['--- (absent)', '+++ policy p'],
      [],
      ['--- policy p', '+++ policy p'],
      [],
      [],
      ['--- policy p', '+++ (absent)'],
      [],
    ],
  )
  const note = { id: 'TAGS_DENIED', subject: 'role r' } as const
  const [first, second] = [{ do: 'create-policy', policy: 'p', document: DOCUMENT } as const, STEPS[0]]
  assert.ok(second)
  assert.equal(planOf([first, second]).diff, planOf([first]).diff + planOf([second]).diff)
  assert.deepEqual(planOf([]), { steps: [], diff: '', kept: [] })
  assert.deepEqual(planOf([], ['a'], [note]), { steps: [], diff: '', kept: ['a'], unverified: [note] })
})

test('a diff has three lines around a change, and equal documents have none', () => {
  assert.equal(diffDocuments(DOCUMENT, policyOf([{ Effect: 'allow', Action: ['cr:*'], Resource: ['*'] }]), 'p'), '')
  const after = policyOf([{ Effect: 'Allow', Action: 'cr:Get*', Resource: '*' }])
  assert.equal(
    diffDocuments(DOCUMENT, after, 'policy p'),
    `--- policy p
+++ policy p
@@ -4,7 +4,7 @@
     {
       "Effect": "Allow",
       "Action": [
-        "cr:*"
+        "cr:Get*"
       ],
       "Resource": [
         "*"
`,
  )
})
