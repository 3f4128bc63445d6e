import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeNetChanges } from '../../src/policy/net-changes.ts'
import type { PolicyDocument, Statement } from '../../src/policy/normal-form.ts'
import type { PolicyStep } from '../../src/policy/policy-target.ts'

const document = (...statements: readonly Statement[]): PolicyDocument => ({ Version: '1', Statement: statements })
const pull = (...repositories: readonly string[]): Statement => ({
  Effect: 'Allow',
  Action: ['cr:PullRepository'],
  Resource: repositories.map((name) => `acs:cr:cn-hangzhou:1:repository/cri-a/${name}/*`),
})
const trust = (issuer: string, ...subjects: readonly string[]): PolicyDocument =>
  document({
    Effect: 'Allow',
    Action: 'sts:AssumeRole',
    Principal: { Federated: ['acs:ram::1:oidc-provider/ack-rrsa-c1'] },
    Condition: { StringEquals: { 'oidc:iss': [issuer], 'oidc:sub': subjects } },
  })
const update = (before: PolicyDocument, after: PolicyDocument): PolicyStep => ({
  do: 'update-policy',
  policy: 'p',
  before,
  after,
})
const CASES: readonly (readonly [title: string, steps: readonly PolicyStep[], lines: readonly string[]])[] = [
  ['no steps', [], []],
  [
    'a policy that is widened and then narrowed is one line, with its difference',
    [
      update(document(pull('old')), document(pull('new', 'old'))),
      update(document(pull('new', 'old')), document(pull('new'))),
    ],
    ['policy p: gains cr:PullRepository on repository/cri-a/new/*; loses cr:PullRepository on repository/cri-a/old/*'],
  ],
  [
    'what was taken away and given back',
    [update(document(pull('a')), document()), update(document(), document(pull('a')))],
    ['policy p: in the end as before'],
  ],
  [
    'a new role and its policy, in the order of the steps',
    [
      { do: 'create-role', role: 'r', trust: trust('https://i', 'system:serviceaccount:n:s') },
      { do: 'create-policy', policy: 'p', document: document(pull('a')) },
      { do: 'attach', policy: 'p', role: 'r' },
      { do: 'record-members', policy: 'p', members: ['c1', 'c2'] },
    ],
    [
      'role r: created; gains trust in system:serviceaccount:n:s of ack-rrsa-c1',
      'policy p: created; gains cr:PullRepository on repository/cri-a/a/*; attached to r; recorded users: c1, c2',
    ],
  ],
  [
    'a policy that is attached to the role of its name does not repeat the name',
    [{ do: 'attach', policy: 'p', role: 'p' }],
    ['policy p: attached to the role of the same name'],
  ],
  [
    'a deleted policy and role',
    [
      { do: 'detach', policy: 'p', role: 'r' },
      { do: 'delete-policy', policy: 'p', before: document(pull('a')) },
      { do: 'delete-role', role: 'r' },
    ],
    ['policy p: deleted; loses cr:PullRepository on repository/cri-a/a/*; detached from r', 'role r: deleted'],
  ],
  [
    'a role that was left and joined again is not named',
    [
      { do: 'detach', policy: 'p', role: 'r' },
      { do: 'attach', policy: 'p', role: 'r' },
      { do: 'adopt-policy', policy: 'p' },
    ],
    ['policy p: marked as managed by acr-nopass'],
  ],
  [
    'the fourth item of a list and more are counted',
    [update(document(), document(pull('a', 'b', 'c', 'd', 'e')))],
    ['policy p: gains cr:PullRepository on repository/cri-a/a/*, repository/cri-a/b/*, repository/cri-a/c/*, 2 more'],
  ],
  [
    'what would read the same before and after is shown in full: here only the issuer changes',
    [{ do: 'update-trust', role: 'r', before: trust('https://i', 's'), after: trust('https://j', 's') }],
    [
      'role r: gains {"Effect":"Allow","Action":["sts:AssumeRole"],"Condition":{"StringEquals":{"oidc:iss":["https://j"],"oidc:sub":["s"]}},"Principal":{"Federated":["acs:ram::1:oidc-provider/ack-rrsa-c1"]}}; loses {"Effect":"Allow","Action":["sts:AssumeRole"],"Condition":{"StringEquals":{"oidc:iss":["https://i"],"oidc:sub":["s"]}},"Principal":{"Federated":["acs:ram::1:oidc-provider/ack-rrsa-c1"]}}',
    ],
  ],
  [
    'a denial, a condition and another principal are named',
    [
      update(
        document(),
        document({ Effect: 'deny', Action: 'cr:*', Resource: '*', Condition: { Bool: { 'acs:MFAPresent': 'true' } } }),
      ),
      {
        do: 'update-trust',
        role: 'r',
        before: document(),
        after: document({ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: ['ecs.aliyuncs.com'] } }),
      },
    ],
    [
      'policy p: gains a denial of cr:* on * under a condition',
      'role r: gains trust in {"Service":["ecs.aliyuncs.com"]}',
    ],
  ],
]

for (const [title, steps, lines] of CASES) {
  test(`changes of RAM in a line for each role and policy: ${title}`, () => {
    assert.deepEqual(describeNetChanges(steps), lines)
  })
}
