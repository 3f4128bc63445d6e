import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createUnions } from '../../src/acr/unions.ts'
import { NopassError } from '../../src/errors.ts'
import { itemsOf } from '../../src/installation/helper-status.ts'
import { loadConfig } from '../../src/installation/load-config.ts'
import {
  type ApiServer,
  createApiServer,
  createCloud,
  createFakeClock,
  end,
  passwordsIn,
  registry,
  startHelper,
  statusOf,
} from './helper-fixture.ts'

const MINUTE = 60_000
const DOMAIN = 'shared.example.com'

/** An entry of the shared instance for the namespaces with a label. */
const limited = (team: string, repositories: readonly string[] = [`team-${team}/*`]): object => ({
  ...registry(team, 'cri-shared'),
  domains: [DOMAIN],
  limit: 'repositories',
  repositories,
  targets: { namespaces: { include: ['*'], exclude: ['home'], selector: { matchLabels: { [team]: 'yes' } } } },
})
const { limit, repositories, ...unlimited } = limited('a') as { limit: string; repositories: string[] }
const TEAMS = [limited('base'), limited('a'), limited('b')]

/** The name of the credential for these entries. */
function union(entries: readonly string[], registries: readonly object[] = TEAMS): string {
  const release = { name: 'r', namespace: 'home', fullname: 'r', serviceAccount: 'r', lease: 'r', status: 'r' }
  const identity = { type: 'worker-role' }
  const { config } = loadConfig(JSON.stringify({ registries, identity, attach: 'admission', release }))
  return createUnions(config).of(entries)[0]?.credential ?? ''
}

/** A namespace of these teams. */
function place(server: ApiServer, name: string, ...teams: readonly string[]): void {
  if (server.get(`namespaces/${name}`) === undefined) server.createNamespace(name)
  server.label(`namespaces/${name}`, Object.fromEntries(teams.map((team) => [team, 'yes'])))
}

function setUp() {
  return { server: createApiServer(), clock: createFakeClock(), cloud: createCloud() }
}

const entriesOf = (server: ApiServer, namespace: string): string | undefined =>
  server.get(`secrets/${namespace}/acr-nopass`)?.metadata.annotations?.['acr-nopass.io/registries']
const noteOf = (server: ApiServer, namespace: string): string | undefined =>
  server.get(`secrets/${namespace}/acr-nopass`)?.metadata.annotations?.['acr-nopass.io/log']
const itemNames = (server: ApiServer): readonly string[] => statusOf(server).registries.map(({ name }) => name)
const passwordOf = (server: ApiServer, namespace: string): string => passwordsIn(server, namespace)[DOMAIN] ?? ''

test('each namespace gets the credential of its own union, and equal unions share one token', async () => {
  const { server, clock, cloud } = setUp()
  place(server, 'a-1', 'base', 'a')
  place(server, 'a-2', 'base', 'a')
  place(server, 'b-1', 'base', 'b')
  const helper = startHelper(server, clock, cloud, { registries: TEAMS })
  await clock.advance(5_000)
  const [ofA, ofB] = [union(['base', 'a']), union(['base', 'b'])]
  assert.deepEqual([...cloud.calls].sort(), [ofA, ofB].sort())
  assert.equal(passwordOf(server, 'a-1'), `one-${ofA}-1`)
  assert.equal(passwordOf(server, 'a-2'), `one-${ofA}-1`)
  assert.equal(passwordOf(server, 'b-1'), `one-${ofB}-2`)
  assert.deepEqual([entriesOf(server, 'a-1'), entriesOf(server, 'b-1')], ['a,base', 'b,base'])
  assert.match(noteOf(server, 'a-1') ?? '', new RegExp(` ${ofA}=1$`))
  assert.equal(server.get('secrets/shop/acr-nopass'), undefined)
  await end(clock, helper)
})

