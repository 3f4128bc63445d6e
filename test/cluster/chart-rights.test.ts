import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { scenario } from '../support/chart.ts'
import { type AskedClient, openChartCluster } from '../support/chart-cluster.ts'
import { eventually } from '../support/eventually.ts'
import { HELPER_REQUESTS, type HelperRequest, podBody, type RightsPlace } from '../support/helper-requests.ts'

const GOLDEN = fileURLToPath(new URL('golden/chart-rights.md', import.meta.url))

/** The ways in which the chart gives rights: a column each. */
const MODES: readonly { readonly title: string; readonly values: object }[] = [
  { title: 'admission', values: { attach: 'admission' } },
  { title: 'serviceAccounts', values: { attach: 'serviceAccounts' } },
  {
    title: 'serviceAccounts, plain names',
    values: { attach: 'serviceAccounts', targets: { serviceAccounts: { include: ['default'] } } },
  },
  { title: 'admission, watchPods', values: { attach: 'admission', watchPods: true } },
  { title: 'admission, heal', values: { attach: 'admission', heal: true } },
  { title: 'scope namespaces', values: { scope: 'namespaces' } },
  { title: 'scope namespaces, heal', values: { scope: 'namespaces', heal: true, attach: 'admission' } },
]

const chart = await openChartCluster('chart-rights')
after(() => chart[Symbol.asyncDispose]())

test('P5 the helper may do what the table says and nothing else, as a real API server answers', async () => {
  const columns = await Promise.all(MODES.map(({ values }, index) => askAll(`r${index}`, values)))
  const table = toTable(
    HELPER_REQUESTS.map(({ title }, row) => [title, ...columns.map((column) => (column[row] ? 'yes' : '–'))]),
  )
  if (process.env.UPDATE_GOLDEN) await writeFile(GOLDEN, table)
  assert.equal(table, await readFile(GOLDEN, 'utf8'))
})

test('P5 the helper may impersonate nobody, and escalate and bind nothing', async () => {
  const client = await chart.helper('r1', 'home-r1')
  for (const [group, resource, verb] of [
    ['', 'users', 'impersonate'],
    ['', 'groups', 'impersonate'],
    ['', 'serviceaccounts', 'impersonate'],
    ['rbac.authorization.k8s.io', 'clusterroles', 'escalate'],
    ['rbac.authorization.k8s.io', 'clusterroles', 'bind'],
    ['*', '*', '*'],
  ]) {
    const { body } = await client.ask({
      method: 'POST',
      path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
      body: { spec: { resourceAttributes: { group, resource, verb } } },
    })
    assert.equal((body as { status: { allowed: boolean } }).status.allowed, false, `${verb} ${resource}`)
  }
})

/** Installs a release and sends every request as its helper: what was allowed. */
async function askAll(release: string, values: object): Promise<boolean[]> {
  const place = {
    release,
    home: `home-${release}`,
    target: `target-${release}`,
    other: `other-${release}`,
  }
  for (const namespace of [place.home, place.target, place.other]) await chart.createNamespace(namespace)
  const builder = { metadata: { name: 'builder' } }
  const path = `/api/v1/namespaces/${place.target}`
  await chart.admin.request({ method: 'POST', path: `${path}/serviceaccounts`, body: builder })
  await chart.admin.request({ method: 'POST', path: `${path}/secrets`, body: { metadata: { name: 'database' } } })
  await chart.admin.request({ method: 'POST', path: `${path}/pods`, body: podBody('app') })
  const named = { targets: { namespaces: { include: [place.target] } } }
  await chart.install(release, place.home, scenario('minimal'), named, values)
  const client = await chart.helper(release, place.home)
  // The API server learns of new roles within moments.
  const status = `/api/v1/namespaces/${place.home}/configmaps/${release}-acr-nopass-status`
  await eventually(async () => assert.equal((await client.ask({ method: 'GET', path: status })).status, 200))
  const lease = await chart.admin.request<{ metadata: { resourceVersion: string } }>({
    method: 'GET',
    path: `/apis/coordination.k8s.io/v1/namespaces/${place.home}/leases/${release}-acr-nopass`,
  })
  const leaseVersion = lease.metadata.resourceVersion
  const allowed: boolean[] = []
  for (const request of HELPER_REQUESTS) allowed.push(await isAllowed(client, request, { ...place, leaseVersion }))
  return allowed
}

async function isAllowed(client: AskedClient, request: HelperRequest, place: RightsPlace): Promise<boolean> {
  const watch = request.watch?.(place)
  if (watch) {
    const query = watch.name === undefined ? {} : { fieldSelector: `metadata.name=${watch.name}` }
    return read(request.title, await client.askWatch(watch.path, query))
  }
  assert.ok(request.call)
  const { status, text } = await client.ask(request.call(place))
  return read(`${request.title}: ${text}`, status)
}

/** A right is seen by 2xx, its absence by 403; anything else would be a mistake of the row. */
function read(title: string, status: number): boolean {
  assert.ok(status === 403 || (status >= 200 && status < 300), `${title}: ${status}`)
  return status !== 403
}

function toTable(rows: readonly (readonly string[])[]): string {
  const head = ['request', ...MODES.map(({ title }) => title)]
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`)
  return `${lines.join('\n')}\n`
}
