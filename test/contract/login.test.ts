import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import { systemClock } from '../../src/lib/clock.ts'
import { PUBLIC, VPC } from '../support/cloud/login-cloud.ts'
import { registryClient } from '../support/registry/registry-client.ts'
import { type LoginBench, loginOf, startLoginBench } from './login-bench.ts'

let bench: LoginBench
before(async () => {
  bench = await startLoginBench()
})
after(() => bench[Symbol.asyncDispose]())
afterEach(() => {
  bench.cloud.control.shortSessions(undefined)
  bench.cloud.control.breakSessionPolicies(undefined)
  bench.cloud.faults.clear()
})

const PUSH = ['cr:PullRepository', 'cr:PushRepository']
const inputs = (repositories: string, more: Readonly<Record<string, string>> = {}) => ({
  registry: bench.instance,
  region: 'cn-hangzhou',
  repositories,
  ...bench.role,
  ...more,
})

test('a workflow logs in by its OIDC token, and the registry has confirmed pull and push before the login is stored', async () => {
  bench.allow(PUSH, '*')
  const run = await bench.run(inputs('team/app', { push: 'true' }))
  assert.deepEqual(Object.keys(run.docker?.auths ?? {}).sort(), [PUBLIC, VPC].sort())
  const [login] = run.outcome.logins
  assert.deepEqual(
    login?.checks.map(({ repository, pull, push }) => [repository, pull?.grant, push?.grant]),
    [['team/app', 'granted', 'granted']],
  )
  const own = loginOf(run, PUBLIC)
  assert.equal(own.username, 'cr_temp_user')
  const client = registryClient(bench.registry.url, own)
  assert.equal(await client.push('team/app', 'built', 'built here'), 201)
  assert.equal((await client.pull('team/app', 'built')).content, 'built here')
  assert.ok(run.masked.includes(own.password) && run.masked.includes(run.docker?.auths[PUBLIC]?.auth ?? '-'))
  assert.ok(!JSON.stringify([run.outcome, run.notes, run.receipts]).includes(own.password))
})

test('two jobs and two steps on one machine, whose clock is hours ahead: a job keeps its login, and a step that replaces it says so', async () => {
  bench.allow(PUSH, '*')
  const clock = { ...systemClock, now: () => Date.now() + 5 * 3_600_000 }
  const run = (id: string, repositories: string) => {
    return bench.run(inputs(repositories), { clock, home: 'shared', job: { CI_SERVER_URL: 'ci', CI_JOB_ID: id } })
  }
  const isReplaced = (note: string): boolean => note.includes('earlier step')
  const first = await run('1', 'team/app')
  assert.deepEqual(first.notes.filter(isReplaced), [])
  await assert.rejects(run('2', 'team/app'), { code: 'DOCKER_LOGIN_EXISTS', message: /of another job/ })
  const second = await run('1', 'team-a/app')
  assert.deepEqual(second.notes.filter(isReplaced), [
    `${PUBLIC}, ${VPC}: this login replaces the login of an earlier step, and can use only its own repositories`,
  ])
  const client = registryClient(bench.registry.url, loginOf(second, PUBLIC))
  assert.deepEqual(
    [(await client.pull('team-a/app', '1')).status, (await client.pull('team/app', '1')).status],
    [200, 401],
  )
})

test('the session is limited: outside of `repositories` the registry refuses what the role itself may push', async () => {
  bench.allow(PUSH, '*')
  const run = await bench.run(inputs('team/app', { push: 'true' }))
  const client = registryClient(bench.registry.url, loginOf(run, PUBLIC))
  assert.equal(await client.push('team-a/app', 'stolen', 'x'), 401)
  assert.equal((await client.pull('team-a/app', '1')).status, 401)
  const reader = await bench.run(inputs('team/app'))
  const readOnly = registryClient(bench.registry.url, loginOf(reader, PUBLIC))
  assert.equal((await readOnly.pull('team/app', '1')).content, 'content of team/app')
  assert.equal(await readOnly.push('team/app', 'no', 'x'), 401)
  bench.cloud.control.breakSessionPolicies('ignored-by-registry')
  const { notes } = await bench.run(inputs('team/app'))
  assert.match(
    notes.join('\n'),
    /not limited to `repositories`, because the registry also lets it pull team\/acr-nopass/,
  )
})

