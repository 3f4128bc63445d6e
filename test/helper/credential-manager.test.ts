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
  /** Adds this registry, which was left out at the start. */
  add(name: string): void
  readonly answered: string[]
}

interface Registry {
  readonly lifeMinutes: number
  /** Milliseconds until the cloud responds. */
  readonly latency?: number
  /** True if the session of its identity is shared on the node. */
  readonly isShared?: boolean
  /** Registries with the same key share calls. By default the key is the registry's name. */
  readonly key?: string
}

function open(
  registries: Record<string, Registry>,
  options: {
    apart?: boolean
    carried?: readonly RegistryState[]
    without?: string
    union?: RegistryEntry['union']
  } = {},
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
      source: {
        key,
        sharedSession: registry.isShared ?? false,
        get: async () => ({ ...(await login()), domains: [name] }),
      },
      verify: async () => 'accepted',
      ...(options.union && { union: options.union }),
    }
  })
  const answered: string[] = []
  const manager = createCredentialManager({
    entries: entries.filter(({ name }) => name !== options.without),
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
    onAnswered: (registry) => void answered.push(registry),
    onChange: () => undefined,
  })
  const add = (added: string) => manager.add(entries.filter(({ name }) => name === added))
  return { clock, manager, rotations, calls, failures, add, answered }
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

test('a credential that nothing needs any more is not requested, and no other credential waits for it', async () => {
  const { clock, manager, rotations, calls, answered } = open({
    a: { lifeMinutes: 60 },
    b: { lifeMinutes: 60, latency: 20_000 },
  })
  manager.lead(() => undefined)
  await clock.advance(1_000)
  assert.deepEqual([rotations, answered, manager.holding], [[], ['a'], true])
  manager.drop('b')
  assert.deepEqual([rotations, answered, manager.holding], [['a'], ['a', 'b'], false])
  assert.deepEqual([manager.states.map(({ name }) => name), manager.stateOf('b')], [['a'], undefined])
  await clock.advance(5 * 60 * MINUTE)
  assert.equal(calls.get('b'), 1)
  assert.deepEqual(new Set(rotations), new Set(['a']))
})

test('a credential that waits for another one is not written after nothing needs it any more', async () => {
  const { clock, manager, rotations } = open({ a: { lifeMinutes: 60 }, b: { lifeMinutes: 60, latency: 2_000 } })
  manager.lead(() => undefined)
  await clock.advance(1_000)
  assert.equal(manager.holding, true)
  manager.drop('a')
  assert.equal(manager.holding, false)
  await clock.advance(2_000)
  assert.deepEqual(rotations, ['b'])
})

test('a registry that is added while this replica leads is requested at once, without what an earlier configuration had', async () => {
  const carried = ['a', 'late'].map((name) => {
    const entry = { name, source: { key: name } } as RegistryEntry
    return { ...initialState(entry, undefined), live: { ...live(name), fingerprint: name } }
  })
  const registries = { a: { lifeMinutes: 60 }, late: { lifeMinutes: 60 } }
  const { clock, manager, calls, add } = open(registries, { carried, without: 'late' })
  add('none')
  assert.deepEqual(
    manager.states.map(({ name, live }) => [name, live?.token.password]),
    [['a', 'a-password']],
  )
  manager.lead((name) => (name === 'late' ? undefined : carried[0]?.live))
  await clock.advance(1_000)
  assert.equal(calls.get('late'), undefined)
  add('late')
  await clock.advance(1_000)
  assert.deepEqual([calls.get('late'), manager.stateOf('late')?.live?.token.password], [1, 'late1'])
  const before = open(registries, { carried, without: 'late' })
  before.add('late')
  assert.equal(before.manager.stateOf('late')?.live?.token.password, 'late-password')
})

test('a person’s request replaces what was issued before it, and is handled when each registry was tried', async () => {
  const { clock, manager, calls } = open({ a: { lifeMinutes: 60 }, b: { lifeMinutes: 60, latency: 5_000 } })
  manager.lead(() => undefined)
  assert.equal(manager.handled, undefined)
  await clock.advance(MINUTE)
  const [a, b] = manager.states.map(({ live }) => live?.token.issuedAt ?? 0)
  assert.ok(a !== undefined && a === b)
  manager.rotate({ at: 7, olderThan: a, noticedAt: clock.monotonic() })
  await clock.advance(10_000)
  assert.deepEqual([calls.get('a'), calls.get('b'), manager.handled], [1, 1, 7])
  manager.rotate({ at: 8, olderThan: a + 1, noticedAt: clock.monotonic() })
  await clock.advance(1_000)
  assert.deepEqual([calls.get('a'), calls.get('b'), manager.handled], [2, 2, undefined])
  await clock.advance(5_000)
  assert.equal(manager.handled, 8)
})

