import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NopassError } from '../../src/errors.ts'
import { type CredentialManager, createCredentialManager } from '../../src/helper/credentials/credential-manager.ts'
import type { RegistryEntry, RegistryValues } from '../../src/helper/credentials/registry-state.ts'
import { createFakeClock, type FakeClock } from '../kube/fake-clock.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

interface Fixture {
  readonly clock: FakeClock
  readonly manager: CredentialManager
  /** Registries by rotation. */
  readonly rotations: string[]
  readonly calls: Map<string, number>
  /** What a registry's cloud fails with from now on. */
  readonly failures: Map<string, NopassError>
}

interface Registry {
  readonly lifeMinutes: number
  /** Milliseconds until its cloud answers. */
  readonly latency?: number
  /** Default: its name. */
  readonly key?: string
}

function open(registries: Record<string, Registry>, options: { apart?: boolean } = {}): Fixture {
  const clock = createFakeClock()
  const rotations: string[] = []
  const calls = new Map<string, number>()
  const failures = new Map<string, NopassError>()
  let seed = 1
  const random = (): number => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed / 2_147_483_647
  }
  const entries = Object.entries(registries).map(
    ([name, { lifeMinutes, latency = 100, key = name }]): RegistryEntry => {
      const get = async () => {
        const call = (calls.get(name) ?? 0) + 1
        calls.set(name, call)
        await new Promise<void>((resolve) => clock.after(latency, resolve))
        const failure = failures.get(name)
        if (failure) throw failure
        const issuedAt = clock.now()
        return {
          username: 'u',
          password: `${name}${call}`,
          issuedAt,
          expiresAt: issuedAt + lifeMinutes * MINUTE,
          domains: [name],
        }
      }
      return {
        name,
        values: {} as RegistryValues,
        source: { key, sharedSession: false, get },
        verify: async () => 'accepted',
      }
    },
  )
  const manager = createCredentialManager({
    entries,
    carried: new Map(),
    clock,
    cloudNow: clock.now,
    random,
    verifyIntervalMs: 0,
    together: (registry) => new Set(options.apart ? [] : Object.keys(registries).filter((name) => name !== registry)),
    onTokens: (states) =>
      void rotations.push(
        states
          .map(({ name }) => name)
          .sort()
          .join(),
      ),
    onChange: () => undefined,
  })
  return { clock, manager, rotations, calls, failures }
}

test('P7 three registries of one life cost one write of each namespace in each period', async () => {
  const { clock, manager, rotations, calls } = open({
    a: { lifeMinutes: 60 },
    b: { lifeMinutes: 60 },
    c: { lifeMinutes: 60 },
  })
  manager.start()
  await clock.advance(3 * 60 * MINUTE)
  rotations.splice(0)
  calls.clear()
  await clock.advance(DAY)
  assert.deepEqual([...new Set(rotations)], ['a,b,c'])
  assert.ok(rotations.length >= 34 && rotations.length <= 40, `${rotations.length}`)
  assert.deepEqual([...calls.values()], [rotations.length, rotations.length, rotations.length])
})

test('P7 a long life is replaced with the last short one before its end, for hardly more calls', async () => {
  const { clock, manager, rotations, calls } = open({ short: { lifeMinutes: 60 }, long: { lifeMinutes: 720 } })
  manager.start()
  await clock.advance(DAY)
  rotations.splice(0)
  calls.clear()
  await clock.advance(7 * DAY)
  assert.deepEqual([...new Set(rotations)].sort(), ['long,short', 'short'])
  const long = calls.get('long') ?? 0
  assert.ok(long >= 20 && long <= 25, `${long} calls in 14 lives`)
})

test('registries that no namespace holds together keep to themselves', async () => {
  const { clock, manager, rotations } = open({ a: { lifeMinutes: 60 }, b: { lifeMinutes: 60 } }, { apart: true })
  manager.start()
  await clock.advance(DAY)
  assert.deepEqual([...new Set(rotations.slice(1))].sort(), ['a', 'b'])
})

test('a credential waits for another’s at most 3 s, and a failing one is rotated without', async () => {
  const { clock, manager, rotations, failures } = open({
    a: { lifeMinutes: 60 },
    b: { lifeMinutes: 60, latency: 20_000 },
  })
  manager.start()
  await clock.advance(3_000)
  assert.deepEqual([rotations, manager.holding], [[], true])
  await clock.advance(200)
  assert.deepEqual([rotations, manager.holding], [['a'], false])
  await clock.advance(20_000)
  assert.deepEqual(rotations, ['a', 'b'])
  failures.set('b', new NopassError('CLOUD_UNAVAILABLE', 'down'))
  await clock.advance(60 * MINUTE)
  assert.deepEqual([...new Set(rotations.slice(2))], ['a'])
})

test('P1 what replaces a credential that is over waits for nothing', async () => {
  const { clock, manager, rotations, failures } = open({
    a: { lifeMinutes: 60 },
    b: { lifeMinutes: 60, latency: 2_000 },
  })
  manager.start()
  await clock.advance(MINUTE)
  for (const name of ['a', 'b']) failures.set(name, new NopassError('CLOUD_UNAVAILABLE', 'down'))
  await clock.advance(120 * MINUTE)
  rotations.splice(0)
  failures.clear()
  await clock.advance(3 * MINUTE)
  assert.deepEqual(rotations.toSorted(), ['a', 'b'])
  assert.equal(manager.holding, false)
})

test('P7 entries of one instance and identity ask at the same time, though no namespace holds both', async () => {
  const same = { lifeMinutes: 60, key: 'one instance' }
  const { clock, manager, rotations, calls } = open(
    { inside: same, outside: same, other: { lifeMinutes: 60 } },
    { apart: true },
  )
  manager.start()
  await clock.advance(3 * 60 * MINUTE)
  rotations.splice(0)
  calls.clear()
  await clock.advance(DAY)
  assert.equal(rotations.filter((names) => names.includes('inside')).length, calls.get('inside'))
  assert.deepEqual(new Set(rotations.filter((names) => names.includes('side'))), new Set(['inside,outside']))
})

test('a request for new tokens also asks at once for one that has failed so far and waits for its next try', async () => {
  const { clock, manager, calls, failures } = open({ a: { lifeMinutes: 60 }, b: { lifeMinutes: 60 } })
  failures.set('b', new NopassError('CLOUD_DENIED', 'no', { reason: 'NoPermission' }))
  manager.start()
  await clock.advance(30 * MINUTE)
  const [a = 0, b = 0] = [calls.get('a'), calls.get('b')]
  manager.refreshOlderThan(clock.now())
  await clock.advance(200)
  assert.deepEqual([calls.get('a'), calls.get('b')], [a + 1, b + 1])
  const [, state] = manager.states
  assert.equal(state?.triedAt, clock.now() - 100)
})