test('rights that the role lacks fail the step before anything is stored', async () => {
  bench.allow(PUSH, 'team-a/*')
  await assert.rejects(bench.run(inputs('team/app')), {
    code: 'LOGIN_PULL_DENIED',
    message: /^team\/app may not be pulled/,
  })
  bench.allow(['cr:PullRepository'], '*')
  await assert.rejects(bench.run(inputs('team/app', { push: 'true' })), { code: 'LOGIN_PUSH_DENIED' })
  bench.cloud.control.revoke('acr-nopass-login', 'login')
  await assert.rejects(bench.run(inputs('team/app')), {
    code: 'CLOUD_DENIED',
    message: /^registry cri-\w+: .*lacks the permission cr:GetAuthorizationToken/,
    hint: /`acr-nopass policy --ci --login` print/,
  })
  bench.allow(PUSH, '*')
})

test('a token that lives shorter than min-life fails the step; expires-in-hours asks for a longer session and token', async () => {
  bench.cloud.control.shortSessions(20 * 60)
  await assert.rejects(bench.run(inputs('team/app')), { code: 'LOGIN_TOO_SHORT', message: /lives (19|20) min/ })
  const short = await bench.run(inputs('team/app', { 'min-life': '10m' }))
  assert.equal(short.outcome.logins.length, 1)
  bench.cloud.control.shortSessions(undefined)
  // The role allows one hour.
  await assert.rejects(bench.run(inputs('team/app', { 'expires-in-hours': '3' })), {
    code: 'CLOUD_REJECTED',
    reason: 'InvalidParameter.DurationSeconds',
    hint: /maximum session duration/,
  })
})

test('an identity that STS or ACR refuses is named with its fix', async () => {
  await assert.rejects(bench.run({ ...inputs('team/app'), 'role-to-assume': `${bench.role['role-to-assume']}-x` }), {
    code: /CLOUD_NOT_FOUND|CLOUD_DENIED|IDENTITY_NOT_TRUSTED/,
    message: /^registry cri-\w+: sts AssumeRoleWithOIDC/,
  })
  await assert.rejects(bench.run({ ...inputs('team/app'), registry: 'cri-nosuchinstance0' }), {
    code: 'CLOUD_NOT_FOUND',
    reason: 'INSTANCE_NOT_EXIST',
    hint: /Check the id of the instance and `region`/,
  })
  await assert.rejects(bench.run(inputs('team/app'), { environment: {} }), {
    code: 'CREDENTIALS_MISSING',
    hint: /id-token: write/,
  })
  const { registry, region } = inputs('')
  await assert.rejects(bench.run({ registry, region }, { environment: {} }), {
    code: 'CREDENTIALS_MISSING',
    hint: /ALIBABA_CLOUD_OIDC_TOKEN_FILE/,
  })
})

