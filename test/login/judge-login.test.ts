import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PullVerdict } from '../../src/acr/query-manifest.ts'
import type { PushVerdict } from '../../src/acr/query-push.ts'
import type { LoginEvidence, RepositoryCheck } from '../../src/login/check-login.ts'
import { judgeLogin, lifeNotes, limitNotes, refuseSharedDomains, refuseShort } from '../../src/login/judge-login.ts'
import type { OpenedRegistry } from '../../src/login/open-registry.ts'
import { registry } from '../acr/registry.ts'

const HOST = 'demo-registry.cn-hangzhou.cr.aliyuncs.com'
const evidence = (
  repositories: readonly RepositoryCheck[],
  result: 'accepted' | 'refused' | 'skipped' = 'accepted',
) => {
  const login = { result, detail: `${HOST} responded` }
  return { domains: [{ domain: HOST, login }], answered: HOST, repositories } satisfies LoginEvidence
}
const pull = (grant: PullVerdict['grant']): PullVerdict => ({ grant, detail: `pull: ${grant}` })
const push = (grant: PushVerdict['grant'], uploadRemains = false): PushVerdict => {
  return { grant, detail: `push: ${grant}`, uploadRemains }
}
const judge = (...repositories: readonly RepositoryCheck[]) => judgeLogin('prod', evidence(repositories))

test('a login that the registry confirmed is stored without a note', () => {
  assert.deepEqual(judge({ repository: 'a/b', pull: pull('granted') }), [])
  assert.deepEqual(judge({ repository: 'a/b', pull: pull('granted'), push: push('granted') }), [])
})

test('what was not checked is said', () => {
  assert.deepEqual(judge({ repository: 'a/*', why: 'only a repository without * can be checked' }), [
    'a/*: not checked: only a repository without * can be checked',
  ])
  const vpc = { domain: 'vpc.example.com', login: { result: 'unreachable', detail: 'no response: ENOTFOUND' } } as const
  const all = { ...evidence([]), domains: [vpc, ...evidence([]).domains] }
  assert.deepEqual(judgeLogin('prod', all), [
    'vpc.example.com: not checked, because it gave no answer here: no response: ENOTFOUND',
  ])
})

test('a pull that the registry denies, or does not answer, is no green step', () => {
  assert.throws(() => judge({ repository: 'a/b', pull: pull('denied') }), {
    code: 'LOGIN_PULL_DENIED',
    message: 'a/b may not be pulled: pull: denied',
  })
  assert.throws(() => judge({ repository: 'a/b', pull: pull('unknown') }), { code: 'LOGIN_UNVERIFIED' })
})

test('a push that the registry denies, does not create or does not answer is no green step', () => {
  const check = (grant: PushVerdict['grant']) => judge({ repository: 'a/b', pull: pull('granted'), push: push(grant) })
  assert.throws(() => check('denied'), { code: 'LOGIN_PUSH_DENIED', message: 'a/b may not be pushed: push: denied' })
  assert.throws(() => check('absent'), { code: 'LOGIN_PUSH_DENIED', message: /does not exist/ })
  assert.throws(() => check('unknown'), { code: 'LOGIN_UNVERIFIED', message: /a push to a\/b/ })
})

test('before the first push of a repository its pull may be denied; the push is what counts', () => {
  for (const grant of ['denied', 'unknown'] as const) {
    const [note, ...more] = judge({ repository: 'a/new', pull: pull(grant), push: push('granted') })
    assert.match(note ?? '', /^a\/new: pull is not verified.*pull: (denied|unknown)$/)
    assert.deepEqual(more, [])
  }
})

test('a login that pulls more than its list says so', () => {
  const outside = (grant: PullVerdict['grant']) => {
    return judgeLogin('prod', { ...evidence([]), outside: { repository: 'a/other', pull: pull(grant) } })
  }
  assert.deepEqual(outside('denied'), [])
  assert.deepEqual(outside('unknown'), [
    'prod: not checked whether the login is limited to `repositories`: pull: unknown',
  ])
  assert.match(outside('granted').join(), /^prod: the login is not limited.*pull a\/other$/)
})

