import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  fullNameOf,
  type GrantCluster,
  type GrantOptions,
  helperGrants,
  serviceAccountOf,
} from '../../src/policy/helper-grants.ts'
import { rolePolicyName } from '../../src/policy/ram-names.ts'

const REGISTRY = { edition: 'enterprise', instanceId: 'cri-1', region: 'cn-hangzhou', repositories: ['*'] }
const CHAINED = { ...REGISTRY, assumeRole: [{ roleArn: 'acs:ram::22:role/acr-pull', externalId: 'x' }] }
const PROVIDER = 'acs:ram::11:oidc-provider/c1'

function cluster(more: object = {}, values: object = {}): GrantCluster {
  return {
    purpose: 'cluster prod',
    clusterId: 'c1',
    kubeSystemUid: undefined,
    workerRoles: ['KubernetesWorkerRole-1'],
    namespace: 'acr-nopass',
    release: 'acr-nopass',
    ...more,
    values: {
      registries: [{ ...REGISTRY, assumeRole: [] }],
      identity: { type: 'worker-role' },
      serviceAccount: { name: '' },
      nameOverride: '',
      fullnameOverride: '',
      node: { identity: 'service-account', serviceAccount: {}, serviceAccounts: [] },
      ...values,
    } as unknown as GrantCluster['values'],
  }
}

/** Each grant without its documents. */
function grantsOf(clusters: readonly GrantCluster[], flags: GrantOptions = {}) {
  const { grants, notes } = helperGrants(clusters, flags)
  return [
    grants.map(({ purpose, policy, role, attachTo, otherAccount }) => ({
      for: purpose,
      policy: policy?.name,
      ...(role && { role: role.name }),
      ...(attachTo.length > 0 && { attachTo }),
      ...(otherAccount !== undefined && { otherAccount }),
    })),
    notes,
  ]
}

const RRSA = { identity: { type: 'rrsa', rrsa: {} } }
const rrsa = (details: object): object => ({ identity: { type: 'rrsa', rrsa: details } })

test("the roles of a cluster's nodes get the cluster's policy, which is named after the cluster if it is known", () => {
  const own = { for: 'cluster prod', attachTo: ['KubernetesWorkerRole-1'] }
  assert.deepEqual(grantsOf([cluster()]), [[{ ...own, policy: 'acr-nopass-c1' }], []])
  const uid = { clusterId: undefined, kubeSystemUid: '0f3c1e5a-77b0-4c39-9d5e-000000000000' }
  assert.deepEqual(grantsOf([cluster(uid)]), [[{ ...own, policy: 'acr-nopass-0f3c1e5a77b0' }], []])
  assert.deepEqual(grantsOf([cluster({ clusterId: undefined })]), [[{ ...own, policy: 'acr-nopass' }], []])
})

test('a cluster with only static registries needs no permission, and the others keep theirs', () => {
  const fixed = cluster({ purpose: 'cluster lab' }, { registries: [{ edition: 'static', assumeRole: [] }] })
  const [grants, notes] = grantsOf([fixed, cluster()])
  assert.equal((grants as unknown[]).length, 1)
  assert.deepEqual(notes, ['cluster lab has only static registries, which need no permission'])
})

test('the policy covers the instance, or with `all` every instance, in the given account', () => {
  const resources = (flags: GrantOptions): unknown =>
    helperGrants([cluster()], flags).grants[0]?.policy?.document.Statement.flatMap(({ Resource }) => Resource)
  assert.deepEqual(resources({}), [
    '*',
    'acs:cr:cn-hangzhou:*:instance/cri-1',
    'acs:cr:cn-hangzhou:*:repository/cri-1/*',
  ])
  assert.deepEqual(resources({ accountId: '11' }), [
    '*',
    'acs:cr:cn-hangzhou:11:instance/cri-1',
    'acs:cr:cn-hangzhou:11:repository/cri-1/*',
  ])
  assert.deepEqual(resources({ ramScope: 'all' }), ['*'])
})

