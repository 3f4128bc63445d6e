import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HttpRequest, HttpResponse } from '../../src/alibaba/transport/http-sender.ts'
import { type CheckRequest, checkLogin, chooseChecks } from '../../src/login/check-login.ts'

const PUBLIC = 'demo-registry.cn-hangzhou.cr.aliyuncs.com'
const VPC = 'demo-registry-vpc.cn-hangzhou.cr.aliyuncs.com'
const TOKENS = 'https://dockerauth.cn-hangzhou.aliyuncs.com/auth'
const REQUEST: CheckRequest = {
  token: { username: 'cr_temp_user', password: 'p', domains: [VPC, PUBLIC] },
  named: undefined,
  repositories: ['team/app'],
  probe: undefined,
  access: 'push',
  isLimited: false,
  registry: undefined,
}
const never = new AbortController().signal

/**
 * Checks a login at a registry of which only `reachable` domains respond. `status` overrides the
 * status of the first requests with a token, by method and path.
 */
async function check(
  request: Partial<CheckRequest>,
  {
    reachable = [PUBLIC],
    status = {},
    tokens = 200,
  }: { reachable?: readonly string[]; status?: Record<string, number[]>; tokens?: number } = {},
) {
  const sent: HttpRequest[] = []
  const pauses: number[] = []
  const send = async (one: HttpRequest): Promise<HttpResponse> => {
    sent.push(one)
    if (one.url.href.startsWith(TOKENS)) return { status: tokens, headers: {}, text: '{"token":"t"}' }
    if (!reachable.includes(one.url.host)) throw Object.assign(new Error('no'), { code: 'ENOTFOUND' })
    if (one.headers.authorization === undefined) {
      return { status: 401, headers: { 'www-authenticate': `Bearer realm="${TOKENS}",service="r"` }, text: '' }
    }
    const given = status[`${one.method} ${one.url.pathname}`]?.shift()
    if (given !== undefined) return { status: given, headers: {}, text: '' }
    if (one.method === 'POST') {
      return { status: 202, headers: { location: `${one.url.pathname}1` }, text: '' }
    }
    if (one.method === 'DELETE') return { status: 204, headers: {}, text: '' }
    return { status: 404, headers: {}, text: '{"errors":[{"code":"MANIFEST_UNKNOWN"}]}' }
  }
  const sleep = async (ms: number) => pauses.push(ms)
  const evidence = await checkLogin({ ...REQUEST, ...request }, { send, sleep }, never)
  return { evidence, sent, pauses }
}

test('the repositories are checked at the first domain that answers; domains of the VPC are asked last', async () => {
  const { evidence, pauses, sent } = await check({})
  assert.deepEqual(
    evidence.domains.map(({ domain, login }) => [domain, login.result]),
    [[PUBLIC, 'accepted']],
  )
  assert.equal(evidence.answered, PUBLIC)
  assert.deepEqual(
    evidence.repositories.map(({ repository, pull, push }) => [repository, pull?.grant, push?.grant]),
    [['team/app', 'granted', 'granted']],
  )
  assert.deepEqual(pauses, [])
  assert.ok(!sent.some(({ url }) => url.host === VPC))
  const inside = await check({}, { reachable: [VPC] })
  assert.deepEqual(
    [inside.evidence.answered, inside.evidence.domains.map(({ login }) => login.result)],
    [VPC, ['unreachable', 'accepted']],
  )
})

test('the login goes to the token services of ACR also for a custom domain, and nowhere else', async () => {
  const domains = ['images.example.com']
  const { evidence, sent } = await check({ token: { ...REQUEST.token, domains } }, { reachable: domains })
  assert.equal(evidence.repositories[0]?.push?.grant, 'granted')
  const basic = `Basic ${Buffer.from('cr_temp_user:p').toString('base64')}`
  const withPassword = sent.filter(({ headers }) => headers.authorization === basic)
  assert.deepEqual([...new Set(withPassword.map(({ url }) => url.host))], [new URL(TOKENS).host])
})

test('a login that the registry refuses is not asked for repositories', async () => {
  const { evidence, sent } = await check({}, { tokens: 401 })
  assert.deepEqual(
    [evidence.domains[0]?.login.result, evidence.answered, evidence.repositories],
    ['refused', PUBLIC, []],
  )
  assert.equal(sent.length, 2)
})

test('the domain that the user named is asked first', async () => {
  const { evidence } = await check({ named: VPC }, { reachable: [PUBLIC, VPC] })
  assert.deepEqual([evidence.answered, evidence.domains.length], [VPC, 1])
})

test('a login that only pulls never starts an upload', async () => {
  const { evidence, sent } = await check({ access: 'pull' })
  assert.deepEqual([evidence.repositories[0]?.pull?.grant, evidence.repositories[0]?.push], ['granted', undefined])
  assert.deepEqual([...new Set(sent.map(({ method }) => method))], ['GET'])
})

test('without a response of any domain nothing counts as checked', async () => {
  const { evidence } = await check({}, { reachable: [] })
  assert.deepEqual([evidence.answered, evidence.domains.length, evidence.repositories], [undefined, 2, []])
})

test('a question without a clear answer is asked three times; a clear answer is not asked for again', async () => {
  const uploads = 'POST /v2/team/app/blobs/uploads/'
  const busy = await check({}, { status: { [uploads]: [503, 503] } })
  assert.deepEqual([busy.evidence.repositories[0]?.push?.grant, busy.pauses], ['granted', [1000, 3000]])
  const down = await check({}, { status: { [uploads]: [503, 503, 503, 503] } })
  assert.equal(down.evidence.repositories[0]?.push?.grant, 'unknown')
  assert.deepEqual((await check({}, { reachable: [] })).pauses, [1000, 3000])
})

test('a limited login is also asked for a repository outside of its list', async () => {
  const outside = async (...repositories: string[]) => {
    const { evidence } = await check({ isLimited: true, repositories })
    return evidence.outside?.repository
  }
  assert.equal(await outside('team/app'), 'team/acr-nopass-login-check')
  assert.equal(await outside('team/*', 'base/os'), 'acr-nopass-login-check/acr-nopass-login-check')
  assert.equal(await outside('*'), undefined)
  assert.equal((await check({})).evidence.outside, undefined)
})

test('a busy registry is asked again for the repository outside of the list', async () => {
  const path = 'GET /v2/team/acr-nopass-login-check/manifests/acr-nopass-login-check'
  const { evidence } = await check({ isLimited: true }, { status: { [path]: [503, 503] } })
  assert.equal(evidence.outside?.pull.grant, 'granted')
})

test('globs and repositories beyond the twentieth are not checked, and say so; the probe stands for globs', () => {
  assert.deepEqual(chooseChecks(['team/*', 'team/app', '*'], 'team/os'), {
    concrete: ['team/app', 'team/os'],
    unchecked: [
      { repository: 'team/*', why: 'only a repository without * can be checked' },
      { repository: '*', why: 'only a repository without * can be checked' },
    ],
  })
  const many = Array.from({ length: 22 }, (_, index) => `team/app-${index}`)
  const { concrete, unchecked } = chooseChecks(many, undefined)
  assert.equal(concrete.length, 20)
  assert.deepEqual(
    unchecked.map(({ repository, why }) => [repository, why]),
    [
      ['team/app-20', 'only the first 20 are checked'],
      ['team/app-21', 'only the first 20 are checked'],
    ],
  )
})
