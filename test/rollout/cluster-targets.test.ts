import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clusterKeyOf, formerTargets, policyTargets } from '../../src/rollout/ram/cluster-targets.ts'

type Work = Parameters<typeof policyTargets>[0]

const UID = '0123abcd-4567-89ef-0123-456789abcdef'
const PROVIDER = 'acs:ram::10001:oidc-provider/ack-rrsa-c1'
const ISSUER = 'https://issuer.example.com'
const ACK = { kind: 'ack', clusterId: 'c1', region: 'cn-hangzhou' }
const ELSEWHERE = { kind: 'kubeconfig-file' }
const LIMITED = {
  name: 'team',
  edition: 'enterprise',
  instanceId: 'cri-1',
  region: 'cn-hangzhou',
  repositories: ['team/*'],
  limit: 'repositories',
  assumeRole: [{ roleArn: 'acs:ram::10002:role/puller', durationSeconds: 3600 }],
}
const ACCOUNT = { namespace: 'shop', name: 'web', role: 'acs:ram::10003:role/web' }

interface Setup {
  readonly ram?: 'rrsa' | 'worker-role' | 'none'
  readonly access?: object
  readonly identity?: object
  readonly registries?: readonly object[]
  readonly accounts?: readonly object[]
  readonly values?: undefined
  /** Other entries of the list. */
  readonly others?: readonly object[]
  /** The roles of this cluster's nodes, as they were found, and as its entry names them. */
  readonly roles?: readonly string[]
  /** The roles of the nodes of another cluster. Default: the same. */
  readonly otherRoles?: readonly string[]
  readonly named?: readonly string[]
  readonly inputs?: object
}

function workOn(setup: Setup = {}): Work {
  const { ram = 'rrsa', access = ACK, identity = {}, registries = [], accounts = [], others = [] } = setup
  const settings = { name: 'a', access, namespace: 'n', workerRoles: setup.named ?? [] }
  const serviceAccount = { oidcProviderArn: '' }
  const values = {
    identity: { type: ram === 'worker-role' ? 'worker-role' : 'rrsa', rrsa: {}, ...identity },
    node: { identity: 'service-account', serviceAccounts: accounts, serviceAccount },
    registries,
  }
  const cluster = { name: 'a', ram, settings, values: 'values' in setup ? undefined : values }
  const own = { name: 'a', key: '', accountId: '10001', registries: [], workerRoles: setup.roles ?? ['nodes'] }
  return {
    cluster,
    context: {
      settings: {
        inputs: { ram: 'auto', 'ram-scope': 'instance', 'adopt-policy': true, clusters: '', ...setup.inputs },
        clusters: [settings, ...others],
      },
      prepared: [cluster],
      ramList: async () => ({
        clusters: [{ ...own, name: 'other', workerRoles: setup.otherRoles ?? own.workerRoles }, own],
        unknown: new Map(),
      }),
      cloud: {
        caller: async () => ({ accountId: '10001' }),
        cs: () => assert.fail('nothing has to be found'),
      },
    },
    detail: { clusterId: 'c1', kind: 'managed', rrsa: { enabled: true, issuers: ISSUER, oidcProviderArn: PROVIDER } },
    identity: { kubeSystemUid: UID },
    release: { client: { request: async () => ({ issuer: ISSUER }) }, signal: AbortSignal.any([]) },
    signal: AbortSignal.any([]),
  } as unknown as Work
}

test('the key of a cluster in RAM is its ID in ACK, else the first digits of the UID of kube-system', () => {
  assert.equal(clusterKeyOf(workOn()), 'c1')
  assert.equal(clusterKeyOf(workOn({ access: ELSEWHERE })), '0123abcd4567')
})

test('P9 with `ram: none` nothing is read and nothing is wanted', async () => {
  assert.deepEqual(await policyTargets(workOn({ ram: 'none' }), 'sa'), [])
})

test('the trust of an RRSA role names the ServiceAccount, and the role and provider of the values where they are given', async () => {
  const trustOf = async (rrsa: object) => {
    const [found] = await policyTargets(workOn({ identity: { rrsa } }), 'sa')
    const { role, create, statements } = found?.target.trust ?? assert.fail()
    const text = JSON.stringify(statements)
    return [role, create, text.match(/oidc-provider\/[^"]+/)?.[0], text.match(/system:serviceaccount:[^"]+/)?.[0]]
  }
  const subject = 'system:serviceaccount:n:sa'
  assert.deepEqual(await trustOf({}), ['acr-nopass-c1', true, 'oidc-provider/ack-rrsa-c1', subject])
  const roleArn = 'acs:ram::10001:role/theirs'
  assert.deepEqual(await trustOf({ roleArn }), ['theirs', false, 'oidc-provider/ack-rrsa-c1', subject])
  const oidcProviderArn = 'acs:ram::10001:oidc-provider/own'
  assert.deepEqual(await trustOf({ oidcProviderArn }), ['acr-nopass-c1', true, 'oidc-provider/own', subject])
})

