import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../../sandbox/main.ts', import.meta.url))
const fixtureFile = (name: string): string => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url))
/** A client in another language if the machine has one; the test's title names the client. */
const CLIENT =
  spawnSync('python3', ['-c', 'import json, hmac, urllib.request']).status === 0
    ? { name: 'Python', command: 'python3', args: [fixtureFile('cloud-rpc-client.py')] }
    : { name: 'plain Node (no Python here)', command: process.execPath, args: [fixtureFile('cloud-rpc-client.mjs')] }

interface Ready {
  readonly endpoints: Readonly<Record<string, string>>
  readonly accessKeyId: string
  readonly accessKeySecret: string
  readonly regionId: string
  readonly instances: readonly { id: string; name: string; region: string; domains: readonly string[] }[]
  readonly tlsEndpoints: Readonly<Record<string, string>>
  readonly caFile: string
}

let child: ChildProcess
let stdout = ''
let stderr = ''
let ready: Ready
before(async () => {
  child = spawn(process.execPath, [MAIN, 'cloud', '--tls'], { stdio: ['ignore', 'pipe', 'pipe'] })
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk
  })
  await new Promise<void>((resolve, reject) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      stdout += chunk
      if (stdout.includes('\n')) resolve()
    })
    child.once('exit', () => reject(new Error(`the emulator ended: ${stderr}`)))
  })
  ready = JSON.parse(stdout)
})
after(() => child.kill('SIGKILL'))

const call = async (change: object): Promise<{ status: number; body: Record<string, unknown> }> => {
  const { accessKeyId, accessKeySecret, endpoints } = ready
  const base = { endpoint: endpoints.sts, accessKeyId, accessKeySecret, version: '2015-04-01', parameters: {} }
  const client = spawn(CLIENT.command, CLIENT.args, { stdio: ['pipe', 'pipe', 'inherit'] })
  client.stdin.end(JSON.stringify({ ...base, ...change }))
  return JSON.parse(await text(client.stdout))
}
const run = (...args: string[]) => spawnSync(process.execPath, [MAIN, 'cloud', ...args], { encoding: 'utf8' })

test('sandbox cloud prints one line of JSON: the addresses of the products, a key, a region, the instances', () => {
  assert.equal(stdout.split('\n').length, 2)
  assert.deepEqual(Object.keys(ready.endpoints), ['ram', 'sts', 'cs', 'cr', 'imds'])
  for (const endpoint of Object.values(ready.endpoints)) assert.match(endpoint, /^http:\/\/127\.0\.0\.1:\d+$/)
  for (const endpoint of Object.values(ready.tlsEndpoints)) assert.match(endpoint, /^https:\/\/127\.0\.0\.1:\d+$/)
  assert.ok(existsSync(ready.caFile))
  assert.equal(ready.regionId, 'cn-hangzhou')
  assert.deepEqual(ready.instances, [
    {
      id: 'cri-k7x2m9q4w1t8z5h3',
      name: 'demo',
      region: 'cn-hangzhou',
      domains: ['demo-registry.cn-hangzhou.cr.aliyuncs.com', 'demo-registry-vpc.cn-hangzhou.cr.aliyuncs.com'],
    },
  ])
})