test('a registry is failing from its first failed request until one succeeds', async () => {
  const { clock, manager, failures } = open({ a: { lifeMinutes: 60 } })
  failures.set('a', new NopassError('CLOUD_UNAVAILABLE', 'down'))
  manager.lead(() => undefined)
  assert.deepEqual([manager.isFailing('a'), manager.isFailing('other')], [false, false])
  await clock.advance(1_000)
  assert.equal(manager.isFailing('a'), true)
  failures.clear()
  await clock.advance(5 * MINUTE)
  assert.equal(manager.isFailing('a'), false)
})

test('after a stop nothing is requested or rotated', async () => {
  const { clock, manager, rotations, calls } = open({ a: { lifeMinutes: 60 }, b: { lifeMinutes: 60, latency: 20_000 } })
  manager.lead(() => undefined)
  await clock.advance(1_000)
  assert.equal(manager.holding, true)
  manager.stop()
  await clock.advance(5 * 60 * MINUTE)
  assert.deepEqual([rotations, [...calls.values()]], [[], [1, 1]])
})

test('the replacement of an expired credential is rotated at once, although another registry does not respond', async () => {
  const { clock, manager, rotations } = open({ a: { lifeMinutes: 60 }, b: { lifeMinutes: 60, latency: 20_000 } })
  const expired = { ...live('a', 'old', { expiresAt: clock.now() }), fingerprint: 'a' }
  manager.lead((name) => (name === 'a' ? expired : undefined))
  await clock.advance(200)
  assert.deepEqual([rotations, manager.holding], [['a'], false])
})

test('a credential can be demanded, and another leader’s is taken over; names that are not known change nothing', async () => {
  const { clock, manager, calls } = open({ a: { lifeMinutes: 60 } })
  manager.lead(() => undefined)
  await clock.advance(2_000)
  for (const name of ['none', 'a']) manager.force(name)
  manager.drop('none')
  await clock.advance(1_000)
  assert.equal(calls.get('a'), 2)
  manager.found([live('none'), { ...live('a', 'theirs'), fingerprint: 'a' }])
  assert.deepEqual([manager.stateOf('a')?.live?.token.password, manager.states.length], ['theirs', 1])
  await clock.advance(2_000)
  manager.renewUnlogged(['none', 'a'])
  await clock.advance(1_000)
  assert.equal(manager.stateOf('a')?.live?.token.password, 'a3')
})

const unionOf = (...entries: readonly string[]) => ({ entries }) as unknown as NonNullable<RegistryEntry['union']>

test('after a reload a limited credential is that of the same entries, else of one of its entries, while it gets its own', () => {
  const carried = (name: string, union?: readonly string[]): RegistryState => {
    const entry = {
      name,
      source: { key: `before-${name}` },
      ...(union && { union: unionOf(...union) }),
    } as RegistryEntry
    return { ...initialState(entry, undefined), live: live(name) }
  }
  const keptBy = (union: readonly string[] | undefined, ...states: readonly RegistryState[]) => {
    const { manager } = open(
      { u: { lifeMinutes: 60 } },
      { carried: states, ...(union && { union: unionOf(...union) }) },
    )
    const { live: own, kept } = manager.stateOf('u') ?? {}
    return own?.token.password ?? kept?.token.password
  }
  const [same, other, role] = [carried('old', ['x', 'y']), carried('z', ['z']), carried('y')]
  assert.equal(keptBy(['x', 'y'], other, role, same), 'old-password')
  assert.equal(keptBy(['x', 'y'], other, role), 'y-password')
  assert.deepEqual([keptBy(['x', 'y'], other), keptBy(undefined, same, role)], [undefined, undefined])
  const empty = { ...same, live: undefined }
  assert.equal(keptBy(['x', 'y'], empty, role), 'y-password')
})

test('a session that is shared on the node is not requested again within five minutes, whatever is due beside it', async () => {
  const { clock, manager, rotations } = open({ a: { lifeMinutes: 8 }, shared: { lifeMinutes: 8, isShared: true } })
  const times: number[] = []
  const push = rotations.push.bind(rotations)
  rotations.push = (...names) => {
    if (names.some((one) => one.includes('shared'))) times.push(clock.monotonic())
    return push(...names)
  }
  manager.lead(() => undefined)
  await clock.advance(6 * 60 * MINUTE)
  const pauses = times.slice(1).map((time, index) => time - (times[index] ?? 0))
  assert.ok(pauses.length > 30 && Math.min(...pauses) >= 5 * MINUTE - 3_000, `${Math.min(...pauses)}`)
})
