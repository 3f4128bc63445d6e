import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  EMPTY_LOG,
  inForce,
  type LogEvent,
  type Logged,
  type LogState,
  logStep,
  newest,
  nextContent,
} from '../../src/helper/credentials/log-step.ts'
import type { Credential } from '../../src/helper/credentials/registry-state.ts'
import { live } from './plan-fixtures.ts'

/**
 * `a5`: the credential number 5 of registry a. The same word later in a case is a different login.
 */
const logged = (text: string, login = text): Logged => live(text.slice(0, 1), login, { number: Number(text.slice(1)) })
const copy = (version: string, last: number, ...credentials: Logged[]): LogEvent => ({
  type: 'read',
  copy: { version: { uid: version.slice(0, 1), resourceVersion: version.slice(1) }, last, credentials },
})
const ABSENT: LogEvent = { type: 'read', copy: { version: undefined, last: 0, credentials: [] } }
const obtained = (...credentials: Credential[]): LogEvent => ({ type: 'obtained', credentials })
const written = (version: string, ...all: Logged[]): LogEvent => ({
  type: 'written',
  version: { uid: version.slice(0, 1), resourceVersion: version.slice(1) },
  logged: all,
})

/**
 * Formats what namespaces get, what the next write logs, and the version of the helper's own copy:
 * `a5 → a6
 * @x1`.
 */
function describe(state: LogState): string {
  const NAMES = ['a', 'b']
  const text = ({ name, number, token }: Credential & { number?: number | undefined }): string =>
    `${name}${number ?? '?'}${token.password.startsWith(name) ? '' : ` (${token.password})`}`
  const force = NAMES.flatMap((name) => inForce(state, name) ?? []).map(text)
  const isWrite = state.pending.size > 0
  const next = isWrite ? ` → ${nextContent(state, NAMES).map(text).join(' ')}` : ''
  const at = typeof state.copy === 'string' ? state.copy : `${state.copy.uid}${state.copy.resourceVersion}`
  return `${force.join(' ') || 'nothing'}${next} @${at}`
}

const next = live('a', 'next')
const x1 = copy('x1', 5, logged('a5'), logged('b3'))

