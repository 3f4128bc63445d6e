import type { ServiceAccountView } from '../../src/installation/object-views.ts'
import { type Row, testFindings } from './finding-table.ts'
import { account, admission, fixture, namespace, secret } from './fixture.ts'

const bare = (name = 'web', change: Partial<ServiceAccountView> = {}): ServiceAccountView =>
  account('shop', name, { list: [], ...change })
const appliedBy = (manager: string, name: string, where = 'shop'): ServiceAccountView =>
  account(where, name, { list: ['x'], owner: { manager, operation: 'Apply' } })
const foreignSecrets = new Map([
  ['acr-nopass', secret()],
  ['shop', secret({ ours: false })],
])

const ROWS: readonly Row[] = [
  {
    title: 'a ServiceAccount without the reference is named, with the log of the helper',
    observed: fixture({ accounts: [bare()] }),
    finds: [['error', 'ACCOUNT_UNATTACHED', '1 ServiceAccount']],
    says: 'without the reference to acr-nopass: shop/web',
    message: /The helper has not written the reference[\s\S]*\nkubectl -n acr-nopass logs /,
  },
  ...(
    [
      ['attach: admission', { attach: 'admission' }, []],
      [
        'a release that is being retired',
        { retire: true },
        [['info', 'RETIRING', 'configuration acr-nopass/acr-nopass']],
      ],
    ] as const
  ).map(
    ([what, config, finds]): Row => ({
      title: `${what} attaches nothing to ServiceAccounts, so none lacks a reference`,
      observed: fixture({ config, accounts: [bare()] }),
      finds,
    }),
  ),
  {
    title: 'a ServiceAccount of a namespace that is being deleted needs no reference',
    observed: fixture({
      namespaces: [namespace('acr-nopass'), namespace('shop', { terminating: true })],
      accounts: [bare()],
    }),
    finds: [],
  },
  {
    title: 'a ServiceAccount whose list is too long is left alone, which is a warning',
    observed: fixture({ accounts: [bare('web', { overlong: 200 })] }),
    finds: [['warning', 'ACCOUNT_UNATTACHED', '1 ServiceAccount']],
    says: 'without the reference to acr-nopass, and not changed: shop/web',
    message: /too long[\s\S]*\nkubectl -n shop get serviceaccount web -o yaml$/,
  },
  {
    title: 'a ServiceAccount that the helper itself applies has no other writer',
    observed: fixture({ accounts: [appliedBy('acr-nopass', 'web')] }),
    finds: [['error', 'ACCOUNT_UNATTACHED', '1 ServiceAccount']],
  },
  {
    title: 'a ServiceAccount that another tool only updates can be attached',
    observed: fixture({ accounts: [bare('web', { owner: { manager: 'kubectl', operation: 'Update' } })] }),
    finds: [['error', 'ACCOUNT_UNATTACHED', '1 ServiceAccount']],
  },
  {
    title: 'ServiceAccounts whose lists two tools apply: each tool is named once',
    observed: fixture({ accounts: [appliedBy('argocd', 'a'), appliedBy('argocd', 'b'), appliedBy('flux', 'c')] }),
    finds: [['error', 'ACCOUNT_FOREIGN', '3 ServiceAccounts']],
    says: 'without the reference, and not changed: shop/a, shop/b, shop/c',
    message: /applied by "argocd", "flux";[\s\S]*\nkubectl -n shop get serviceaccount a -o yaml --show-managed-fields$/,
  },
  {
    title: 'with attach: both, only the ServiceAccounts whose Pods do not get the reference are an error',
    observed: fixture({
      config: { attach: 'both' },
      admission: admission({ tried: new Map([['shop', 'referenced']]) }),
      accounts: [appliedBy('argocd', 'web'), appliedBy('argocd', 'web', 'acr-nopass')],
    }),
    finds: [
      ['error', 'ACCOUNT_FOREIGN', '1 ServiceAccount'],
      ['info', 'ACCOUNT_FOREIGN', '1 ServiceAccount'],
    ],
    says: 'without the reference, and not changed: acr-nopass/web',
  },
  {
    title: 'with attach: both, ServiceAccounts whose Pods all get the reference are no finding',
    observed: fixture({
      config: { attach: 'both' },
      admission: admission({ tried: new Map([['shop', 'referenced']]) }),
      accounts: [appliedBy('argocd', 'web')],
    }),
    finds: [['info', 'ACCOUNT_FOREIGN', '1 ServiceAccount']],
    says: 'without the reference, and not changed; the admission policy gives it to their Pods: shop/web',
    message: /\nkubectl -n shop get serviceaccount web -o yaml --show-managed-fields$/,
  },
  {
    title: 'with adopt: true, a Secret of another owner does not excuse a ServiceAccount without the reference',
    observed: fixture({ config: { adopt: true }, secrets: foreignSecrets, accounts: [bare()] }),
    finds: [
      ['error', 'ACCOUNT_UNATTACHED', '1 ServiceAccount'],
      ['warning', 'SECRET_FOREIGN', 'namespace shop'],
    ],
  },
  {
    title: 'without the right to list Secrets a ServiceAccount without the reference is still reported',
    observed: fixture({ secrets: undefined, accounts: [bare()] }),
    finds: [['error', 'ACCOUNT_UNATTACHED', '1 ServiceAccount']],
  },
]

testFindings(ROWS)
