import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stringify } from 'yaml'
import { parseManifest } from '../../src/helm/release/manifest.ts'
import { STATUS_KEY } from '../../src/installation/helper-status.ts'
import { KubeApiError } from '../../src/kube/api-error.ts'
import type { KubeCall } from '../../src/kube/client.ts'
import { planLimits } from '../../src/rollout/deploy/plan-limits.ts'
import { helperReport, reportedRegistry } from '../support/reports.ts'

const INSTANCE = { edition: 'enterprise', instanceId: 'cri-1', region: 'cn-hangzhou' }
const ROLE = 'acs:ram::1234567890123456:role/helper'
const PROVIDER = 'acs:ram::1234567890123456:oidc-provider/ack-rrsa-c123'
const IDENTITY = { type: 'rrsa', rrsa: { roleArn: ROLE, oidcProviderArn: PROVIDER } }
const HOST = 'shop-registry.cn-hangzhou.cr.aliyuncs.com'

const entry = (name: string, repositories: readonly string[], include: readonly string[], more: object = {}) => {
  return { name, ...INSTANCE, repositories, limit: 'repositories', targets: { namespaces: { include } }, ...more }
}
const TEAMS = [entry('base', ['base/*'], ['*']), entry('a', ['team-a/*'], ['a-*']), entry('b', ['team-b/*'], ['b-*'])]
const withoutLimit = TEAMS.map(({ limit: _, ...open }) => open)

/** The objects of a release with this configuration. */
function objectsOf(registries: readonly object[], more: object = {}) {
  const release = { name: 'r', namespace: 'acr', fullname: 'r', serviceAccount: 'r', lease: 'r', status: 'r-status' }
  const config = { registries, identity: IDENTITY, attach: 'admission', release, ...more }
  const data = { 'config.yaml': stringify(config) }
  return parseManifest(stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'r' }, data }))
}

interface Setup {
  readonly desired?: readonly object[]
  /** Undefined if there is no release. */
  readonly deployed?: readonly object[] | undefined
  readonly namespaces?: readonly string[]
  /** Images, or the whole spec, by Pod (`namespace/name`). */
  readonly pods?: Readonly<Record<string, readonly string[] | object>>
  /** Registries that the helper reports. Undefined if there is no report. */
  readonly reported?: Parameters<typeof helperReport>[0] | undefined
  readonly config?: object
  /** The configuration of the deployed release, if it differs. */
  readonly deployedConfig?: object
  /** Paths that the API server refuses. */
  readonly refused?: readonly string[]
}

const REPORTED = [reportedRegistry('base', { domains: [HOST] })]

/** Returns the notes, and the lists that were read. */
async function notesOf(setup: Setup) {
  const { desired = TEAMS, namespaces = ['a-1', 'a-2', 'b-1', 'c'], pods = {}, config, refused = [] } = setup
  const reported = 'reported' in setup ? setup.reported : REPORTED
  const read: string[] = []
  const request = async ({ path, query }: KubeCall): Promise<unknown> => {
    read.push(path)
    if (refused.includes(path)) throw new KubeApiError(403, 'no')
    if (path === '/api/v1/namespaces')
      return { metadata: {}, items: namespaces.map((name) => ({ metadata: { name } })) }
    if (path.endsWith('/configmaps/r-status')) {
      if (reported === undefined) throw new KubeApiError(404, 'no')
      return { data: { [STATUS_KEY]: JSON.stringify(helperReport(reported)) } }
    }
    const within = /^\/api\/v1\/namespaces\/(.+)\/pods$/.exec(path)?.[1]
    assert.equal(query?.fieldSelector, 'status.phase!=Succeeded,status.phase!=Failed')
    const items = Object.entries(pods).flatMap(([key, given]) => {
      const [namespace, name] = key.split('/')
      if (within !== undefined && within !== namespace) return []
      const spec = Array.isArray(given) ? { containers: given.map((image) => ({ image })) } : given
      return [{ metadata: { namespace, name }, spec }]
    })
    return { metadata: {}, items }
  }
  const open = {
    desired: { objects: objectsOf(desired, config) },
    deployed: setup.deployed && { objects: objectsOf(setup.deployed, setup.deployedConfig ?? config) },
    release: { client: { request }, signal: AbortSignal.timeout(60_000) },
  }
  const notes = await planLimits(open as unknown as Parameters<typeof planLimits>[0])
  return { notes, read }
}