test('a role for RRSA gets its trust if issuer and provider are known; if not, a note says what is missing', () => {
  const note = "the trust of the helper's role needs --issuer (and --oidc-provider-arn, unless values have it)"
  const untrusted = { for: 'cluster prod', policy: 'acr-nopass-c1', attachTo: ['acr-nopass-c1'] }
  const issuer = 'https://oidc.example.com/c1'
  for (const [values, flags] of [
    [RRSA, {}],
    [RRSA, { issuer }],
    [RRSA, { oidcProviderArn: PROVIDER }],
    [RRSA, { oidcProviderArn: PROVIDER, issuer: '' }],
    [{ identity: { type: 'rrsa' } }, { issuer }],
  ] as const)
    assert.deepEqual(grantsOf([cluster({}, values)], flags), [[untrusted], [note]], JSON.stringify(flags))
  const trusted = { for: 'cluster prod', policy: 'acr-nopass-c1', role: 'acr-nopass-c1' }
  const values = rrsa({ oidcProviderArn: PROVIDER })
  assert.deepEqual(grantsOf([cluster({}, values)], { issuer }), [[trusted], []])
  assert.deepEqual(grantsOf([cluster({}, RRSA)], { issuer, oidcProviderArn: PROVIDER }), [[trusted], []])
  // The role that the values or a flag name.
  const named = rrsa({ oidcProviderArn: PROVIDER, roleArn: 'acs:ram::11:role/Helper' })
  assert.deepEqual(grantsOf([cluster({}, named)], { issuer }), [[{ ...trusted, role: 'Helper' }], []])
  const flags = { issuer, roleArn: 'acs:ram::11:role/Flag' }
  assert.deepEqual(grantsOf([cluster({}, named)], flags), [[{ ...trusted, role: 'Flag' }], []])
  assert.deepEqual(grantsOf([cluster({ clusterId: undefined }, values)], { issuer }), [
    [{ ...trusted, policy: 'acr-nopass', role: 'acr-nopass-cluster' }],
    [],
  ])
})

test('only the ServiceAccount of the helper is trusted, by its own name under an alias', () => {
  const values = { ...rrsa({ oidcProviderArn: PROVIDER }), fullnameOverride: 'puller' }
  const issuer = 'https://oidc.example.com/c1'
  const trust = (flags: GrantOptions): string =>
    JSON.stringify(helperGrants([cluster({ namespace: 'ns' }, values)], { issuer, ...flags }).grants[0]?.role?.trust)
  assert.ok(trust({}).includes('"system:serviceaccount:ns:puller"'))
  assert.ok(trust({}).includes(`"${PROVIDER}"`) && trust({}).includes(`"${issuer}"`))
  assert.ok(trust({ serviceAccount: 'alias' }).includes('"system:serviceaccount:ns:alias"'))
})

test('a role of a chain belongs to its account, and its trust needs the caller', () => {
  const chained = cluster({}, { registries: [CHAINED] })
  const own = { for: 'cluster prod', policy: 'acr-nopass-c1', attachTo: ['KubernetesWorkerRole-1'] }
  const role = { for: 'the registries behind acs:ram::22:role/acr-pull', policy: 'acr-nopass-acr-pull' }
  const note = 'the trust of acs:ram::22:role/acr-pull needs --role-arn: the role with which the helper assumes it'
  assert.deepEqual(grantsOf([chained]), [[own, { ...role, attachTo: ['acr-pull'], otherAccount: '22' }], [note]])
  const caller = (account: string) => ({ roleArn: `acs:ram::${account}:role/Worker` })
  assert.deepEqual(grantsOf([chained], caller('11')), [[own, { ...role, role: 'acr-pull', otherAccount: '22' }], []])
  assert.deepEqual(grantsOf([chained], caller('22')), [[own, { ...role, role: 'acr-pull' }], []])
  assert.deepEqual(grantsOf([chained], { ...caller('11'), accountId: '22' }), [
    [own, { ...role, role: 'acr-pull' }],
    [],
  ])
  // Clusters with the same values get one grant.
  const [grants] = grantsOf([chained, { ...chained, purpose: 'cluster test', clusterId: 'c2' }], caller('11'))
  assert.equal((grants as unknown[]).length, 3)
})

test('P13 limited entries that share a role of their own: the role may pull what they name together, and trusts the caller', () => {
  const assumeRole = [{ roleArn: 'acs:ram::11:role/acr-nopass-pull', durationSeconds: 3600 }]
  const entry = (repositories: string[]): object => ({ ...REGISTRY, repositories, limit: 'repositories', assumeRole })
  const registries = [entry(['base/*']), entry(['team-a/*', 'base/os']), entry(['team-b/*'])]
  const { grants, notes } = helperGrants([cluster({}, { registries })], { roleArn: 'acs:ram::11:role/Worker' })
  assert.deepEqual(notes, [])
  const [own, role] = grants
  assert.deepEqual(own?.policy?.document.Statement, [
    { Effect: 'Allow', Action: ['sts:AssumeRole'], Resource: ['acs:ram::11:role/acr-nopass-pull'] },
  ])
  assert.equal(role?.role?.name, 'acr-nopass-pull')
  assert.deepEqual(role?.role?.trust.Statement, [
    { Effect: 'Allow', Action: ['sts:AssumeRole'], Principal: { RAM: ['acs:ram::11:role/worker'] } },
  ])
  assert.deepEqual(role?.policy?.document.Statement[2]?.Resource, [
    'acs:cr:cn-hangzhou:*:repository/cri-1/base/*',
    'acs:cr:cn-hangzhou:*:repository/cri-1/team-a/*',
    'acs:cr:cn-hangzhou:*:repository/cri-1/team-b/*',
  ])
})

