import assert from 'node:assert/strict'
import { test } from 'node:test'
import { roleAccounts } from '../../src/doctor/cloud/wanted-roles.ts'
import type { Observed } from '../../src/doctor/observed.ts'
import type { Statement } from '../../src/policy/normal-form.ts'
import { rrsaStatement } from '../../src/policy/trust-document.ts'
import { allow, observeCloud, role, text } from './cloud-fixture.ts'
import { testFindings } from './finding-table.ts'
import { account, fixture, registry } from './fixture.ts'

const ROLE = 'acs:ram::10001:role/shop-pull'
const PROVIDER = 'acs:ram::10001:oidc-provider/c-1'
const ISSUER = 'https://oidc.example.com'

const trust = (serviceAccount: string, issuer = ISSUER): string =>
  text(rrsaStatement({ oidcProviderArn: PROVIDER, issuer, namespace: 'shop', serviceAccount }))

/** A cluster whose ServiceAccount shop/web pulls with a role of its own on nodes. */
function observe(facts: Parameters<typeof role>[0] | null, issuer: string | undefined = ISSUER): Observed {
  const found =
    facts === null ? role({ role: null, attached: undefined }) : role({ policyName: 'acr-nopass-shop-pull', ...facts })
  return observeCloud({
    facts: { accountId: '10001', workerRoles: [], roles: new Map([[ROLE, found]]) },
    fixture: {
      config: {
        identity: { type: 'rrsa', rrsa: { roleArn: 'acs:ram::10001:role/helper', oidcProviderArn: PROVIDER } },
      },
      issuer,
      accounts: [account('acr-nopass'), account('shop', 'web', { pullRole: ROLE })],
    },
  })
}
const shop = { name: 'shop-pull', description: '', ours: true }

testFindings([
  {
    title: 'the role of a ServiceAccount trusts it, and may pull',
    observed: observe({ role: { ...shop, trust: trust('web') } }),
    finds: [],
  },
  {
    title: 'the role of a ServiceAccount does not exist',
    observed: observe(null),
    finds: [['error', 'ROLE_MISSING', 'role shop-pull of account 10001']],
    says: 'it does not exist, but is the role of ServiceAccount shop/web on nodes',
  },
  {
    title: 'the role of a ServiceAccount trusts another ServiceAccount',
    observed: observe({ role: { ...shop, trust: trust('api') } }),
    finds: [['error', 'ROLE_TRUST_DIFFERS', 'role shop-pull of account 10001']],
    says: 'its trust policy does not allow its ServiceAccounts on nodes to assume it',
    message: /system:serviceaccount:shop:web[\s\S]*aliyun ram UpdateRole/,
  },
  {
    title: 'without the issuer of the cluster, the trust is not judged',
    observed: { ...observe({ role: { ...shop, trust: trust('api') } }), issuer: undefined },
    finds: [],
  },
  {
    title: 'the role of a ServiceAccount may not pull',
    observed: observe({
      role: { ...shop, trust: trust('web') },
      attached: [{ name: 'p', custom: true, document: text(allow('cr:GetAuthorizationToken')) }],
    }),
    finds: [['error', 'ROLE_RIGHTS_MISSING', 'role shop-pull of account 10001']],
  },
])

/** Two ServiceAccounts in different namespaces that share a role. */
function observeShared(...trusted: readonly string[]): Observed {
  const statements = trusted.map((namespace) =>
    rrsaStatement({ oidcProviderArn: PROVIDER, issuer: ISSUER, namespace, serviceAccount: 'web' }),
  )
  const only = (include: readonly string[]) => ({ targets: { namespaces: { include } } })
  const demo = { name: 'demo', edition: 'enterprise', instanceId: 'cri-abc123', region: 'cn-hangzhou' }
  const observed = observe({
    role: { ...shop, trust: text(...statements) },
    attached: [
      {
        name: 'p',
        custom: true,
        document: text(allow('cr:Get*'), allow('cr:*', 'acs:cr:cn-hangzhou:10001:*/cri-abc123*')),
      },
    ],
  })
  const { release } = fixture({
    config: {
      identity: { type: 'rrsa', rrsa: { roleArn: 'acs:ram::10001:role/helper', oidcProviderArn: PROVIDER } },
      registries: [
        { ...demo, ...only(['shop']) },
        { ...demo, name: 'far', instanceId: 'cri-far999', ...only(['far']) },
      ],
    },
    registries: [registry(), registry({ name: 'far' })],
  })
  return {
    ...observed,
    release,
    namespaces: [],
    accounts: [account('shop', 'web', { pullRole: ROLE }), account('team', 'web', { pullRole: ROLE })],
  }
}