test('a plan counts the limited credentials: equal lists are one', async () => {
  const { notes, read } = await notesOf({})
  assert.deepEqual(notes, ['limits: 3 limited credentials for 4 namespaces'])
  assert.deepEqual(read, ['/api/v1/namespaces'])
  assert.deepEqual((await notesOf({ desired: withoutLimit })).read, [])
  // The release's own namespace counts by its targets.
  const own = await notesOf({ namespaces: ['a-1', 'acr'] })
  assert.deepEqual(own.notes, ['limits: 2 limited credentials for 2 namespaces'])
})

test('a plan warns of more than 50 limited credentials', async () => {
  const names = Array.from({ length: 50 }, (_, index) => `t${index}`)
  const teams = names.map((name) => entry(name, [`${name}/*`], [name, 'shared']))
  const fifty = await notesOf({ desired: teams, namespaces: names })
  assert.deepEqual(fifty.notes, ['limits: 50 limited credentials for 50 namespaces'])
  const more = await notesOf({ desired: teams, namespaces: [...names, 'shared'] })
  assert.match(
    more.notes.join(),
    /^limits: 51 limited credentials for 51 namespaces\. More than 50 may exceed the rate limits/,
  )
})

test('P13 before a change to `limit: repositories` a plan names images of running Pods that could not be pulled any more', async () => {
  const pods = {
    'a-1/web-1': [`${HOST}/team-a/web:1`, `${HOST}/team-b/tool@sha256:${'0'.repeat(64)}`],
    'a-1/web-2': [`${HOST}/team-b/tool:2`],
    'b-1/job': [`${HOST}/team-b/job`, `${HOST}/base/os`, 'docker.io/library/nginx'],
    'c/other': [`${HOST}/team-a/web:1`],
    'kube-system/dns': [`${HOST}/team-a/dns`],
  }
  const { notes } = await notesOf({ deployed: withoutLimit, pods, namespaces: ['a-1', 'b-1', 'c', 'kube-system'] })
  assert.deepEqual(notes, [
    'limits: 3 limited credentials for 3 namespaces',
    'limits: the credential will not pull these images of running Pods any more: team-b/tool (Pod a-1/web-2), team-a/web (Pod c/other). Add them to the `repositories` of an entry that targets their namespace.',
  ])
})

test('a plan counts the images of running Pods if all are in the lists of their namespaces', async () => {
  const pods = { 'a-1/web': [`${HOST}/team-a/web:1`, `${HOST}/base/os`], 'a-1/web-2': [`${HOST}/team-a/web:2`] }
  const { notes } = await notesOf({ deployed: withoutLimit, pods })
  assert.equal(notes.at(-1), 'limits: the credentials can pull the images of running Pods (2 checked)')
})

test('a plan says so if no running Pod has an image of a limited instance', async () => {
  const { notes } = await notesOf({ deployed: withoutLimit, pods: { 'a-1/web': ['docker.io/library/nginx'] } })
  assert.deepEqual(notes.slice(1), ['limits: no running Pod has an image of an instance with a limit'])
})

test('a plan reads no Pods if the limits do not change, and if nothing is deployed', async () => {
  const renamed = TEAMS.map((one) => ({ ...one, name: `${one.name}-2` }))
  for (const deployed of [TEAMS, renamed, undefined]) {
    const { read } = await notesOf({ deployed, pods: { 'a-1/web': [`${HOST}/team-b/web`] } })
    assert.deepEqual(read, ['/api/v1/namespaces'])
  }
  const narrower = [entry('base', ['base/*', 'team-b/*'], ['*']), ...TEAMS.slice(1)]
  const { notes } = await notesOf({ deployed: narrower, pods: { 'a-1/web': [`${HOST}/team-b/web`] } })
  assert.match(notes.at(-1) ?? '', /will not pull these images of running Pods any more: team-b\/web \(Pod a-1\/web\)/)
})

