import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type ErrorCode, hasCode, NopassError } from '../../src/errors.ts'
import { decideLogin, type LoginRecord, lastLogin, readRecord } from '../../src/node/provider/login-record.ts'
import { obtainLogin } from '../../src/node/provider/obtain-login.ts'
import { anyValue, fuzz } from '../support/fuzz.ts'
import { nodeRegistry, nodeSettings } from './node-settings.ts'

/** The time in which a request must end, as in the program (milliseconds). */
const DEADLINE = 2_700
/** A waiting request looks for a result every 20 ms. */
const LOOK = 20
const LIFE = 3_600_000

const CONFIG = nodeSettings()
const WANTED = { identity: { kind: 'worker-role' }, values: nodeRegistry('prod') } as const

interface Start {
  readonly at: number
  /** The process is killed so long after its start. */
  readonly killedAfter: number | undefined
}

interface Answer {
  readonly after: number
  readonly code: ErrorCode | undefined
}

/** Runs processes of one node on a virtual clock, each of which wants the same login. */
async function runNode(starts: readonly Start[], answers: readonly Answer[], first: LoginRecord | undefined) {
  const timers: { at: number; run: () => void }[] = []
  let now = 0
  const wait = (milliseconds: number): Promise<void> =>
    new Promise((resolve) => timers.push({ at: now + milliseconds, run: resolve }))
  let record = first
  let holder: Start | undefined
  const isDead = ({ at, killedAfter = Number.POSITIVE_INFINITY }: Start): boolean => now >= at + killedAfter
  const fetches: { start: Start; from: number; to: number; code: ErrorCode | undefined }[] = []
  const ends: { start: Start; at: number; code: ErrorCode | undefined; password: string | undefined }[] = []

  async function runProcess(start: Start): Promise<void> {
    const stop = new AbortController()
    timers.push({ at: start.at + DEADLINE, run: () => stop.abort() })
    const never = new Promise<never>(() => undefined)
    const alive = <T>(value: T): T | Promise<never> => (isDead(start) ? never : value)
    const fetchLogin = async () => {
      const { after, code } = answers[fetches.length % answers.length] ?? { after: 0, code: undefined }
      const fetch = { start, from: now, to: Number.POSITIVE_INFINITY, code }
      fetches.push(fetch)
      const aborted = new Promise<'aborted'>((resolve) =>
        stop.signal.addEventListener('abort', () => resolve('aborted')),
      )
      const how = await Promise.race([wait(after), aborted])
      await alive(undefined)
      fetch.to = now
      if (how === 'aborted') fetch.code = 'NODE_TIMEOUT'
      if (fetch.code !== undefined) throw new NopassError(fetch.code, 'failed')
      const password = `p${fetches.indexOf(fetch)}`
      return { username: 'u', password, domains: ['d'], expiresAt: now + LIFE, refreshAt: now + LIFE / 2 }
    }
    const deps = {
      config: CONFIG,
      store: {
        read: () => record,
        write: (_key: string, written: LoginRecord) => {
          record = readRecord(JSON.stringify(written))
        },
        lock: () => {
          if (holder !== undefined && !isDead(holder)) return false
          holder = start
          return true
        },
        unlock: () => {
          holder = undefined
        },
      },
      fetchLogin,
      time: () => ({ boot: 'b', uptime: now }),
      cloudNow: () => now,
      startedAt: start.at,
      sleep: async (milliseconds: number) => {
        await wait(milliseconds)
        await alive(undefined)
      },
    }
    try {
      const { login } = await obtainLogin(WANTED as never, deps, stop.signal)
      ends.push({ start, at: now, code: undefined, password: login.password })
    } catch (error) {
      ends.push({ start, at: now, code: error instanceof NopassError ? error.code : 'INTERNAL', password: undefined })
    }
  }

  for (const start of starts) timers.push({ at: start.at, run: () => void runProcess(start) })
  while (timers.length > 0) {
    timers.sort((a, b) => a.at - b.at)
    const [next] = timers.splice(0, 1)
    now = Math.max(now, next?.at ?? 0)
    next?.run()
    for (let turn = 0; turn < 12; turn += 1) await undefined
  }
  return { fetches, ends }
}

