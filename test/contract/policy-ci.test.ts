import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import type { Cloud } from '../../sandbox/cloud/start-cloud.ts'
import { startCloud } from '../../sandbox/cloud/start-cloud.ts'
import type { CredentialProvider } from '../../src/alibaba/credentials.ts'
import { describeClusterDetail, describeUserKubeconfig, listNodePoolRoles } from '../../src/alibaba/cs.ts'
import { createAssumedRoleProvider, createOidcRoleProvider } from '../../src/alibaba/identities/assumed-role.ts'
import { createRam } from '../../src/alibaba/ram.ts'
import { applyPolicy } from '../../src/policy/apply-policy.ts'
import { type CiPolicyInput, ciPolicyDocument } from '../../src/policy/ci-document.ts'
import { type PolicyDocument, policyOf, withoutGrants } from '../../src/policy/normal-form.ts'
import type { PolicyTarget } from '../../src/policy/policy-target.ts'
import { policyName, rrsaRoleName } from '../../src/policy/ram-names.ts'
import { removePolicy } from '../../src/policy/remove-policy.ts'
import { githubTrustDocument, rrsaStatement } from '../../src/policy/trust-document.ts'
import { clientOf, fixed } from './acr-cloud-client.ts'

const REPOSITORY = 'acme/platform'
const CI_ROLE = 'ci-least'
const CLUSTER = 'c-ci-test'
const CALLERS = ['ci-worker', 'ci-gpu']
const pull = (what: string): PolicyDocument =>
  policyOf([{ Effect: 'Allow', Action: ['cr:PullRepository'], Resource: [`acs:cr:*:*:repository/cri-1/${what}`] }])

let cloud: Cloud
let ci: CredentialProvider

before(async () => {
  cloud = await startCloud()
  const provider = `acs:ram::${cloud.accountId}:oidc-provider/github-actions`
  const job = cloud.githubRunner({ repository: REPOSITORY, ref: 'refs/heads/main' })
  const idToken = cloud.issueGithubToken({ repository: REPOSITORY, audience: 'sts.aliyuncs.com' })
  const [, owner = '', repository = ''] = /^repo:acme@(\d+)\/platform@(\d+):/.exec(subjectOf(idToken)) ?? []
  assert.ok(job !== undefined)
  cloud.control.putRole(
    CI_ROLE,
    githubTrustDocument({
      oidcProviderArn: provider,
      repository: REPOSITORY,
      ownerId: owner,
      repositoryId: repository,
      subjects: ['ref:refs/heads/main'],
    }),
  )
  const { transport, endpoints } = clientOf(cloud)
  ci = createOidcRoleProvider({
    name: 'github',
    transport,
    endpoint: endpoints.url('sts'),
    roleArn: `acs:ram::${cloud.accountId}:role/${CI_ROLE}`,
    oidcProviderArn: provider,
    sessionName: 'run-1',
    oidcToken: async () => cloud.issueGithubToken({ repository: REPOSITORY, audience: 'sts.aliyuncs.com' }),
  })
})
after(() => cloud.stop())
beforeEach(async () => {
  cloud.registerCluster({
    clusterId: CLUSTER,
    name: 'ci',
    region: cloud.regionId,
    workerRoles: ['ci-worker', 'ci-gpu'],
    rrsa: { issuer: 'https://oidc.example/ci', jwks: { keys: [] } },
    server: 'https://127.0.0.1:6443',
    kubeconfig: async () => 'apiVersion: v1\nkind: Config\n',
  })
  // Removes what an earlier case created, as the administrator.
  const { transport, endpoints } = clientOf(cloud)
  const admin = createRam({ transport, endpoint: endpoints.url('ram'), credentials: fixed(cloud.administrator) })
  for (const target of [targetOf('worker-role'), targetOf('rrsa'), limitTarget(...CALLERS)])
    await removePolicy(admin, target)
})

function subjectOf(token: string): string {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).sub
}

function targetOf(kind: 'worker-role' | 'rrsa', changes: Partial<PolicyTarget> = {}): PolicyTarget {
  const statement = rrsaStatement({
    oidcProviderArn: `acs:ram::${cloud.accountId}:oidc-provider/ack-rrsa-${CLUSTER}`,
    issuer: 'https://oidc.example/ci',
    namespace: 'acr-nopass',
    serviceAccount: 'acr-nopass',
  })
  return {
    policyName: policyName({ cluster: CLUSTER }),
    document: pull('first'),
    purpose: 'cluster ci',
    roles: kind === 'rrsa' ? [] : ['ci-worker', 'ci-gpu'],
    trust: kind === 'rrsa' ? { role: rrsaRoleName(CLUSTER), statements: [statement], create: true } : undefined,
    adopt: false,
    phase: 'widen',
    ...changes,
  }
}

/** The role that limited entries name. Only these roles may assume it. */
function limitTarget(...callers: readonly string[]): PolicyTarget {
  const statements = callers.map((caller) => {
    const RAM = [`acs:ram::${cloud.accountId}:role/${caller}`]
    return { Effect: 'Allow', Action: ['sts:AssumeRole'], Principal: { RAM } }
  })
  const trust = { role: 'ci-puller', statements, create: true }
  return targetOf('worker-role', { policyName: 'acr-nopass-ci-puller', roles: [], members: [CLUSTER], trust })
}

/**
 * Makes every call that a workflow makes to the cloud for one cluster: read, apply, change, clean
 * up.
 */
