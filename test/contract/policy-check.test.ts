import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Cloud, startCloud } from '../../sandbox/cloud/start-cloud.ts'
import type { CredentialProvider } from '../../src/alibaba/credentials.ts'
import { describeUserKubeconfig } from '../../src/alibaba/cs.ts'
import { createOidcRoleProvider } from '../../src/alibaba/identities/assumed-role.ts'
import { createEndpoints } from '../../src/alibaba/transport/endpoints.ts'
import { inspectCloud } from '../../src/doctor/cloud/inspect-cloud.ts'
import { checkPolicyDocument } from '../../src/policy/check-document.ts'
import { type PolicyDocument, policyOf, withoutGrants } from '../../src/policy/normal-form.ts'
import { policyName, rrsaRoleName } from '../../src/policy/ram-names.ts'
import { githubTrustDocument } from '../../src/policy/trust-document.ts'
import { config } from '../helper/plan-fixtures.ts'
import { clientOf } from './acr-cloud-client.ts'

const REPOSITORY = 'acme/platform'
const CHECK_ROLE = 'check-least'
const CLUSTER = 'c-check-test'
const RRSA_PROVIDER = `ack-rrsa-${CLUSTER}`

let cloud: Cloud
let job: CredentialProvider
before(async () => {
  cloud = await startCloud()
  const oidcProviderArn = `acs:ram::${cloud.accountId}:oidc-provider/github-actions`
  const token = () => cloud.issueGithubToken({ repository: REPOSITORY, audience: 'sts.aliyuncs.com' })
  cloud.githubRunner({ repository: REPOSITORY, ref: 'refs/heads/main' })
  const { sub } = JSON.parse(Buffer.from(token().split('.')[1] ?? '', 'base64url').toString())
  const [, ownerId = '', repositoryId = ''] = /^repo:acme@(\d+)\/platform@(\d+):/.exec(sub) ?? []
  const subjects = ['ref:refs/heads/main']
  cloud.control.putRole(
    CHECK_ROLE,
    githubTrustDocument({ oidcProviderArn, repository: REPOSITORY, ownerId, repositoryId, subjects }),
  )
  const { transport, endpoints } = clientOf(cloud)
  job = createOidcRoleProvider({
    name: 'github',
    transport,
    endpoint: endpoints.url('sts'),
    roleArn: `acs:ram::${cloud.accountId}:role/${CHECK_ROLE}`,
    oidcProviderArn,
    sessionName: 'run-1',
    oidcToken: async () => token(),
  })
  cloud.registerCluster({
    clusterId: CLUSTER,
    name: 'check',
    region: cloud.regionId,
    workerRoles: ['check-worker'],
    rrsa: { issuer: 'https://oidc.example/check', jwks: { keys: [] } },
    server: 'https://127.0.0.1:6443',
    kubeconfig: async () => 'apiVersion: v1\nkind: Config\n',
  })
  const Principal = { Service: ['ecs.aliyuncs.com'] }
  cloud.control.putRole(rrsaRoleName(CLUSTER), policyOf([{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal }]))
  const pull = policyOf([{ Effect: 'Allow', Action: ['cr:PullRepository'], Resource: ['*'] }])
  for (const role of ['check-worker', rrsaRoleName(CLUSTER)]) {
    cloud.control.grant(role, policyName({ cluster: CLUSTER }), pull)
  }
})
after(() => cloud.stop())

type Kind = 'worker-role' | 'rrsa'
const roleOf = (kind: Kind): string => (kind === 'rrsa' ? rrsaRoleName(CLUSTER) : 'check-worker')

