import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ciPolicyDocument } from '../../src/policy/ci-document.ts'
import { policyOf } from '../../src/policy/normal-form.ts'
import { clusterKey, hasMark, membersOf, ownDescription, policyName, rrsaRoleName } from '../../src/policy/ram-names.ts'
import { renderTerraform } from '../../src/policy/terraform.ts'
import { githubTrustDocument, roleTrustDocument, rrsaStatement } from '../../src/policy/trust-document.ts'

test('the trust in another role names it in lower case, as RAM does, and keeps the case of a user', () => {
  const principalOf = (arn: string): unknown => roleTrustDocument(arn).Statement[0]?.Principal
  assert.deepEqual(principalOf('acs:ram::1:role/KubernetesWorkerRole-A'), {
    RAM: ['acs:ram::1:role/kubernetesworkerrole-a'],
  })
  assert.deepEqual(principalOf('acs:ram::1:user/Alice'), { RAM: ['acs:ram::1:user/Alice'] })
})

test('a list of issuers is never written to a trust because no token contains one', () => {
  for (const issuer of ['https://oidc/c1,https://kubernetes.default.svc', 'https://oidc/c1 ']) {
    const trust = { oidcProviderArn: 'acs:ram::1:oidc-provider/p', issuer, namespace: 'n', serviceAccount: 's' }
    assert.throws(() => rrsaStatement(trust), { code: 'POLICY_INPUT_INVALID' })
  }
})

test('the helper’s role trusts one ServiceAccount of one cluster', () => {
  const statement = rrsaStatement({
    oidcProviderArn: 'acs:ram::1:oidc-provider/ack-rrsa-c1',
    issuer: 'https://oidc/c1',
    namespace: 'acr-nopass',
    serviceAccount: 'helper',
  })
  assert.deepEqual(statement, {
    Effect: 'Allow',
    Action: ['sts:AssumeRole'],
    Principal: { Federated: ['acs:ram::1:oidc-provider/ack-rrsa-c1'] },
    Condition: {
      StringEquals: {
        'oidc:aud': ['sts.aliyuncs.com'],
        'oidc:iss': ['https://oidc/c1'],
        'oidc:sub': ['system:serviceaccount:acr-nopass:helper'],
      },
    },
  })
})

const github = {
  oidcProviderArn: 'acs:ram::1:oidc-provider/github',
  repository: 'acme/platform',
  ownerId: '123456',
  repositoryId: '456789',
}

test('the workflow’s role trusts immutable subjects, compared for equality', () => {
  const { Statement } = githubTrustDocument({ ...github, subjects: ['ref:refs/heads/main', 'environment:production'] })
  assert.deepEqual(Statement[0]?.Condition, {
    StringEquals: {
      'oidc:aud': ['sts.aliyuncs.com'],
      'oidc:iss': ['https://token.actions.githubusercontent.com'],
      'oidc:sub': [
        'repo:acme@123456/platform@456789:environment:production',
        'repo:acme@123456/platform@456789:ref:refs/heads/main',
      ],
    },
  })
})

test('the old subject, with names that others may take over, is trusted only on request, next to the immutable one', () => {
  const { Statement } = githubTrustDocument({ ...github, subjects: ['environment:production'], oldSubject: true })
  const subjects = [
    'repo:acme/platform:environment:production',
    'repo:acme@123456/platform@456789:environment:production',
  ]
  const others = { 'oidc:aud': ['sts.aliyuncs.com'], 'oidc:iss': ['https://token.actions.githubusercontent.com'] }
  assert.deepEqual(Statement[0]?.Condition, { StringEquals: { ...others, 'oidc:sub': subjects } })
})

// https://docs.github.com/en/enterprise-server@3.19/actions/reference/security/oidc (issuer and
// subject of a Server);
// https://github.blog/changelog/2026-04-23-immutable-subject-claims-for-github-actions-oidc-tokens
// ("does not impact GHES").
test('a Server’s issuer is trusted by names, ghe.com’s and an enterprise’s by the immutable subject', () => {
  const conditionsOf = (issuer: string, change: object = {}) => {
    const document = githubTrustDocument({ ...github, subjects: ['ref:refs/heads/main'], issuer, ...change })
    const [statement] = document.Statement
    assert.ok(statement)
    const { StringEquals } = statement.Condition as { StringEquals: Record<string, readonly string[]> }
    return [StringEquals['oidc:iss'], StringEquals['oidc:sub']]
  }
  const server = 'https://github.acme.example/_services/token'
  const byNames = ['repo:acme/platform:ref:refs/heads/main']
  assert.deepEqual(conditionsOf(server), [[server], byNames])
  assert.deepEqual(conditionsOf(server, { ownerId: '', repositoryId: '', oldSubject: true }), [[server], byNames])
  const immutable = ['repo:acme@123456/platform@456789:ref:refs/heads/main']
  for (const issuer of [
    'https://token.actions.acme.ghe.com',
    'https://token.actions.githubusercontent.com/acme',
    'https://token.actions.githubusercontent.com',
  ]) {
    assert.deepEqual(conditionsOf(issuer), [[issuer], immutable])
  }
})

