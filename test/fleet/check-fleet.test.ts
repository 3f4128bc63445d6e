import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Ajv } from 'ajv'
import schema from '../../schemas/fleet-check.schema.json' with { type: 'json' }
import { HOME, RELEASE, releaseObjects } from './release-objects.ts'
import { leftFiles, openFleet } from './run-check.ts'

const RECORDS = `/api/v1/namespaces/${HOME}/secrets`
const at = (minutes: number): string => new Date(Date.now() + minutes * 60_000).toISOString()
const EVIL = 'x\u001b[31m::error::\u202e <script>alert(1)</script>'

const fleet = await openFleet(
  {
    fine: () => releaseObjects(),
    scaled: () => releaseObjects({ replicas: 0 }),
    behind: () => releaseObjects({ chart: '0.9.0' }),
    edited: () => releaseObjects({ values: { identity: { type: 'worker-role' }, registries: [], logLevel: 'debug' } }),
    pending: () => releaseObjects({ status: 'pending-upgrade' }),
    late: () => releaseObjects({ registry: { refreshAt: at(-30), issuedAt: at(-60), expiresAt: at(30) } }),
    'failed-upgrade': () => releaseObjects({ next: 'failed', replicas: 1 }),
    added: () => releaseObjects({ added: 'evil' }),
    empty: () => [{ apiVersion: 'admissionregistration.k8s.io/v1', kind: 'Other', metadata: { name: 'o' } }],
    closed: () => releaseObjects(),
    hostile: () =>
      releaseObjects({
        report: { leader: EVIL, version: EVIL, problems: [{ code: 'X', message: EVIL, fix: EVIL, at: at(0) }] },
      }),
  },
  [{ name: 'unreachable', kubeconfig: { file: 'unreachable.kubeconfig' } }],
)
const offline = JSON.parse(await readFile(join(fleet.folder, 'fine.kubeconfig'), 'utf8'))
offline.clusters[0].cluster.server = 'https://127.0.0.1:1'
await writeFile(join(fleet.folder, 'unreachable.kubeconfig'), JSON.stringify(offline))
const { closed } = fleet.servers
if (closed)
  closed.refuse = (_method, path) => (path.startsWith(RECORDS) && !path.endsWith('/acr-nopass') ? 403 : undefined)
after(() => fleet[Symbol.asyncDispose]())

test('each cluster of a fleet is named with its own defect in one run, and the healthy one has no finding', async () => {
  const { code, clusters } = await fleet.check('--max-parallel', '8')
  assert.equal(code, 1)
  assert.deepEqual(
    Object.fromEntries(
      Object.values(clusters).map(({ name, state, findings }) => [name, [state, ...findings.map(({ id }) => id)]]),
    ),
    {
      fine: ['healthy'],
      scaled: ['failed', 'OBJECTS_DRIFTED', 'HELPER_DOWN'],
      behind: ['warning', 'RELEASE_OTHER_VERSION'],
      edited: ['drifted', 'VALUES_DRIFTED'],
      pending: ['failed', 'RELEASE_PENDING'],
      late: ['warning', 'CREDENTIAL_NOT_RENEWED'],
      'failed-upgrade': ['failed', 'RELEASE_FAILED'],
      added: ['drifted', 'OBJECTS_DRIFTED'],
      empty: ['failed', 'NOT_INSTALLED'],
      closed: ['unread'],
      hostile: ['warning', 'HELPER_PROBLEM', 'RELEASE_OTHER_VERSION'],
      unreachable: ['unread', 'CLUSTER_UNREAD'],
    },
  )
  assert.deepEqual(clusters.scaled?.drift.objects, [
    { object: 'Deployment acr-nopass/acr-nopass', change: 'changed', fields: ['spec.replicas'], added: [] },
  ])
  assert.deepEqual(clusters.edited?.drift.values, ['registries', 'logLevel'])
  const added = [{ object: 'ConfigMap acr-nopass/extra', change: 'changed', fields: [], added: ['data.evil'] }]
  assert.deepEqual(clusters.added?.drift.objects, added)
  assert.deepEqual(clusters.closed?.drift, { objects: null, values: null })
  assert.match(
    clusters.closed?.unread[0]?.what ?? '',
    /^Helm's records of release acr-nopass\/acr-nopass \(that needs list and get of Secrets in namespace acr-nopass\)$/,
  )
})

test('behind a proxy that removes the writers from lists, the fields that another client added are found all the same', async () => {
  const server = fleet.servers.added
  assert.ok(server)
  server.trimsLists = true
  const { clusters } = await fleet.check('--cluster', 'added')
  server.trimsLists = false
  assert.deepEqual(
    clusters.added?.drift.objects?.map(({ added }) => added),
    [['data.evil']],
  )
})

test('a cluster whose plugin for logins hangs is unread after --timeout', async () => {
  await using slow = await openFleet({}, [{ name: 'hangs', kubeconfig: { file: 'hangs.kubeconfig' } }])
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: 'sleep', args: ['600'] }
  const hanging = {
    ...offline,
    users: [{ name: offline.users[0].name, user: { exec: { ...exec, interactiveMode: 'Never' } } }],
  }
  await writeFile(join(slow.folder, 'hangs.kubeconfig'), JSON.stringify(hanging))
  const { clusters } = await slow.check('--timeout', '2s')
  assert.equal(clusters.hangs?.state, 'unread')
  assert.match(
    clusters.hangs?.unread[0]?.why ?? '',
    /^KUBECONFIG_INVALID: .* plugin sleep was ended: not everything could be read within 2 s/,
  )
})