test("the name of a role's policy repeats no prefix, and only a prefix counts", () => {
  assert.deepEqual(['acr-pull', 'acr-nopass-c1', 'my-acr-nopass-c1'].map(rolePolicyName), [
    'acr-nopass-acr-pull',
    'acr-nopass-c1',
    'acr-nopass-my-acr-nopass-c1',
  ])
})

test("names equal those of the chart's template", () => {
  const none = { nameOverride: '', fullnameOverride: '' }
  const name = (release: string, more: object = {}): string => fullNameOf(release, { ...none, ...more })
  assert.deepEqual(
    [name('acr-nopass'), name('my-acr-nopass'), name('pull'), name('a.b')],
    ['acr-nopass', 'my-acr-nopass', 'pull-acr-nopass', 'a-b-acr-nopass'],
  )
  assert.deepEqual(
    [
      name('pull', { nameOverride: 'puller' }),
      name('puller', { nameOverride: 'pull' }),
      name('a', { fullnameOverride: 'b' }),
    ],
    ['pull-puller', 'puller', 'b'],
  )
  assert.equal(name('x'.repeat(50)), `${'x'.repeat(42)}-acr-nopass`)
  assert.equal(name(`${'x'.repeat(41)}-y`), `${'x'.repeat(41)}-acr-nopass`)
  const account = (own: string): string => serviceAccountOf('pull', { ...none, serviceAccount: { name: own } } as never)
  assert.deepEqual([account('own'), account('')], ['own', 'pull-acr-nopass'])
})

const SHOP = { namespace: 'shop', name: 'web', role: 'acs:ram::11:role/shop-pull' }

function nodeOf(serviceAccounts: readonly object[], more: object = {}) {
  const only = (include: readonly string[]) => ({ targets: { namespaces: { include } } })
  const registries = [
    { ...REGISTRY, name: 'shop', assumeRole: [], repositories: ['shop/*'], ...only(['shop']) },
    { ...REGISTRY, name: 'bank', assumeRole: [], repositories: ['bank/*'], ...only(['bank']) },
  ]
  const node = { identity: 'service-account', serviceAccount: { oidcProviderArn: PROVIDER }, serviceAccounts, ...more }
  return helperGrants([cluster({}, { registries, node })], { issuer: 'https://issuer.example.com' }).grants.slice(1)
}

test('each role of node.serviceAccounts trusts its ServiceAccounts only, and may pull what their namespaces may', () => {
  const other = { ...SHOP, name: 'worker' }
  const bank = { namespace: 'bank', name: 'web', role: 'acs:ram::11:role/bank-pull' }
  const grants = nodeOf([SHOP, bank, other]).map(({ purpose, policy, role }) => {
    const resources = policy?.document.Statement.flatMap(({ Resource }) => Resource ?? [])
    const subjects = role?.trust.Statement.map((statement) => {
      const { Principal, Condition } = statement as unknown as {
        Principal: { Federated: unknown }
        Condition: { StringEquals: Record<string, unknown> }
      }
      return [Principal.Federated, Condition.StringEquals['oidc:iss'], Condition.StringEquals['oidc:sub']]
    })
    const repositories = resources?.filter((resource) => resource.includes('repository/cri-1/'))
    return { purpose, policy: policy?.name, role: role?.name, subjects, repositories }
  })
  const trust = (subject: string) => [[PROVIDER], ['https://issuer.example.com'], [`system:serviceaccount:${subject}`]]
  assert.deepEqual(grants, [
    {
      purpose: 'nodes that pull for shop/web, shop/worker',
      policy: 'acr-nopass-shop-pull',
      role: 'shop-pull',
      subjects: [trust('shop:web'), trust('shop:worker')],
      repositories: ['acs:cr:cn-hangzhou:*:repository/cri-1/shop/*'],
    },
    {
      purpose: 'nodes that pull for bank/web',
      policy: 'acr-nopass-bank-pull',
      role: 'bank-pull',
      subjects: [trust('bank:web')],
      repositories: ['acs:cr:cn-hangzhou:*:repository/cri-1/bank/*'],
    },
  ])
})

test('roles of ServiceAccounts have no document with the role of the node, and no trust without the issuer', () => {
  assert.deepEqual(nodeOf([SHOP], { identity: 'worker-role' }), [])
  const node = { identity: 'service-account', serviceAccount: { oidcProviderArn: PROVIDER }, serviceAccounts: [SHOP] }
  const { grants, notes } = helperGrants([cluster({}, { node })], {})
  assert.deepEqual([grants[1]?.role, grants[1]?.attachTo], [undefined, ['shop-pull']])
  assert.deepEqual(notes, [
    'the trust of roles in node.serviceAccounts needs --issuer (and --oidc-provider-arn, unless values have it)',
  ])
})
