import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { type ManifestObject, parseManifest } from '../../src/helm/manifest.ts'
import { APPLY } from '../../src/kube/client.ts'
import { CHART, listScenarios, openHelm, scenario } from '../support/chart.ts'
import { openChartCluster } from '../support/chart-cluster.ts'
import { eventually } from '../support/eventually.ts'

/** Of the Prometheus operator, whose definitions no plain cluster has. */
const WITHOUT_DEFINITION = ['PrometheusRule', 'ServiceMonitor']

const HOME = 'acr-system'
const helms = [await openHelm('helm4'), await openHelm('helm3')]
const chart = await openChartCluster('chart-objects')
after(async () => {
  await chart[Symbol.asyncDispose]()
  await Promise.all(helms.map((helm) => helm[Symbol.asyncDispose]()))
})
const { gitVersion } = await chart.admin.request<{ gitVersion: string }>({ method: 'GET', path: '/version' })
const resources = await readResources()
await chart.createNamespace(HOME, { 'pod-security.kubernetes.io/enforce': 'restricted' })
for (const namespace of ['shop', 'team', 'web']) await chart.createNamespace(namespace)

for (const { name, file } of await listScenarios()) {
  test(`every object of ${name} is accepted by the API server, each field known to it`, async () => {
    const [helm] = helms as [(typeof helms)[0]]
    const objects = parseManifest(await helm.render({ values: [file], namespace: HOME, kubeVersion: gitVersion }))
    const skipped: string[] = []
    for (const object of objects) {
      const path = objectPath(object)
      if (path === undefined) {
        skipped.push(object.kind)
        continue
      }
      const query = { dryRun: 'All', fieldValidation: 'Strict', fieldManager: 'helm', force: true }
      await chart.admin.request({ method: 'PATCH', path, query, contentType: APPLY, body: object.body })
    }
    assert.deepEqual(
      skipped.filter((kind) => !WITHOUT_DEFINITION.includes(kind)),
      [],
    )
  })
}

test('the API server finds nothing wrong with the expressions of the guard and of the Pod policy', async () => {
  await chart.install('typed', HOME, scenario('acr-images'))
  for (const policy of ['secrets', 'serviceaccounts']) {
    const path = `/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/acr-nopass.${HOME}.typed.${policy}`
    const status = await eventually(async () => {
      const found = await chart.admin.request<{
        metadata: { generation: number }
        status?: { observedGeneration?: number; typeChecking?: { expressionWarnings?: object[] } }
      }>({ method: 'GET', path })
      assert.equal(found.status?.observedGeneration, found.metadata.generation)
      return found.status
    }, 30_000)
    assert.deepEqual(status?.typeChecking?.expressionWarnings ?? [], [])
  }
})