test('the options of the run are those of each target', async () => {
  const [found] = await policyTargets(workOn(), 'sa')
  assert.deepEqual(
    [found?.target.adopt, found?.target.phase, found?.clusters, found?.accountId],
    [true, 'widen', ['a'], '10001'],
  )
})

test('roles of limited entries and of ServiceAccounts on nodes are wanted too, in the same account', async () => {
  const here = { ...LIMITED, assumeRole: [{ ...LIMITED.assumeRole[0], roleArn: 'acs:ram::10001:role/puller' }] }
  const accounts = [{ ...ACCOUNT, role: 'acs:ram::10001:role/web' }]
  const pulled = { ...LIMITED, name: 'open', limit: 'role', assumeRole: [] }
  const found = await policyTargets(workOn({ registries: [here, pulled], accounts }), 'sa')
  assert.deepEqual(
    found.map(({ target }) => target.policyName),
    ['acr-nopass-c1', 'acr-nopass-puller', 'acr-nopass-web'],
  )
})

test('P9 the policy of a self-built cluster is named by its own key, which the list does not know', async () => {
  const [found] = await policyTargets(workOn({ ram: 'worker-role', access: ELSEWHERE, roles: ['own'] }), 'sa')
  // Both entries of this list have the role.
  assert.deepEqual([found?.target.policyName, found?.target.members], ['acr-nopass-own', ['0123abcd4567']])
})

const former = async (setup: Setup) => {
  const work = workOn(setup)
  const found = await formerTargets(work, await policyTargets(work, 'sa'))
  return { ...found, former: found.former.map(({ target, clusters }) => [target.policyName, target.members, clusters]) }
}
const SIBLING = { name: 'b', access: { ...ACK, clusterId: 'c0' }, workerRoles: [] }

test('a policy that clusters shared may be on each known role of the nodes, and its members are the whole list', async () => {
  const setup = { ram: 'worker-role', roles: ['nodes'], others: [SIBLING, { name: 'd', access: ELSEWHERE }] } as const
  // The policy of the shared role is wanted. The cluster's own is not any more.
  assert.deepEqual((await former(setup)).former, [['acr-nopass-c1', undefined, ['a']]])
  // A role that no other cluster has any more gets its permissions from the cluster's own policy.
  const alone = await former({ ...setup, roles: ['nodes', 'solo'], otherRoles: ['nodes'] })
  assert.deepEqual(alone.former, [['acr-nopass-solo', ['c0', 'c1'], ['a']]])
  const changed = await former({ others: [SIBLING], named: ['nodes', 'gpu'] })
  assert.deepEqual(changed, {
    former: [
      ['acr-nopass-nodes', ['c0', 'c1'], ['a']],
      ['acr-nopass-gpu', ['c0', 'c1'], ['a']],
    ],
    unseen: [],
  })
  // ACK knows no nodes of a cluster that it did not make.
  assert.deepEqual(await former({ others: [SIBLING], access: ELSEWHERE }), { former: [], unseen: [] })
  const selfBuilt = await former({ others: [SIBLING], named: ['nodes'], access: ELSEWHERE })
  assert.deepEqual(selfBuilt.former, [['acr-nopass-nodes', ['0123abcd4567', 'c0'], ['a']]])
})

test('a cluster alone in its list never shared a policy, so its roles are not looked up', async () => {
  assert.deepEqual(await former({ named: ['nodes'] }), { former: [], unseen: [] })
})

test('roles of another account are named, because this run does not change them', async () => {
  const end = '`acr-nopass policy` prints it'
  const { unseen } = await former({ registries: [LIMITED], accounts: [ACCOUNT] })
  assert.deepEqual(
    unseen,
    ['10002:role/puller', '10003:role/web'].map(
      (role) => `RAM: role acs:ram::${role} not changed, because it belongs to another account: ${end}`,
    ),
  )
})

test('where RAM is the user’s, a note names each role; with `ram: none` the user has said so', async () => {
  const unseen = async (setup: Setup) => (await former({ ram: 'none', access: ELSEWHERE, ...setup })).unseen
  const all = { registries: [LIMITED], accounts: [ACCOUNT] }
  const own =
    'RAM: not changed, because the cluster is not given by `ack`: you manage the role that the values name, and its policy'
  const roles = ['10002:role/puller', '10003:role/web'].map(
    (role) => `RAM: role acs:ram::${role} not changed, because you manage it: \`acr-nopass policy\` prints it`,
  )
  assert.deepEqual(await unseen(all), [own, ...roles])
  assert.deepEqual(await unseen({ ...all, identity: { type: 'access-key' } }), roles)
  assert.deepEqual(await unseen({ ...all, inputs: { ram: 'none' } }), [])
  assert.deepEqual(await unseen({ values: undefined }), [])
})
