import { APPLY, MERGE_PATCH } from '../../../src/kube/client.ts'
import { eventually } from '../../support/eventually.ts'
import { SECRET } from '../helper-kit.ts'
import { type HelperBed, SHOP_SECRET } from './helper-bed.ts'
import type { BrokenSetup } from './setup.ts'

type Setup = BrokenSetup<HelperBed>

const SHOP_ACCOUNT = '/api/v1/namespaces/shop/serviceaccounts/default'
const ADMISSION = '/apis/admissionregistration.k8s.io/v1'

/** The Secrets and ServiceAccounts of namespaces, and whatever refuses the helper's writes there. */
export const OBJECT_SETUPS: readonly Setup[] = [
  {
    title: "a Secret of somebody else's has the name",
    id: 'SECRET_FOREIGN',
    make: async (bed) => {
      await bed.closedNamespace('foreign')
      await bed.create('/api/v1/namespaces/foreign/secrets', { metadata: { name: SECRET }, stringData: { key: 'x' } })
      await bed.open('foreign')
    },
    says: /kubectl .*-n foreign get secret acr-nopass -o jsonpath=/,
    fix: (bed) => bed.remove(`/api/v1/namespaces/foreign/secrets/${SECRET}`),
  },
  {
    title: 'a Secret was made immutable',
    id: 'SECRET_STUCK',
    make: async (bed) => {
      await bed.patch(SHOP_SECRET, { immutable: true })
      await bed.rotate()
    },
    says: /kubectl .*-n shop delete secret acr-nopass/,
    fix: (bed) => bed.remove(SHOP_SECRET),
  },
  {
    title: 'a quota leaves no room for the Secret',
    id: 'QUOTA_EXCEEDED',
    make: async (bed) => {
      await bed.closedNamespace('full')
      await bed.create('/api/v1/namespaces/full/resourcequotas', {
        metadata: { name: 'small' },
        spec: { hard: { secrets: '0' } },
      })
      await eventually(async () => {
        const path = '/api/v1/namespaces/full/resourcequotas/small'
        const { status } = await bed.kit.admin.request<{ status?: { hard?: object } }>({ method: 'GET', path })
        if (status?.hard === undefined) throw new Error('the quota is not counted yet')
      }, 30_000)
      await bed.open('full')
    },
    says: /kubectl .*-n full describe resourcequota small/,
    fix: async (bed) => {
      await bed.remove('/api/v1/namespaces/full/resourcequotas/small')
      await bed.restart()
    },
  },
  {
    title: 'an admission webhook does not answer',
    id: 'WEBHOOK_REFUSES',
    make: async (bed) => {
      await bed.closedNamespace('hooked')
      await bed.create(`${ADMISSION}/validatingwebhookconfigurations`, WEBHOOK)
      await untilRefused(bed, 'hooked')
      await bed.open('hooked')
    },
    says: /The admission webhook secrets\.example\.com/,
    fix: async (bed) => {
      await bed.remove(`${ADMISSION}/validatingwebhookconfigurations/${WEBHOOK.metadata.name}`)
      await bed.restart()
    },
  },
  {
    title: 'an admission policy of somebody else refuses the Secret',
    id: 'WRITE_REFUSED',
    make: async (bed) => {
      await bed.closedNamespace('policed')
      for (const [plural, body] of POLICY) await bed.create(`${ADMISSION}/${plural}`, body)
      await untilRefused(bed, 'policed')
      await bed.open('policed')
    },
    says: /no-pull-secrets/,
    fix: async (bed) => {
      for (const [plural] of POLICY.toReversed()) await bed.remove(`${ADMISSION}/${plural}/no-pull-secrets`)
      await bed.restart()
    },
  },
  {
    title: 'a Secret was deleted while no helper runs',
    id: 'SECRET_MISSING',
    make: async (bed) => {
      await bed.scale(0)
      await bed.remove(SHOP_SECRET)
    },
    says: /its log names each refused write/,
    fix: (bed) => bed.scale(1),
  },
  {
    title: 'a Secret was changed while no helper runs',
    id: 'SECRET_CHANGED',
    severity: 'warning',
    make: async (bed) => {
      await bed.scale(0)
      await bed.patch(SHOP_SECRET, { data: { '.dockerconfigjson': Buffer.from('{"auths":{}}').toString('base64') } })
    },
    says: /kubectl .*-n shop get secret acr-nopass -o jsonpath='\{\.metadata\.managedFields/,
    fix: (bed) => bed.scale(1),
  },
  {
    title: 'the targets were widened while no helper runs',
    id: 'SECRET_INCOMPLETE',
    severity: 'warning',
    make: async (bed) => {
      await bed.scale(0)
      const { registries } = bed.values as { registries: object[] }
      const more = { name: 'more', edition: 'static', domains: ['more.example.com'], existingSecret: 'legacy-login' }
      await bed.kit.install(bed.values, { replicas: 0, registries: [...registries, more] })
    },
    says: /run doctor again in half a minute/,
    fix: (bed) => bed.kit.install(bed.values),
  },
  {
    title: 'a ServiceAccount lost the entry while no helper runs',
    id: 'ACCOUNT_UNATTACHED',
    make: async (bed) => {
      await bed.scale(0)
      await bed.patch(SHOP_ACCOUNT, { imagePullSecrets: [] })
    },
    says: /kubectl .*-n acr-system logs/,
    fix: (bed) => bed.scale(1),
  },
  {
    title: 'Argo CD applies the list of a ServiceAccount',
    id: 'ACCOUNT_FOREIGN',
    make: async (bed) => {
      await bed.closedNamespace('gitops')
      await applyAccount(bed, [{ name: 'theirs' }])
      await bed.open('gitops')
    },
    says: /"argocd"[\s\S]*Add \{name: acr-nopass\} to the list where it is applied from/,
    fix: (bed) => applyAccount(bed, [{ name: 'theirs' }, { name: SECRET }]),
  },
  {
    title: 'another writer keeps removing the entry',
    id: 'LIST_FOUGHT',
    severity: 'warning',
    make: async (bed) => {
      await bed.closedNamespace('ring')
      await bed.open('ring')
      for (let round = 0; round < 3; round++) {
        await eventually(
          () => bed.kit.account('ring').then(({ imagePullSecrets = [] }) => requireEntry(imagePullSecrets)),
          30_000,
        )
        await fight(bed, [])
      }
    },
    says: /acr-nopass\.io\/skip: "true"/,
    fix: (bed) => bed.close('ring'),
  },
]