test("the helper's own copy has the login of every union, and a restart asks the cloud for nothing", async () => {
  const { server, clock, cloud } = setUp()
  place(server, 'a-1', 'base', 'a')
  place(server, 'b-1', 'base', 'b')
  const first = startHelper(server, clock, cloud, { registries: [...TEAMS, registry('plain')] })
  await clock.advance(5_000)
  const names = [union(['base', 'a']), union(['base', 'b'])].sort()
  const hidden = `${names[1]}.acr-nopass.invalid`
  assert.deepEqual(Object.keys(passwordsIn(server, 'home')), [hidden, 'plain.example.com', DOMAIN].sort())
  assert.equal(entriesOf(server, 'home'), 'a,b,base,plain')
  const before = ['a-1', 'b-1'].map((name) => passwordsIn(server, name))
  await end(clock, first)
  cloud.calls.length = 0
  const second = startHelper(server, clock, cloud, { registries: [...TEAMS, registry('plain')] }, { name: 'two' })
  await clock.advance(MINUTE)
  assert.deepEqual(cloud.calls, [])
  assert.deepEqual(
    ['a-1', 'b-1'].map((name) => passwordsIn(server, name)),
    before,
  )
  await end(clock, second)
})

test('the status has an item per union with its entries and list, and none for an entry that no namespace needs', async () => {
  const { server, clock, cloud } = setUp()
  place(server, 'a-1', 'base', 'a')
  const helper = startHelper(server, clock, cloud, { registries: [...TEAMS, registry('plain')] })
  await clock.advance(MINUTE)
  const status = statusOf(server)
  const name = union(['base', 'a'])
  assert.deepEqual(
    status.registries.map((item) => [item.name, item.limit]),
    [
      ['plain', undefined],
      [
        name,
        {
          entries: ['base', 'a'],
          repositories: ['team-a/*', 'team-base/*'],
          granted: 'granted',
          width: 'limited',
          reason: 'HTTP 401',
        },
      ],
    ],
  )
  assert.equal(status.registries[1]?.instanceId, 'cri-shared0123456789')
  assert.equal(status.registries[1]?.edition, 'enterprise')
  assert.deepEqual(
    itemsOf(status, 'a').map((item) => item.name),
    [name],
  )
  assert.deepEqual(
    itemsOf(status, 'plain').map((item) => item.name),
    ['plain'],
  )
  assert.deepEqual(itemsOf(status, 'b'), [])
  await end(clock, helper)
})

test('a namespace whose labels change gets the credential of its new union, and the log drops a union without namespaces', async () => {
  const { server, clock, cloud } = setUp()
  place(server, 'x', 'a')
  const helper = startHelper(server, clock, cloud, { registries: TEAMS })
  await clock.advance(5_000)
  place(server, 'x', 'a', 'b')
  await clock.advance(5_000)
  assert.equal(passwordOf(server, 'x'), `one-${union(['a', 'b'])}-2`)
  place(server, 'x', 'b')
  await clock.advance(5_000)
  assert.equal(passwordOf(server, 'x'), `one-${union(['b'])}-3`)
  await clock.advance(MINUTE)
  assert.deepEqual(itemNames(server), [union(['b'])])
  assert.deepEqual(Object.values(passwordsIn(server, 'home')), [`one-${union(['b'])}-3`])
  place(server, 'x')
  await clock.advance(5_000)
  assert.deepEqual(passwordsIn(server, 'x'), {})
  await end(clock, helper)
})

test('a new namespace whose union has a credential is served without a call to the cloud', async () => {
  const { server, clock, cloud } = setUp()
  place(server, 'a-1', 'a')
  const helper = startHelper(server, clock, cloud, { registries: TEAMS })
  await clock.advance(5_000)
  cloud.calls.length = 0
  place(server, 'a-2', 'a')
  await clock.advance(2_000)
  assert.equal(passwordOf(server, 'a-2'), passwordOf(server, 'a-1'))
  assert.deepEqual(cloud.calls, [])
  await end(clock, helper)
})

