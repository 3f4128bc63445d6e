import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { PullVerdict } from '../../src/acr/query-manifest.ts'
import type { RegistryToken } from '../../src/acr/registry-token.ts'
import type { HttpRequest } from '../../src/alibaba/transport/http-sender.ts'
import { createAskRegistry, createMayPull, repositoryOf } from '../../src/helper/credentials/limit-questions.ts'
import type { Union } from '../../src/helper/credentials/unions.ts'
import { includesRepository, mergeRepositories } from '../../src/values/repositories.ts'

const token = (password: string, ...domains: string[]): RegistryToken => {
  return { username: 'u', password, issuedAt: 0, expiresAt: null, domains }
}
const NEW = token('new')
const IN_USE = token('in use')
const union = (repositories: readonly string[], probe?: string) => ({ repositories, ...(probe && { probe }) }) as Union
const never = new AbortController().signal

test('the registry is asked about the probe, else an exact name, else a name below a glob', () => {
  const of = (repositories: string[], probe?: string) => {
    const { repository, exists } = repositoryOf(union(repositories, probe))
    return `${repository} ${exists}`
  }
  assert.equal(of(['base/*', 'team-a/app'], 'base/os'), 'base/os true')
  assert.equal(of(['base/*', 'team-a/app']), 'team-a/app false')
  assert.equal(of(['base/*', 'team-a/*']), 'base/acr-nopass-probe false')
  assert.equal(of(['*']), 'acr-nopass-probe/acr-nopass-probe false')
  assert.equal(of(['*/app']), 'acr-nopass-probe/app false')
})

test('the list always includes the repository that the registry is asked about', () => {
  const part = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,5}\*?$/)
  const glob = fc.oneof(
    fc.constant('*'),
    part,
    fc.tuple(part, fc.oneof(part, fc.constant('*'))).map((one) => one.join('/')),
  )
  fc.assert(
    fc.property(fc.array(glob, { minLength: 1, maxLength: 4 }), (globs) => {
      const repositories = mergeRepositories(globs)
      assert.ok(includesRepository(repositories, repositoryOf({ repositories }).repository))
    }),
  )
})

/** What the registry says to each login. */
async function decide(list: Union, grants: { fresh: string; before?: string }) {
  const asked: string[] = []
  const mayPull = createMayPull(list, async ({ password }, { repository }) => {
    asked.push(`${password} ${repository}`)
    const grant = (password === 'new' ? grants.fresh : grants.before) as PullVerdict['grant']
    return { grant, detail: 'HTTP 404' }
  })
  return { verdict: await mayPull(NEW, grants.before === undefined ? undefined : IN_USE, never), asked }
}

test('a denial of a repository that exists refuses the credential', async () => {
  const { verdict, asked } = await decide(union(['team-a/*'], 'team-a/app'), { fresh: 'denied', before: 'denied' })
  assert.deepEqual(verdict, { grant: 'denied', detail: 'team-a/app: HTTP 404' })
  assert.deepEqual(asked, ['new team-a/app'])
})

test('a denial of an invented name refuses the credential only if the credential in use may pull that name', async () => {
  const list = union(['team-a/*'])
  const name = 'team-a/acr-nopass-probe'
  const granted = await decide(list, { fresh: 'denied', before: 'granted' })
  assert.deepEqual(granted.verdict, { grant: 'denied', detail: `${name}: HTTP 404` })
  assert.deepEqual(granted.asked, [`new ${name}`, `in use ${name}`])
  const undecided = { grant: 'unknown', detail: `${name}: HTTP 404; the repository may not exist, so set probe` }
  for (const before of ['denied', 'unknown', undefined]) {
    assert.deepEqual((await decide(list, { fresh: 'denied', ...(before && { before }) })).verdict, undecided)
  }
})

test('a grant and an undecided response are taken as they are', async () => {
  for (const fresh of ['granted', 'unknown']) {
    const { verdict, asked } = await decide(union(['team-a/*']), { fresh, before: 'granted' })
    assert.equal(verdict.grant, fresh)
    assert.equal(asked.length, 1)
  }
})

test('three hosts of the registry are asked until one decides', async () => {
  const sent: HttpRequest[] = []
  const ask = createAskRegistry(async (request) => {
    sent.push(request)
    const isDecisive = request.url.host === 'b.cr.aliyuncs.com'
    if (!isDecisive) throw Object.assign(new Error(), { code: 'ENOTFOUND' })
    return { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' }, text: '' }
  }, undefined)
  const hosts = () => [...new Set(sent.map(({ url }) => url.host))]
  const domains = ['a', 'a.cr.aliyuncs.com/x', 'b', 'c'].map((name) =>
    name.includes('.') ? name : `${name}.cr.aliyuncs.com`,
  )
  assert.equal((await ask(token('x', ...domains), { repository: 'team/app' }, never)).grant, 'denied')
  assert.deepEqual(hosts(), ['a.cr.aliyuncs.com', 'b.cr.aliyuncs.com'])
  sent.length = 0
  const down = ['c', 'd', 'e', 'f'].map((name) => `${name}.cr.aliyuncs.com`)
  assert.equal((await ask(token('x', ...down), { repository: 'team/app' }, never)).grant, 'unknown')
  assert.equal(hosts().length, 3)
})
