import assert from 'node:assert/strict'
import { test } from 'node:test'
import { collectFacts } from '../../../src/migrate/remove/collect-facts.ts'
import { findDependents } from '../../../src/migrate/remove/find-dependents.ts'
import type { AnyObject } from '../../../src/migrate/remove/legacy-facts.ts'
import { trimObject } from '../../../src/migrate/remove/read-cluster.ts'
import { describePlan, partTitle, planRemoval, withoutOldNames } from '../../../src/migrate/remove/remove-legacy.ts'
import { object } from '../import/import-fixture.ts'
import { A, AGGREGATION, account, B, deployment, recipe2018 } from '../import/recipe-2018.ts'
import { ours } from './our-fixture.ts'

const HELPER = { kind: 'ServiceAccount', name: 'aliyun-acr-credential-helper', namespace: 'kube-system' }

/** The name is not documented. The vendor's other images have the names of their Deployments. */
const WEBHOOK_IMAGE = 'registry-vpc.cn-hangzhou.aliyuncs.com/acs/acr-credential-helper-webhook:v23'

function applied(one: AnyObject, manager: string): AnyObject {
  const fields = { 'f:imagePullSecrets': {} }
  return { ...one, metadata: { ...one.metadata, managedFields: [{ manager, operation: 'Apply', fieldsV1: fields }] } }
}

test('the 2018 recipe is removed in the safe order: helper, references, rights; no Secret is deleted', () => {
  assert.deepEqual(describePlan(planRemoval(collectFacts(recipe2018()))), [
    'delete Deployment kube-system/aliyun-acr-credential-helper',
    `take ${A}, ${B} out of ServiceAccount default/default`,
    'delete ClusterRoleBinding aliyun-acr-credential-helper-rolebinding',
    'delete ServiceAccount kube-system/aliyun-acr-credential-helper',
  ])
})

test("the add-on's webhook is removed first, its ClusterRole and configuration last; other webhooks and Deployments stay", () => {
  const webhook = (name: string, service: string): AnyObject =>
    object('MutatingWebhookConfiguration', undefined, name, {
      webhooks: [{ clientConfig: { service: { namespace: 'kube-system', name: service } } }],
    })
  const objects = [
    webhook('acr', 'acr-credential-helper-webhook'),
    webhook('other', 'istiod'),
    deployment('kube-system', 'acr-credential-helper-webhook', WEBHOOK_IMAGE),
    deployment('kube-system', 'coredns', 'x'),
    deployment('shop', 'aliyun-acr-credential-helper', 'x'),
    object('ClusterRole', undefined, 'aliyun-acr-credential-helper'),
    object('ClusterRole', undefined, 'cluster-admin'),
    object('ConfigMap', 'kube-system', 'acr-configuration', { data: { 'watch-namespace': 'all' } }),
    object('ConfigMap', 'shop', 'acr-configuration', { data: {} }),
    object('Secret', 'shop', AGGREGATION),
    object('Secret', 'shop', 'acr-credential-mine'),
    object('Secret', 'kube-system', 'alibaba-addon-secret'),
  ]
  assert.deepEqual(describePlan(planRemoval(collectFacts(objects))), [
    'delete MutatingWebhookConfiguration acr',
    'delete Deployment kube-system/acr-credential-helper-webhook',
    'delete ClusterRole aliyun-acr-credential-helper',
    'delete ConfigMap kube-system/acr-configuration',
  ])
})

test('P1 a list loses the old names and nothing else: order, duplicates and entries without a name stay', () => {
  const list = [{ name: 'x' }, { name: A }, {}, { name: 'acr-nopass' }, { name: AGGREGATION }, { name: 'x' }]
  const [found] = collectFacts([object('ServiceAccount', 'shop', 'default', { imagePullSecrets: list })]).accounts
  assert.ok(found)
  assert.deepEqual(withoutOldNames(found), [{ name: 'x' }, {}, { name: 'acr-nopass' }, { name: 'x' }])
})

