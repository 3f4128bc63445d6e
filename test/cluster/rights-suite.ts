import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MERGE_PATCH } from '../../src/kube/client.ts'
import type { KubeObject } from '../../src/kube/types.ts'
import { scenario } from '../support/chart/chart.ts'
import type { ChartCluster, StatusClient } from '../support/cluster/chart-cluster.ts'
import type { Minor } from '../support/cluster/control-plane.ts'
import { HELPER_REQUESTS, type HelperRequest, podBody, type ReleaseScope } from '../support/cluster/helper-requests.ts'
import { applyPullSecret } from '../support/cluster/pull-secret.ts'
import { eventually } from '../support/eventually.ts'

interface Mode {
  readonly title: string
  readonly values: object
  /** True if the API server adds the reference: Kubernetes 1.36 and newer. */
  readonly newestOnly?: true
}

/** The ways in which the chart grants permissions: one column each. */
const MODES: readonly Mode[] = [
  { title: 'admission', values: { attach: 'admission' }, newestOnly: true },
  { title: 'serviceAccounts', values: { attach: 'serviceAccounts' } },
  { title: 'both', values: { attach: 'both' }, newestOnly: true },
  {
    title: 'serviceAccounts, plain names',
    values: { attach: 'serviceAccounts', targets: { serviceAccounts: { include: ['default'] } } },
  },
  { title: 'serviceAccounts, watchPods', values: { attach: 'serviceAccounts', watchPods: true } },
  { title: 'serviceAccounts, heal', values: { attach: 'serviceAccounts', heal: true } },
  { title: 'scope namespaces', values: { scope: 'namespaces' } },
  { title: 'scope namespaces, heal', values: { scope: 'namespaces', heal: true } },
  { title: 'scope namespaces, admission', values: { scope: 'namespaces', attach: 'admission' }, newestOnly: true },
  { title: 'scope namespaces, both', values: { scope: 'namespaces', attach: 'both' }, newestOnly: true },
]

/** The columns that are also measured without the guard: every way to attach, in each scope. */
const UNGUARDED = [
  'admission',
  'serviceAccounts',
  'both',
  'scope namespaces',
  'scope namespaces, admission',
  'scope namespaces, both',
]

/** The API server's response: done, rejected by RBAC, rejected by the guard. */
type Verdict = 'yes' | '–' | 'guard'

/** Returns the titles of the columns that this minor version has, in the order of the table. */
export function columnsOf(minor: Minor): string[] {
  return MODES.filter(({ newestOnly }) => minor === 'newest' || !newestOnly).map(({ title }) => title)
}

/**
 * Returns the responses to every request in every mode that the cluster supports, as rows of cells.
 * The first row is the header.
 */
export async function reviewRights(chart: ChartCluster): Promise<string[][]> {
  return reviewColumns(chart, 'r', columnsOf(chart.minor), {})
}

/**
 * Returns the same responses without the guard, in each way to attach and each scope that the
 * cluster supports.
 */
export async function reviewWithoutGuard(chart: ChartCluster): Promise<string[][]> {
  const titles = columnsOf(chart.minor).filter((title) => UNGUARDED.includes(title))
  return reviewColumns(chart, 'u', titles, { guard: 'disabled' })
}

async function reviewColumns(chart: ChartCluster, prefix: string, titles: string[], more: object): Promise<string[][]> {
  const modes = MODES.filter(({ title }) => titles.includes(title))
  const columns = await Promise.all(
    modes.map(({ values }, index) => reviewAll(chart, `${prefix}${index}`, { ...values, ...more })),
  )
  const rows = HELPER_REQUESTS.map(({ title }, row) => [title, ...columns.map((column) => column[row] ?? '')])
  return [['request', ...titles], ...rows]
}

/** Must be called after {@link reviewRights}. */
export function testEscalation(chart: ChartCluster): void {
  test('P5 the helper can neither impersonate anyone nor escalate or bind permissions', async () => {
    const client = await chart.helper('r0', 'home-r0')
    for (const [group, resource, verb] of [
      ['', 'users', 'impersonate'],
      ['', 'groups', 'impersonate'],
      ['', 'serviceaccounts', 'impersonate'],
      ['rbac.authorization.k8s.io', 'clusterroles', 'escalate'],
      ['rbac.authorization.k8s.io', 'clusterroles', 'bind'],
      ['*', '*', '*'],
    ]) {
      const { body } = await client.call({
        method: 'POST',
        path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
        body: { spec: { resourceAttributes: { group, resource, verb } } },
      })
      assert.equal((body as { status: { allowed: boolean } }).status.allowed, false, `${verb} ${resource}`)
    }
  })
}