async function runWorkflow(kind: 'worker-role' | 'rrsa'): Promise<void> {
  await ci.fresh()
  const { transport, endpoints } = clientOf(cloud)
  const cs = { transport, endpoint: endpoints.url('cs', cloud.regionId), credentials: ci }
  await describeClusterDetail(cs, CLUSTER)
  if (kind === 'worker-role') await listNodePoolRoles(cs, CLUSTER)
  await describeUserKubeconfig(cs, { clusterId: CLUSTER, minutes: 60, private: false })
  const ram = createRam({ transport, endpoint: endpoints.url('ram'), credentials: ci })
  const second = targetOf(kind, { document: pull('second') })
  await applyPolicy(ram, targetOf(kind))
  await applyPolicy(
    ram,
    second.trust ? { ...second, trust: { ...second.trust, statements: renamed(second.trust.statements) } } : second,
  )
  await applyPolicy(ram, limitTarget('ci-worker'))
  await applyPolicy(ram, limitTarget('ci-gpu'))
  await removePolicy(ram, limitTarget(...CALLERS))
  await removePolicy(ram, targetOf(kind))
}

function renamed(
  statements: NonNullable<PolicyTarget['trust']>['statements'],
): NonNullable<PolicyTarget['trust']>['statements'] {
  return JSON.parse(JSON.stringify(statements).replace(':acr-nopass"', ':renamed"'))
}

function ciInput(kind: 'worker-role' | 'rrsa'): CiPolicyInput {
  const roles = kind === 'rrsa' ? [rrsaRoleName(CLUSTER)] : ['ci-worker', 'ci-gpu']
  return {
    accountId: cloud.accountId,
    ackClusters: [CLUSTER],
    ram: kind,
    policies: [policyName({ cluster: CLUSTER })],
    roles,
    pullRoles: ['ci-puller'],
    cleanup: true,
  }
}

for (const kind of ['worker-role', 'rrsa'] as const) {
  test(`${kind}: the least policy for the workflow’s role is enough, and without any one action the run fails and names it`, async () => {
    const least = ciPolicyDocument(ciInput(kind))
    cloud.control.grant(CI_ROLE, 'ci-least', least)
    await runWorkflow(kind)
    // Optional actions are skipped and reported, as policy-leftovers and policy-sharing test.
    const actions = least.Statement.flatMap(({ Action }) => Action as string[]).filter(
      (action) => action !== 'ram:UpdatePolicyDescription',
    )
    for (const action of actions) {
      const one = policyOf(least.Statement.map((statement) => ({ ...statement, Action: [action] })))
      cloud.control.grant(CI_ROLE, 'ci-least', withoutGrants(least, one))
      await assert.rejects(
        runWorkflow(kind),
        (error: Error & { code?: string }) => {
          return (
            error.code === 'CLOUD_DENIED' &&
            error.message.replace(/ \(done before: .*\)$/, '').endsWith(`lacks the permission ${action}`)
          )
        },
        `without ${action}`,
      )
      cloud.control.grant(CI_ROLE, 'ci-least', least)
      const { transport, endpoints } = clientOf(cloud)
      const admin = createRam({
        transport,
        endpoint: endpoints.url('ram'),
        credentials: fixed(cloud.administrator),
      })
      for (const target of [limitTarget(...CALLERS), targetOf(kind)]) await removePolicy(admin, target)
    }
  })
}

test('adopting needs two more actions, and no others', async () => {
  const name = policyName({ cluster: CLUSTER })
  const { transport, endpoints } = clientOf(cloud)
  const admin = createRam({ transport, endpoint: endpoints.url('ram'), credentials: fixed(cloud.administrator) })
  await admin.change('CreatePolicy', { PolicyName: name, PolicyDocument: JSON.stringify(pull('theirs')) })
  cloud.control.grant(CI_ROLE, 'ci-least', ciPolicyDocument({ ...ciInput('worker-role'), adopt: true }))
  const ram = createRam({ transport, endpoint: endpoints.url('ram'), credentials: ci })
  await assert.rejects(applyPolicy(ram, targetOf('worker-role')), { code: 'POLICY_NOT_OURS' })
  assert.equal((await applyPolicy(ram, targetOf('worker-role', { adopt: true }))).steps[0]?.do, 'adopt-policy')
})

test('the workflow’s trust allows its own branch, and neither another branch nor a fork', async () => {
  const { transport, endpoints } = clientOf(cloud)
  const as = (repository: string, ref: string) =>
    createOidcRoleProvider({
      name: 'github',
      transport,
      endpoint: endpoints.url('sts'),
      roleArn: `acs:ram::${cloud.accountId}:role/${CI_ROLE}`,
      oidcProviderArn: `acs:ram::${cloud.accountId}:oidc-provider/github-actions`,
      sessionName: 'run-2',
      oidcToken: async () => cloud.issueGithubToken({ repository, ref, audience: 'sts.aliyuncs.com' }),
    }).get()
  assert.match((await as(REPOSITORY, 'refs/heads/main')).accessKeyId, /^STS\./)
  await assert.rejects(as(REPOSITORY, 'refs/heads/other'), { code: 'IDENTITY_NOT_TRUSTED' })
  await assert.rejects(as('evil/platform', 'refs/heads/main'), { code: 'IDENTITY_NOT_TRUSTED' })
})

test('a deploy role of another account is assumed with the workflow’s session', async () => {
  const roleArn = 'acs:ram::1867204395510376:role/image-reader'
  const { transport, endpoints } = clientOf(cloud)
  cloud.control.grant(
    CI_ROLE,
    'ci-least',
    ciPolicyDocument({ ackClusters: [], ram: 'none', policies: [], roles: [], deployRoles: [roleArn] }),
  )
  const target = { transport, endpoint: endpoints.url('sts'), sessionName: 'run-3' }
  const provider = createAssumedRoleProvider(ci, [{ roleArn, externalId: 'acme-shared-images' }], target)
  assert.match((await provider.get()).accessKeyId, /^STS\./)
})