test('--max-parallel clusters are read at the same time', async () => {
  const sequence: string[] = []
  for (const name of ['fine', 'late']) {
    const server = fleet.servers[name]
    assert.ok(server)
    server.refuse = () => void (sequence.at(-1) === name || sequence.push(name))
  }
  await fleet.run('--cluster', 'fine,late', '--max-parallel', '1')
  assert.deepEqual(sequence, ['fine', 'late'])
  sequence.length = 0
  await fleet.run('--cluster', 'fine,late', '--max-parallel', '2')
  assert.ok(sequence.length > 2, sequence.join())
})

test('P14: a check reads only: each request to each API server is a GET, and no kubeconfig is left', async () => {
  const calls = Object.values(fleet.servers).map((server) => server.calls)
  for (const list of calls) list.length = 0
  await fleet.run()
  const writes = calls.flat().filter((call) => !call.startsWith('GET '))
  assert.deepEqual(writes, [])
  assert.ok(calls.every((list) => list.length > 0 && list.length <= 60))
  assert.deepEqual(await leftFiles(fleet), [])
})

test('a check reads many objects with few requests: 500 Pods, and 1,500 ServiceAccounts or metadata in a page', async () => {
  const limits = new Map<string, string | null>()
  const server = fleet.servers.fine
  assert.ok(server)
  server.refuse = (_method, path, query) => void limits.set(path, query.get('limit'))
  await fleet.run('--cluster', 'fine')
  const of = (plural: string) => limits.get(`/api/v1/${plural}`)
  assert.deepEqual(['pods', 'serviceaccounts', 'secrets', 'namespaces'].map(of), ['500', '1500', '1500', '1500'])
  server.refuse = () => undefined
})

/** The schema, with no key allowed beside those that it names. */
function withoutOtherKeys(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(withoutOtherKeys)
  if (typeof part !== 'object' || part === null) return part
  const entries = Object.entries(part).map(([key, value]) => [key, withoutOtherKeys(value)])
  return { ...Object.fromEntries(entries), ...('properties' in part && { additionalProperties: false }) }
}

test('the JSON has exactly the keys of its schema, for every kind of cluster', async () => {
  const ajv = new Ajv({ allowUnionTypes: true })
  const check = ajv.compile(withoutOtherKeys(schema) as object)
  const { text } = await fleet.run('-o', 'json')
  assert.ok(check(JSON.parse(text)), JSON.stringify(check.errors))
})

test('the table has the failed clusters first, then the findings with their fixes', async () => {
  const { text } = await fleet.run()
  const rows = text
    .split('\n')
    .slice(1, 13)
    .map((line) => line.split(/ {2,}/).slice(0, 2).join(' '))
  assert.deepEqual(rows, [
    'failed scaled',
    'failed pending',
    'failed failed-upgrade',
    'failed empty',
    'unread closed',
    'unread unreachable',
    'drifted edited',
    'drifted added',
    'warning behind',
    'warning late',
    'warning hostile',
    'healthy fine',
  ])
  assert.match(
    text,
    /^scaled: failed\nwarning OBJECTS_DRIFTED .*\n {2}cause: .*\n {2}fix: .*\n {2}\$ .*\n {2}error HELPER_DOWN .*\n {4}likely follows from OBJECTS_DRIFTED: fix that first$/m,
  )
  assert.match(
    text,
    /^ {2}\$ helm --kubeconfig \S+scaled\.kubeconfig -n acr-nopass get manifest acr-nopass \| kubectl /m,
  )
  assert.match(text, /^not read, so this cluster is not healthy:\n {2}Helm's records of release /m)
  assert.match(text, /\n4 failed, 2 unread, 2 drifted, 3 warning, 1 healthy\n$/)
})

test("a cluster's texts are printed without control characters", async () => {
  const { text } = await fleet.run('--cluster', 'hostile')
  assert.ok(text.includes('\\u001b[31m'))
  assert.deepEqual(
    ['\u001b', '\u202e'].filter((control) => text.includes(control)),
    [],
  )
})

for (const [name, failOn, code] of [
  ['fine', 'warning', 0],
  ['late', 'error', 0],
  ['late', 'warning', 1],
  ['edited', 'error', 0],
  ['edited', 'drift', 1],
  ['closed', 'error', 0],
  ['closed', 'warning', 1],
  ['unreachable', 'error', 1],
  ['scaled', 'error', 1],
  ['scaled', 'never', 0],
] as const) {
  test(`--fail-on ${failOn} of the cluster "${name}" exits with ${code}`, async () => {
    assert.equal((await fleet.run('--cluster', name, '--fail-on', failOn)).code, code)
  })
}

test(`the release ${RELEASE} is searched only under the name of the list`, async () => {
  const { clusters } = await fleet.check('--cluster', 'fine', '--release', 'other')
  assert.deepEqual(
    clusters.fine?.findings.map(({ id }) => id),
    ['NOT_INSTALLED'],
  )
})
