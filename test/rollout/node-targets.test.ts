import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KubeApiError } from '../../src/kube/api-error.ts'
import type { SharedTarget } from '../../src/policy/policy-targets.ts'
import { nodeTargets, untouchedNodeRoles } from '../../src/rollout/ram/node-targets.ts'

type Work = Parameters<typeof nodeTargets>[0]
type Cluster = Work['cluster']

const options = { scope: 'instance', adopt: false, phase: 'widen' } as const
const ROLE = 'acs:ram::10001:role/shop-pull'
const PROVIDER = 'acs:ram::10001:oidc-provider/ack-rrsa-c-a'
const [FIRST, SECOND] = ['https://first.example.com', 'https://second.example.com']

/** The cluster's other targets, of which only the account counts here. */
const OWN = [
  {
    clusters: ['a'],
    accountId: '10001',
    target: { policyName: 'p', document: undefined, purpose: 't', roles: ['nodes'], adopt: false, phase: 'widen' },
  },
] as const satisfies readonly SharedTarget[]

interface Setup {
  readonly node?: object
  readonly identity?: object
  /** The provider that ACK has, or `off` if RRSA is not enabled. Default: `PROVIDER`. */
  readonly ack?: string
  /** The issuer that the API server serves, or the status with which it refuses to tell. */
  readonly served?: string | number
  readonly others?: readonly Cluster[]
}

function cluster(name: string, { node = {}, identity = {} }: Setup = {}, settings: object = {}): Cluster {
  const serviceAccounts = [{ namespace: 'shop', name: `web-${name}`, role: ROLE }]
  const entry = { name: 'prod', edition: 'enterprise', instanceId: 'cri-1', region: 'cn-hangzhou', limit: 'role' }
  return {
    name,
    ram: 'worker-role',
    values: {
      identity: { type: 'worker-role', ...identity },
      node: { identity: 'service-account', serviceAccounts, serviceAccount: { oidcProviderArn: '' }, ...node },
      registries: [{ ...entry, repositories: [`${name}/*`], assumeRole: [] }],
    },
    settings: { access: { kind: 'ack', clusterId: `c-${name}` }, ...settings },
  } as unknown as Cluster
}

function workOn(setup: Setup = {}): Work {
  const { ack = PROVIDER, served = FIRST, others = [] } = setup
  const own = cluster('a', setup)
  const request = async () => {
    if (typeof served === 'number') throw new KubeApiError(served, `returned ${served}`)
    return { issuer: served }
  }
  const rrsa = { enabled: ack !== 'off', issuers: `${FIRST},${SECOND}`, oidcProviderArn: ack === 'off' ? '' : ack }
  const release = { client: { request }, signal: new AbortController().signal }
  return { cluster: own, context: { prepared: [own, ...others] }, detail: { rrsa }, release } as unknown as Work
}

const find = (setup: Setup = {}, purpose: 'apply' | 'remove' = 'apply') =>
  nodeTargets(workOn(setup), 'c-a', OWN, purpose, options)

/** The provider and the issuer of each statement of the first role's trust. */
async function trusts(setup: Setup, purpose: 'apply' | 'remove' = 'apply') {
  const [found] = await find(setup, purpose)
  const read = (statements: readonly object[] | undefined) =>
    statements?.map((one) => {
      const { Principal, Condition } = one as {
        readonly Principal: { readonly Federated: readonly string[] }
        readonly Condition: { readonly StringEquals: { readonly 'oidc:iss': readonly string[] } }
      }
      return [...Principal.Federated, ...Condition.StringEquals['oidc:iss']].join(' ')
    })
  return [read(found?.target.trust?.statements), read(found?.target.trust?.alternatives)]
}