test('a test upload that may remain is said', () => {
  const notes = judge({ repository: 'a/b', pull: pull('granted'), push: push('granted', true) })
  assert.match(notes.join(), /^a\/b: the registry did not let this login cancel the test upload/)
})

test('a login that no domain answered, that was sent nowhere or that is refused is not stored', () => {
  const none = { domains: evidence([]).domains, answered: undefined, repositories: [] }
  assert.throws(() => judgeLogin('prod', none), { code: 'LOGIN_UNVERIFIED', message: new RegExp(`prod.*${HOST}`) })
  assert.throws(() => judgeLogin('prod', evidence([], 'skipped')), { code: 'LOGIN_UNVERIFIED' })
  assert.throws(() => judgeLogin('prod', evidence([], 'refused')), { code: 'LOGIN_REFUSED', message: /prod/ })
})

interface Changes {
  readonly repositories?: readonly string[]
  readonly edition?: 'enterprise' | 'personal'
  readonly policy?: string | undefined
}
const opened = ({ repositories = ['a/b'], edition = 'enterprise', ...more }: Changes = {}): OpenedRegistry => ({
  chosen: { config: registry({ edition }), repositories, access: 'pull' },
  policy: '{}',
  requestToken: () => Promise.reject(new Error()),
  ...more,
})

test('a login whose rights cannot be limited says so before it is written', () => {
  assert.deepEqual(limitNotes(opened()), [])
  assert.match(limitNotes(opened({ policy: undefined })).join(), /all rights of the access key.*`role-to-assume`/)
  assert.match(limitNotes(opened({ edition: 'personal' })).join(), /Personal Edition.*may have all rights of its role/)
  for (const all of ['*', '*/*']) {
    assert.match(limitNotes(opened({ repositories: [all] })).join(), /every repository that its role may use/)
  }
})

test('a token that lives shorter than min-life is refused, with both times', () => {
  const minutes = (count: number) => count * 60_000
  const judgeLife = (left: number) => refuseShort(opened(), 1000 + left, { minLifeMs: minutes(30), now: 1000 })
  judgeLife(minutes(30))
  assert.throws(() => judgeLife(minutes(30) - 1), {
    code: 'LOGIN_TOO_SHORT',
    message: 'the token of prod lives 30 min 00 s, and min-life is 30 min 00 s',
  })
  assert.throws(() => judgeLife(minutes(10)), { code: 'LOGIN_TOO_SHORT', message: /lives 10 min 00 s/ })
})

test('a login without an expiry is long enough', () => {
  assert.equal(refuseShort(opened(), null, { minLifeMs: 1, now: 0 }), undefined)
})

test('a token that lives shorter than expires-in-hours asked for says so', () => {
  const asked = (expiresInHours: number | null, hours: number) => {
    const chosen = { ...opened().chosen, config: registry({ expiresInHours }) }
    return lifeNotes({ ...opened(), chosen }, 1000 + hours * 3_600_000, 1000)
  }
  assert.deepEqual([asked(null, 1), asked(3, 3), asked(3, 2.999)], [[], [], []])
  assert.match(asked(3, 1).join(), /^prod: the token lives 60 min 00 s, although `expires-in-hours` asked for 3 h/)
})

test('two registries that share a domain are refused, because a Docker configuration has one login per host', () => {
  const login = (name: string, ...domains: string[]) => ({ name, domains })
  refuseSharedDomains([login('one', 'a', 'b'), login('two', 'c')])
  assert.throws(() => refuseSharedDomains([login('one', 'a', 'b'), login('two', 'b')]), {
    code: 'INPUT_CONFLICT',
    message: 'one and two share the domain b',
  })
})