const CASES: readonly (readonly [string, readonly LogEvent[], string])[] = [
  ['a log that was not read is not written', [obtained(next)], 'nothing → a1 (next) @unread'],
  ['a new leader uses what the log has', [x1], 'a5 b3 @x1'],
  [
    'a new credential is not in force before it is logged, under the next number',
    [x1, obtained(next)],
    'a5 b3 → a6 (next) b3 @x1',
  ],
  [
    'what was logged is in force, and the next write replaces that version',
    [x1, obtained(next), written('x2', { ...next, number: 6 }, logged('b3'))],
    'a6 (next) b3 @x2',
  ],
  [
    'a credential that arrives during a write is logged by the next one',
    [x1, obtained(next), obtained(live('a', 'later')), written('x2', { ...next, number: 6 }, logged('b3'))],
    'a6 (next) b3 → a7 (later) b3 @x2',
  ],
  [
    'a login that two registries share is logged for each of them',
    [x1, obtained(next), obtained({ ...next, name: 'b' }), written('x2', { ...next, number: 6 }, logged('b3'))],
    'a6 (next) b3 → a6 (next) b7 (next) @x2',
  ],
  [
    'after a conflict the log is read again',
    [x1, obtained(next), { type: 'conflict' }],
    'a5 b3 → a6 (next) b3 @unread',
  ],
  [
    'what another leader logged meanwhile is adopted, and a new credential of ours is logged above it',
    [x1, obtained(next), { type: 'conflict' }, copy('x4', 7, logged('a7', 'theirs'), logged('b6'))],
    'a7 (theirs) b6 → a8 (next) b6 @x4',
  ],
  [
    'a write whose response was lost is recognized',
    [x1, obtained(next), { type: 'conflict' }, copy('x2', 6, logged('a6', 'next'), logged('b3'))],
    'a6 (next) b3 @x2',
  ],
  [
    'a log that is lower under the same UID was restored: what this replica wrote is logged above both',
    [x1, { type: 'conflict' }, copy('x0', 3, logged('a2', 'old'), logged('b3'))],
    'a5 b3 → a6 b3 @x0',
  ],
  [
    'a credential that waits for the log is not put back by an older one that a restored log lost',
    [x1, obtained(next), { type: 'conflict' }, copy('x0', 3, logged('a2', 'old'), logged('b3'))],
    'a5 b3 → a6 (next) b3 @x0',
  ],
  [
    'a credential that the restored log lacks is logged again',
    [x1, { type: 'conflict' }, copy('x0', 3, logged('b3'))],
    'a5 b3 → a6 b3 @x0',
  ],
  ['a log that was deleted is written again', [x1, { type: 'conflict' }, ABSENT], 'a5 b3 → a6 b6 @absent'],
  [
    'until then namespaces keep what they have, and the new copy has numbers above the old ones',
    [x1, { type: 'conflict' }, ABSENT, written('y1', logged('a6', 'a5'), logged('b6', 'b3'))],
    'a6 b6 @y1',
  ],
  [
    'a log that another leader created again counts, whatever its numbers',
    [x1, { type: 'conflict' }, copy('y3', 1, logged('a1', 'theirs'))],
    'a1 (theirs) b3 → a1 (theirs) b6 @y3',
  ],
  [
    'a log that cannot be written in time does not hold up new credentials',
    [x1, obtained(next), { type: 'stuck' }],
    'a? (next) b3 → a6 (next) b3 @x1',
  ],
  [
    'once it is written, they have a number',
    [x1, obtained(next), { type: 'stuck' }, written('x2', { ...next, number: 6 }, logged('b3'))],
    'a6 (next) b3 @x2',
  ],
  [
    'after that write, the next credential waits for the log again',
    [
      x1,
      obtained(next),
      { type: 'stuck' },
      written('x2', { ...next, number: 6 }, logged('b3')),
      obtained(live('a', 'later')),
    ],
    'a6 (next) b3 → a7 (later) b3 @x2',
  ],
  [
    'so it does if only the response to that write was lost',
    [
      x1,
      obtained(next),
      { type: 'stuck' },
      copy('x2', 6, logged('a6', 'next'), logged('b3')),
      obtained(live('a', 'later')),
    ],
    'a6 (next) b3 → a7 (later) b3 @x2',
  ],
  [
    'so it does if the cluster does not need those that could not be logged any more',
    [x1, obtained(next), { type: 'stuck' }, { type: 'needed', names: ['b'] }, obtained(live('b', 'later'))],
    'b3 → b6 (later) @x1',
  ],
  [
    'while one credential still waits for a log that cannot be written, it is in force without a number',
    [x1, obtained(next, live('b', 'later')), { type: 'stuck' }, written('x2', { ...next, number: 6 }, logged('b3'))],
    'a6 (next) b? (later) → a6 (next) b7 (later) @x2',
  ],
  [
    'what the cluster still needs stays in force, and waits for the log as before',
    [x1, obtained(next), { type: 'needed', names: ['a'] }],
    'a5 → a6 (next) @x1',
  ],
  [
    'a read of the log does not end the wait for a log that cannot be written',
    [x1, obtained(next), { type: 'stuck' }, x1],
    'a? (next) b3 → a6 (next) b3 @x1',
  ],
  ['a log with nothing to write is not stuck', [x1, { type: 'stuck' }, obtained(next)], 'a5 b3 → a6 (next) b3 @x1'],
]

for (const [title, events, expected] of CASES)
  test(title, () => assert.equal(describe(events.reduce(logStep, EMPTY_LOG)), expected))

test('the newest credential is the credential that waits for the log, if there is one', () => {
  const state = [x1, obtained(next)].reduce(logStep, EMPTY_LOG)
  assert.deepEqual(
    [newest(state, 'a'), newest(state, 'b')?.token.password, newest(state, 'c')],
    [next, 'b3', undefined],
  )
})

/**
 * Two replicas that both act as leader, one own copy with compare-and-swap, and an administrator
 * who deletes the copy or restores it from a backup.
 */