test('another CI logs in with a token file, with an access key that assumes a role, or with the key itself', async () => {
  const { accessKeyId, accessKeySecret } = bench.cloud.administrator
  const key = { ALIBABA_CLOUD_ACCESS_KEY_ID: accessKeyId, ALIBABA_CLOUD_ACCESS_KEY_SECRET: accessKeySecret }
  const { registry, region } = inputs('')
  const own = await bench.run({ registry, region, repositories: 'team/app' }, { environment: key })
  assert.match(own.notes.join('\n'), /the login has all rights of the access key/)
  assert.deepEqual(
    own.outcome.logins.map(({ policy }) => policy),
    [undefined],
  )

  bench.cloud.control.putRole('pusher', {
    Version: '1',
    Statement: [
      { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { RAM: [`acs:ram::${bench.cloud.accountId}:root`] } },
    ],
  })
  bench.cloud.control.grant('pusher', 'all', {
    Version: '1',
    Statement: [{ Effect: 'Allow', Action: ['cr:*'], Resource: ['*'] }],
  })
  const role = `acs:ram::${bench.cloud.accountId}:role/pusher`
  const assumed = await bench.run(
    { registry, region, repositories: 'team/app', push: 'true', 'role-to-assume': role },
    { environment: key },
  )
  // Distribution lets a push start an upload, but not cancel it.
  assert.deepEqual(assumed.notes, [
    'team/app: the registry did not let this login cancel the test upload, which is empty',
  ])
  const client = registryClient(bench.registry.url, loginOf(assumed, PUBLIC))
  assert.equal(await client.push('team-a/app', 'no', 'x'), 401)
  assert.equal(await client.push('team/app', 'yes', 'x'), 201)

  const byFile = await bench.run(
    { registry, region, repositories: 'team/app' },
    { environment: await bench.tokenFileEnvironment() },
  )
  assert.equal(byFile.outcome.logins[0]?.username, 'cr_temp_user')
  assert.match(
    bench.cloud.calls.findLast(({ action }) => action === 'GetAuthorizationToken')?.principal ?? '',
    /acr-nopass-login/,
  )
})

test('by a domain the instance is looked up in a session that may do nothing else', async () => {
  bench.allow(PUSH, '*')
  await assert.rejects(bench.run({ ...inputs('team/app'), registry: PUBLIC }), {
    code: 'CLOUD_DENIED',
    message: /cr:ListInstance/,
  })
  bench.cloud.control.grant('acr-nopass-login', 'lookup', {
    Version: '1',
    Statement: [{ Effect: 'Allow', Action: ['cr:ListInstance', 'cr:ListInstanceEndpoint'], Resource: ['*'] }],
  })
  const { outcome } = await bench.run({ ...inputs('team/app'), registry: PUBLIC, network: 'public' })
  assert.deepEqual(
    outcome.logins.map(({ instanceId, domains }) => [instanceId, domains]),
    [[bench.instance, [PUBLIC]]],
  )
  assert.match(outcome.logins[0]?.policy ?? '', new RegExp(`repository/${bench.instance}/team/app`))
  await assert.rejects(bench.run({ ...inputs('team/app'), registry: 'images.example.com' }), {
    code: 'REGISTRY_NOT_FOUND',
  })
  bench.cloud.control.revoke('acr-nopass-login', 'lookup')
})

test('a dry run shows the policy of the session, requests no token and writes nothing', async () => {
  const from = bench.cloud.calls.length
  const run = await bench.run(inputs('team/app', { push: 'true' }), { isDryRun: true })
  assert.deepEqual(bench.cloud.calls.slice(from), [])
  assert.deepEqual([run.outcome.logins, run.docker, run.receipts], [[], undefined, []])
  const [plan] = run.outcome.planned
  assert.deepEqual(JSON.parse(plan?.policy ?? '').Statement.at(-1).Action, ['cr:PullRepository', 'cr:PushRepository'])
})

/**
 * Source: CreateRepository in the policy of https://www.alibabacloud.com/help/doc-detail/146303.htm.
 * It is authorized on the namespace: https://help.aliyun.com/document_detail/451336.htm
 */
test('a first push creates its repository only with `create-repositories`, if the registry asks for that right', async () => {
  bench.cloud.control.requireCreateRepository(true)
  bench.cloud.control.denyUnknownRepositories(true)
  bench.allow([...PUSH, 'cr:CreateRepository'], '*')
  try {
    await assert.rejects(bench.run(inputs('team/new', { push: 'true' })), { code: 'LOGIN_PUSH_DENIED' })
    const run = await bench.run(inputs('team/new', { push: 'true', 'create-repositories': 'true' }))
    assert.equal(await registryClient(bench.registry.url, loginOf(run, PUBLIC)).push('team/new', '1', 'x'), 201)
  } finally {
    bench.cloud.control.requireCreateRepository(false)
    bench.cloud.control.denyUnknownRepositories(false)
  }
})