test('the tokens of unions are refreshed like those of any registry', async () => {
  const { server, clock, cloud } = setUp()
  place(server, 'a-1', 'a')
  place(server, 'b-1', 'b')
  const helper = startHelper(server, clock, cloud, { registries: TEAMS })
  await clock.advance(5_000)
  const before = ['a-1', 'b-1'].map((name) => passwordOf(server, name))
  await clock.advance(60 * MINUTE)
  const after = ['a-1', 'b-1'].map((name) => passwordOf(server, name))
  for (const [index, team] of ['a', 'b'].entries()) {
    assert.notEqual(after[index], before[index])
    assert.match(after[index] ?? '', new RegExp(`^one-${union([team])}-`))
  }
  await end(clock, helper)
})

test('an entry that becomes limited keeps the role’s credential, refreshed, until the limited one exists', async () => {
  const { server, clock, cloud } = setUp()
  place(server, 'a-1', 'a')
  const helper = startHelper(server, clock, cloud, { registries: [unlimited] })
  await clock.advance(5_000)
  assert.equal(passwordOf(server, 'a-1'), 'one-a-1')
  const name = union(['a'], [limited('a')])
  cloud.responses.set(name, new NopassError('CLOUD_DENIED', 'no sessions with a policy'))
  helper.configure({ registries: [limited('a')] })
  await clock.advance(120 * MINUTE)
  assert.match(passwordOf(server, 'a-1'), /^one-a-\d+$/)
  assert.notEqual(passwordOf(server, 'a-1'), 'one-a-1')
  cloud.responses.clear()
  await clock.advance(20 * MINUTE)
  assert.match(passwordOf(server, 'a-1'), new RegExp(`^one-${name}-`))
  await end(clock, helper)
})

for (const how of ['a reload', 'a restart'] as const) {
  test(`a limited entry that gets another name keeps its login while the cloud is down, after ${how}`, async () => {
    const { server, clock, cloud } = setUp()
    place(server, 'a-1', 'a')
    const first = startHelper(server, clock, cloud, { registries: [limited('a')] })
    await clock.advance(5_000)
    const before = passwordsIn(server, 'a-1')
    const renamed = { registries: [{ ...limited('a'), name: 'team-a' }] }
    const down = new NopassError('CLOUD_UNAVAILABLE', 'the cloud is down')
    cloud.responses.set(union(['team-a'], renamed.registries), down)
    if (how === 'a reload') first.configure(renamed)
    else await end(clock, first)
    const helper = how === 'a reload' ? first : startHelper(server, clock, cloud, renamed, { name: 'two' })
    await clock.advance(10 * MINUTE)
    assert.deepEqual(passwordsIn(server, 'a-1'), before)
    assert.equal(entriesOf(server, 'a-1'), 'team-a')
    await end(clock, helper)
  })
}

test('a list that changes in the values keeps the credential of the earlier list until there is one for the new list', async () => {
  const { server, clock, cloud } = setUp()
  place(server, 'a-1', 'a')
  const helper = startHelper(server, clock, cloud, { registries: [limited('a')] })
  await clock.advance(5_000)
  const changed = limited('a', ['team-a/*', 'tools/*'])
  const [old, next] = [union(['a'], [limited('a')]), union(['a'], [changed])]
  cloud.responses.set(next, new NopassError('LIMIT_TOO_LONG', 'the policy is too long'))
  helper.configure({ registries: [changed] })
  await clock.advance(120 * MINUTE)
  assert.match(passwordOf(server, 'a-1'), new RegExp(`^one-${old}-`))
  assert.notEqual(passwordOf(server, 'a-1'), `one-${old}-1`)
  cloud.responses.clear()
  await clock.advance(20 * MINUTE)
  assert.match(passwordOf(server, 'a-1'), new RegExp(`^one-${next}-`))
  await end(clock, helper)
})