test('a list that another tool applies is not changed, and reported', () => {
  const facts = collectFacts([
    applied(account('shop', 'default', A), 'argocd-controller'),
    applied(account('web', 'default', A), 'acr-nopass'),
  ])
  const { accounts, kept } = planRemoval(facts)
  assert.deepEqual(
    accounts.map(({ metadata }) => metadata.namespace),
    ['web'],
  )
  assert.deepEqual(
    kept.map(({ account: { metadata }, manager }) => [metadata.namespace, manager]),
    [['shop', 'argocd-controller']],
  )
})

test('a binding with subjects other than the old helper is not deleted', () => {
  const roleRef = { kind: 'ClusterRole', name: 'cluster-admin' }
  const binding = (name: string, subjects: object[]): AnyObject =>
    object('ClusterRoleBinding', undefined, name, { roleRef, subjects })
  const facts = collectFacts([
    binding('only', [HELPER]),
    binding('shared', [HELPER, { kind: 'User', name: 'anna' }]),
    binding('else', [{ ...HELPER, namespace: 'shop' }]),
  ])
  assert.deepEqual(
    facts.rbac.map(({ metadata }) => metadata.name),
    ['only'],
  )
  assert.deepEqual(facts.sharedBindings, ['shared'])
})

/** A webhook configuration whose webhooks each call one of these Services of kube-system. */
const webhooks = (name: string, ...services: string[]): AnyObject =>
  object('MutatingWebhookConfiguration', undefined, name, {
    webhooks: services.map((service) => ({ clientConfig: { service: { namespace: 'kube-system', name: service } } })),
  })

test('a webhook configuration stays if one webhook has another owner, its Service only has a similar name, or GitOps applies it', () => {
  const plain = webhooks('declared', 'acr-credential-helper-webhook')
  const writer = { manager: 'argocd-controller', operation: 'Apply', fieldsV1: { 'f:webhooks': {} } } as const
  const declaredWebhooks = { ...plain, metadata: { ...plain.metadata, managedFields: [writer] } }
  const facts = collectFacts([
    webhooks('corp-injectors', 'acr-credential-helper-webhook', 'corp-injector'),
    webhooks('similar', 'my-acr-credential-webhook'),
    webhooks('acr', 'acr-credential-helper-webhook'),
    declaredWebhooks,
  ])
  assert.deepEqual(
    facts.webhooks.map(({ metadata }) => metadata.name),
    ['acr'],
  )
  assert.deepEqual(planRemoval(facts).shared, [
    'MutatingWebhookConfiguration corp-injectors: it has webhooks of others too',
    'MutatingWebhookConfiguration declared: argocd-controller applies it',
  ])
})

test('a ClusterRole that another binding refers to stays, and so do a ServiceAccount that another workload uses and its permissions', () => {
  const NAME = HELPER.name
  const roleRef = { kind: 'ClusterRole', name: NAME }
  const facts = collectFacts([
    object('ClusterRole', undefined, NAME, { rules: RULES_2019 }),
    object('ServiceAccount', 'kube-system', NAME),
    object('ClusterRoleBinding', undefined, 'helper', { roleRef, subjects: [HELPER] }),
    object('RoleBinding', 'shop', 'team', { roleRef, subjects: [{ kind: 'User', name: 'anna' }] }),
    object('Deployment', 'kube-system', 'other', {
      spec: { template: { spec: { serviceAccountName: NAME, containers: [{ image: 'x' }] } } },
    }),
  ])
  assert.deepEqual(facts.rbac, [])
  assert.deepEqual(planRemoval(facts).shared, [
    `ClusterRoleBinding helper: it gives rights to Deployment kube-system/other`,
    `ClusterRole ${NAME}: ClusterRoleBinding helper refers to it`,
    `ServiceAccount kube-system/${NAME}: Deployment kube-system/other runs as it`,
  ])
})

