import assert from 'node:assert/strict'
import { test } from 'node:test'
import { policyOf } from '../../src/policy/normal-form.ts'
import { stepCommands } from '../../src/policy/steps.ts'

const DOCUMENT = policyOf([{ Effect: 'Allow', Action: 'cr:*', Resource: '*' }])
const JSON_WORD = `'{"Version":"1","Statement":[{"Effect":"Allow","Action":"cr:*","Resource":"*"}]}'`
const MARK = `'Managed by acr-nopass for role r. Changed and removed by it alone.'`

// RAM deletes no policy that has versions besides the default one, unless CascadingDelete is set (DeletePolicyRequest of
// @alicloud/ram20150501 1.2.1; aliyun/aliyun-openapi-meta metadatas/ram/DeletePolicy.json).
test('every step is one command of the CLI, in order; adopting is two', () => {
  const commands = stepCommands(
    [
      { do: 'create-role', role: 'r', trust: DOCUMENT },
      { do: 'update-trust', role: 'r', before: DOCUMENT, after: DOCUMENT },
      { do: 'create-policy', policy: 'p', document: DOCUMENT },
      { do: 'adopt-policy', policy: 'p' },
      { do: 'update-policy', policy: 'p', before: DOCUMENT, after: DOCUMENT },
      { do: 'attach', policy: 'p', role: 'r' },
      { do: 'detach', policy: 'p', role: 'r' },
      { do: 'delete-policy', policy: 'p', before: DOCUMENT },
      { do: 'delete-role', role: 'r' },
    ],
    'role r',
  )
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