function requireEntry(list: readonly { readonly name?: string }[]): void {
  if (!list.some(({ name }) => name === SECRET)) throw new Error('the helper has not attached it')
}

function fight(bed: HelperBed, imagePullSecrets: object[]): Promise<unknown> {
  return bed.kit.admin.request({
    method: 'PATCH',
    path: '/api/v1/namespaces/ring/serviceaccounts/default',
    query: { fieldManager: 'fighter' },
    contentType: MERGE_PATCH,
    body: { imagePullSecrets },
  })
}

function applyAccount(bed: HelperBed, imagePullSecrets: object[]): Promise<unknown> {
  return bed.kit.admin.request({
    method: 'PATCH',
    path: '/api/v1/namespaces/gitops/serviceaccounts/default',
    query: { fieldManager: 'argocd', force: true },
    contentType: APPLY,
    body: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' }, imagePullSecrets },
  })
}

/** Until a Secret of the name is refused there: webhooks and policies take a moment to become active. */
async function untilRefused({ kit }: HelperBed, namespace: string): Promise<void> {
  await eventually(async () => {
    const body = { metadata: { name: SECRET }, type: 'Opaque' }
    const call = {
      method: 'POST',
      path: `/api/v1/namespaces/${namespace}/secrets`,
      query: { dryRun: 'All' },
      body,
    } as const
    const refused = await kit.admin.request(call).then(
      () => false,
      () => true,
    )
    if (!refused) throw new Error('it is still taken')
  }, 30_000)
}

const inNamespace = (name: string): object => ({ matchLabels: { 'kubernetes.io/metadata.name': name } })
const RULES = [{ apiGroups: [''], apiVersions: ['v1'], resources: ['secrets'], operations: ['CREATE', 'UPDATE'] }]
const WEBHOOK = {
  metadata: { name: 'doctor-secrets' },
  webhooks: [
    {
      name: 'secrets.example.com',
      // Nobody listens there.
      clientConfig: { url: 'https://127.0.0.1:1/' },
      namespaceSelector: inNamespace('hooked'),
      rules: RULES,
      failurePolicy: 'Fail',
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
      timeoutSeconds: 1,
    },
  ],
}
const POLICY = [
  [
    'validatingadmissionpolicies',
    {
      metadata: { name: 'no-pull-secrets' },
      spec: {
        matchConstraints: { namespaceSelector: inNamespace('policed'), resourceRules: RULES },
        validations: [{ expression: 'false', message: 'no Secrets here' }],
      },
    },
  ],
  [
    'validatingadmissionpolicybindings',
    { metadata: { name: 'no-pull-secrets' }, spec: { policyName: 'no-pull-secrets', validationActions: ['Deny'] } },
  ],
] as const