const RULES_2019 = [
  { apiGroups: [''], resources: ['namespaces', 'configmaps'], verbs: ['get', 'list', 'watch'] },
  {
    apiGroups: [''],
    resources: ['serviceaccounts', 'secrets'],
    verbs: ['create', 'update', 'patch', 'get', 'list', 'watch'],
  },
]
const declared = (one: AnyObject, field: string): AnyObject => {
  const managedFields = [{ manager: 'argocd-controller', operation: 'Apply' as const, fieldsV1: { [field]: {} } }]
  return { ...one, metadata: { ...one.metadata, managedFields } }
}
const ROLE = object('ClusterRole', undefined, HELPER.name, { rules: RULES_2019 })
const BINDING = object('ClusterRoleBinding', undefined, HELPER.name, {
  roleRef: { kind: 'ClusterRole', name: HELPER.name },
  subjects: [HELPER],
})
const ACCOUNT = object('ServiceAccount', 'kube-system', HELPER.name)
const withRule = (rule: object): AnyObject => ({ ...ROLE, rules: [...RULES_2019, rule] })
const labelled = (labels: Readonly<Record<string, string>>): AnyObject => {
  return { ...ROLE, metadata: { ...ROLE.metadata, labels } }
}
const ownedPod = (kind: string, name: string): AnyObject => ({
  ...object('Pod', 'kube-system', 'p', {
    spec: { serviceAccountName: HELPER.name, containers: [{ image: 'x' }] },
  }),
  metadata: {
    ...object('Pod', 'kube-system', 'p').metadata,
    ownerReferences: [{ apiVersion: 'apps/v1', kind, name, controller: true }],
  } as AnyObject['metadata'],
})

