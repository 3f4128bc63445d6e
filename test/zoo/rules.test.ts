import assert from 'node:assert/strict'
import { test } from 'node:test'
import { collectionOf, type ZooObject } from './kinds.ts'
import { DEMO, dockerSecret, object, PRIVATE_HOSTS, workload } from './objects.ts'
import { findViolations, type Operation, type Snapshot, splitImage, type Truth } from './rules.ts'
import { untilNoneIsMutated } from './until-mutated.ts'

const A = 'aliyun-acr-credential-a'
const IMAGE = `${DEMO}/team/app:1`
const NOW = Date.parse('2026-06-01T12:00:00Z')

const pathOf = (one: ZooObject): string => `${collectionOf(one)}/${one.metadata.name}`

const snapshotOf = (...objects: readonly ZooObject[]): Snapshot => new Map(objects.map((one) => [pathOf(one), one]))

function ours(instance: string, end = '2026-06-01T13:00:00Z'): ZooObject {
  const secret = dockerSecret('shop', 'acr-nopass', [DEMO])
  const labels = { 'app.kubernetes.io/managed-by': 'acr-nopass', 'app.kubernetes.io/instance': instance }
  return { ...secret, metadata: { ...secret.metadata, labels, annotations: { 'acr-nopass.io/expires-at': end } } }
}

const account = (...names: readonly string[]): ZooObject =>
  object('ServiceAccount', 'shop', 'default', { imagePullSecrets: names.map((name) => ({ name })) })

const HELPER = object('Deployment', 'kube-system', 'aliyun-acr-credential-helper')

const TRUTH: Truth = {
  release: {
    namespace: 'acr-nopass',
    name: 'acr-nopass',
    secretName: 'acr-nopass',
    repositories: new Map([[DEMO, ['team/*']]]),
  },
  second: undefined,
  entries: new Map([['shop/default', 'release']]),
  privateHosts: PRIVATE_HOSTS,
  vendor: new Set([`/api/v1/namespaces/shop/secrets/${A}`, pathOf(HELPER)]),
  vendorSecrets: [A],
  vendorHelper: pathOf(HELPER),
  hidden: [],
  copies: new Set(),
  installed: new Set(),
  applied: new Set(),
  admits: new Set(),
}

const OURS = 'acr-nopass.acr-nopass'
const OLD = dockerSecret('shop', A, [DEMO])
const POLICY = object('MutatingAdmissionPolicy', undefined, 'acr-nopass')