const refused: [string, Partial<Parameters<typeof githubTrustDocument>[0]>][] = [
  ['a wildcard', { subjects: ['ref:refs/heads/*'] }],
  ['any pull request', { subjects: ['pull_request'] }],
  ['everything', { subjects: ['*'] }],
  ['nothing', { subjects: [] }],
  ['an issuer without https', { issuer: 'http://github.acme.example/_services/token' }],
  ['an issuer with a slash at its end', { issuer: 'https://token.actions.githubusercontent.com/' }],
  ['two issuers', { issuer: 'https://token.actions.githubusercontent.com,https://evil.example' }],
  ['an issuer with a query', { issuer: 'https://token.actions.githubusercontent.com/acme?a=b' }],
  ['an issuer with a fragment', { issuer: 'https://token.actions.githubusercontent.com/acme#a' }],
  ['an issuer with a user', { issuer: 'https://acme@token.actions.githubusercontent.com' }],
  ['an issuer with a space', { issuer: 'https://token.actions.githubusercontent.com/a b' }],
  ['a repository with more around its name', { repository: '-acme/platform/x' }],
  ['a repository with a path behind its name', { repository: 'acme/platform/x' }],
  ['an owner that starts with a hyphen', { repository: '-acme/platform' }],
  ['no URL as issuer', { issuer: 'github' }],
  ['a repository without owner', { repository: 'platform' }],
  ['a name instead of an id', { ownerId: 'acme' }],
  ['a wildcard repository', { repository: 'acme/*' }],
]
for (const [what, changes] of refused) {
  test(`no trust policy is created for ${what}`, () => {
    assert.throws(() => githubTrustDocument({ ...github, subjects: ['ref:refs/heads/main'], ...changes }), {
      code: 'POLICY_INPUT_INVALID',
      message: /^no trust policy can be made from \S/,
      hint: /^\S/,
    })
  })
}

test('names are derived from the cluster, or from the role that clusters share, and fit RAM’s limits', () => {
  assert.equal(policyName({ cluster: 'c8f3d0a6' }), 'acr-nopass-c8f3d0a6')
  assert.equal(policyName({ sharedRole: 'KubernetesWorkerRole-1' }), 'acr-nopass-KubernetesWorkerRole-1')
  assert.equal(rrsaRoleName('c8f3d0a6'), 'acr-nopass-c8f3d0a6')
  const [dot, underscore] = [policyName({ sharedRole: 'a.b' }), policyName({ sharedRole: 'a_b' })]
  assert.match(dot, /^acr-nopass-a-b-[0-9a-f]{8}$/)
  assert.notEqual(dot, underscore)
  assert.equal(rrsaRoleName('x'.repeat(99)).length, 64)
  assert.equal(clusterKey({ clusterId: 'c1' }), 'c1')
  assert.equal(clusterKey({ kubeSystemUid: '0A1b2c3d-4e5f-6789-abcd-000000000000' }), '0a1b2c3d4e5f')
})

test('our objects are recognized by their description', () => {
  assert.ok(hasMark(ownDescription('cluster prod')))
  assert.ok(!hasMark('made by hand'))
  assert.ok(!hasMark(`Not ${ownDescription('cluster prod')}`))
  assert.ok(!hasMark(''))
  assert.ok(ownDescription('x'.repeat(2000)).length <= 1024)
  assert.equal(
    ownDescription('cluster prod'),
    'Managed by acr-nopass for cluster prod. Only acr-nopass changes and removes it.',
  )
})

test('a shared policy records its clusters; if they do not fit, the last ones are replaced by a word that forbids narrowing', () => {
  assert.deepEqual(membersOf(ownDescription('clusters a, b', ['c-b', 'c-a', 'c-b'])), ['c-a', 'c-b'])
  assert.deepEqual(membersOf(ownDescription('cluster a')), [])
  const ids = Array.from({ length: 99 }, (_, index) => `c-${String(index).padStart(10, '0')}`)
  const description = ownDescription(`clusters ${ids.join(', ')}`, ids)
  assert.equal(description.length, 1024)
  // 70 IDs of twelve characters and the word take 914 of the 924 characters that are left for them.
  assert.deepEqual(membersOf(description), [...ids.slice(0, 70), 'more'])
})

const ci = { accountId: '1', ackClusters: ['c1'], policies: ['acr-nopass-c1'], roles: ['KubernetesWorkerRole-1'] }
const actionsOf = (input: Parameters<typeof ciPolicyDocument>[0]): string[] =>
  ciPolicyDocument(input)
    .Statement.flatMap(({ Action }) => Action as string[])
    .sort()