/** Makes every call of a check to the cloud for one cluster. Returns what could not be read. */
async function readAll(kind: Kind): Promise<readonly string[]> {
  await job.fresh()
  const { transport, endpoints } = clientOf(cloud)
  const cs = { transport, endpoint: endpoints.url('cs', cloud.regionId), credentials: job }
  const kubeconfig = describeUserKubeconfig(cs, { clusterId: CLUSTER, minutes: 60, private: false })
  const refused = await kubeconfig.then(
    () => [],
    ({ message }) => [message],
  )
  const { accountId, regionId: region } = cloud
  const rrsa = {
    roleArn: `acs:ram::${accountId}:role/${roleOf(kind)}`,
    oidcProviderArn: `acs:ram::${accountId}:oidc-provider/${RRSA_PROVIDER}`,
  }
  const registry = { name: 'prod', edition: 'enterprise', instanceId: instanceOf(), region }
  const settings = config({ registries: [registry], identity: kind === 'rrsa' ? { type: kind, rrsa } : { type: kind } })
  const place = { clusterId: CLUSTER, accountId, region, vpcId: undefined, vswitchId: undefined, key: CLUSTER }
  // IMS is the newer half of RAM, at the emulator's one address.
  const all = createEndpoints({ overrides: { ...cloud.endpoints, ims: cloud.endpoints.ram } })
  const sources = { transport, endpoints: all, credentials: job, onProgress: () => undefined }
  const subject = { config: settings, place, workerRoles: [], accounts: [], versions: true }
  const signal = AbortSignal.timeout(60_000)
  const snapshot = await inspectCloud(subject, sources, signal)
  assert.ok(snapshot.state === 'looked')
  const { notes, facts } = snapshot
  const policies = [...facts.roles.values()].map(({ policy }) => [policy?.name, policy?.versions])
  if (notes.length === 0) assert.deepEqual(policies, [[policyName({ cluster: CLUSTER }), 1]])
  return [...refused, ...notes.map(({ what, why }) => `${what}: ${why}`)]
}

const instanceOf = (): string => cloud.instances.find(({ edition }) => edition === 'enterprise')?.id ?? ''

function leastOf(kind: Kind): PolicyDocument {
  const shared = { ackClusters: [CLUSTER], roles: [roleOf(kind)], instances: [instanceOf()], looksUp: false }
  return checkPolicyDocument({ accountId: cloud.accountId, identity: kind, ...shared })
}

for (const kind of ['worker-role', 'rrsa'] as const) {
  test(`${kind}: with the policy of a job that checks everything is read and nothing is written, and without any one action something is not`, async () => {
    const least = leastOf(kind)
    const from = cloud.calls.length
    cloud.control.grant(CHECK_ROLE, 'least', least)
    assert.deepEqual(await readAll(kind), [])
    assert.deepEqual(
      cloud.calls.slice(from).filter(({ write, product }) => write && product !== 'Sts'),
      [],
    )
    const actions = least.Statement.flatMap(({ Action }) => Action as string[])
    assert.ok(actions.every((action) => /^[a-z]+:(Get|List|Describe)/.test(action)))
    for (const action of actions) {
      const one = policyOf(least.Statement.map((statement) => ({ ...statement, Action: [action] })))
      cloud.control.grant(CHECK_ROLE, 'least', withoutGrants(least, one))
      assert.match((await readAll(kind)).join('\n'), new RegExp(action), `without ${action}`)
    }
  })
}

test('a deploy role is assumed, an instance without an id is looked up, and nothing is granted that is not needed', () => {
  const nothing = { ackClusters: [], identity: 'access-key', roles: [], instances: [], looksUp: false } as const
  assert.deepEqual(checkPolicyDocument(nothing).Statement, [])
  const deployRoles = ['acs:ram::2:role/reader']
  assert.deepEqual(checkPolicyDocument({ ...nothing, deployRoles }).Statement, [
    { Action: ['sts:AssumeRole'], Effect: 'Allow', Resource: deployRoles },
  ])
  const [statement] = checkPolicyDocument({ ...nothing, accountId: '1', looksUp: true }).Statement
  assert.deepEqual(statement?.Resource, ['acs:cr:*:1:instance/*'])
  assert.deepEqual(statement?.Action, [
    'cr:GetInstance',
    'cr:GetInstanceVpcEndpoint',
    'cr:ListInstance',
    'cr:ListInstanceEndpoint',
  ])
})