test('while a changed list fails, only the namespaces that have the entry keep the credential of the earlier list', async () => {
  const { server, clock, cloud } = setUp()
  place(server, 'a-1', 'a')
  place(server, 'later', 'b')
  const before = [limited('a', ['team-a/*', 'secret/*']), limited('b'), registry('other', 'cri-other')]
  const helper = startHelper(server, clock, cloud, { registries: before })
  await clock.advance(5_000)
  const kept = passwordOf(server, 'a-1')
  const changed = [limited('a'), ...before.slice(1)]
  const failing = union(['a'], changed)
  cloud.responses.set(failing, new NopassError('CLOUD_UNAVAILABLE', 'the cloud is down'))
  helper.configure({ registries: changed })
  await clock.advance(MINUTE)
  place(server, 'later', 'a')
  place(server, 'new', 'a')
  await clock.advance(10 * MINUTE)
  assert.equal(passwordOf(server, 'a-1'), kept)
  assert.equal(entriesOf(server, 'new'), 'other')
  assert.equal(passwordOf(server, 'new'), '')
  assert.notEqual(passwordOf(server, 'later'), kept)
  cloud.responses.clear()
  await clock.advance(20 * MINUTE)
  for (const name of ['a-1', 'new', 'later']) assert.match(passwordOf(server, name), new RegExp(`-${failing}-`))
  await end(clock, helper)
})

for (const restarts of [false, true]) {
  test(`the last good credential stays fresh while the union with one entry more fails${restarts ? ', also after a restart' : ''}`, async () => {
    const { server, clock, cloud } = setUp()
    place(server, 'x', 'a')
    const first = startHelper(server, clock, cloud, { registries: TEAMS })
    await clock.advance(5_000)
    const failing = union(['a', 'b'])
    cloud.responses.set(failing, new NopassError('LIMIT_TOO_LONG', 'the policy is too long'))
    place(server, 'x', 'a', 'b')
    await clock.advance(MINUTE)
    assert.equal(passwordOf(server, 'x'), `one-${union(['a'])}-1`)
    if (restarts) await end(clock, first)
    const helper = restarts ? startHelper(server, clock, cloud, { registries: TEAMS }, { name: 'two' }) : first
    await clock.advance(180 * MINUTE)
    assert.match(passwordOf(server, 'x'), new RegExp(`-${union(['a'])}-[2-9]$`))
    assert.equal(entriesOf(server, 'x'), 'a')
    const item = statusOf(server).registries.find(({ name }) => name === failing)
    assert.deepEqual([item?.state, item?.error?.code], ['pending', 'LIMIT_TOO_LONG'])
    cloud.responses.clear()
    await clock.advance(20 * MINUTE)
    assert.match(passwordOf(server, 'x'), new RegExp(`-${failing}-`))
    await clock.advance(MINUTE)
    assert.deepEqual(itemNames(server), [failing])
    await end(clock, helper)
  })
}

test('a narrower union that fails leaves the wider credential only until it expires', async () => {
  const { server, clock, cloud } = setUp()
  place(server, 'x', 'a', 'b')
  const helper = startHelper(server, clock, cloud, { registries: TEAMS })
  await clock.advance(5_000)
  cloud.responses.set(union(['a']), new NopassError('CLOUD_DENIED', 'denied'))
  place(server, 'x', 'a')
  await clock.advance(30 * MINUTE)
  assert.equal(passwordOf(server, 'x'), `one-${union(['a', 'b'])}-1`)
  await clock.advance(60 * MINUTE)
  assert.equal(passwordOf(server, 'x'), `one-${union(['a', 'b'])}-1`)
  assert.equal(cloud.calls.filter((name) => name === union(['a', 'b'])).length, 1)
  await end(clock, helper)
})

