import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readPolicy } from '../../sandbox/cloud/ram/document.ts'
import * as emulator from '../../sandbox/cloud/ram/evaluate.ts'
import { readDockerConfig } from '../../src/acr/docker-config.ts'
import { createUnions, type Union } from '../../src/acr/unions.ts'
import { createEntries, limitOf } from '../../src/helper/credentials/create-entries.ts'
import { createCredentialGroups } from '../../src/helper/credentials/credential-groups.ts'
import { EMPTY_LOG, type Logged } from '../../src/helper/credentials/log-step.ts'
import { initialState, type RegistryEntry } from '../../src/helper/credentials/registry-state.ts'
import { loadConfig } from '../../src/installation/load-config.ts'
import { createTargets } from '../../src/installation/targets.ts'
import { evaluate, parseStatements } from '../../src/policy/ram-statement.ts'
import { sessionPolicy } from '../../src/policy/session-policy.ts'
import { START } from '../alibaba/fake-time.ts'
import { json, scripted } from '../alibaba/scripted-transport.ts'
import { namespace, OPTIONS } from './plan-fixtures.ts'

const ARN = 'acs:ram::1234567890123456'
const DOMAIN = 'shared.example.com'
const TEAMS = ['t-0', 't-1', 't-2', 't-3'] as const
const [TEMPLATE] = [
  loadConfig(
    JSON.stringify({
      registries: [{ name: 'a', edition: 'enterprise', instanceId: 'cri-abcdefghijklmnop', region: 'cn-hangzhou' }],
      identity: { type: 'rrsa', rrsa: { roleArn: `${ARN}:role/r`, oidcProviderArn: `${ARN}:oidc-provider/c` } },
      attach: 'admission',
      release: { name: 'r', namespace: 'ops', fullname: 'r', serviceAccount: 'r', lease: 'r', status: 's' },
    }),
  ).config,
]
const [VALUES] = TEMPLATE.registries
assert.ok(VALUES)

const space = fc.constantFrom('base', 'team-a', 'team-b')
const image = fc.constantFrom('app', 'web', 'os')
const repository = fc.tuple(space, image).map((parts) => parts.join('/'))
// Forms whose meaning the vendor documents. The emulator refuses what is not certain.
const glob = fc.oneof(
  repository,
  space.map((name) => `${name}/*`),
  image.map((name) => `*/${name}`),
  fc.constant('*'),
)
const entry = fc.record({
  repositories: fc.uniqueArray(glob, { minLength: 1, maxLength: 3 }),
  include: fc.uniqueArray(fc.constantFrom(...TEAMS), { minLength: 1 }),
  instanceId: fc.constantFrom('cri-abcdefghijklmnop', 'cri-abcdefghijklmnop', 'cri-zzzzzzzzzzzzzzzz'),
})

const text = (glob: string): RegExp => new RegExp(`^${glob.replaceAll('*', '.*')}$`)
const resourceOf = (instance: string, name: string) =>
  `acs:cr:cn-hangzhou:1234567890123456:repository/${instance}/${name}`
const read = memoized((policy) => [readPolicy(policy), parseStatements(policy, 'policy')] as const)
const pull = memoized((question): readonly boolean[] => {
  const [policy = '', resource = ''] = question.split('\n')
  const request = { action: 'cr:PullRepository', resource, context: new Map() }
  const [strict, own] = read(policy)
  return [emulator.evaluate(strict, request).decision === 'allow', evaluate(own, request) === 'allow']
})
const mayPull = (policy: string, resource: string): readonly boolean[] => pull(`${policy}\n${resource}`)

function memoized<Result>(make: (text: string) => Result): (text: string) => Result {
  const known = new Map<string, Result>()
  return (text) => {
    const found = known.get(text) ?? make(text)
    known.set(text, found)
    return found
  }
}

// Each run has four namespaces.
const RUNS = Number(process.env.FUZZ_RUNS ?? 2_500)