testFindings([
  {
    title: 'a role that ServiceAccounts share trusts all of them, and may pull what their namespaces get',
    observed: observeShared('shop', 'team'),
    finds: [],
  },
  {
    title: 'a role that ServiceAccounts share does not trust one of them',
    observed: observeShared('shop'),
    finds: [['error', 'ROLE_TRUST_DIFFERS', 'role shop-pull of account 10001']],
    message: /system:serviceaccount:team:web/,
  },
  {
    title: 'a missing role that ServiceAccounts share is named with them',
    observed: {
      ...observe(null),
      accounts: [account('shop', 'web', { pullRole: ROLE }), account('team', 'web', { pullRole: ROLE })],
    },
    finds: [['error', 'ROLE_MISSING', 'role shop-pull of account 10001']],
    says: 'it does not exist, but is the role of ServiceAccount shop/web, team/web on nodes',
  },
  {
    title: 'a role of a ServiceAccount that other callers may use too is fine',
    observed: observe({ role: { ...shop, trust: text(withoutSubject()) } }),
    finds: [],
  },
  {
    title: 'without a provider in the values, the trust of the role of a ServiceAccount is not judged',
    observed: ((): Observed => {
      const observed = observe({ role: { ...shop, trust: trust('api') } })
      const { release } = fixture({ config: { identity: { type: 'worker-role' } } })
      return { ...observed, release }
    })(),
    finds: [],
  },
  {
    title: 'a missing role of a ServiceAccount is not made by commands while the issuer of the cluster is not known',
    observed: { ...observe(null), issuer: undefined },
    finds: [['error', 'ROLE_MISSING', 'role shop-pull of account 10001']],
    message: /\nacr-nopass policy -f values\.yaml$/,
  },
  {
    title: 'a missing role of a ServiceAccount is not made by commands without a provider in the values',
    observed: { ...observe(null), release: fixture({ config: { identity: { type: 'worker-role' } } }).release },
    finds: [['error', 'ROLE_MISSING', 'role shop-pull of account 10001']],
    message: /\nacr-nopass policy -f values\.yaml$/,
  },
  {
    title: 'a helper that is off does not need its role, and the roles of ServiceAccounts are still judged',
    observed: ((): Observed => {
      const observed = observe(null)
      const { release, cloud } = observed
      if (cloud.state !== 'looked' || release?.config === undefined) return observed
      const roles = new Map([...cloud.facts.roles, ['acs:ram::10001:role/helper', role({ role: null })] as const])
      const off = { ...release, config: { ...release.config, helper: { enabled: false }, retire: true } }
      return {
        ...observed,
        release: off,
        deployment: null,
        secrets: new Map(),
        cloud: { ...cloud, facts: { ...cloud.facts, roles } },
      }
    })(),
    finds: [
      ['error', 'ROLE_MISSING', 'role shop-pull of account 10001'],
      ['info', 'HELPER_OFF', 'helper acr-nopass/acr-nopass'],
    ],
  },
])

function withoutSubject(): Statement {
  const statement = rrsaStatement({
    oidcProviderArn: PROVIDER,
    issuer: ISSUER,
    namespace: 'shop',
    serviceAccount: 'web',
  })
  return {
    ...statement,
    Condition: { StringEquals: { 'oidc:aud': ['sts.aliyuncs.com'], 'oidc:iss': [ISSUER] } },
  }
}

test('only ARNs of roles count, and no tenant makes doctor read any number of roles', () => {
  const wrong = [
    'shop-pull',
    'acs:ram::10001:user/x',
    'acs:ram::10001:role/a b',
    'x:acs:ram::10001:role/a',
    'acs:ram::1234:role/a',
    `acs:ram::${'1'.repeat(21)}:role/a`,
    'acs:ram::10001:role/',
    `acs:ram::10001:role/${'a'.repeat(65)}`,
  ]
  assert.deepEqual(roleAccounts(wrong.map((pullRole) => account('shop', 'web', { pullRole }))), [])
  const many = Array.from({ length: 50 }, (_, index) => account('shop', `a${index}`, { pullRole: `${ROLE}${index}` }))
  assert.equal(roleAccounts(many).length, 20)
  // Roles are bounded, not the ServiceAccounts that share one.
  const shared = Array.from({ length: 30 }, (_, index) => account('shop', `b${index}`, { pullRole: ROLE }))
  assert.deepEqual(
    roleAccounts([...shared, ...many]).map(({ name, role }) => [name, role]),
    [
      ...shared.map(({ name }) => [name, ROLE]),
      ...many.slice(0, 19).map(({ name }, index) => [name, `${ROLE}${index}`]),
    ],
  )
  const right = ['acs:ram::10001:role/a', `acs:ram::${'1'.repeat(20)}:role/A_b.c-1${'d'.repeat(57)}`]
  assert.deepEqual(
    roleAccounts(right.map((pullRole) => account('shop', 'web', { pullRole }))),
    right.map((one) => ({ namespace: 'shop', name: 'web', role: one })),
  )
  assert.deepEqual(roleAccounts(undefined), [])
})
