import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeClient } from '../../src/kube/client.ts'
import { formatRight, isGranted, missingRights, type Right } from '../../src/kube/read/access-review.ts'
import { neededRights, probeRights } from '../../src/rollout/preflight/needed-rights.ts'

const get: Right = { verb: 'get', group: 'apps', resource: 'deployments', namespace: 'system', name: 'helper' }
const all = { verbs: ['*'], apiGroups: ['*'], resources: ['*'] }

for (const { what, rule, granted } of [
  { what: 'everything', rule: all, granted: true },
  { what: 'exactly that', rule: { verbs: ['get'], apiGroups: ['apps'], resources: ['deployments'] }, granted: true },
  { what: 'another verb', rule: { ...all, verbs: ['list'] }, granted: false },
  { what: 'another group', rule: { ...all, apiGroups: [''] }, granted: false },
  { what: 'its subresource', rule: { ...all, resources: ['deployments/status'] }, granted: false },
  { what: 'the object by its name', rule: { ...all, resourceNames: ['helper'] }, granted: true },
  { what: 'another object', rule: { ...all, resourceNames: ['other'] }, granted: false },
  { what: 'a URL only', rule: { verbs: ['get'] }, granted: false },
]) {
  test(`a rule for ${what} ${granted ? 'grants' : 'does not grant'} the right`, () => {
    assert.equal(isGranted(get, [rule]), granted)
  })
}

test('a rule for one object does not grant access to objects without a name yet', () => {
  const { name: _, ...create } = { ...get, verb: 'create' }
  assert.equal(isGranted(create, [{ ...all, resourceNames: ['helper'] }]), false)
})

interface Review {
  readonly kind: string
  readonly spec: { readonly namespace?: string; readonly resourceAttributes?: Right }
}

/**
 * An API server that returns the rules of one namespace, or of all namespaces, and allows further
 * requests.
 */
function server(
  { inside = [], everywhere = [] }: { readonly inside?: readonly object[]; readonly everywhere?: readonly object[] },
  allowed: (right: Right) => boolean,
) {
  const reviews: Review[] = []
  const client = {
    async request({ body }: { body: Review }) {
      reviews.push(body)
      if (body.kind === 'SelfSubjectRulesReview') {
        const resourceRules = body.spec.namespace === 'system' ? [...everywhere, ...inside] : everywhere
        return { status: { resourceRules, incomplete: true } }
      }
      return {
        status: { allowed: body.spec.resourceAttributes !== undefined && allowed(body.spec.resourceAttributes) },
      }
    },
  } as unknown as KubeClient
  return { client, reviews }
}

const titles = (reviews: readonly Review[]): string[] =>
  reviews.map(({ kind, spec }) => `${kind} ${spec.resourceAttributes?.resource ?? spec.namespace}`)

const cluster: Right = { verb: 'create', group: 'rbac.authorization.k8s.io', resource: 'clusterroles' }

test('an administrator needs only one query', async (t) => {
  const { client, reviews } = server({}, () => true)
  assert.deepEqual(await missingRights({ client, signal: t.signal }, [get, cluster]), [])
  assert.equal(reviews.length, 1)
})

test('a rule in one namespace does not apply to the whole cluster, which is queried separately', async (t) => {
  const { client, reviews } = server({ inside: [all] }, () => false)
  assert.deepEqual(await missingRights({ client, signal: t.signal }, [get, cluster]), [cluster])
  assert.deepEqual(titles(reviews), [
    'SelfSubjectAccessReview *',
    'SelfSubjectRulesReview system',
    'SelfSubjectRulesReview acr-nopass.none',
    'SelfSubjectAccessReview clusterroles',
  ])
})

test('rules that hold everywhere also grant rights to cluster-scoped objects, without a query for each', async (t) => {
  const everywhere = [{ verbs: ['*'], apiGroups: [cluster.group], resources: ['*'] }]
  const { client, reviews } = server({ everywhere }, () => false)
  const named = ['a', 'b'].map((name) => ({ ...cluster, verb: 'patch', name }))
  assert.deepEqual(await missingRights({ client, signal: t.signal }, [cluster, ...named]), [])
  assert.deepEqual(titles(reviews), ['SelfSubjectAccessReview *', 'SelfSubjectRulesReview acr-nopass.none'])
})

test('permissions that incomplete rules do not name are queried before they count as missing', async (t) => {
  const { client } = server({}, ({ resource }) => resource === 'deployments')
  assert.deepEqual(await missingRights({ client, signal: t.signal }, [get, cluster]), [cluster])
})

test("the permissions for a chart's hooks are queried before the first write", async (t) => {
  const hook = { apiVersion: 'v1', kind: 'Pod', namespace: undefined, name: 'migrate', body: {} }
  const resources = [{ name: 'pods', kind: 'Pod', namespaced: true }]
  const client = { request: async () => ({ resources }) } as unknown as KubeClient
  const release = { namespace: 'system', createNamespace: false, watches: false, records: 'configmaps' } as const
  const rights = await neededRights({ client, signal: t.signal }, { objects: [], hooks: [hook] }, release)
  assert.deepEqual(
    rights.filter(({ resource }) => resource === 'pods').map(formatRight),
    ['create', 'get', 'list', 'watch', 'delete'].map((verb) => `${verb} pods in system`),
  )
  assert.deepEqual(
    rights.filter(({ resource }) => resource !== 'pods').map(formatRight),
    ['create', 'get', 'list', 'update', 'delete'].map((verb) => `${verb} configmaps in system`),
    "helm's records, where HELM_DRIVER keeps them",
  )
})

test('the permissions for the verification are queried before the first write, in all namespaces', () => {
  assert.deepEqual(probeRights('acr', true, undefined).map(formatRight), [
    'create namespaces',
    'delete namespaces',
    'get secrets/acr',
    'create pods',
    'get pods',
  ])
  assert.equal(probeRights('acr', false, undefined).length, 4)
})

test('verify-namespace needs permissions only in that namespace, and none to create or delete namespaces', () => {
  assert.deepEqual(probeRights('acr', true, 'checks').map(formatRight), [
    'get namespaces/checks',
    'get secrets/acr in checks',
    'create serviceaccounts in checks',
    'delete serviceaccounts in checks',
    'create pods in checks',
    'get pods in checks',
    'delete pods in checks',
  ])
  assert.equal(probeRights('acr', false, 'checks').length, 5)
})