test('a namespace may pull what the role may pull and the entries that target it name, and nothing else', () => {
  const cases = fc.record({
    entries: fc.array(entry, { minLength: 1, maxLength: 5 }),
    role: fc.uniqueArray(glob, { minLength: 1, maxLength: 3 }),
    name: repository,
  })
  fc.assert(
    fc.property(cases, ({ entries, role, name }) => {
      const registries = entries.map(({ repositories, include, instanceId }, index) => ({
        ...VALUES,
        name: `e${index}`,
        instanceId,
        limit: 'repositories' as const,
        repositories,
        targets: { namespaces: { include, exclude: [] } },
      }))
      const config = { ...TEMPLATE, registries }
      const [unions, targets] = [createUnions(config), createTargets(config)]
      const views = TEAMS.map((team) => namespace(team))
      const all = [...targets.listsOf(views)].flatMap((list) => unions.of(list).flatMap(({ union }) => union ?? []))
      const needed = unions.unite(all)
      const groups = groupsOf(unions, needed)
      // One credential for each different list of an instance.
      const lists = [...needed.values()].map(({ values, repositories }) => `${values.instanceId} ${repositories}`)
      assert.equal(new Set(lists).size, needed.size)
      for (const view of views) {
        const here = entries.filter(({ include }) => include.includes(view.name as 't-0'))
        const content = groups.of(targets.registriesOf(view))
        const logins = content === undefined ? [] : passwordsOf(groups.byKey(content.key)?.bodies.apply)
        const instances = new Set(here.map(({ instanceId }) => instanceId))
        assert.equal(logins.length, instances.size, 'a credential for each instance, and no other')
        for (const password of logins) {
          const union = needed.get(password)
          assert.ok(union)
          const { instanceId = '' } = union.values
          const named = here.filter((one) => one.instanceId === instanceId).flatMap((one) => one.repositories)
          const resource = resourceOf(instanceId, name)
          const { policy } = limitOf(union, TEMPLATE.release)
          const rolePolicy = sessionPolicy({ ...VALUES, instanceId }, role)
          const expected = [role, named].every((list) => list.some((one) => text(one).test(name)))
          const [session, base] = [mayPull(policy, resource), mayPull(rolePolicy, resource)]
          assert.deepEqual(
            session.map((one, index) => one && base[index]),
            [expected, expected],
          )
          const other = instanceId === 'cri-zzzzzzzzzzzzzzzz' ? 'cri-abcdefghijklmnop' : 'cri-zzzzzzzzzzzzzzzz'
          assert.deepEqual(mayPull(policy, resourceOf(other, name)), [false, false])
        }
      }
    }),
    { seed: 20261201, numRuns: RUNS },
  )
})

/** Groups of a log in which the password of each union's credential is the union's name. */
function groupsOf(unions: ReturnType<typeof createUnions>, needed: ReadonlyMap<string, Union>) {
  const logged = new Map(
    [...needed].map(([name, { values }], index): [string, Logged] => {
      const times = { issuedAt: 0, expiresAt: 3_600_000 }
      const token = { username: 'u', password: name, ...times, domains: [`${values.instanceId}.example.com`] }
      return [name, { name, fingerprint: name, shape: '', refreshAt: 1, number: index + 1, token }]
    }),
  )
  const stateOf = (name: string) => initialState({ name, source: { key: name } } as RegistryEntry, undefined)
  const log = { ...EMPTY_LOG, uid: 'log', logged }
  const names = () => unions.order(needed, [])
  return createCredentialGroups({ log: () => log, names, stateOf, serve: unions.of }, OPTIONS)
}

function passwordsOf(body: readonly [Buffer, Buffer] | undefined): readonly string[] {
  const { data } = JSON.parse(Buffer.concat([...(body ?? [])]).toString()) as { data: Record<string, string> }
  const content = Buffer.from(data['.dockerconfigjson'] ?? '', 'base64').toString()
  return readDockerConfig(content).map(({ password }) => password)
}

