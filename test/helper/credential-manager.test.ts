import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NopassError } from '../../src/errors.ts'
import { type CredentialManager, createCredentialManager } from '../../src/helper/credentials/credential-manager.ts'
import {
  initialState,
  type RegistryEntry,
  type RegistryState,
  type RegistryValues,
} from '../../src/helper/credentials/registry-state.ts'
import { singleFlight } from '../../src/lib/concurrency.ts'
import { createFakeClock, type FakeClock } from '../kube/fake-clock.ts'
import { live } from './plan-fixtures.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

interface Fixture {
  readonly clock: FakeClock
  readonly manager: CredentialManager
  /** The registries of each rotation. */
  readonly rotations: string[]
  /** By the registry's key. */
  readonly calls: Map<string, number>
  /** Makes all calls for this key fail with this error. */
  readonly failures: Map<string, NopassError>
}

interface Registry {
  readonly lifeMinutes: number
  /** Milliseconds until the cloud responds. */
  readonly latency?: number
  /** Registries with the same key share calls. By default the key is the registry's name. */
  readonly key?: string
}

function open(
  registries: Record<string, Registry>,
  options: { apart?: boolean; carried?: readonly RegistryState[] } = {},
): Fixture {
  const clock = createFakeClock()
  const rotations: string[] = []
  const calls = new Map<string, number>()
  const failures = new Map<string, NopassError>()
  let seed = 1
  const random = (): number => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed / 2_147_483_647
  }
  const issue = async (key: string, { lifeMinutes, latency = 100 }: Registry) => {
    const call = (calls.get(key) ?? 0) + 1
    calls.set(key, call)
    const issuedAt = clock.now()
    await new Promise<void>((resolve) => clock.after(latency, resolve))
    const failure = failures.get(key)
    if (failure) throw failure
    return { username: 'u', password: `${key}${call}`, issuedAt, expiresAt: issuedAt + lifeMinutes * MINUTE }
  }
  const logins = new Map<string, () => ReturnType<typeof issue>>()
  const entries = Object.entries(registries).map(([name, registry]): RegistryEntry => {
    const { key = name } = registry
    const login = logins.get(key) ?? singleFlight(() => issue(key, registry))
    logins.set(key, login)
    return {
      name,
      values: {} as RegistryValues,
      source: { key, sharedSession: false, get: async () => ({ ...(await login()), domains: [name] }) },
      verify: async () => 'accepted',
    }
  })
  const manager = createCredentialManager({
    entries,
    carried: new Map(options.carried?.map((state) => [state.name, state])),
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
    onAnswered: () => undefined,
    onChange: () => undefined,
  })
  return { clock, manager, rotations, calls, failures }
}

test('P7 three registries with the same lifetime cost one write per namespace and period', async () => {
  const { clock, manager, rotations, calls } = open({
    a: { lifeMinutes: 60 },
    b: { lifeMinutes: 60 },
    c: { lifeMinutes: 60 },
  })
  manager.lead(() => undefined)
  await clock.advance(3 * 60 * MINUTE)
  rotations.splice(0)
  calls.clear()
  await clock.advance(DAY)
  assert.deepEqual([...new Set(rotations)], ['a,b,c'])
  assert.ok(rotations.length >= 34 && rotations.length <= 40, `${rotations.length}`)
  assert.deepEqual([...calls.values()], [rotations.length, rotations.length, rotations.length])
})

test('P7 a long-lived credential is replaced with the last short-lived one before it expires, at the cost of few calls', async () => {
  const { clock, manager, rotations, calls } = open({ short: { lifeMinutes: 60 }, long: { lifeMinutes: 720 } })
  manager.lead(() => undefined)
  await clock.advance(DAY)
  rotations.splice(0)
  calls.clear()
  await clock.advance(7 * DAY)
  assert.deepEqual([...new Set(rotations)].sort(), ['long,short', 'short'])
  const long = calls.get('long') ?? 0
  assert.ok(long >= 20 && long <= 25, `${long} calls in 14 lives`)
})

test('registries that have no namespace in common are rotated independently', async () => {
  const { clock, manager, rotations } = open({ a: { lifeMinutes: 60 }, b: { lifeMinutes: 60 } }, { apart: true })
  manager.lead(() => undefined)
  await clock.advance(DAY)
  assert.deepEqual([...new Set(rotations.slice(1))].sort(), ['a', 'b'])
})