const CODES = ['CLOUD_UNREACHABLE', 'CLOUD_DENIED', 'CLOUD_THROTTLED', 'INTERNAL'] as const
const START = fc.record({
  at: fc.integer({ min: 0, max: 6_000 }),
  killedAfter: fc.option(fc.integer({ min: 0, max: 3_000 }), { nil: undefined, freq: 6 }),
})
const ANSWER = fc.record({
  after: fc.oneof(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 0, max: 5_000 })),
  code: fc.option(fc.constantFrom(...CODES), { nil: undefined, freq: 2 }),
})
/** A login of the node, which may be due or expired when the processes start. */
const FIRST = fc.option(
  fc.integer({ min: -5_000, max: 10_000 }).map((refreshAt): LoginRecord => {
    const login = {
      username: 'u',
      password: 'first',
      domains: ['d'],
      refreshAt,
      expiresAt: refreshAt + 3_000,
      cloudAhead: 0,
    }
    return { boot: 'b', login }
  }),
  { nil: undefined },
)

test('however pulls of one node start, fail and are killed, one call at a time goes to the cloud, and each pull ends in time', async (t) => {
  const starts = fc.array(START, { minLength: 1, maxLength: 12 })
  const answers = fc.array(ANSWER, { minLength: 1, maxLength: 4 })
  await fuzz(
    t,
    'node-pulls',
    fc.asyncProperty(starts, answers, FIRST, async (processes, given, first) => {
      const { fetches, ends } = await runNode(processes, given, first)
      const survivors = processes.filter(({ killedAfter }) => killedAfter === undefined)
      for (const start of survivors) {
        const end = ends.find((one) => one.start === start)
        assert.ok(end !== undefined && end.at <= start.at + DEADLINE + LOOK, 'a pull does not end in time')
      }
      for (const [index, fetch] of fetches.entries()) {
        const death = (one: Start): number => one.at + (one.killedAfter ?? Number.POSITIVE_INFINITY)
        for (const other of fetches.slice(0, index)) {
          const until = Math.min(other.to, death(other.start))
          assert.ok(until <= fetch.from, 'two calls at once')
          // What another call gave to a pull that waited for it is not requested again.
          const isAnswered = other.to <= fetch.from && other.to >= fetch.start.at
          assert.ok(!isAnswered, 'a pull that waited for a call repeats it')
          assert.ok(other.code !== undefined || other.to > fetch.from, 'a new login is requested again')
        }
      }
      for (const { at, code, password } of ends) {
        if (password === 'first' && first?.login !== undefined && at >= first.login.expiresAt) {
          const isRefused = fetches.some((fetch) => fetch.to <= at && fetch.code === 'CLOUD_DENIED')
          assert.ok(!isRefused, 'an expired login is used after a refusal')
        }
        const isCalled = fetches.some(({ from, to }) => from <= at && to >= at - LOOK)
        assert.ok(code === undefined || isCalled, 'a pull fails without a call')
        const isRefused = fetches.some((fetch) => fetch.to <= at && fetch.code === 'CLOUD_DENIED')
        const canUseFirst = first?.login !== undefined && (at < first.login.expiresAt || !isRefused)
        assert.ok(code === undefined || !canUseFirst, 'a pull fails although the node has a login')
      }
    }),
    300,
  )
})

test('a record with any content is read completely or not at all, and never breaks a pull', async (t) => {
  const login = { username: 'u', password: 'p', domains: ['d'], refreshAt: 1, expiresAt: 2, cloudAhead: 0 }
  const whole = { boot: 'b', login, failure: { at: 0, code: 'CLOUD_DENIED', message: 'm', hint: 'h' } }
  const changed = fc
    .tuple(
      fc.constantFrom('boot', 'login', 'failure'),
      fc.constantFrom(...Object.keys(login), 'at', 'code', ''),
      anyValue,
    )
    .map(([part, key, value]) => ({
      ...whole,
      [part]: key === '' || part === 'boot' ? value : { ...whole[part as 'login'], [key]: value },
    }))
  const content = fc.oneof(anyValue, changed).map((value) => JSON.stringify(value) ?? '')
  await fuzz(
    t,
    'node-record',
    fc.property(fc.oneof(content, fc.string()), (text) => {
      const record = readRecord(text)
      const time = { boot: 'b', uptime: 0 }
      const decision = decideLogin(record, time, 0)
      if (decision.kind === 'use') assert.ok(decision.seconds >= 0 && decision.login.password !== '')
      if (decision.kind === 'failed')
        assert.ok(hasCode(new NopassError(decision.failure.code, ''), decision.failure.code))
      const last = lastLogin(record, 'CLOUD_UNREACHABLE', time)
      assert.ok(last === undefined || (last.seconds >= 0 && last.seconds <= 15))
    }),
    2_000,
  )
})
