import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createKubeClient, type KubeClient } from '../../src/kube/client.ts'
import { formatRight, missingRights, type Right } from '../../src/kube/read/access-review.ts'
import type { ChartCluster } from '../support/cluster/chart-cluster.ts'
import { eventually } from '../support/eventually.ts'

const RBAC = '/apis/rbac.authorization.k8s.io/v1'
const NAMESPACES = ['deploys-a', 'deploys-b'] as const
const RESOURCES = [
  ['', 'secrets', true],
  ['apps', 'deployments', true],
  ['', 'namespaces', false],
  ['rbac.authorization.k8s.io', 'clusterroles', false],
] as const

interface Binding {
  /** Undefined: a ClusterRoleBinding. */
  readonly namespace: string | undefined
  readonly rules: readonly object[]
}

const rule = fc.record(
  {
    verbs: fc.constantFrom(['*'], ['get'], ['get', 'patch'], ['create']),
    apiGroups: fc.constantFrom(['*'], [''], ['apps'], ['rbac.authorization.k8s.io']),
    resources: fc.constantFrom(['*'], ['secrets'], ['deployments', 'secrets'], ['clusterroles', 'namespaces']),
    resourceNames: fc.constantFrom(['one'], ['one', 'two'], [...NAMESPACES]),
  },
  { requiredKeys: ['verbs', 'apiGroups', 'resources'] },
)
const binding: fc.Arbitrary<Binding> = fc.record({
  namespace: fc.constantFrom(undefined, ...NAMESPACES),
  rules: fc.array(rule, { minLength: 1, maxLength: 3 }),
})

/**
 * Every right that these rules may or may not grant: in each namespace, cluster-scoped, and in all
 * namespaces.
 */
const RIGHTS: readonly Right[] = RESOURCES.flatMap(([group, resource, namespaced]) =>
  [undefined, ...(namespaced ? NAMESPACES : [])].flatMap((namespace) =>
    ['create', 'get', 'patch'].flatMap((verb) =>
      [undefined, ...(verb === 'create' ? [] : ['one', 'two'])].map((name) => ({
        verb,
        group,
        resource,
        ...(namespace && { namespace }),
        ...(name && { name }),
      })),
    ),
  ),
)

/** Tests the rights that a deployer lacks: derived from the rules, and requested one by one. */
export function testDeployerRights(chart: ChartCluster): void {
  const { admin, cluster } = chart
  const post = (path: string, body: object) => admin.request({ method: 'POST', path, body })

  async function bind(account: string, index: number, { namespace, rules }: Binding): Promise<void> {
    const kind = namespace === undefined ? 'ClusterRole' : 'Role'
    const inside = namespace === undefined ? RBAC : `${RBAC}/namespaces/${namespace}`
    const metadata = { name: `${account}-${index}` }
    await post(`${inside}/${kind.toLowerCase()}s`, { metadata, rules })
    await post(`${inside}/${kind.toLowerCase()}bindings`, {
      metadata,
      subjects: [{ kind: 'ServiceAccount', name: account, namespace: NAMESPACES[0] }],
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name: metadata.name },
    })
  }

  async function isDenied(client: KubeClient, right: Right): Promise<boolean> {
    const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'
    const body = { spec: { resourceAttributes: right } }
    const { status } = await client.request<{ status: { allowed: boolean } }>({ method: 'POST', path, body })
    return !status.allowed
  }

  test('the rights that a deployer is told to lack are those that the API server denies one by one', async (t) => {
    const seed = Date.now()
    for (const namespace of NAMESPACES) await chart.createNamespace(namespace)
    for (const [index, bindings] of fc.sample(fc.array(binding, { maxLength: 4 }), { seed, numRuns: 12 }).entries()) {
      const account = `deployer-${index}`
      await post(`/api/v1/namespaces/${NAMESPACES[0]}/serviceaccounts`, { metadata: { name: account } })
      for (const [at, one] of bindings.entries()) await bind(account, at, one)
      const token = await cluster.serviceAccountToken(NAMESPACES[0], account, [], 600)
      const client = createKubeClient({ server: cluster.server, ca: cluster.caPem, token: () => token })
      try {
        // The API server's own copy of roles and bindings is updated within moments.
        await eventually(async () => {
          const denied = await Promise.all(RIGHTS.map((right) => isDenied(client, right)))
          const expected = RIGHTS.filter((_, at) => denied[at]).map(formatRight)
          const missing = (await missingRights({ client, signal: t.signal }, RIGHTS)).map(formatRight)
          assert.deepEqual(missing, expected, `seed ${seed}, ${JSON.stringify(bindings)}`)
        })
      } finally {
        client.close()
      }
    }
  })
}