test('a plan says what it could not check, and why', async () => {
  const pods = { 'a-1/web': [`${HOST}/team-b/web`] }
  const rest = async (setup: Setup) => (await notesOf({ deployed: withoutLimit, pods, ...setup })).notes
  assert.deepEqual(await rest({ refused: ['/api/v1/namespaces'] }), [
    'limits: not checked, because the deployer lacks the right to list Namespaces',
  ])
  assert.deepEqual((await rest({ refused: ['/api/v1/pods'] })).slice(1), [
    'limits: images of running Pods not checked, because the deployer lacks the right to list Pods',
  ])
  const unreported = 'limits: images of base, a, b not checked, because the helper has not reported the domains'
  assert.equal((await rest({ reported: undefined }))[1], unreported)
  assert.equal((await rest({ reported: [] }))[1], unreported)
  assert.deepEqual(await rest({ config: { surprise: true } }), [
    'limits: not checked, because the configuration is of another version',
  ])
})

test('with `scope: namespaces` a plan reads the listed namespaces only', async () => {
  const config = { scope: 'namespaces' }
  const listed = [entry('base', ['base/*'], ['a-1', 'b-1']), entry('a', ['team-a/*'], ['a-1'])]
  const deployed = listed.map(({ limit: _, ...open }) => open)
  const pods = { 'a-1/web': [`${HOST}/team-b/web`], 'c/web': [`${HOST}/team-b/web`] }
  const { notes, read } = await notesOf({ desired: listed, deployed, pods, config })
  assert.deepEqual(
    read.filter((path) => !path.includes('configmaps')),
    ['/api/v1/namespaces/a-1/pods', '/api/v1/namespaces/b-1/pods'],
  )
  assert.match(
    notes.join(' '),
    /^limits: 2 limited credentials for 2 namespaces limits: .* team-b\/web \(Pod a-1\/web\)\./,
  )
})

test('entries that are not limited, namespaces that they alone target, and other instances count for nothing', async () => {
  const login = { name: 'login', edition: 'static', domains: ['docker.example.com'], existingSecret: 'login' }
  const plain = { ...login, targets: { namespaces: { include: ['only-login'] } } }
  const { targets: _, ...everywhere } = TEAMS[0] as ReturnType<typeof entry>
  const desired = [{ ...everywhere, targets: { namespaces: { include: ['a-*'] } } }, ...TEAMS.slice(1), plain]
  const other = { ...INSTANCE, instanceId: 'cri-2', name: 'other', domains: ['other.example.com'] }
  const pods = { 'a-1/web': ['other.example.com/x/y', 'docker.example.com/x/y', `vpc.${HOST}/team-b/app`] }
  const reported = [
    // The helper with the former configuration has another name for the entry.
    reportedRegistry('former', { instanceId: 'cri-1', domains: [HOST, `vpc.${HOST}`] }),
    reportedRegistry('other', { instanceId: 'cri-2', domains: ['other.example.com'] }),
    reportedRegistry('login', { edition: 'static', domains: ['docker.example.com'] }),
  ]
  const namespaces = ['a-1', 'b-1', 'only-login', 'nothing']
  const deployed = [...withoutLimit, plain]
  const { notes } = await notesOf({ desired: [...desired, other], deployed, pods, reported, namespaces })
  assert.deepEqual(notes, [
    'limits: 2 limited credentials for 2 namespaces',
    'limits: the credential will not pull these images of running Pods any more: team-b/app (Pod a-1/web). Add them to the `repositories` of an entry that targets their namespace.',
  ])
})