// The last permissions that the vendor published, for its ClusterRole aliyun-acr-credential-helper:
// "Pull an image without a password" in the documents of 2019-08 (AliyunCS, reseller.en-US). The
// documents of 2018-10 bind cluster-admin.
const KEPT: readonly (readonly [what: string, objects: readonly AnyObject[], kept: readonly string[]])[] = [
  ["the vendor's published Role, binding and ServiceAccount", [ROLE, BINDING, ACCOUNT], []],
  [
    'a role with a verb that the vendor never published',
    [withRule({ apiGroups: [''], resources: ['secrets'], verbs: ['delete'] }), BINDING, ACCOUNT],
    [`ClusterRole ${HELPER.name}: it allows what Alibaba's own helper is not known to need`],
  ],
  [
    'a role for another API group',
    [withRule({ apiGroups: ['apps'], resources: ['secrets'], verbs: ['get'] }), BINDING, ACCOUNT],
    [`ClusterRole ${HELPER.name}: it allows what Alibaba's own helper is not known to need`],
  ],
  [
    'a role for everything',
    [withRule({ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }), BINDING, ACCOUNT],
    [`ClusterRole ${HELPER.name}: it allows what Alibaba's own helper is not known to need`],
  ],
  [
    'a role for URLs',
    [withRule({ nonResourceURLs: ['/metrics'], verbs: ['get'] }), BINDING, ACCOUNT],
    [`ClusterRole ${HELPER.name}: it allows what Alibaba's own helper is not known to need`],
  ],
  [
    'a role that aggregates others',
    [{ ...ROLE, aggregationRule: { clusterRoleSelectors: [{}] } }, BINDING, ACCOUNT],
    [`ClusterRole ${HELPER.name}: it is aggregated from other roles`],
  ],
  // https://kubernetes.io/docs/reference/access-authn-authz/rbac/#aggregated-clusterroles
  [
    'a role that others aggregate',
    [labelled({ 'rbac.authorization.k8s.io/aggregate-to-edit': 'true' }), BINDING, ACCOUNT],
    [`ClusterRole ${HELPER.name}: it is aggregated into other roles`],
  ],
  [
    'an object that GitOps would create again',
    [declared(ROLE, 'f:rules'), declared(BINDING, 'f:subjects'), declared(ACCOUNT, 'f:metadata')],
    [
      `ClusterRoleBinding ${HELPER.name}: argocd-controller applies it`,
      `ClusterRole ${HELPER.name}: ClusterRoleBinding ${HELPER.name} refers to it`,
      `ServiceAccount kube-system/${HELPER.name}: argocd-controller applies it`,
    ],
  ],
  [
    'a binding to a role that the vendor never granted',
    [ROLE, { ...BINDING, roleRef: { kind: 'ClusterRole', name: 'view' } }, ACCOUNT],
    [
      `ClusterRoleBinding ${HELPER.name}: it gives ClusterRole view, which Alibaba's own helper never had`,
      `ServiceAccount kube-system/${HELPER.name}: ClusterRoleBinding ${HELPER.name} gives it rights`,
    ],
  ],
  [
    'a binding that gives a user the same rights',
    [ROLE, { ...BINDING, subjects: [HELPER, { kind: 'User', name: 'anna' }] }, ACCOUNT],
    [
      `ClusterRoleBinding ${HELPER.name}: it has other subjects too`,
      `ClusterRole ${HELPER.name}: ClusterRoleBinding ${HELPER.name} refers to it`,
      `ServiceAccount kube-system/${HELPER.name}: ClusterRoleBinding ${HELPER.name} gives it rights`,
    ],
  ],
  [
    "a ServiceAccount that names another client's Secret",
    [ROLE, BINDING, { ...ACCOUNT, secrets: [{ name: `${HELPER.name}-token-x7k2p` }, { name: 'vault-login' }] }],
    [`ServiceAccount kube-system/${HELPER.name}: it names the Secret vault-login`],
  ],
  [
    'a ServiceAccount that a Pod of an operator runs as',
    [ROLE, BINDING, ACCOUNT, ownedPod('StatefulSet', 'db')],
    [
      `ClusterRoleBinding ${HELPER.name}: it gives rights to Pod kube-system/p`,
      `ClusterRole ${HELPER.name}: ClusterRoleBinding ${HELPER.name} refers to it`,
      `ServiceAccount kube-system/${HELPER.name}: Pod kube-system/p runs as it`,
    ],
  ],
]
for (const [what, objects, kept] of KEPT) {
  test(`P12 permissions of Alibaba's helper are removed only if nothing else can need them: ${what}`, () => {
    const read = objects.map((one) => (one.kind === 'ClusterRole' ? one : trimObject(one)))
    for (const facts of [collectFacts(objects), collectFacts(read)]) {
      const { shared } = planRemoval(facts)
      assert.deepEqual(shared, kept)
      const titles = [...facts.rbac.map((part) => partTitle(part)), ...shared.map((line) => line.split(':')[0])]
      assert.deepEqual(titles.sort(), [
        `ClusterRole ${HELPER.name}`,
        `ClusterRoleBinding ${HELPER.name}`,
        `ServiceAccount kube-system/${HELPER.name}`,
      ])
    }
  })
}

test("Pods and ReplicaSets of the helper's own Deployment keep neither its ServiceAccount nor its permissions", () => {
  const helper = deployment(
    'kube-system',
    HELPER.name,
    'registry.cn-hangzhou.aliyuncs.com/acs/aliyun-acr-credential-helper:v21',
  )
  const spec = { serviceAccountName: HELPER.name, containers: [{ image: 'x' }] }
  const replicaSet = object('ReplicaSet', 'kube-system', `${HELPER.name}-5d9`, { spec: { template: { spec } } })
  const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'Deployment', name: HELPER.name, controller: true }]
  const facts = collectFacts([
    helper,
    { ...replicaSet, metadata: { ...replicaSet.metadata, ownerReferences } as AnyObject['metadata'] },
    ownedPod('ReplicaSet', `${HELPER.name}-5d9`),
    ROLE,
    BINDING,
    ACCOUNT,
  ])
  assert.deepEqual([facts.rbac.length, facts.shared], [3, []])
})