test('a follower proves the unions that are needed at its start, and is ready without those of other namespaces', async () => {
  const { server, clock, cloud } = setUp()
  place(server, 'a-1', 'a')
  const leader = startHelper(server, clock, cloud, { registries: [unlimited] })
  await clock.advance(5_000)
  cloud.calls.length = 0
  const follower = startHelper(server, clock, cloud, { registries: TEAMS }, { name: 'two' })
  await clock.advance(5_000)
  assert.deepEqual(cloud.calls, [union(['a'])])
  assert.equal(passwordOf(server, 'a-1'), 'one-a-1')
  await end(clock, leader, follower)
})

test('a new Pod becomes ready although a list that only a namespace’s labels make fails; an entry that gives no credential at all keeps it unready', async () => {
  const [ofB, ofBoth] = [union(['b']), union(['a', 'b'])]
  for (const [failing, answer] of [
    [[ofBoth], 'ok'],
    [[ofB, ofBoth], `no token yet for ${ofB}, ${ofBoth}`],
  ] as const) {
    const { server, clock, cloud } = setUp()
    place(server, 'a-1', 'a')
    place(server, 'b-1', 'b')
    place(server, 'both', 'a', 'b')
    for (const name of failing) cloud.responses.set(name, new NopassError('LIMIT_TOO_LONG', 'the policy is too long'))
    const helper = startHelper(server, clock, cloud, { registries: TEAMS }, { http: true })
    await clock.advance(MINUTE)
    const http = await helper.port
    const text = await (await fetch(`http://127.0.0.1:${http}/readyz`)).text()
    assert.equal(text, `${answer}\n`)
    await end(clock, helper)
  }
})

test('a first credential that may not pull its own list is withheld', async () => {
  const { server, clock, cloud } = setUp()
  place(server, 'a-1', 'a')
  const name = union(['a'])
  cloud.pulls.set(name, 'denied')
  const helper = startHelper(server, clock, cloud, { registries: TEAMS })
  await clock.advance(10 * MINUTE)
  assert.equal(server.get('secrets/a-1/acr-nopass'), undefined)
  const [item] = statusOf(server).registries
  assert.deepEqual([item?.name, item?.state, item?.error?.code], [name, 'pending', 'LIMIT_NOT_ACCEPTED'])
  assert.equal(item?.error?.message, `the registry does not let the new credential ${name} pull its own list: HTTP 404`)
  cloud.pulls.clear()
  await clock.advance(10 * MINUTE)
  assert.match(passwordOf(server, 'a-1'), new RegExp(`^one-${name}-`))
  await end(clock, helper)
})

test('the last good credential stays, also after it has expired, while new ones may not pull their own list', async () => {
  const { server, clock, cloud } = setUp()
  place(server, 'a-1', 'a')
  const name = union(['a'])
  const helper = startHelper(server, clock, cloud, { registries: TEAMS })
  await clock.advance(5_000)
  const before = passwordOf(server, 'a-1')
  cloud.pulls.set(name, 'denied')
  await clock.advance(90 * MINUTE)
  assert.equal(passwordOf(server, 'a-1'), before)
  const [item] = statusOf(server).registries
  assert.deepEqual([item?.state, item?.error?.code], ['failing', 'LIMIT_NOT_ACCEPTED'])
  await end(clock, helper)
})

test('a credential about which the registry does not decide is used, and the status says why', async () => {
  const { server, clock, cloud } = setUp()
  place(server, 'a-1', 'a')
  const name = union(['a'])
  cloud.pulls.set(name, 'unknown')
  const helper = startHelper(server, clock, cloud, { registries: TEAMS })
  await clock.advance(MINUTE)
  assert.equal(passwordOf(server, 'a-1'), `one-${name}-1`)
  const { granted, reason } = statusOf(server).registries[0]?.limit ?? {}
  assert.deepEqual([granted, reason], ['unknown', 'HTTP 404'])
  await end(clock, helper)
})

