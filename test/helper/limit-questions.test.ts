import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { PullVerdict } from '../../src/acr/query-manifest.ts'
import type { RegistryToken } from '../../src/acr/registry-token.ts'
import { createUnions, type Union } from '../../src/acr/unions.ts'
import type { HttpRequest } from '../../src/alibaba/transport/http-sender.ts'
import {
  createAskRegistry,
  createMayPull,
  createMeasure,
  repositoryOf,
} from '../../src/helper/credentials/limit-questions.ts'
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
async function decide(list: Union, grants: { fresh: string; before?: string; everybody?: string }) {
  const asked: string[] = []
  const mayPull = createMayPull(list, async ({ password }, { repository, anonymously }) => {
    const { fresh, before, everybody = 'denied' } = grants
    asked.push(`${anonymously ? 'anonymous' : password} ${repository}`)
    const grant = (anonymously ? everybody : password === 'new' ? fresh : before) as PullVerdict['grant']
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

test('a grant counts only if the registry denies the same pull without a login', async () => {
  const list = union(['team-a/*'], 'team-a/app')
  const granted = await decide(list, { fresh: 'granted' })
  assert.deepEqual(granted.verdict, { grant: 'granted', detail: 'team-a/app: HTTP 404' })
  assert.deepEqual(granted.asked, ['new team-a/app', 'anonymous team-a/app'])
  for (const [everybody, detail] of [
    ['granted', 'team-a/app: everyone may pull it, so set probe to a private repository'],
    ['unknown', 'without a login: team-a/app: HTTP 404'],
  ] as const) {
    assert.deepEqual((await decide(list, { fresh: 'granted', everybody })).verdict, { grant: 'unknown', detail })
  }
})

test('an undecided response is taken as it is', async () => {
  const { verdict, asked } = await decide(union(['team-a/*']), { fresh: 'unknown', before: 'granted' })
  assert.equal(verdict.grant, 'unknown')
  assert.equal(asked.length, 1)
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

test('a registry without a domain is asked nothing, and the answer says so', async () => {
  const ask = createAskRegistry(() => assert.fail('asked'), undefined)
  const answer = await ask(token('x'), { repository: 'team/app' }, never)
  assert.deepEqual(answer, { grant: 'unknown', detail: 'the registry has no domain' })
})

test('nothing of the credential is sent for the question without a login', async () => {
  const sent: HttpRequest[] = []
  const ask = createAskRegistry(async (request) => {
    sent.push(request)
    return { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' }, text: '' }
  }, undefined)
  const login = async (anonymously?: boolean) => {
    sent.length = 0
    const question = { repository: 'team/app', ...(anonymously !== undefined && { anonymously }) }
    await ask(token('secret', 'a.cr.aliyuncs.com'), question, never)
    return sent.map(({ headers }) => headers?.authorization)
  }
  assert.deepEqual(await login(true), [undefined, undefined])
  for (const given of [false, undefined])
    assert.deepEqual(await login(given), [undefined, `Basic ${Buffer.from('u:secret').toString('base64')}`])
})

const other = (name: string, repositories: readonly string[], probe?: string) => ({
  name,
  repositories,
  ...(probe && { probe }),
})

/** Measures with a registry that grants these repositories; `public`: also anonymously. */
async function measure(
  list: Union,
  others: readonly ReturnType<typeof other>[],
  registry: { grants: (name: string) => string; public?: boolean },
  turn = 0,
) {
  const asked: string[] = []
  const run = createMeasure({ ...list, others }, async (_token, { repository, anonymously }) => {
    asked.push(`${anonymously ? 'anonymous ' : ''}${repository}`)
    const grant = anonymously && registry.public !== true ? 'denied' : registry.grants(repository)
    return { grant: grant as PullVerdict['grant'], detail: 'HTTP' }
  })
  return { ...(await run(NEW, turn, never)), asked }
}

const OWN = 'team-a/acr-nopass-probe'
const THEIRS = 'team-b/acr-nopass-probe'
const TEAM_B = other('team-b', ['team-b/*'])
const all = () => 'granted'
const only = (space: string) => (name: string) => (name.startsWith(`${space}/`) ? 'granted' : 'denied')

test('a credential is limited if its own list is granted and another list is denied', async () => {
  const { width, reason, asked } = await measure(union(['team-a/*']), [TEAM_B], { grants: only('team-a') })
  assert.deepEqual([width, reason, asked], ['limited', `${THEIRS}: HTTP`, [OWN, THEIRS, `anonymous ${OWN}`]])
})

test('a credential is too wide if another list is granted to it, and not to everybody', async () => {
  const { width, asked } = await measure(union(['team-a/*']), [TEAM_B], { grants: all })
  assert.deepEqual([width, asked], ['too-wide', [OWN, THEIRS, `anonymous ${THEIRS}`]])
})

const UNMEASURED: readonly (readonly [
  what: string,
  others: readonly ReturnType<typeof other>[],
  registry: Parameters<typeof measure>[2],
  reason: string,
  list?: Union,
])[] = [
  ['the other repository is public', [TEAM_B], { grants: all, public: true }, `anonymously ${THEIRS}: HTTP`],
  [
    'anyone may pull the repository of the credential',
    [TEAM_B],
    { grants: only('team-a'), public: true },
    `${OWN}: everyone may pull it, so set probe to a private repository`,
  ],
  ['the registry denies all names that do not exist', [TEAM_B], { grants: () => 'denied' }, `${OWN}: HTTP`],
  ['whether the credential may pull its list is unknown', [TEAM_B], { grants: () => 'unknown' }, `${OWN}: HTTP`],
  [
    'the other list is not decided',
    [TEAM_B],
    { grants: (name) => (name === OWN ? 'granted' : 'unknown') },
    `${THEIRS}: HTTP`,
  ],
  [
    'no other entry has other repositories',
    [other('x', ['team-a/app'])],
    { grants: all },
    'no other limited entry of the instance names other repositories',
  ],
  ['there is no other entry', [], { grants: all }, 'no other limited entry of the instance names other repositories'],
  [
    'the other list has no probe, and the credential’s list has no glob',
    [TEAM_B],
    { grants: only('team-a') },
    "entry team-b has no probe, and this entry's own list has no glob",
    union(['team-a/app'], 'team-a/app'),
  ],
]
for (const [what, others, registry, reason, list = union(['team-a/*'])] of UNMEASURED) {
  test(`the width is not checked, with the reason, if ${what}`, async () => {
    const answer = await measure(list, others, registry)
    assert.deepEqual([answer.width, answer.reason], ['not-checked', reason])
  })
}

test('an invented name of another list is never compared with a repository that exists', async () => {
  // A registry that denies all names that do not exist, to a credential that is too wide.
  const exists = (name: string) => (['team-a/app', 'team-b/app'].includes(name) ? 'granted' : 'denied')
  const list = union(['team-a/*'], 'team-a/app')
  const invented = await measure(list, [TEAM_B], { grants: exists })
  assert.deepEqual([invented.width, invented.asked], ['not-checked', [OWN]])
  const probed = await measure(list, [other('team-b', ['team-b/*'], 'team-b/app')], { grants: exists })
  assert.deepEqual([probed.width, probed.asked], ['too-wide', ['team-a/app', 'team-b/app', 'anonymous team-b/app']])
})

test('each turn asks about another entry', async () => {
  const others = [TEAM_B, other('same', ['team-a/x']), other('team-c', ['team-c/app'])]
  const asked = async (turn: number) =>
    (await measure(union(['team-a/*']), others, { grants: only('team-a') }, turn)).asked[1]
  assert.deepEqual([await asked(0), await asked(1), await asked(2)], [THEIRS, 'team-c/app', THEIRS])
})

test('the other lists of a union are those of its instance’s entries that it does not serve', () => {
  const config = ['a', 'b', 'c'].map((name) => ({
    ...({ name, edition: 'enterprise', instanceId: name === 'c' ? 'cri-2' : 'cri-1', domains: [] } as object),
    limit: 'repositories',
    repositories: [`team-${name}/*`],
  })) as unknown as Parameters<typeof createUnions>[0]['registries']
  const [served] = createUnions({ registries: config }).of(['a'])
  assert.deepEqual(
    served?.union?.others.map(({ name }) => name),
    ['b'],
  )
})