const expiry = new Date(START + 3_600_000).toISOString()
const issued = json(200, {
  Credentials: { AccessKeyId: 'STS.x', AccessKeySecret: 's', SecurityToken: 't', Expiration: expiry },
})
const token = json(200, {
  Code: 'success',
  IsSuccess: true,
  TempUsername: 'cr_temp_user',
  AuthorizationToken: 'p',
  ExpireTime: START + 3_600_000,
})
const endpoint = json(200, {
  Code: 'success',
  IsSuccess: true,
  Endpoints: [{ EndpointType: 'internet', Enable: true, Domains: [{ Domain: DOMAIN, Type: 'SYSTEM' }] }],
})

function setUp(more: object, repositories: readonly (readonly string[])[]) {
  const { transport, sent } = scripted([issued, issued, token, endpoint, issued, token, endpoint])
  const registries = repositories.map((list, index) => {
    return { ...VALUES, name: `e${index}`, limit: 'repositories' as const, repositories: list, ...more }
  })
  const config = { ...TEMPLATE, registries } as typeof TEMPLATE
  const entries = createEntries(config, {
    transport,
    readText: async () => 'token',
    secretsDir: '/none',
    oidcTokenFile: '/token',
    sessionName: 'the-pod',
    random: () => 0,
  })
  const unions = createUnions(config)
  const of = (...names: string[]) => {
    const union = unions.of(names)[0]?.union
    assert.ok(union)
    return entries.of(union)
  }
  const sessions = () =>
    sent.flatMap(({ url, body }) => {
      const parameters = new URLSearchParams(body === undefined || body === '' ? url.search : String(body))
      const role = parameters.get('RoleArn')
      return role === null ? [] : [[role, parameters.get('RoleSessionName'), parameters.get('Policy')]]
    })
  return { of, sessions }
}

test('the token of a union is requested with a session that is limited to its list; the role before it is assumed once', async () => {
  const last = `${ARN}:role/last`
  const { of, sessions } = setUp({ assumeRole: [{ roleArn: last }] }, [['base/*'], ['team-a/*'], ['team-b/*']])
  const [a, b] = [of('e0', 'e1'), of('e0', 'e2')]
  assert.equal((await a.source.get()).password, 'p')
  assert.equal((await b.source.get()).password, 'p')
  const policy = (...list: string[]) => sessionPolicy(VALUES, list)
  assert.deepEqual(sessions(), [
    [`${ARN}:role/r`, 'the-pod', null],
    [last, 'acr-nopass.ops.e0.and-1-more', policy('base/*', 'team-a/*')],
    [last, 'acr-nopass.ops.e0.and-1-more', policy('base/*', 'team-b/*')],
  ])
  assert.notEqual(a.source.key, b.source.key)
})

test('a list that does not fit into a session policy is refused before any call', async () => {
  const list = Array.from({ length: 60 }, (_, index) => `team-${index}/*`)
  const { of, sessions } = setUp({}, [list])
  await assert.rejects(of('e0').source.get(), {
    code: 'LIMIT_TOO_LONG',
    message: 'the session policy for the entries e0 has more than 2048 characters',
  })
  assert.deepEqual(sessions(), [])
})

for (const type of ['worker-role', 'access-key'] as const) {
  test(`a configuration that limits the sessions of ${type} is refused as a whole, before a namespace needs it`, () => {
    const { transport } = scripted([])
    const registries = [{ ...VALUES, limit: 'repositories' as const, repositories: ['base/*'] }]
    const config = { ...TEMPLATE, identity: { type }, registries } as typeof TEMPLATE
    const deps = { transport, readText: async () => '', secretsDir: '/none', sessionName: 'the-pod' }
    assert.throws(() => createEntries(config, deps), { code: 'IDENTITY_UNAVAILABLE' })
  })
}