test('a plan reads images of every kind of container and of volumes, names five of them, and counts the rest', async () => {
  const spec = {
    initContainers: [{ image: `${HOST}/team-b/init` }],
    containers: [{ image: `${HOST}/team-a/own` }, {}],
    ephemeralContainers: [{ image: `${HOST}/team-b/debug` }],
    volumes: [{ name: 'v' }, { name: 'i', image: { reference: `${HOST}/team-b/volume` } }, { name: 'j', image: {} }],
  }
  const outside = async (more: readonly string[]): Promise<string> => {
    const pods = { 'a-1/first': spec, 'a-1/second': more.map((name) => `${HOST}/team-b/${name}`) }
    return (await notesOf({ deployed: withoutLimit, pods })).notes.at(-1) ?? ''
  }
  const [init, debug, volume] = ['init', 'debug', 'volume'].map((name) => `team-b/${name} (Pod a-1/first)`)
  const second = (name: string) => `team-b/${name} (Pod a-1/second)`
  const five = `${init}, ${debug}, ${volume}, ${second('x')}, ${second('y')}`
  assert.match(await outside(['x', 'y']), new RegExp(`any more: ${five.replaceAll(/[()]/g, '\\$&')}\\. Add`))
  assert.match(
    await outside(['x', 'y', 'z']),
    new RegExp(`any more: ${five.replaceAll(/[()]/g, '\\$&')} and 1 more\\. Add`),
  )
})

test('targets are part of a limit: a plan checks images when they change, also the global ones', async () => {
  const open = TEAMS.map(({ targets: _, ...rest }, index) => (index === 0 ? rest : TEAMS[index])) as object[]
  const pods = { 'kube-x/dns': [`${HOST}/team-a/dns`] }
  const targets = (exclude: readonly string[]) => ({ targets: { namespaces: { exclude } } })
  const namespaces = ['kube-x']
  const setup = { desired: open, deployed: open, pods, namespaces, config: targets([]) }
  const changed = await notesOf({ ...setup, deployedConfig: targets(['kube-*']) })
  assert.match(changed.notes.at(-1) ?? '', /any more: team-a\/dns \(Pod kube-x\/dns\)/)
  assert.deepEqual((await notesOf(setup)).notes, ['limits: 1 limited credential for 1 namespace'])
})

test('after a release of another version, whose limits are unknown, a plan checks images', async () => {
  const pods = { 'a-1/web': [`${HOST}/team-b/web`] }
  const { notes } = await notesOf({ deployed: TEAMS, deployedConfig: { surprise: true }, pods })
  assert.match(notes.at(-1) ?? '', /any more: team-b\/web/)
})

test('a helper that will be retired has no limited credentials', async () => {
  assert.deepEqual((await notesOf({ config: { retire: true } })).notes, [])
})

test('an instance by name is not mistaken for a registry without an id', async () => {
  const { instanceId: _, ...byName } = entry('named', ['team-a/*'], ['a-*'], { instanceName: 'images' })
  const { limit, ...open } = byName
  const pods = { 'a-1/web': ['docker.example.com/team-b/web'] }
  const reported = [reportedRegistry('login', { edition: 'static', domains: ['docker.example.com'] })]
  const { notes } = await notesOf({ desired: [byName], deployed: [open], pods, reported })
  assert.match(notes[1] ?? '', /images of named not checked/)
  assert.equal(notes.length, 2)
  assert.equal(limit, 'repositories')
})

test('a plan does not take the domains of the instance that an entry had before', async () => {
  const before = withoutLimit.map((one) => ({ ...one, instanceId: 'cri-2' }))
  const reported = [reportedRegistry('base', { instanceId: 'cri-2', domains: [HOST] })]
  const { notes } = await notesOf({ deployed: before, pods: { 'a-1/web': [`${HOST}/team-b/web`] }, reported })
  assert.deepEqual(notes.slice(1), [
    'limits: images of base, a, b not checked, because the helper has not reported the domains',
  ])
})