/** Installs a release and sends every request as its helper. */
async function reviewAll(chart: ChartCluster, release: string, values: object): Promise<Verdict[]> {
  const scope = { release, home: `home-${release}`, target: `target-${release}`, other: `other-${release}` }
  for (const namespace of [scope.home, scope.target, scope.other]) await chart.createNamespace(namespace)
  await prepareTarget(chart, scope.target)
  const named = { replicas: 0, targets: { namespaces: { include: [scope.target] } } }
  await chart.install(release, scope.home, scenario('minimal'), named, values)
  const client = await chart.helper(release, scope.home)
  await untilActive(client, scope, !('guard' in values))
  const lease = await chart.admin.request<KubeObject>({
    method: 'GET',
    path: `/apis/coordination.k8s.io/v1/namespaces/${scope.home}/leases/${release}-acr-nopass`,
  })
  const verdicts: Verdict[] = []
  for (const request of HELPER_REQUESTS) verdicts.push(await judge(client, request, { ...scope, lease }))
  return verdicts
}

async function prepareTarget({ admin }: ChartCluster, target: string): Promise<void> {
  const path = `/api/v1/namespaces/${target}`
  const post = (kind: string, body: object): Promise<unknown> =>
    admin.request({ method: 'POST', path: `${path}/${kind}`, body })
  await post('serviceaccounts', { metadata: { name: 'builder' } })
  await post('secrets', { metadata: { name: 'database' } })
  await post('pods', podBody('app'))
  const body = { imagePullSecrets: [{ name: 'of-somebody-else' }] }
  await admin.request({ method: 'PATCH', path: `${path}/serviceaccounts/default`, contentType: MERGE_PATCH, body })
}

/** The API server takes a moment to see new roles and policies. */
async function untilActive(client: StatusClient, { release, home, target }: Place, guarded: boolean): Promise<void> {
  const status = `/api/v1/namespaces/${home}/configmaps/${release}-acr-nopass-status`
  await eventually(async () => assert.equal((await client.call({ method: 'GET', path: status })).status, 200))
  if (!guarded) return
  const foreign = applyPullSecret(target, 'nobody.nothing')
  const probe = { ...foreign, query: { ...foreign.query, dryRun: 'All' } }
  const account = { path: `/api/v1/namespaces/${target}/serviceaccounts/default`, query: { dryRun: 'All' } }
  const body = { metadata: { labels: { probe: 'x' } } }
  const owned = { method: 'PATCH', path: status, contentType: MERGE_PATCH, query: { dryRun: 'All' } } as const
  await eventually(async () => {
    assert.match((await client.call({ ...owned, body: { immutable: true } })).text, /leaves immutable alone/)
    assert.match((await client.call(probe)).text, /carries the labels/)
    const { status: code } = await client.call({ ...account, method: 'PATCH', contentType: MERGE_PATCH, body })
    assert.ok(code === 403 || code === 422, `${code}`)
  }, 20_000)
}

type Place = Pick<ReleaseScope, 'release' | 'home' | 'target'>

async function judge(client: StatusClient, request: HelperRequest, scope: ReleaseScope): Promise<Verdict> {
  const watch = request.watch?.(scope)
  if (watch) {
    const query = watch.name === undefined ? {} : { fieldSelector: `metadata.name=${watch.name}` }
    return read(request.title, await client.callWatch(watch.path, query), '')
  }
  assert.ok(request.call)
  const { status, text } = await client.call(request.call(scope))
  return read(request.title, status, text)
}

/**
 * 2xx means permitted, 403 not permitted, 422 rejected by the guard. Any other status would be a
 * mistake in the row.
 */
function read(title: string, status: number, text: string): Verdict {
  if (status >= 200 && status < 300) return 'yes'
  if (status === 403) return '–'
  assert.ok(status === 422 && /ValidatingAdmissionPolicy 'acr-nopass\./.test(text), `${title}: ${status} ${text}`)
  return 'guard'
}