test("the Deployment's Pods run in a namespace that enforces Pod Security restricted; with hostNetwork they do not", async () => {
  await chart.install('strict', HOME, scenario('minimal'))
  const pods = await eventually(async () => {
    const query = { labelSelector: 'app.kubernetes.io/instance=strict' }
    const path = `/api/v1/namespaces/${HOME}/pods`
    const list = await chart.admin.request<{ items: { spec: object }[] }>({ method: 'GET', path, query })
    assert.equal(list.items.length, 2)
    return list.items
  }, 20_000)
  const [{ spec }] = pods as [{ spec: object }]
  const create = (change: object): Promise<unknown> =>
    chart.admin.request({
      method: 'POST',
      path: `/api/v1/namespaces/${HOME}/pods`,
      query: { dryRun: 'All' },
      body: { metadata: { name: 'copy' }, spec: { ...spec, ...change } },
    })
  await create({})
  await assert.rejects(create({ hostNetwork: true }), /violates PodSecurity "restricted/)
})

for (const helm of helms) {
  test(`${helm.name} installs, upgrades and uninstalls: what the helper wrote survives the upgrade, nothing the uninstall`, async () => {
    const namespace = `life-${helm.name}`
    await chart.createNamespace(namespace)
    const target = ['--namespace', namespace, '--kubeconfig', chart.cluster.adminKubeconfigFile]
    const run = async (args: readonly string[], values: readonly (string | object)[] = []): Promise<string> => {
      const { code, stdout, stderr } = await helm.run([...args, ...target], values)
      assert.equal(code, 0, stderr)
      return stdout
    }
    // No node runs Pods here, so none is asked for: helm waits for all other kinds of object.
    const wait = ['--wait', '--timeout', '60s']
    const notes = await run(['install', 'life', CHART, ...wait], [scenario('minimal'), { replicas: 0 }])
    assert.match(notes, /attach {7}admission \(decided for Kubernetes 1\.\d+\.\d+\)/)
    const lease = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/life-acr-nopass`
    const status = `/api/v1/namespaces/${namespace}/configmaps/life-acr-nopass-status`
    const deployment = `/apis/apps/v1/namespaces/${namespace}/deployments/life-acr-nopass`
    await merge(lease, { spec: { holderIdentity: 'life-1', leaseDurationSeconds: 15 } })
    await merge(status, { data: { 'status.json': '{"version":"x"}' } })
    const before = await get(deployment)

    await run(
      ['upgrade', 'life', CHART],
      [scenario('everything'), { serviceAccount: { name: '' }, ...withoutOperator }],
    )
    assert.deepEqual((await get(lease)).spec, { holderIdentity: 'life-1', leaseDurationSeconds: 15 })
    assert.deepEqual((await get(status)).data, { 'status.json': '{"version":"x"}' })
    assert.deepEqual((await get(deployment)).spec.selector, before.spec.selector)
    assert.equal((await get(deployment)).spec.replicas, 3)
    await run(['upgrade', 'life', CHART], [scenario('minimal')])
    assert.equal((await get(deployment)).spec.replicas, 2)

    await run(['uninstall', 'life'])
    assert.deepEqual(await leftovers('life'), [])
  })
}

const withoutOperator = { metrics: { serviceMonitor: { enabled: false }, prometheusRule: { enabled: false } } }

interface Loose {
  readonly metadata: { readonly name: string }
  readonly spec: Readonly<Record<string, unknown>>
  readonly data?: object
}

function get(path: string): Promise<Loose> {
  return chart.admin.request<Loose>({ method: 'GET', path })
}

function merge(path: string, body: object): Promise<unknown> {
  return chart.admin.request({ method: 'PATCH', path, contentType: 'application/merge-patch+json', body })
}

/** Every object with the release's label, of every kind that the chart can render. */
async function leftovers(release: string): Promise<string[]> {
  const found: string[] = []
  for (const [kind, { list }] of resources) {
    if (['Pod', 'ReplicaSet', 'Event', 'EndpointSlice', 'Endpoints'].includes(kind)) continue
    const query = { labelSelector: `app.kubernetes.io/instance=${release}` }
    const answer = await chart.admin.request<{ items?: Loose[] }>({ method: 'GET', path: list, query })
    found.push(...(answer.items ?? []).map(({ metadata }) => `${kind} ${metadata.name}`))
  }
  return found
}

function objectPath({ apiVersion, kind, namespace, name }: ManifestObject): string | undefined {
  const found = resources.get(kind)
  if (!found || found.apiVersion !== apiVersion) return undefined
  const { list, namespaced } = found
  // an object of extraObjects may leave the namespace to Helm
  const folder = namespaced ? list.replace(/\/([^/]+)$/, `/namespaces/${namespace ?? HOME}/$1`) : list
  return `${folder}/${encodeURIComponent(name)}`
}

interface Resource {
  readonly apiVersion: string
  readonly list: string
  readonly namespaced: boolean
}

/** The kinds of the API groups that the chart uses, as the server names them. */
async function readResources(): Promise<ReadonlyMap<string, Resource>> {
  const groups = ['rbac.authorization.k8s.io', 'apps', 'coordination.k8s.io', 'policy', 'networking.k8s.io']
  const versions = ['v1', ...groups.map((group) => `${group}/v1`), 'admissionregistration.k8s.io/v1']
  const kinds = new Map<string, Resource>()
  for (const apiVersion of versions) {
    const root = apiVersion === 'v1' ? '/api/v1' : `/apis/${apiVersion}`
    const { resources: listed } = await chart.admin.request<{
      resources: { name: string; kind: string; namespaced: boolean; verbs: string[] }[]
    }>({ method: 'GET', path: root })
    for (const { name, kind, namespaced, verbs } of listed) {
      if (!name.includes('/') && verbs.includes('list')) {
        kinds.set(kind, { apiVersion, list: `${root}/${name}`, namespaced })
      }
    }
  }
  return kinds
}
