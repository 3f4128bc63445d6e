import { APPLY, MERGE_PATCH } from '../../../src/kube/client.ts'
import { eventually } from '../../support/eventually.ts'
import { SECRET } from '../helper-cluster.ts'
import type { BrokenCase } from './case.ts'
import { type HelperFixture, SHOP_SECRET } from './helper-fixture.ts'

type Case = BrokenCase<HelperFixture>

const SHOP_ACCOUNT = '/api/v1/namespaces/shop/serviceaccounts/default'
const ADMISSION = '/apis/admissionregistration.k8s.io/v1'

/**
 * Cases of Secrets and ServiceAccounts in namespaces, and of everything that rejects the helper's
 * writes there.
 */
export const OBJECT_CASES: readonly Case[] = [
  {
    title: "another client's Secret has the pull secret's name",
    id: 'SECRET_FOREIGN',
    make: async (fixture) => {
      await fixture.closedNamespace('foreign')
      await fixture.create('/api/v1/namespaces/foreign/secrets', {
        metadata: { name: SECRET },
        stringData: { key: 'x' },
      })
      await fixture.open('foreign')
    },
    message: /kubectl .*-n foreign get secret acr-nopass -o jsonpath=/,
    fix: (fixture) => fixture.remove(`/api/v1/namespaces/foreign/secrets/${SECRET}`),
  },
  {
    title: 'a Secret was made immutable',
    id: 'SECRET_STUCK',
    make: async (fixture) => {
      await fixture.patch(SHOP_SECRET, { immutable: true })
      await fixture.rotate()
    },
    message: /kubectl .*-n shop delete secret acr-nopass/,
    fix: (fixture) => fixture.remove(SHOP_SECRET),
  },
  {
    title: 'a quota leaves no room for the Secret',
    id: 'QUOTA_EXCEEDED',
    make: async (fixture) => {
      await fixture.closedNamespace('full')
      await fixture.create('/api/v1/namespaces/full/resourcequotas', {
        metadata: { name: 'small' },
        spec: { hard: { secrets: '0' } },
      })
      await eventually(async () => {
        const path = '/api/v1/namespaces/full/resourcequotas/small'
        const { status } = await fixture.helperCluster.admin.request<{ status?: { hard?: object } }>({
          method: 'GET',
          path,
        })
        if (status?.hard === undefined) throw new Error('the quota is not counted yet')
      }, 30_000)
      await fixture.open('full')
    },
    message: /kubectl .*-n full describe resourcequota small/,
    fix: async (fixture) => {
      await fixture.remove('/api/v1/namespaces/full/resourcequotas/small')
      await fixture.restart()
    },
  },
  {
    title: 'an admission webhook does not respond',
    id: 'WEBHOOK_REFUSES',
    make: async (fixture) => {
      await fixture.closedNamespace('hooked')
      await fixture.create(`${ADMISSION}/validatingwebhookconfigurations`, WEBHOOK)
      await untilRefused(fixture, 'hooked')
      await fixture.open('hooked')
    },
    message: /The admission webhook secrets\.example\.com/,
    fix: async (fixture) => {
      await fixture.remove(`${ADMISSION}/validatingwebhookconfigurations/${WEBHOOK.metadata.name}`)
      await fixture.restart()
    },
  },
  {
    title: "another client's admission policy rejects the Secret",
    id: 'WRITE_REFUSED',
    make: async (fixture) => {
      await fixture.closedNamespace('policed')
      for (const [plural, body] of POLICY) await fixture.create(`${ADMISSION}/${plural}`, body)
      await untilRefused(fixture, 'policed')
      await fixture.open('policed')
    },
    message: /no-pull-secrets/,
    fix: async (fixture) => {
      for (const [plural] of POLICY.toReversed()) await fixture.remove(`${ADMISSION}/${plural}/no-pull-secrets`)
      await fixture.restart()
    },
  },
  {
    title: 'a Secret was deleted while no helper runs',
    id: 'SECRET_MISSING',
    make: async (fixture) => {
      await fixture.scale(0)
      await fixture.remove(SHOP_SECRET)
    },
    message: /the helper's log names each refused write/,
    fix: (fixture) => fixture.scale(1),
  },
  {
    title: 'a Secret was changed while no helper runs',
    id: 'SECRET_CHANGED',
    severity: 'warning',
    make: async (fixture) => {
      await fixture.scale(0)
      await fixture.patch(SHOP_SECRET, {
        data: { '.dockerconfigjson': Buffer.from('{"auths":{}}').toString('base64') },
      })
    },
    message: /kubectl .*-n shop get secret acr-nopass -o jsonpath='\{\.metadata\.managedFields/,
    fix: (fixture) => fixture.scale(1),
  },
  {
    title: 'the targets were widened while no helper runs',
    id: 'SECRET_INCOMPLETE',
    severity: 'warning',
    make: async (fixture) => {
      await fixture.scale(0)
      const { registries } = fixture.values as { registries: object[] }
      const more = { name: 'more', edition: 'static', domains: ['more.example.com'], existingSecret: 'legacy-login' }
      await fixture.helperCluster.install(fixture.values, { replicas: 0, registries: [...registries, more] })
    },
    message: /run doctor again in half a minute/,
    fix: (fixture) => fixture.helperCluster.install(fixture.values),
  },
  {
    title: 'a ServiceAccount lost the entry while no helper runs',
    id: 'ACCOUNT_UNATTACHED',
    make: async (fixture) => {
      await fixture.scale(0)
      await fixture.patch(SHOP_ACCOUNT, { imagePullSecrets: [] })
    },
    message: /kubectl .*-n acr-system logs/,
    fix: (fixture) => fixture.scale(1),
  },
  {
    title: 'Argo CD applies the list of a ServiceAccount',
    id: 'ACCOUNT_FOREIGN',
    make: async (fixture) => {
      await fixture.closedNamespace('gitops')
      await applyAccount(fixture, [{ name: 'theirs' }])
      await fixture.open('gitops')
    },
    message: /"argocd"[\s\S]*Add \{name: acr-nopass\} to the list in the tool that applies it/,
    fix: (fixture) => applyAccount(fixture, [{ name: 'theirs' }, { name: SECRET }]),
  },
  {
    title: 'another writer keeps removing the entry',
    id: 'LIST_CONFLICT',
    severity: 'warning',
    make: async (fixture) => {
      await fixture.closedNamespace('ring')
      await fixture.open('ring')
      for (let round = 0; round < 3; round++) {
        await eventually(
          () =>
            fixture.helperCluster.account('ring').then(({ imagePullSecrets = [] }) => requireEntry(imagePullSecrets)),
          30_000,
        )
        await fight(fixture, [])
      }
    },
    message: /acr-nopass\.io\/skip: "true"/,
    fix: (fixture) => fixture.close('ring'),
  },
]