// An image of the vendor:
// registry.cn-hangzhou.aliyuncs.com/acs/aliyun-acr-credential-helper:v21.01.26.0-9ac7d9b-aliyun
// (https://www.alibabacloud.com/help/en/ack/product-overview/aliyun-acr-credential-helper); keys of
// the configuration:
// https://www.alibabacloud.com/help/en/acr/user-guide/non-secret-pulling-container-image
test("an object that only has the name of Alibaba's helper stays, and so does what refers to it", () => {
  const written = (one: AnyObject, manager: string, field: string): AnyObject => {
    const managedFields = [{ manager, operation: 'Update' as const, fieldsV1: { [field]: {} } }]
    return { ...one, metadata: { ...one.metadata, managedFields } }
  }
  const secret = (namespace: string, rest: object = {}): AnyObject => object('Secret', namespace, AGGREGATION, rest)
  const owned = secret('owned')
  const ownerReferences = [{ kind: 'SealedSecret', name: 'mine' }]
  const facts = collectFacts([
    deployment('kube-system', HELPER.name, 'example.com/tools/own-helper:1'),
    object('ConfigMap', 'kube-system', 'acr-configuration', { data: { mine: 'x' } }),
    secret('opaque', { type: 'Opaque' }),
    { ...owned, metadata: { ...owned.metadata, ownerReferences } as AnyObject['metadata'] },
    written(secret('declared'), 'helm', 'f:data'),
    secret('helpers', { type: 'kubernetes.io/dockerconfigjson' }),
    ...['opaque', 'owned', 'declared', 'helpers'].map((namespace) => account(namespace, 'default', AGGREGATION)),
    object('ServiceAccount', 'kube-system', HELPER.name),
  ])
  const plan = planRemoval(facts)
  assert.deepEqual(describePlan(plan), [
    `take ${AGGREGATION} out of ServiceAccount helpers/default`,
    `delete ServiceAccount kube-system/${HELPER.name}`,
  ])
  assert.deepEqual(plan.shared, [
    `Deployment kube-system/${HELPER.name}: its image is not that of Alibaba's own helper`,
    `Secret opaque/${AGGREGATION}: the Secret is not a pull secret`,
    `Secret owned/${AGGREGATION}: SealedSecret mine owns it`,
    `Secret declared/${AGGREGATION}: helm applies it`,
  ])
})

test('a Deployment and a configuration that GitOps would create again', () => {
  const applied = (one: AnyObject, field: string): AnyObject => {
    const managedFields = [{ manager: 'argocd-controller', operation: 'Apply' as const, fieldsV1: { [field]: {} } }]
    return { ...one, metadata: { ...one.metadata, managedFields } }
  }
  const [helper, config] = [
    deployment('kube-system', HELPER.name, 'mirror.example.com/acs/aliyun-acr-credential-helper:v25'),
    object('ConfigMap', 'kube-system', 'acr-configuration', { data: { 'watch-namespace': 'all' } }),
  ]
  const facts = collectFacts([applied(helper, 'f:spec'), applied(config, 'f:data')])
  assert.deepEqual(planRemoval(facts).shared, ['ConfigMap kube-system/acr-configuration: argocd-controller applies it'])
  assert.deepEqual(
    findDependents(facts, ours(), { entries: [], patterns: [] }).map(({ subject, why }) => `${subject}: ${why}`),
    [
      `Deployment kube-system/${HELPER.name}: argocd-controller applies it and would create it again`,
      `Deployment kube-system/${HELPER.name}: neither its configuration nor a Secret of it shows what it serves`,
    ],
  )
})

for (const manager of ['helm', 'Terraform', 'HashiCorp', 'kubectl-client-side-apply']) {
  test(`a list that ${manager} updates from its own source is left to that tool`, () => {
    const one = account('shop', 'default', A)
    const managedFields = [{ manager, operation: 'Update' as const, fieldsV1: { 'f:imagePullSecrets': {} } }]
    const plan = planRemoval(collectFacts([{ ...one, metadata: { ...one.metadata, managedFields } }]))
    assert.deepEqual([plan.accounts, plan.kept.map((kept) => kept.manager)], [[], [manager]])
  })
}