/** The objects before and after, and the checker's result. */
const CASES: readonly {
  readonly title: string
  readonly operation: Operation
  readonly before: readonly ZooObject[]
  readonly after: readonly ZooObject[]
  readonly truth?: Partial<Truth>
  readonly message?: RegExp
}[] = [
  {
    title: 'a workload at 0 replicas loses its only login',
    operation: 'legacy',
    before: [OLD, account(A), workload('CloneSet', 'shop', 'web', { image: IMAGE })],
    after: [account(), workload('CloneSet', 'shop', 'web', { image: IMAGE })],
    message: /clonesets\/web can no longer pull/,
  },
  {
    title: 'a workload whose ServiceAccount has another login loses nothing',
    operation: 'legacy',
    before: [OLD, ours(OURS), account(A, 'acr-nopass'), workload('StatefulSet', 'shop', 'web', { image: IMAGE })],
    after: [OLD, ours(OURS), account('acr-nopass'), workload('StatefulSet', 'shop', 'web', { image: IMAGE })],
  },
  {
    title: 'the other login has expired',
    operation: 'legacy',
    before: [
      OLD,
      ours(OURS, '2026-06-01T11:00:00Z'),
      account(A, 'acr-nopass'),
      workload('Job', 'shop', 'web', { image: IMAGE }),
    ],
    after: [
      ours(OURS, '2026-06-01T11:00:00Z'),
      account('acr-nopass'),
      workload('Job', 'shop', 'web', { image: IMAGE }),
    ],
    message: /can no longer pull/,
  },
  {
    title: 'RAM does not let the other login pull this repository',
    operation: 'legacy',
    before: [
      OLD,
      ours(OURS),
      account(A, 'acr-nopass'),
      workload('CronJob', 'shop', 'web', { image: `${DEMO}/shop/web:1` }),
    ],
    after: [ours(OURS), account('acr-nopass'), workload('CronJob', 'shop', 'web', { image: `${DEMO}/shop/web:1` })],
    message: /can no longer pull/,
  },
  {
    title: 'the old helper is stopped, and its Secret, which is still named, expires',
    operation: 'legacy',
    before: [OLD, HELPER, account(A), workload('Deployment', 'shop', 'web', { image: IMAGE })],
    after: [OLD, account(A), workload('Deployment', 'shop', 'web', { image: IMAGE })],
    message: /deployments\/web can no longer pull/,
  },
  {
    title: 'the old helper is stopped, and a template in a text names only its Secret',
    operation: 'legacy',
    before: [OLD, HELPER],
    after: [OLD],
    truth: { hidden: [{ path: 'a template in a text', namespace: 'shop', images: [IMAGE], names: [A] }] },
    message: /a template in a text can no longer pull/,
  },
  {
    title: 'the old helper is stopped, and a copy of its Secret under another name expires',
    operation: 'legacy',
    before: [OLD, HELPER, dockerSecret('shop', 'regcred', [DEMO])],
    after: [OLD, dockerSecret('shop', 'regcred', [DEMO])],
    truth: {
      copies: new Set(['shop/regcred']),
      hidden: [{ path: 'a pipeline', namespace: 'shop', images: [IMAGE], names: ['regcred'] }],
    },
    message: /a pipeline can no longer pull/,
  },
  {
    title: 'the old helper is stopped, and a volume still needs the content of its Secret',
    operation: 'legacy',
    before: [OLD, HELPER, workload('Pod', 'shop', 'kaniko', { image: 'kaniko', use: { how: 'volume', secret: A } })],
    after: [OLD, workload('Pod', 'shop', 'kaniko', { image: 'kaniko', use: { how: 'volume', secret: A } })],
    message: /pods\/kaniko uses aliyun-acr-credential-a, which nothing renews any more/,
  },
  {
    title: 'an old Secret is deleted',
    operation: 'legacy',
    before: [OLD],
    after: [],
    message: /legacy deleted .*secrets\/aliyun-acr-credential-a/,
  },
  {
    title: 'a volume still needs the Secret',
    operation: 'legacy',
    before: [OLD, workload('Pod', 'shop', 'kaniko', { image: 'kaniko', use: { how: 'projected', secret: A } })],
    after: [workload('Pod', 'shop', 'kaniko', { image: 'kaniko', use: { how: 'projected', secret: A } })],
    message: /credential-a was deleted, but .*pods\/kaniko needs it/,
  },
  {
    title: 'new Pods get the other login at admission',
    operation: 'legacy',
    before: [OLD, ours(OURS), POLICY, account(A), workload('Rollout', 'shop', 'web', { image: IMAGE })],
    after: [OLD, ours(OURS), POLICY, account(), workload('Rollout', 'shop', 'web', { image: IMAGE })],
    truth: { admits: new Set(['shop']), installed: new Set([pathOf(POLICY)]) },
  },
  {
    title: 'a Pod that was created before the admission policy loses its only login',
    operation: 'legacy',
    before: [OLD, ours(OURS), POLICY, workload('Pod', 'shop', 'web', { image: IMAGE, own: [A] })],
    after: [ours(OURS), POLICY, workload('Pod', 'shop', 'web', { image: IMAGE, own: [A] })],
    truth: { admits: new Set(['shop']), installed: new Set([pathOf(POLICY)]) },
    message: /pods\/web can no longer pull/,
  },
  {
    title: "a second release's entry is removed",
    operation: 'uninstall',
    before: [account('regcred', 'acr-nopass')],
    after: [account('regcred')],
    truth: { entries: new Map([['shop/default', 'second']]) },
    message: /removed acr-nopass \(written by second\)/,
  },
  {
    title: "the release's own entry and Secret are removed",
    operation: 'uninstall',
    before: [ours(OURS), account('regcred', 'acr-nopass')],
    after: [account('regcred')],
  },
  {
    title: "another release's Secret is removed",
    operation: 'detach',
    before: [ours('other.other')],
    after: [],
    message: /deleted .*secrets\/acr-nopass/,
  },
  {
    title: 'a list is written in another order',
    operation: 'install',
    before: [account('one', 'two')],
    after: [account('two', 'one', 'acr-nopass')],
    message: /reordered/,
  },
  {
    title: 'doctor writes an object',
    operation: 'doctor',
    before: [],
    after: [object('ConfigMap', 'shop', 'notes')],
    message: /doctor created/,
  },
]

for (const { title, operation, before, after, truth, message } of CASES) {
  test(`the checker ${message === undefined ? 'allows' : 'finds'} it: ${title}`, () => {
    const found = findViolations(operation, snapshotOf(...before), snapshotOf(...after), { ...TRUTH, ...truth }, NOW)
    const text = found.map(({ detail }) => detail).join('\n')
    if (message === undefined) assert.equal(text, '')
    else assert.match(text, message)
  })
}

test('an image has a host only if its first part looks like one', () => {
  assert.deepEqual(splitImage('nginx:1.27'), { host: 'docker.io', repository: 'nginx' })
  assert.deepEqual(splitImage('localhost:5000/a/b@sha256:ab'), { host: 'localhost:5000', repository: 'a/b' })
  assert.deepEqual(splitImage(`${DEMO}/team/app:429`), { host: DEMO, repository: 'team/app' })
})

test('a zoo begins only when no namespace still gets the reference of an earlier zoo', async () => {
  // The number of Pods that a policy of an earlier zoo still changes, by namespace. The first
  // namespace is not the policy's target.
  const left = new Map([
    ['acr-nopass', 0],
    ['shop', 0],
    ['web', 2],
  ])
  const call = async ({ path }: { readonly path: string }): Promise<unknown> => {
    const namespace = path.split('/')[4] ?? ''
    const count = left.get(namespace) ?? 0
    left.set(namespace, count - 1)
    return { spec: { imagePullSecrets: count > 0 ? [{ name: 'acr-nopass' }] : [] } }
  }
  await untilNoneIsMutated(call, [...left.keys()], 10_000)
  assert.deepEqual(Object.fromEntries(left), { 'acr-nopass': -1, shop: -1, web: -1 })
})
