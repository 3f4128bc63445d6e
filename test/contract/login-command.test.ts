import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { runBin } from '../cli/run-bin.ts'
import { PUBLIC, startLoginCloud, VPC } from '../support/cloud/login-cloud.ts'
import { registryClient } from '../support/registry/registry-client.ts'
import { expectSample } from '../support/sample.ts'

let at: Awaited<ReturnType<typeof startLoginCloud>>
let folder: string
before(async () => {
  at = await startLoginCloud()
  folder = await mkdtemp(join(tmpdir(), 'acr-nopass-login-command-'))
})
after(async () => {
  await at[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

const run = (args: readonly string[], env: Readonly<Record<string, string>>) => {
  const { accessKeyId, accessKeySecret } = at.cloud.administrator
  const key = { ALIBABA_CLOUD_ACCESS_KEY_ID: accessKeyId, ALIBABA_CLOUD_ACCESS_KEY_SECRET: accessKeySecret }
  return runBin(args, { env: { ...key, TMPDIR: folder, ...env } })
}
const LOGIN = (more: readonly string[]) => [
  ...['login', '--registry', at.instance, '--region', 'cn-hangzhou', '--endpoints', at.endpoints],
  ...more,
]
const passwordIn = async (docker: string): Promise<string> => {
  const { auths } = JSON.parse(await readFile(join(docker, 'config.json'), 'utf8'))
  return Buffer.from(auths[PUBLIC].auth, 'base64').toString().split(':')[1] ?? ''
}

test('login adds a login that works to the Docker configuration, and logout removes it and nothing else', async () => {
  const docker = join(folder, 'merge')
  await mkdir(docker)
  const env = { DOCKER_CONFIG: docker }
  const login = await run(LOGIN(['--repositories', 'team/app', '--push']), env)
  assert.equal(login.code, 0, login.stderr)
  const password = await passwordIn(docker)
  assert.match(
    login.stdout,
    new RegExp(
      `^logged in to ${PUBLIC}, ${VPC} as cr_temp_user until \\d{4}-.*Z\n {2}team/app: the registry confirms pull and push\n$`,
    ),
  )
  assert.match(login.stderr, /^note: cri-\w+: the login has all rights of the access key/)
  assert.ok(![login.stdout, login.stderr].join().includes(password))
  const client = registryClient(at.registry.url, { username: 'cr_temp_user', password })
  assert.equal(await client.push('team/app', 'cli', 'by the command line'), 201)

  const logout = await run(['logout', '-o', 'json'], env)
  assert.equal(logout.code, 0, logout.stderr)
  const { logins } = JSON.parse(logout.stdout)
  assert.deepEqual(logins.map(({ domain, outcome }: { domain: string; outcome: string }) => [domain, outcome]).sort(), [
    [VPC, 'removed'],
    [PUBLIC, 'removed'],
  ])
  assert.deepEqual(JSON.parse(await readFile(join(docker, 'config.json'), 'utf8')).auths, {})
  const again = await run(['logout'], env)
  assert.deepEqual([again.code, again.stdout], [0, `${docker} has no login of acr-nopass\n`])
})

test('the page about logins shows what login and logout of a job print', async () => {
  const docker = join(folder, 'page')
  await mkdir(docker)
  const env = { DOCKER_CONFIG: docker }
  const login = await run(LOGIN(['--repositories', 'team/app', '--push']), env)
  const logout = await run(['logout'], env)
  assert.deepEqual([login.code, logout.code], [0, 0])
  expectSample('login', `${login.stdout}${logout.stdout}`, [[/ until \S+$/gm, ' until 2026-12-01T09:00:00.000Z']])
})

test('an isolated login leaves the configuration of the user alone, and its last line sets DOCKER_CONFIG', async () => {
  const docker = join(folder, 'untouched')
  await mkdir(docker)
  const login = await run(LOGIN(['--repositories', 'team/app', '--config', 'isolated']), { DOCKER_CONFIG: docker })
  assert.equal(login.code, 0, login.stderr)
  const [, own = ''] = /\nexport DOCKER_CONFIG=(\S+)\n$/.exec(login.stdout) ?? []
  assert.ok((await passwordIn(own)).length > 20)
  assert.ok(!(await readdir(docker)).includes('config.json'))
  const logout = await run(['logout'], { DOCKER_CONFIG: own })
  assert.match(logout.stdout, new RegExp(`^(${PUBLIC}|${VPC}): logged out\n`))
  assert.ok(!(await readdir(folder)).some((name) => name.startsWith('acr-nopass-docker-')))
})

test('-o json and --dry-run show what a program needs, without a password', async () => {
  const docker = join(folder, 'json')
  await mkdir(docker)
  const role = `acs:ram::${at.cloud.accountId}:role/nobody`
  const limited = ['--repositories', 'team/app,team/*', '-o', 'json']
  const dry = await run(LOGIN([...limited, '--push', '--role-to-assume', role, '--dry-run']), { DOCKER_CONFIG: docker })
  assert.equal(dry.code, 0, dry.stderr)
  const [plan] = JSON.parse(dry.stdout).planned
  assert.deepEqual([plan.instanceId, plan.access, plan.repositories], [at.instance, 'push', ['team/app', 'team/*']])
  assert.ok(JSON.stringify(plan.sessionPolicy).includes('cr:PushRepository'))
  const text = await run(LOGIN(['--repositories', 'team/app', '--dry-run']), { DOCKER_CONFIG: docker })
  assert.match(text.stdout, /^would log in to cri-\w+ in cn-hangzhou: pull team\/app\n {2}the login has all rights/)

  const login = await run(LOGIN(limited), { DOCKER_CONFIG: docker })
  const { logins, dockerConfig, notes } = JSON.parse(login.stdout)
  assert.equal(dockerConfig, docker)
  assert.deepEqual(logins[0].checks, [
    { repository: 'team/app', pull: 'granted' },
    { repository: 'team/*', notChecked: 'only a repository without * can be checked' },
  ])
  assert.equal(notes.length, 2)
  assert.ok(!login.stdout.includes(await passwordIn(docker)))
})

test('an error of the cloud, of the values or of an input names the flag and its fix, and writes nothing', async () => {
  const docker = join(folder, 'failed')
  await mkdir(docker)
  const denied = await run(LOGIN(['--role-to-assume', `acs:ram::${at.cloud.accountId}:role/nobody`]), {
    DOCKER_CONFIG: docker,
  })
  assert.equal(denied.code, 1)
  assert.match(denied.stderr, /^CLOUD_\w+: registry cri-\w+: sts AssumeRole .*\n.* fix: /m)
  const short = await run(LOGIN(['--min-life', '20h']), { DOCKER_CONFIG: docker })
  assert.match(short.stderr, /LOGIN_TOO_SHORT: .*\n {2}fix: .*`--expires-in-hours`/)
  const values = await run(['login', '--inline-values', 'registries: 1'], { DOCKER_CONFIG: docker })
  assert.deepEqual([values.code, values.stdout], [2, ''])
  const fixed = await run(['login', '--registry', 'crpi-abc'], { DOCKER_CONFIG: docker })
  assert.match(
    fixed.stderr,
    /LOGIN_FIXED_PASSWORD: crpi-abc is an instance of the new Personal Edition, which has only its fixed password/,
  )
  assert.deepEqual(await readdir(docker), [])
})