test('entries of the values: one login for the entries of an instance, with the union of their lists', async () => {
  bench.allow(PUSH, '*')
  const entry = (name: string, repositories: string) =>
    `  - { name: ${name}, edition: enterprise, instanceId: ${bench.instance}, region: cn-hangzhou, repositories: ["${repositories}"], limit: repositories, targets: { namespaces: { include: ["${name}"] } } }\n`
  const values = `registries:\n${entry('one', 'team/app')}${entry('two', 'team-a/*')}identity: { type: rrsa }\n`
  const run = await bench.run({ values, push: 'true', ...bench.role })
  assert.deepEqual(
    run.notes.filter((note) => !note.includes('team/app')),
    ['team-a/*: not checked: only a repository without * can be checked'],
  )
  const client = registryClient(bench.registry.url, loginOf(run, PUBLIC))
  assert.deepEqual(
    [
      await client.push('team/app', 'v', 'x'),
      await client.push('team-a/app', 'v', 'x'),
      await client.push('team-b/app', 'v', 'x'),
    ],
    [201, 201, 401],
  )
  const wrong = await bench.run({ values: 'registries: 1\n', ...bench.role })
  assert.deepEqual([wrong.outcome.errors.length > 0, wrong.docker], [true, undefined])
})

test('a registry that does not respond fails the step, and the login is not stored', async () => {
  const endpoints = JSON.stringify({ ...JSON.parse(bench.endpoints), registry: 'http://127.0.0.1:1' })
  const run = bench.run(inputs('team/app', { endpoints, network: 'public' }))
  await assert.rejects(run, { code: 'LOGIN_UNVERIFIED', message: /ECONNREFUSED/ })
})

test('the Personal Edition of a region issues a login too, and it is said that its rights may be wider', async () => {
  const { accessKeyId, accessKeySecret } = bench.cloud.administrator
  const key = { ALIBABA_CLOUD_ACCESS_KEY_ID: accessKeyId, ALIBABA_CLOUD_ACCESS_KEY_SECRET: accessKeySecret }
  const role = `acs:ram::${bench.cloud.accountId}:role/pusher`
  const given = { registry: 'registry.cn-shanghai.aliyuncs.com', repositories: 'acme/*', network: 'public' as const }
  const run = await bench.run({ ...given, 'role-to-assume': role }, { environment: key })
  assert.deepEqual(
    run.outcome.logins.map(({ domains }) => domains),
    [['registry.cn-shanghai.aliyuncs.com', 'registry-intl.cn-shanghai.aliyuncs.com']],
  )
  assert.match(run.notes.join('\n'), /Personal Edition evaluates the policy of a session/)
})

test('an entry of another account is reached through its roles, and the last session is limited', async () => {
  bench.cloud.control.grant('acr-nopass-login', 'chain', {
    Version: '1',
    Statement: [{ Effect: 'Allow', Action: ['sts:AssumeRole'], Resource: ['*'] }],
  })
  const role = `acs:ram::${bench.cloud.accountId}:role/pusher`
  const values = `registries:\n  - { name: far, edition: enterprise, instanceId: ${bench.instance}, region: cn-hangzhou, repositories: ["team/*"], assumeRole: [{ roleArn: "${role}" }] }\nidentity: { type: worker-role }\n`
  const run = await bench.run({ values, repositories: 'team/app', ...bench.role })
  const client = registryClient(bench.registry.url, loginOf(run, PUBLIC))
  assert.equal((await client.pull('team/app', '1')).status, 200)
  assert.equal((await client.pull('team-a/app', '1')).status, 401)
  assert.match(
    bench.cloud.calls.findLast(({ action }) => action === 'GetAuthorizationToken')?.principal ?? '',
    /pusher/,
  )
  bench.cloud.control.revoke('acr-nopass-login', 'chain')
})

test('a list that is too long for a session fails before the cloud is called', async () => {
  const from = bench.cloud.calls.length
  const many = Array.from({ length: 60 }, (_, index) => `team/application-number-${index}`).join(',')
  await assert.rejects(bench.run(inputs(many)), { code: 'SESSION_POLICY_LONG', message: /STS accepts 2048$/ })
  assert.deepEqual(bench.cloud.calls.slice(from), [])
})