test('the workflow’s own policy names the objects that it uses, and grows only with the features in use', () => {
  const { Statement } = ciPolicyDocument({ ...ci, ram: 'worker-role' })
  assert.ok(Statement.every(({ Effect, Resource }) => Effect === 'Allow' && !(Resource as string[]).includes('*')))
  assert.deepEqual(actionsOf({ ...ci, ram: 'none' }), ['cs:DescribeClusterDetail', 'cs:DescribeClusterUserKubeconfig'])
  const [worker, rrsa] = [actionsOf({ ...ci, ram: 'worker-role' }), actionsOf({ ...ci, ram: 'rrsa' })]
  assert.deepEqual(
    worker.filter((action) => !rrsa.includes(action)),
    ['cs:DescribeClusterNodePools'],
  )
  assert.deepEqual(
    rrsa.filter((action) => !worker.includes(action)),
    ['ram:CreateRole', 'ram:GetRole', 'ram:UpdateRole'],
  )
  assert.deepEqual(actionsOf({ ...ci, ackClusters: [], ram: 'none', deployRoles: ['acs:ram::2:role/deploy'] }), [
    'sts:AssumeRole',
  ])
  assert.ok(!worker.some((action) => /DeleteRole|Tag/.test(action)))
  // Only a second policy next to a full policy is deleted, and only our policies are detached.
  const on = (action: string): string[] =>
    Statement.flatMap(({ Action, Resource }) => (Action?.includes(action) ? (Resource as string[]) : [])).sort()
  const withoutPolicies = ciPolicyDocument({ ...ci, policies: [], ram: 'worker-role' }).Statement
  assert.deepEqual([...new Set(withoutPolicies.flatMap(({ Resource }) => Resource))].sort(), [
    'acs:cs:*:1:cluster/c1',
    'acs:ram:*:1:role/*',
    'acs:ram:*:1:role/KubernetesWorkerRole-1',
  ])
  assert.deepEqual(on('ram:DeletePolicy'), ['acs:ram:*:1:policy/acr-nopass-*-next'])
  assert.deepEqual(on('ram:DetachPolicyFromRole'), [
    'acs:ram:*:1:policy/acr-nopass-*-next',
    'acs:ram:*:1:policy/acr-nopass-c1',
    'acs:ram:*:1:role/*',
  ])
})

// terraform-provider-alicloud website/docs/r/ram_policy.html.markdown: without a rotate_strategy,
// the sixth change of a document fails.
test('Terraform gets the same documents, with template marks escaped, and lets RAM rotate their versions', () => {
  const document = policyOf([
    { Effect: 'Allow', Action: 'cr:PullRepository', Resource: `acs:cr:*:*:repository/\${user}/%{x}` },
  ])
  assert.equal(
    renderTerraform({
      purpose: 'cluster c1',
      policy: { name: 'acr-nopass-1c', document },
      attachTo: ['KubernetesWorkerRole-1'],
    }),
    `# Policy acr-nopass-1c, for cluster c1
resource "alicloud_ram_policy" "acr-nopass-1c" {
  policy_name     = "acr-nopass-1c"
  description     = "Managed by acr-nopass for cluster c1. Changed and removed by Terraform."
  policy_document = jsonencode({
    "Version": "1",
    "Statement": [
      {
        "Effect": "Allow",
        "Action": [
          "cr:PullRepository"
        ],
        "Resource": [
          "acs:cr:*:*:repository/$\${user}/%%{x}"
        ]
      }
    ]
  })
  rotate_strategy = "DeleteOldestNonDefaultVersionWhenLimitExceeded"
  tags            = { "managed-by" = "acr-nopass" }
}

# Policy acr-nopass-1c for role KubernetesWorkerRole-1, for cluster c1
resource "alicloud_ram_role_policy_attachment" "KubernetesWorkerRole-1" {
  policy_name = alicloud_ram_policy.acr-nopass-1c.policy_name
  policy_type = "Custom"
  role_name   = "KubernetesWorkerRole-1"
}
`,
  )
  const role = renderTerraform({
    purpose: 'c',
    role: { name: 'r', trust: document },
    policy: { name: 'p', document },
    attachTo: [],
  })
  assert.match(role, /role_name {3}= alicloud_ram_role\.r\.role_name/)
  assert.doesNotMatch(role, /provider/)
})

test('Terraform gets the role of another account with a provider of that account', () => {
  const elsewhere = renderTerraform({
    purpose: 'the chain',
    role: { name: 'r', trust: policyOf([]) },
    attachTo: [],
    otherAccount: '2',
  })
  assert.equal(
    elsewhere,
    `# Role r, for the chain; in account 2, so it needs: provider "alicloud" { alias = "account_2" }
resource "alicloud_ram_role" "r_2" {
  provider                    = alicloud.account_2
  role_name                   = "r"
  description                 = "Managed by acr-nopass for the chain. Changed and removed by Terraform."
  assume_role_policy_document = jsonencode({
    "Version": "1",
    "Statement": []
  })
  tags                        = { "managed-by" = "acr-nopass" }
}
`,
  )
})