test('the role of a ServiceAccount on nodes trusts the tokens of its cluster, and pulls what its entries name', async () => {
  const [found, ...more] = await find()
  assert.deepEqual(more, [])
  const { clusters, accountId, target } = found ?? assert.fail()
  assert.deepEqual(
    [clusters, accountId, target.policyName, target.members, target.trust?.role, target.phase],
    [['a'], '10001', 'acr-nopass-shop-pull', ['c-a'], 'shop-pull', 'widen'],
  )
  assert.match(JSON.stringify(target.document), /repository\/cri-1\/a\/\*"/)
  assert.match(JSON.stringify(target.trust?.statements), /"system:serviceaccount:shop:web-a"/)
  assert.deepEqual(await trusts({}), [[`${PROVIDER} ${FIRST}`], undefined])
})

test('the provider is the one in `node`, else that of the helper’s identity, else that of ACK', async () => {
  const [own, helper] = ['acs:ram::10001:oidc-provider/own', 'acs:ram::10001:oidc-provider/helper']
  const node = { serviceAccount: { oidcProviderArn: own } }
  const identity = { rrsa: { oidcProviderArn: helper } }
  const provider = async (setup: Setup) => (await trusts(setup))[0]?.map((line) => line.split(' ')[0])
  assert.deepEqual(await provider({ node, identity }), [own])
  assert.deepEqual(await provider({ identity }), [helper])
  assert.deepEqual(await provider({ identity: { rrsa: {} } }), [PROVIDER])
  assert.deepEqual(await provider({ identity, ack: 'off' }), [helper])
})

test('without any provider the rollout stops, and the error names the key', async () => {
  const missing = {
    code: 'NODE_PROVIDER_MISSING',
    message: '`node.serviceAccounts` needs the OIDC provider of the cluster',
  }
  await assert.rejects(find({ ack: 'off' }), missing)
  const { detail: _, ...selfBuilt } = workOn()
  await assert.rejects(nodeTargets({ ...selfBuilt, detail: undefined }, 'c-a', OWN, 'apply', options), missing)
})

test('the issuer of a user’s own provider need not be in ACK’s list; that of ACK’s provider must be', async () => {
  const elsewhere = 'https://elsewhere.example.com'
  const own = 'acs:ram::10001:oidc-provider/own'
  const node = { serviceAccount: { oidcProviderArn: own } }
  assert.deepEqual(await trusts({ node, served: elsewhere }), [[`${own} ${elsewhere}`], undefined])
  await assert.rejects(find({ served: elsewhere }), {
    code: 'RRSA_ISSUER_MISMATCH',
    message: `the API server of a issues tokens as ${elsewhere}, but ACK lists ${FIRST} and ${SECOND}`,
  })
  // RAM ignores the case of names, so this is ACK's provider too.
  const shouted = { serviceAccount: { oidcProviderArn: PROVIDER.toUpperCase() } }
  await assert.rejects(find({ node: shouted, served: elsewhere }), { code: 'RRSA_ISSUER_MISMATCH' })
})

test('if the API server does not tell its issuer, ACK’s list decides; without a list nothing does', async () => {
  for (const served of [401, 403, 404])
    assert.deepEqual(await trusts({ served }), [[`${PROVIDER} ${FIRST}`], [`${PROVIDER} ${SECOND}`]], `${served}`)
  const node = { serviceAccount: { oidcProviderArn: 'acs:ram::10001:oidc-provider/own' } }
  await assert.rejects(find({ node, served: 403 }), {
    code: 'RRSA_NOT_ENABLED',
    message: 'ACK lists no issuer for a',
  })
  await assert.rejects(find({ served: 503 }), { status: 503 })
})

test('a removal finds the issuer that an apply wrote, also if ACK’s list has changed since', async () => {
  const former = 'https://former.example.com'
  assert.deepEqual(await trusts({ served: former }, 'remove'), [[`${PROVIDER} ${former}`], undefined])
  assert.deepEqual(await trusts({ served: 403 }, 'remove'), [[`${PROVIDER} ${FIRST}`], [`${PROVIDER} ${SECOND}`]])
})

test('a role that several clusters of the run name may pull what the entries of each name', async () => {
  const others = [cluster('b'), cluster('built', {}, { access: { kind: 'kubeconfig-file' } })]
  const [found] = await find({ others })
  assert.deepEqual(
    [found?.clusters, found?.target.members],
    [
      ['a', 'b', 'built'],
      ['c-a', 'c-b'],
    ],
  )
  const lists = JSON.stringify(found?.target.document).match(/cri-1\/[a-z]+\/\*/g)
  assert.deepEqual(lists, ['cri-1/a/*', 'cri-1/b/*', 'cri-1/built/*'])
})

test('nothing is read or made for a cluster without such ServiceAccounts, without values, or without RAM', async () => {
  const unread = { served: 500 }
  assert.deepEqual(await find({ ...unread, node: { serviceAccounts: [] } }), [])
  assert.deepEqual(await find({ ...unread, node: { identity: 'worker-role' } }), [])
  assert.deepEqual(await nodeTargets(workOn(unread), 'c-a', [], 'apply', options), [])
  const work = workOn(unread)
  const plain = { ...work, cluster: { ...work.cluster, values: undefined } } as unknown as Work
  assert.deepEqual(await nodeTargets(plain, 'c-a', OWN, 'apply', options), [])
})

test('a role that a run does not change is named, with who changes it', () => {
  const untouched = (accountId: string | undefined, changes: object = {}) => {
    const work = workOn()
    return untouchedNodeRoles({ ...work, cluster: { ...work.cluster, ...changes } } as Work, accountId)
  }
  const end = '`acr-nopass policy` prints it'
  assert.deepEqual(untouched('10001'), [])
  assert.deepEqual(untouched('10002'), [`RAM: role ${ROLE} not changed, because it belongs to another account: ${end}`])
  assert.deepEqual(untouched(undefined), [`RAM: role ${ROLE} not changed, because you manage it: ${end}`])
  assert.deepEqual(untouched(undefined, { values: undefined }), [])
})