test('a new credential waits at most 3 s for another registry’s, and is rotated alone if the other request fails', async () => {
  const { clock, manager, rotations, failures } = open({
    a: { lifeMinutes: 60 },
    b: { lifeMinutes: 60, latency: 20_000 },
  })
  manager.lead(() => undefined)
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

test('P1 the replacement of an expired credential does not wait for others', async () => {
  const { clock, manager, rotations, failures } = open({
    a: { lifeMinutes: 60 },
    b: { lifeMinutes: 60, latency: 2_000 },
  })
  manager.lead(() => undefined)
  await clock.advance(MINUTE)
  for (const name of ['a', 'b']) failures.set(name, new NopassError('CLOUD_UNAVAILABLE', 'down'))
  await clock.advance(120 * MINUTE)
  rotations.splice(0)
  failures.clear()
  await clock.advance(3 * MINUTE)
  assert.deepEqual(rotations.toSorted(), ['a', 'b'])
  assert.equal(manager.holding, false)
})

test('P7 registries with the same instance and identity send their requests together, even without a common namespace', async () => {
  const same = { lifeMinutes: 60, key: 'one instance' }
  const { clock, manager, rotations, calls } = open(
    { inside: same, outside: same, other: { lifeMinutes: 60 } },
    { apart: true },
  )
  manager.lead(() => undefined)
  await clock.advance(3 * 60 * MINUTE)
  rotations.splice(0)
  calls.clear()
  await clock.advance(DAY)
  assert.equal(rotations.filter((names) => names.includes('inside')).length, calls.get('one instance'))
  assert.deepEqual(new Set(rotations.filter((names) => names.includes('side'))), new Set(['inside,outside']))
})

test('a requested rotation also retries a failing registry immediately', async () => {
  const { clock, manager, calls, failures } = open({ a: { lifeMinutes: 60 }, b: { lifeMinutes: 60 } })
  failures.set('b', new NopassError('CLOUD_DENIED', 'no', { reason: 'NoPermission' }))
  manager.lead(() => undefined)
  await clock.advance(30 * MINUTE)
  const [a = 0, b = 0] = [calls.get('a'), calls.get('b')]
  manager.rotate({ at: 0, olderThan: clock.now(), noticedAt: clock.monotonic() })
  await clock.advance(200)
  assert.deepEqual([calls.get('a'), calls.get('b')], [a + 1, b + 1])
  const [, state] = manager.states
  assert.equal(state?.triedAt, clock.now() - 100)
})

test('if a rotation is requested while two registries share a call, both get a credential from a later call', async () => {
  const twin = { lifeMinutes: 60, latency: 5_000, key: 'one instance' }
  const { clock, manager, calls } = open({ a: twin, b: twin })
  manager.lead(() => undefined)
  await clock.advance(MINUTE)
  manager.force('a')
  await clock.advance(2_000)
  const requestedAt = clock.now()
  manager.rotate({ at: 0, olderThan: Number.POSITIVE_INFINITY, noticedAt: clock.monotonic() })
  await clock.advance(30_000)
  assert.deepEqual(
    manager.states.map(({ live }) => (live?.token.issuedAt ?? 0) >= requestedAt),
    [true, true],
  )
  // The first call, the call for `a` alone, and one or two calls after the request.
  assert.ok((calls.get('one instance') ?? 0) <= 4)
})

test('a registry that has another name after a reload keeps its credential, also that of an earlier configuration', () => {
  const entry = { name: 'before', source: { key: 'same' } } as RegistryEntry
  const [mine, renamed] = [live('before'), { ...live('before'), name: 'after' }]
  const after = (state: Partial<RegistryState>) => {
    const carried = [{ ...initialState(entry, undefined), ...state }]
    const { manager } = open({ after: { lifeMinutes: 60, key: 'same' } }, { carried })
    return manager.states.map(({ name, live, kept }) => ({ name, live, kept }))
  }
  assert.deepEqual(after({ live: mine }), [{ name: 'after', live: renamed, kept: undefined }])
  assert.deepEqual(after({ kept: mine }), [{ name: 'after', live: undefined, kept: renamed }])
})