test('an entry that becomes limited keeps the role’s credential while the registry refuses limited ones', async () => {
  const { server, clock, cloud } = setUp()
  place(server, 'a-1', 'a')
  const helper = startHelper(server, clock, cloud, { registries: [unlimited] })
  await clock.advance(5_000)
  cloud.pulls.set(union(['a'], [limited('a')]), 'denied')
  helper.configure({ registries: [limited('a')] })
  await clock.advance(120 * MINUTE)
  assert.match(passwordOf(server, 'a-1'), /^one-a-/)
  assert.notEqual(passwordOf(server, 'a-1'), 'one-a-1')
  // At most one request in five minutes.
  const refused = cloud.calls.filter((name) => name === union(['a'], [limited('a')])).length
  assert.ok(refused >= 8 && refused <= 24, String(refused))
  await end(clock, helper)
})

test('a follower whose limited credential is refused does not become ready, so that the upgrade fails', async () => {
  const { server, clock, cloud } = setUp()
  place(server, 'a-1', 'a')
  const leader = startHelper(server, clock, cloud, { registries: [unlimited] })
  await clock.advance(5_000)
  cloud.pulls.set(union(['a']), 'denied')
  const follower = startHelper(server, clock, cloud, { registries: TEAMS }, { name: 'two' })
  await clock.advance(MINUTE)
  assert.ok(follower.lines.some((line) => 'code' in line && line.code === 'LIMIT_NOT_ACCEPTED'))
  assert.equal(passwordOf(server, 'a-1'), 'one-a-1')
  await end(clock, leader, follower)
})

test('a credential that may pull another list is used, and the status, the log and a metric show it', async () => {
  const { server, clock, cloud } = setUp()
  place(server, 'a-1', 'a')
  place(server, 'b-1', 'b')
  const [a, b] = [union(['a']), union(['b'])]
  cloud.widths.set(a, { width: 'too-wide', reason: 'team-b/x: HTTP 404 NAME_UNKNOWN' })
  const helper = startHelper(server, clock, cloud, { registries: TEAMS }, { http: true })
  await clock.advance(MINUTE)
  assert.equal(passwordOf(server, 'a-1'), `one-${a}-1`)
  const limits = new Map(statusOf(server).registries.map(({ name, limit }) => [name, limit]))
  assert.deepEqual([limits.get(a)?.width, limits.get(a)?.reason], ['too-wide', 'team-b/x: HTTP 404 NAME_UNKNOWN'])
  assert.equal(limits.get(b)?.width, 'limited')
  const warning = 'warn the registry lets a limited credential pull a repository of another list CREDENTIAL_TOO_WIDE'
  assert.deepEqual(
    helper.log.filter((line) => line.endsWith('CREDENTIAL_TOO_WIDE')),
    [warning],
  )
  const http = await helper.port
  const metrics = await (await fetch(`http://127.0.0.1:${http}/metrics`)).text()
  const found = metrics
    .split('\n')
    .filter((line) => line.startsWith('acr_nopass_credential_too_wide{'))
    .sort()
  const lines = [
    `acr_nopass_credential_too_wide{registry="${a}"} 1`,
    `acr_nopass_credential_too_wide{registry="${b}"} 0`,
  ]
  assert.deepEqual(found, lines.sort())
  await end(clock, helper)
})

test('the width is asked at most once an hour, about another list each time, and a slow answer delays no rotation', async () => {
  const { server, clock, cloud } = setUp()
  place(server, 'a-1', 'a')
  const name = union(['a'])
  const slow = Promise.withResolvers<{ width: 'limited'; reason: string }>()
  cloud.widths.set(name, slow.promise)
  const helper = startHelper(server, clock, cloud, { registries: TEAMS })
  await clock.advance(MINUTE)
  assert.equal(passwordOf(server, 'a-1'), `one-${name}-1`)
  slow.resolve({ width: 'limited', reason: 'HTTP 401' })
  await clock.advance(MINUTE)
  // Nothing else changed, and the status has the answer.
  assert.equal(statusOf(server).registries[0]?.limit?.width, 'limited')
  await clock.advance(43 * MINUTE)
  assert.equal(passwordOf(server, 'a-1'), `one-${name}-2`)
  assert.deepEqual(cloud.measured, [`${name} 0`])
  await clock.advance(45 * MINUTE)
  assert.deepEqual(cloud.measured, [`${name} 0`, `${name} 1`])
  await end(clock, helper)
})