function requireEntry(list: readonly { readonly name?: string }[]): void {
  if (!list.some(({ name }) => name === SECRET)) throw new Error('the helper has not attached it')
}

function fight(fixture: HelperFixture, imagePullSecrets: object[]): Promise<unknown> {
  return fixture.helperCluster.admin.request({
    method: 'PATCH',
    path: '/api/v1/namespaces/ring/serviceaccounts/default',
    query: { fieldManager: 'fighter' },
    contentType: MERGE_PATCH,
    body: { imagePullSecrets },
  })
}

function applyAccount(fixture: HelperFixture, imagePullSecrets: object[]): Promise<unknown> {
  return fixture.helperCluster.admin.request({
    method: 'PATCH',
    path: '/api/v1/namespaces/gitops/serviceaccounts/default',
    query: { fieldManager: 'argocd', force: true },
    contentType: APPLY,
    body: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' }, imagePullSecrets },
  })
}

/**
 * Waits until a Secret of that name is rejected in the namespace, because webhooks and policies
 * take a moment to become active.
 */
async function untilRefused({ helperCluster }: HelperFixture, namespace: string): Promise<void> {
  await eventually(async () => {
    const body = { metadata: { name: SECRET }, type: 'Opaque' }
    const call = {
      method: 'POST',
      path: `/api/v1/namespaces/${namespace}/secrets`,
      query: { dryRun: 'All' },
      body,
    } as const
    const refused = await helperCluster.admin.request(call).then(
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
      // No server listens on this port.
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
