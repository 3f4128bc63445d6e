import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import { registryClient } from '../support/registry/registry-client.ts'
import { type LoginBench, loginOf, PUBLIC, startLoginBench, VPC } from './login-bench.ts'

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