test('in any order of events, no credential in force is older than a logged credential that its leader knows, and no number is used twice', () => {
  type Copy = { readonly uid: string; readonly version: number; readonly last: number; readonly all: readonly Logged[] }
  const action = fc.oneof(
    fc.record({
      do: fc.constantFrom('get', 'write', 'read', 'stuck', 'lose'),
      by: fc.constantFrom(0, 1),
      name: fc.constantFrom('a', 'b'),
    }),
    fc.record({ do: fc.constantFrom('delete', 'back up', 'restore'), by: fc.constant(0), name: fc.constant('a') }),
  )
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
      const replicas = [EMPTY_LOG, EMPTY_LOG]
      let own: Copy | undefined
      let backup: Copy | undefined
      let [serial, version, uids] = [0, 0, 0]
      const send = (by: number, event: LogEvent): void => {
        const before = replicas[by] ?? EMPTY_LOG
        const after = logStep(before, event)
        replicas[by] = after
        assert.ok(after.last >= before.last)
        // Only three credentials may replace a credential in force: one with a higher number, one
        // of another copy, or one that is newer than the log.
        for (const name of ['a', 'b']) {
          const [old, now] = [before.logged.get(name), after.logged.get(name)]
          if (old && after.uid === before.uid)
            assert.ok(now && now.number >= old.number, `${old.number} → ${now?.number}`)
          if (old && now && now.number === old.number && after.uid === before.uid)
            assert.equal(now.token.password, old.token.password)
        }
        for (const { number } of after.logged.values()) assert.ok(number <= after.last)
      }
      for (const { do: what, by, name } of actions) {
        const state = replicas[by] ?? EMPTY_LOG
        if (what === 'get') send(by, obtained(live(name, `${name}-${++serial}`)))
        else if (what === 'stuck') send(by, { type: 'stuck' })
        else if (what === 'read') {
          const seen = own && { uid: own.uid, resourceVersion: String(own.version) }
          send(by, { type: 'read', copy: { version: seen, last: own?.last ?? 0, credentials: own?.all ?? [] } })
        } else if (what === 'delete') own = undefined
        else if (what === 'back up') backup = own
        else if (what === 'restore') {
          version += 1
          own = backup === undefined ? undefined : { ...backup, version }
        } else if (state.copy !== 'unread') {
          const { copy: at } = state
          const isSame =
            at === 'absent' ? own === undefined : own?.uid === at.uid && String(own.version) === at.resourceVersion
          const all = nextContent(state, ['a', 'b'])
          if (!isSame) send(by, { type: 'conflict' })
          else if (all.length > 0) {
            version += 1
            const uid = own?.uid ?? `uid-${++uids}`
            own = { uid, version, last: Math.max(state.last, ...all.map(({ number }) => number)), all }
            // The response is lost.
            if (what === 'lose') send(by, { type: 'conflict' })
            else send(by, { type: 'written', version: { uid, resourceVersion: String(version) }, logged: all })
          }
        }
      }
      // If the two replicas only read and write from now on, they agree and log everything.
      for (let round = 0; round < 4; round += 1) {
        for (const by of [0, 1]) {
          const seen = own && { uid: own.uid, resourceVersion: String(own.version) }
          send(by, { type: 'read', copy: { version: seen, last: own?.last ?? 0, credentials: own?.all ?? [] } })
          const state = replicas[by] ?? EMPTY_LOG
          const all = nextContent(state, ['a', 'b'])
          if (state.pending.size === 0) continue
          version += 1
          const uid = own?.uid ?? `uid-${++uids}`
          own = { uid, version, last: Math.max(state.last, ...all.map(({ number }) => number)), all }
          send(by, { type: 'written', version: { uid, resourceVersion: String(version) }, logged: all })
        }
      }
      const [one, two] = replicas.map(({ logged, pending }) => {
        assert.equal(pending.size, 0)
        return [...logged.values()].map(({ name, number, token }) => `${name}${number} ${token.password}`).sort()
      })
      assert.deepEqual(one, two)
    }),
    { numRuns: 2_000 },
  )
})