test('a namespace whose list with one entry more fails keeps its own credential, whichever lists other namespaces have', async () => {
  for (const [own, other] of [
    ['a', 'b'],
    ['b', 'a'],
  ] as const) {
    const { server, clock, cloud } = setUp()
    place(server, 'x', own)
    place(server, 'y', other)
    // An entry that has no credential is missing in every Secret.
    cloud.responses.set('plain', new NopassError('CLOUD_UNAVAILABLE', 'the cloud is down'))
    const helper = startHelper(server, clock, cloud, { registries: [registry('plain'), ...TEAMS] })
    await clock.advance(5_000)
    cloud.responses.set(union(['a', 'b']), new NopassError('LIMIT_TOO_LONG', 'the policy is too long'))
    place(server, 'x', 'a', 'b')
    await clock.advance(180 * MINUTE)
    assert.match(passwordOf(server, 'x'), new RegExp(`^one-${union([own])}-`))
    assert.equal(entriesOf(server, 'x'), own)
    await end(clock, helper)
  }
})

test('a follower becomes ready by the unions of its start, whatever namespaces appear until then', async () => {
  const { server, clock, cloud } = setUp()
  place(server, 'a-1', 'a')
  const leader = startHelper(server, clock, cloud, { registries: [unlimited] })
  await clock.advance(5_000)
  const name = union(['a'])
  cloud.responses.set(name, new NopassError('CLOUD_UNAVAILABLE', 'the cloud is down'))
  const follower = startHelper(server, clock, cloud, { registries: TEAMS }, { name: 'two', http: true })
  await clock.advance(5_000)
  const http = await follower.port
  const readiness = async () => (await fetch(`http://127.0.0.1:${http}/readyz`)).text()
  assert.equal(await readiness(), `no token yet for ${name}\n`)
  place(server, 'b-1', 'b')
  await clock.advance(MINUTE)
  cloud.responses.clear()
  await clock.advance(5 * MINUTE)
  assert.equal(await readiness(), 'ok\n')
  await end(clock, leader, follower)
})

for (const restarts of [false, true]) {
  test(`the last good credential stays fresh while the list with several entries more fails${restarts ? ', also after a restart' : ''}`, async () => {
    const { server, clock, cloud } = setUp()
    place(server, 'x', 'a')
    const first = startHelper(server, clock, cloud, { registries: TEAMS })
    await clock.advance(5_000)
    const failing = union(['base', 'a', 'b'])
    cloud.responses.set(failing, new NopassError('LIMIT_TOO_LONG', 'the policy is too long'))
    place(server, 'x', 'base', 'a', 'b')
    await clock.advance(MINUTE)
    if (restarts) await end(clock, first)
    const helper = restarts ? startHelper(server, clock, cloud, { registries: TEAMS }, { name: 'two' }) : first
    await clock.advance(180 * MINUTE)
    assert.match(passwordOf(server, 'x'), new RegExp(`-${union(['a'])}-[2-9]$`))
    cloud.responses.clear()
    await clock.advance(20 * MINUTE)
    assert.match(passwordOf(server, 'x'), new RegExp(`-${failing}-`))
    assert.deepEqual(Object.values(passwordsIn(server, 'home')).length, 1)
    await end(clock, helper)
  })
}

