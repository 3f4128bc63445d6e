import { type Row, testFindings } from './finding-table.ts'
import { admission, fixture } from './fixture.ts'

const NAME = 'acr-nopass.acr-nopass.acr-nopass'
const GUARDS = ['secrets', 'serviceaccounts', 'events', 'leases', 'configmaps'].map((kind) => `${NAME}.${kind}`)
const both = { attach: 'both' }

const ROWS: readonly Row[] = [
  {
    title: 'an API server without mutating policies: new Pods do not get the reference, and the upgrade is printed',
    observed: fixture({ config: { attach: 'admission' }, admission: admission({ canMutate: false }) }),
    finds: [['error', 'KUBERNETES_OLD', 'attach: admission']],
    message:
      /\nhelm -n acr-nopass upgrade acr-nopass \S+ --version \S+ --reset-then-reuse-values --set attach=serviceAccounts$/,
  },
  {
    title: 'attach: serviceAccounts needs no admission policy',
    observed: fixture({ admission: admission({ canMutate: false, bound: GUARDS }) }),
    finds: [],
  },
  {
    title: 'a release that is being retired needs no admission policy',
    observed: fixture({ config: { retire: true, attach: 'admission' }, admission: admission({ bound: GUARDS }) }),
    finds: [['info', 'RETIRING', 'configuration acr-nopass/acr-nopass']],
  },
  {
    title: 'with attach: both, a policy that was deleted',
    observed: fixture({ config: both, admission: admission({ bound: GUARDS }) }),
    finds: [['error', 'POLICY_MISSING', `MutatingAdmissionPolicy ${NAME}`]],
    says: `missing, or without its binding: ${NAME}; new Pods do not get the reference`,
    message: /attach is both, and the policy or its binding was deleted/,
  },
  {
    title: 'policies that may not be read do not count as missing',
    observed: fixture({ config: both, admission: admission({ bound: undefined }) }),
    finds: [],
  },
  {
    title: 'a policy that works in every namespace that was tried',
    observed: fixture({ config: both, admission: admission({ tried: new Map([['shop', 'referenced']]) }) }),
    finds: [],
  },
  {
    title: 'a policy that does nothing in any namespace',
    observed: fixture({ config: both, admission: admission({ tried: new Map([['shop', 'unreferenced']]) }) }),
    finds: [['error', 'POLICY_INACTIVE', `MutatingAdmissionPolicy ${NAME}`]],
    says: 'a Pod created as a dry run did not get the reference, although the policy exists',
    message: /its expressions fail[\s\S]*\nhelm -n acr-nopass get manifest/,
  },
  {
    title: 'a policy that leaves one of two namespaces out',
    observed: fixture({
      config: both,
      admission: admission({
        tried: new Map([
          ['acr-nopass', 'referenced'],
          ['shop', 'unreferenced'],
        ]),
      }),
    }),
    finds: [['error', 'POLICY_INACTIVE', `MutatingAdmissionPolicy ${NAME}`]],
    says: 'a Pod created as a dry run did not get the reference in 1 namespace of 2: shop',
    message: /skips namespaces that the values target/,
  },
  {
    title:
      'if two policies of the guard are missing, the finding names the two policies and the command that recreates them',
    observed: fixture({ admission: admission({ bound: GUARDS.slice(2) }) }),
    finds: [['warning', 'GUARD_MISSING', `ValidatingAdmissionPolicy ${NAME}.secrets`]],
    says: `missing, or without its binding: ${NAME}.secrets, ${NAME}.serviceaccounts`,
    message: /\nhelm -n acr-nopass get manifest acr-nopass \| kubectl /,
  },
  {
    title: 'guards that may not be read do not count as missing',
    observed: fixture({ admission: admission({ bound: undefined }) }),
    finds: [],
  },
]

testFindings(ROWS)
