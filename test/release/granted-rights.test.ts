import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeClient } from '../../src/kube/client.ts'
import { formatRight, missingRights, neededRights, probeRights, type Right } from '../../src/release/access-review.ts'

const get: Right = { verb: 'get', group: 'apps', resource: 'deployments', namespace: 'system', name: 'helper' }
const cluster: Right = { verb: 'create', group: 'rbac.authorization.k8s.io', resource: 'clusterroles' }

/** An API server with this authorizer. */
function server(allowed: (right: Right) => boolean) {
  const reviewed: Right[] = []
  const client = {
    async request({ body }: { body: { readonly spec: { readonly resourceAttributes: Right } } }) {
      const { resourceAttributes: right } = body.spec
      reviewed.push(right)
      return { status: { allowed: allowed(right) } }
    },
  } as unknown as KubeClient
  return { client, reviewed }
}

test('an administrator needs only one query', async (t) => {
  const { client, reviewed } = server(() => true)
  assert.deepEqual(await missingRights({ client, signal: t.signal }, [get, cluster]), [])
  assert.deepEqual(reviewed, [{ verb: '*', group: '*', resource: '*' }])
})

test('for anyone else each permission is queried, and those that are denied are missing', async (t) => {
  const { client } = server(({ resource }) => resource === 'deployments')
  assert.deepEqual(await missingRights({ client, signal: t.signal }, [get, cluster]), [cluster])
})

test("H8 the permissions for a chart's hooks are queried before the first write", async (t) => {
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

test('M14 the permissions for the verification are queried before the first write, in all namespaces', () => {
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
