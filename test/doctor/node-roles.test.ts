import assert from 'node:assert/strict'
import { test } from 'node:test'
import { roleAccounts } from '../../src/doctor/cloud/wanted-roles.ts'
import type { Observed } from '../../src/doctor/observed.ts'
import { rrsaStatement } from '../../src/policy/trust-document.ts'
import { allow, observeCloud, role, text } from './cloud-fixture.ts'
import { testFindings } from './finding-table.ts'
import { account } from './fixture.ts'

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

test('only ARNs of roles count, and no tenant makes doctor read any number of roles', () => {
  const wrong = ['shop-pull', 'acs:ram::10001:user/x', 'acs:ram::10001:role/a b', 'acs:ram::1:role/a']
  assert.deepEqual(roleAccounts(wrong.map((pullRole) => account('shop', 'web', { pullRole }))), [])
  const many = Array.from({ length: 50 }, (_, index) => account('shop', `a${index}`, { pullRole: `${ROLE}${index}` }))
  assert.equal(roleAccounts(many).length, 20)
  assert.deepEqual(roleAccounts(undefined), [])
})