test(`a client in ${CLIENT.name} is served, and gets the same errors as the SDKs`, async () => {
  const { status, body } = await call({ action: 'GetCallerIdentity' })
  assert.deepEqual([status, body.IdentityType], [200, 'RAMUser'])
  const ram = { endpoint: ready.endpoints.ram, version: '2015-05-01' }
  const PolicyDocument = '{"Version":"1","Statement":[{"Effect":"Allow","Action":"cr:Get*","Resource":"*"}]}'
  const create = {
    ...ram,
    action: 'CreatePolicy',
    parameters: { PolicyName: 'p', PolicyDocument, Description: "a+b c*~'ü" },
  }
  assert.equal((await call(create)).status, 200)
  const read = (await call({ ...ram, action: 'GetPolicy', parameters: { PolicyName: 'p', PolicyType: 'Custom' } })).body
  assert.equal((read.Policy as Record<string, unknown>).Description, "a+b c*~'ü")
  assert.equal((read.DefaultPolicyVersion as Record<string, unknown>).PolicyDocument, PolicyDocument)
  const token = await call({
    endpoint: ready.endpoints.cr,
    version: '2018-12-01',
    action: 'GetAuthorizationToken',
    parameters: { InstanceId: ready.instances[0]?.id },
  })
  assert.equal(token.body.TempUsername, 'cr_temp_user')
  const code = async (change: object) => {
    const response = await call({ action: 'GetCallerIdentity', ...change })
    return `${response.status} ${response.body.Code}`
  }
  assert.deepEqual(
    [
      await code({ accessKeySecret: 'wrong' }),
      await code({ accessKeyId: 'LTAI5tNobody' }),
      await code({ parameters: { Timestamp: '2020-01-01T00:00:00Z' } }),
      await code({ parameters: { SecurityToken: 'forged' } }),
      await code({ action: 'NoSuchAction' }),
      await code({ ...create }),
    ],
    [
      '400 SignatureDoesNotMatch',
      '404 InvalidAccessKeyId.NotFound',
      '400 InvalidTimeStamp.Expired',
      '400 InvalidSecurityToken.MismatchWithAccessKey',
      '404 InvalidAction.NotFound',
      '409 EntityAlreadyExists.Policy',
    ],
  )
})

test('P6 the log has calls and callers, but no secret', () => {
  assert.match(stderr, /Sts GetCallerIdentity acs:ram::\d+:user\/administrator 200 ok [0-9A-F-]{36}\n/)
  assert.match(stderr, /Sts GetCallerIdentity - 400 SignatureDoesNotMatch /)
  assert.equal(stderr.includes(ready.accessKeySecret), false)
})

test('an invalid seed or argument exits with code 2, the location and the fix', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-seed-'))
  try {
    const seed = (content: string): Promise<string> => {
      const file = join(folder, 'seed.yaml')
      return writeFile(file, content).then(() => file)
    }
    const unknown = run(await seed('accounts:\n  - id: "1234567890123456"\n    userz: []\n'))
    assert.equal(unknown.status, 2)
    assert.match(unknown.stderr, /seed\.yaml:2:5: SEED_INVALID: accounts\.0 must /)
    const noRole =
      'accounts:\n- id: "1234567890123456"\n  users: [{name: a}]\n  clusters:\n  - {id: c00000000000000000000000000000000, name: x, region: cn-a, workerRole: w}\n'
    assert.match(run(await seed(noRole)).stderr, /SEED_INVALID: cluster x: role w does not exist\n {2}fix: /)
    assert.match(run(await seed('accounts: [')).stderr, /seed\.yaml:\d+:\d+: SEED_INVALID: not valid YAML/)
    assert.match(run(join(folder, 'none.yaml')).stderr, /SEED_UNREADABLE/)
    const taken = run('--port', new URL(ready.endpoints.ram ?? '').port)
    assert.deepEqual([taken.status, /SANDBOX_PORT: cannot listen/.test(taken.stderr)], [1, true])
    for (const wrong of ['--port=x', '--port=-1', '--port=1.5', '--port=65536', '--what', '--fast'])
      assert.deepEqual([wrong, run(wrong).status], [wrong, 2])
    assert.equal(run('--help').status, 0)
    const down = spawnSync(process.execPath, [MAIN, 'down', '--tls'], { encoding: 'utf8' })
    assert.deepEqual(
      [down.status, down.stderr.split('\n')[0]],
      [2, 'SANDBOX_ARGUMENTS: --tls is not an option of sandbox down'],
    )
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('sandbox cloud serves until SIGTERM, then exits with 0 and leaves nothing behind', async () => {
  child.kill('SIGTERM')
  assert.deepEqual(await once(child, 'exit'), [0, null])
  assert.equal(existsSync(ready.caFile), false)
})
