import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Seed, SeedDocument, SeedInstance } from '../../../sandbox/cloud/seed/generated/seed.ts'
import { loadSeed } from '../../../sandbox/cloud/seed/load-seed.ts'
import { parseSeed, readSeedFile } from '../../../sandbox/cloud/seed/read-seed.ts'
import { DEMO_SEED_FILE } from '../../../sandbox/cloud/start-cloud.ts'

const account = { id: '1234567890123456', users: [{ name: 'admin' }] }
const load = (seed: Seed) => loadSeed(seed, () => 0)

test('the demo seed has two accounts, instances of both editions, and worker roles without the permission to pull', async () => {
  const state = load(await readSeedFile(DEMO_SEED_FILE))
  const [main, other] = [...state.accounts.values()]
  assert.deepEqual(
    main?.instances.map(({ edition, region }) => [edition, region]),
    [
      ['enterprise', 'cn-hangzhou'],
      ['personal', 'cn-shanghai'],
    ],
  )
  assert.equal(other?.instances.length, 1)
  const workers = [...(main?.clusters.values() ?? [])].flatMap((cluster) => [
    cluster.workerRole,
    ...(cluster.nodePools ?? []).map((pool) => pool.workerRole),
  ])
  assert.equal(new Set(workers).size, 3)
  const documents = [...(main?.ram.Role.values() ?? [])]
    .filter(({ name }) => workers.includes(name))
    .flatMap(({ policies }) => [...policies].map(({ versions }) => versions.get('v1')))
  assert.equal(documents.length, 1)
  assert.doesNotMatch(documents.join(), /cr:/)
})

test('without endpoints in the seed, domains are derived from name, region and edition', () => {
  const instances: SeedInstance[] = [
    { name: 'my-shop', region: 'cn-beijing', edition: 'enterprise' },
    { name: 'p', region: 'cn-shanghai', edition: 'personal' },
  ]
  const state = load({ accounts: [{ ...account, instances }] })
  const [enterprise, personal] = state.accounts.get(account.id)?.instances ?? []
  assert.match(enterprise?.id ?? '', /^cri-[a-z0-9]{16}$/)
  assert.equal(personal?.id, '')
  assert.deepEqual(
    [enterprise, personal].map((item) => item?.endpoints.flatMap(({ domains }) => domains.map(({ domain }) => domain))),
    [
      ['my-shop-registry.cn-beijing.cr.aliyuncs.com', 'my-shop-registry-vpc.cn-beijing.cr.aliyuncs.com'],
      ['registry.cn-shanghai.aliyuncs.com', 'registry-vpc.cn-shanghai.aliyuncs.com'],
    ],
  )
})

test('an instance can have custom domains and disabled endpoints', () => {
  const endpoints = {
    internet: {
      domains: ['a-registry.cn-beijing.cr.aliyuncs.com'],
      customDomains: ['images.acme.example'],
      acl: ['10.0.0.0/8'],
    },
    vpc: { enabled: false, domains: [] },
  }
  const instances: SeedInstance[] = [{ name: 'a', region: 'cn-beijing', edition: 'enterprise', endpoints }]
  const [instance] = load({ accounts: [{ ...account, instances }] }).accounts.get(account.id)?.instances ?? []
  assert.deepEqual(instance?.endpoints, [
    {
      type: 'internet',
      enabled: true,
      acl: ['10.0.0.0/8'],
      domains: [
        { domain: 'a-registry.cn-beijing.cr.aliyuncs.com', type: 'SYSTEM' },
        { domain: 'images.acme.example', type: 'USER' },
      ],
      vpcs: [],
    },
    { type: 'vpc', enabled: false, acl: [], domains: [], vpcs: [] },
  ])
})

test('a linked VPC is listed by its ID, or with the fields that differ from the defaults', () => {
  const unusual = { id: 'vpc-2', issue: 'NO_PRIVATE_ZONE_AUTHORIZED', defaultAccess: true }
  const endpoints = {
    vpc: { domains: ['a-registry-vpc.cn-beijing.cr.aliyuncs.com'], vpcs: ['vpc-1'], links: [unusual] },
  }
  const instances: SeedInstance[] = [{ name: 'a', region: 'cn-beijing', edition: 'enterprise', endpoints }]
  const [instance] = load({ accounts: [{ ...account, instances }] }).accounts.get(account.id)?.instances ?? []
  const vswitch = 'vsw-bp1c3m0n5qx7z9k2j4h6f'
  assert.deepEqual(instance?.endpoints[0]?.vpcs, [
    { vswitch, id: 'vpc-1' },
    { vswitch, ...unusual },
  ])
})

test('a seed sets what session policies do and whether unknown repositories are denied, and lists repositories', () => {
  const { settings, repositories } = load({ accounts: [account] })
  assert.deepEqual(
    [settings.sessionPolicyFault, settings.deniesUnknownRepositories, repositories],
    [undefined, false, new Set()],
  )
  const text = `sessionPolicyFault: ignored-by-registry
denyUnknownRepositories: true
accounts:
  - id: "1234567890123456"
    users: [{ name: admin }]
    instances: [{ name: a, region: cn-beijing, edition: enterprise, namespaces: { team: [app, web], empty: [] } }]
`
  const set = load(parseSeed(text, 's.yaml'))
  assert.deepEqual(
    [set.settings.sessionPolicyFault, set.settings.deniesUnknownRepositories],
    ['ignored-by-registry', true],
  )
  assert.deepEqual([...set.repositories], ['team/app', 'team/web'])
  assert.throws(() => parseSeed(text.replace('ignored-by-registry', 'off'), 's.yaml'), { code: 'SEED_INVALID' })
})

test('a seed with an unknown name, a duplicate or a malformed policy is rejected', () => {
  const statement = { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: ['ecs.aliyuncs.com'] } }
  const trust: SeedDocument = { Version: '1', Statement: [statement] }
  const cases: readonly (readonly [Seed, RegExp])[] = [
    [{ accounts: [account, account] }, /account 1234567890123456 is listed twice/],
    [
      { accounts: [{ ...account, users: [{ name: 'a', policies: { system: ['Nope'] } }] }] },
      /a: The policy does not exist: Nope /,
    ],
    [
      { accounts: [{ ...account, roles: [{ name: 'r', trust, policies: { custom: ['nope'] } }] }] },
      /r: The policy does not exist: nope /,
    ],
    [
      { accounts: [{ ...account, policies: { p: { Version: '1', Statement: [{}] } } }] },
      /p: .* malformed: Effect must be/,
    ],
  ]
  for (const [seed, message] of cases) assert.throws(() => load(seed), { code: 'SEED_INVALID', message })
})

test('an invalid field is reported with its line and column', () => {
  const text = 'accounts:\n  - id: "1"\n    users: [{name: a}]\n'
  assert.throws(() => parseSeed(text, 's.yaml'), {
    code: 'SEED_INVALID',
    place: { file: 's.yaml', line: 2, column: 9 },
    message: /accounts\.0\.id must match pattern/,
  })
  const extra = 'accounts:\n  - id: "1234567890123456"\n    users: [{name: a, rights: all}]\n'
  assert.throws(() => parseSeed(extra, 's.yaml'), { message: /accounts\.0\.users\.0 .*\(rights\)/ })
})