test('a namespace that loses an entry and gets another one keeps the third while the new union fails, and loses the first', async () => {
  const { server, clock, cloud } = setUp()
  place(server, 'x', 'a', 'b')
  const helper = startHelper(server, clock, cloud, { registries: TEAMS })
  await clock.advance(5_000)
  cloud.responses.set(union(['base', 'b']), new NopassError('LIMIT_TOO_LONG', 'the policy is too long'))
  place(server, 'x', 'base', 'b')
  await clock.advance(180 * MINUTE)
  assert.match(passwordOf(server, 'x'), new RegExp(`-${union(['b'])}-`))
  assert.equal(entriesOf(server, 'x'), 'b')
  cloud.responses.clear()
  await clock.advance(20 * MINUTE)
  assert.deepEqual([entriesOf(server, 'x'), itemNames(server)], ['b,base', [union(['base', 'b'])]])
  await end(clock, helper)
})

test("a union that no namespace needs leaves the helper's own copy, also if the request that noticed it fails", async () => {
  const { server, clock, cloud } = setUp()
  place(server, 'a-1', 'a')
  place(server, 'b-1', 'b')
  const [ofA, ofB] = [union(['a']), union(['b'])]
  const helper = startHelper(server, clock, cloud, { registries: TEAMS })
  await clock.advance(5_000)
  place(server, 'b-1')
  cloud.responses.set(ofA, new NopassError('CLOUD_UNAVAILABLE', 'the cloud is down'))
  while (cloud.calls.length < 4) await clock.advance(5_000)
  assert.equal(cloud.calls.filter((name) => name === ofB).length, 1)
  assert.deepEqual(Object.values(passwordsIn(server, 'home')), [`one-${ofA}-1`])
  await clock.advance(MINUTE)
  assert.equal(statusOf(server).namespaces.pending, 0)
  await end(clock, helper)
})

test('a union that was dropped gets a credential again when a namespace needs it again', async () => {
  const { server, clock, cloud } = setUp()
  place(server, 'a-1', 'base', 'a')
  place(server, 'b-1', 'base')
  const helper = startHelper(server, clock, cloud, { registries: TEAMS })
  await clock.advance(5_000)
  const ofA = union(['base', 'a'])
  const requests = () => cloud.calls.filter((name) => name === ofA).length
  assert.deepEqual([passwordOf(server, 'a-1').startsWith(`one-${ofA}-`), requests()], [true, 1])
  place(server, 'a-1', 'base')
  // The next refresh of the other union notices that nothing needs this one.
  await clock.advance(60 * MINUTE)
  assert.deepEqual([itemNames(server).includes(ofA), entriesOf(server, 'a-1')], [false, 'base'])
  const before = requests()
  place(server, 'a-1', 'base', 'a')
  await clock.advance(MINUTE)
  assert.deepEqual([passwordOf(server, 'a-1').startsWith(`one-${ofA}-`), requests()], [true, before + 1])
  await end(clock, helper)
})

test('the metrics of a union end with it, because whoever may label namespaces makes unions', async () => {
  const { server, clock, cloud } = setUp()
  place(server, 'x', 'a')
  place(server, 'y', 'base')
  const failing = union(['a', 'base'])
  cloud.responses.set(failing, new NopassError('CLOUD_UNAVAILABLE', 'the cloud is down'))
  const helper = startHelper(server, clock, cloud, { registries: TEAMS }, { http: true })
  await clock.advance(5_000)
  place(server, 'x', 'a', 'base')
  await clock.advance(MINUTE)
  place(server, 'x', 'a', 'b')
  await clock.advance(60 * MINUTE)
  const http = await helper.port
  const metrics = await (await fetch(`http://127.0.0.1:${http}/metrics`)).text()
  const named = [...metrics.matchAll(/registry="([^"]*)"/g)].map(([, name]) => name)
  assert.deepEqual([...new Set(named)].sort(), [union(['base']), union(['a', 'b'])].sort())
  await end(clock, helper)
})
