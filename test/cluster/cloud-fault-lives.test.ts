import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Seed } from '../../sandbox/cloud/seed/generated/seed.ts'
import { readSeedFile } from '../../sandbox/cloud/seed/read-seed.ts'
import { DEMO_SEED_FILE } from '../../sandbox/cloud/start-cloud.ts'
import { eventually } from '../support/eventually.ts'
import { assertEntries, assertLive, assertNamed, openCloudFaults, REGISTRIES } from './cloud-fault-fixture.ts'

/** The lifetime of a credential. The tests count lifetimes, not hours. */
const LIFE_SECONDS = 8
const MIRROR = 'cri-m1r2o3r4m1r2o3r4'
const chain = [{ roleArn: 'acs:ram::1867204395510376:role/image-reader', externalId: 'acme-shared-images' }]
const mirror = { name: 'mirror', edition: 'enterprise', instanceId: MIRROR, region: 'cn-shenzhen', assumeRole: chain }

const fixture = await openCloudFaults('cloud-fault-lives', () => ({ registries: [...REGISTRIES, mirror] }), {
  cloud: { seed: withMirror(await readSeedFile(DEMO_SEED_FILE)) },
})
const { helperCluster } = fixture
after(() => fixture[Symbol.asyncDispose]())
const { control, faults } = helperCluster.cloud
const [home = ''] = fixture.served

test('P3 sessions are shorter than requested: credentials are renewed by their actual lifetime, and live long again afterwards', async (t) => {
  control.shortSessions(LIFE_SECONDS)
  await helperCluster.requestRotation()
  await eventually(async () => assert.ok((await lifeOf('shared')) <= LIFE_SECONDS), 60_000)
  const { issuedAt, refreshAt, expiresAt } = await fixture.registry('shared')
  const [issued = 0, due = 0, end = 0] = [issuedAt, refreshAt, expiresAt].map((time) => Date.parse(time ?? ''))
  assert.ok(due > issued && due <= issued + 0.9 * (end - issued), `${due - issued} of ${end - issued} ms`)
  await assertRotations(['shared', 'mirror'], 2)
  control.shortSessions(undefined)
  const since = performance.now()
  await eventually(async () => {
    for (const name of ['shared', 'mirror']) assert.ok((await lifeOf(name)) > 600)
  }, 60_000)
  await assertLive(fixture)
  await fixture.invariants.assertHeld(t, { id: 'session-short', area: 'cloud', since, namespaces: fixture.served })
})

test('P2 one registry fails for many credential lifetimes: its expired entry stays, and the others rotate all the time', async (t) => {
  control.shortSessions(LIFE_SECONDS)
  await helperCluster.requestRotation()
  await eventually(async () => assert.ok((await lifeOf('mirror')) <= LIFE_SECONDS), 60_000)
  faults.add({ kind: 'throttle', times: Number.POSITIVE_INFINITY, match: { product: 'cr', instanceId: MIRROR } })
  await assertNamed(fixture, 'mirror', { code: 'CLOUD_THROTTLED', reason: 'Throttling.User' })
  // The registry's last credential reached every namespace long ago.
  await assertOverFor('mirror', 0)
  const before = await Promise.all(fixture.served.map(fixture.entries))
  const rotations = 4
  await assertRotations(['shared'], rotations)
  await assertOverFor('mirror', LIFE_SECONDS * 1000)
  await assertEntries(fixture, before, { changed: ['shared'], kept: ['mirror'] })
  await helperCluster.chart.createNamespace('in-the-outage')
  await eventually(async () => assert.equal(await helperCluster.isUsable('in-the-outage'), true), 30_000)
  faults.clear()
  control.shortSessions(undefined)
  const since = performance.now()
  await assertEntries(fixture, before, { changed: ['shared', 'mirror'] })
  await assertLive(fixture)
  const namespaces = [...fixture.served, 'in-the-outage']
  await fixture.invariants.assertHeld(t, { id: 'registry-fails-long', area: 'cloud', since, namespaces })
})

async function lifeOf(name: string): Promise<number> {
  const { issuedAt, expiresAt } = await fixture.registry(name)
  return (Date.parse(expiresAt ?? '') - Date.parse(issuedAt ?? '')) / 1000
}

/** Waits until the registry's credential expired the given number of milliseconds ago. */
async function assertOverFor(name: string, ms: number): Promise<void> {
  await eventually(async () => {
    assert.ok(Date.parse((await fixture.registry(name)).expiresAt ?? '') < Date.now() - ms)
  }, 60_000)
}

/** Waits until each credential has rotated the given number of times without a request. */
async function assertRotations(names: readonly string[], times: number): Promise<void> {
  const rotations = new Map(names.map((name) => [name, new Set<string>()]))
  await eventually(async () => {
    const entries = await fixture.entries(home)
    for (const [name, contents] of rotations) contents.add(entries.get(name) ?? '')
    for (const [name, contents] of rotations) assert.ok(contents.size > times, `${name}: ${contents.size}`)
  }, 180_000)
}

/** The demo's second account with another instance. */
function withMirror(seed: Seed): Seed {
  const [main, other] = seed.accounts
  assert.ok(main && other)
  const instance = { id: MIRROR, name: 'mirror', region: 'cn-shenzhen', edition: 'enterprise' } as const
  const text = JSON.stringify(other.policies).replace(/"acs:cr:\*:\*:instance\/[^"]*"/, '"acs:cr:*:*:instance/*"')
  const changed = { ...other, policies: JSON.parse(text), instances: [...(other.instances ?? []), instance] }
  return { ...seed, accounts: [main, changed] }
}
