import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { AssumeRoleRequest } from '@alicloud/sts20150401'
import type { Cloud } from '../../sandbox/cloud/start-cloud.ts'
import { startCloud } from '../../sandbox/cloud/start-cloud.ts'
import { type Registry, startRegistry } from '../../sandbox/registry/start-registry.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { removeLogins } from '../../src/login/docker-config/remove-logins.ts'
import { type StoreRequest, storeLogins } from '../../src/login/docker-config/store-logins.ts'
import { tarParts } from '../../tools/tar.ts'
import { allow, vendorClients } from '../support/cloud/vendor-sdk.ts'
import { installHelper } from '../support/login/credential-helper.ts'
import { testTools } from '../tools.ts'

// crane reads and writes Docker configurations with the code of Docker's own command line
// (github.com/docker/cli/cli/config), oras with code of its own (oras.land/oras-go/v2).

const DEMO = 'cri-k7x2m9q4w1t8z5h3'
const PUSH_TEAM = `acs:cr:*:*:repository/${DEMO}/team/*`

let cloud: Cloud
let registry: Registry
let tools: { readonly crane: string; readonly helm4: string; readonly oras: string; readonly registry: string }
let domain: string
before(async () => {
  tools = await testTools('crane', 'helm4', 'oras', 'registry')
  cloud = await startCloud()
  // crane refuses a token service under a private IP address, but not under a host name.
  const realm = cloud.registryAuth.realm.replace('127.0.0.1', 'localhost')
  registry = await startRegistry({ tools, auth: { ...cloud.registryAuth, realm } })
  domain = new URL(registry.url).host
  const Principal = { RAM: [`acs:ram::${cloud.accountId}:root`] }
  cloud.control.putRole('builder', {
    Version: '1',
    Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal }],
  })
  const grant = allow(['cr:GetAuthorizationToken', 'cr:PullRepository', 'cr:PushRepository'])
  cloud.control.grant('builder', 'push', JSON.parse(grant))
})
after(async () => {
  await registry.stop()
  await cloud.stop()
})

/** A login for the registry whose session may push to the repositories of one namespace. */
async function requestLogin() {
  const policy = JSON.stringify({
    Version: '1',
    Statement: [
      { Effect: 'Allow', Action: 'cr:GetAuthorizationToken', Resource: '*' },
      { Effect: 'Allow', Action: ['cr:PullRepository', 'cr:PushRepository'], Resource: PUSH_TEAM },
    ],
  })
  const roleArn = `acs:ram::${cloud.accountId}:role/builder`
  const request = new AssumeRoleRequest({ roleArn, roleSessionName: 'build', policy })
  const { body } = await vendorClients(cloud).sts.assumeRole(request)
  const { accessKeyId = '', accessKeySecret = '', securityToken = '' } = body?.credentials ?? {}
  const keys = { accessKeyId, accessKeySecret, securityToken }
  const call = { action: 'GetAuthorizationToken', version: '2018-12-01', query: { InstanceId: DEMO } }
  const { TempUsername, AuthorizationToken } = await vendorClients(cloud, keys).call(call)
  return { domain, username: String(TempUsername), password: String(AuthorizationToken) }
}

/** A runner with a home, where clients and acr-nopass use the same Docker configuration. */
function createRunner(config?: object) {
  const root = mkdtempSync(join(tmpdir(), 'login-clients-'))
  const folder = join(root, '.docker')
  const helper = installHelper(root, 'keychain')
  const environment = { PATH: `${helper.bin}:/usr/bin:/bin`, HOME: root }
  mkdirSync(folder)
  if (config !== undefined) writeFileSync(join(folder, 'config.json'), JSON.stringify(config, null, '\t'))
  const file = join(root, 'layer.tar')
  const deps = { pid: process.pid, clock: systemClock, environment }
  const run = (program: string, args: readonly string[], { input = '', dockerConfig = folder } = {}) =>
    new Promise<{ readonly code: number; readonly text: string }>((resolve) => {
      const env = { ...environment, DOCKER_CONFIG: dockerConfig }
      const child = execFile(program, args, { env, cwd: root, timeout: 60_000 }, (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code ?? 1), text: stdout + stderr }),
      )
      child.stdin?.end(input)
    })
  const succeed = async (...args: Parameters<typeof run>): Promise<string> => {
    const { code, text } = await run(...args)
    assert.equal(code, 0, `${args[1].join(' ')}: ${text}`)
    return text
  }
  return {
    root,
    folder,
    helper,
    run,
    succeed,
    configText: () => readFileSync(join(folder, 'config.json'), 'utf8'),
    store: (login: Awaited<ReturnType<typeof requestLogin>>, changes: Partial<StoreRequest> = {}) => {
      const request = {
        folder,
        temporaryFolder: root,
        config: 'merge',
        logins: [login],
        expiresAt: Date.now() + 3_600_000,
      }
      return storeLogins({ ...request, ...changes } as StoreRequest, deps, () => undefined)
    },
    remove: (receipt: Parameters<typeof removeLogins>[0]) => removeLogins(receipt, deps),
    /** Pushes with both clients, then pulls with both; a pull without a login is refused. */
    pushAndPull: async (name: string, dockerConfig = folder): Promise<void> => {
      const options = { dockerConfig }
      writeFileSync(file, Buffer.concat([...tarParts([{ path: 'hello', kind: 'file', content: Buffer.from(name) }])]))
      writeFileSync(join(root, 'hello.txt'), name)
      await succeed(tools.crane, ['append', '--new_layer', file, '--new_tag', `${domain}/team/app:${name}`], options)
      await succeed(tools.oras, ['push', '--plain-http', `${domain}/team/notes:${name}`, 'hello.txt'], options)
      const image = await succeed(tools.crane, ['manifest', `${domain}/team/app:${name}`], options)
      assert.equal(JSON.parse(image).layers.length, 1)
      mkdirSync(join(root, 'pulled'), { recursive: true })
      await succeed(tools.oras, ['pull', '--plain-http', '--output', 'pulled', `${domain}/team/notes:${name}`], options)
      assert.equal(readFileSync(join(root, 'pulled', 'hello.txt'), 'utf8'), name)
      const outside = ['append', '--new_layer', file, '--new_tag', `${domain}/platform/app:${name}`]
      const refused = await run(tools.crane, outside, options)
      assert.deepEqual([refused.code, /401 Unauthorized/.test(refused.text)], [1, true], refused.text)
    },
    /** Both clients are refused, because they find no login. */
    expectNoLogin: async (name: string): Promise<void> => {
      for (const [program, args] of [
        [tools.crane, ['manifest', `${domain}/team/app:${name}`]],
        [tools.oras, ['pull', '--plain-http', `${domain}/team/notes:${name}`]],
      ] as const) {
        const { code, text } = await run(program, args)
        assert.deepEqual([code, /unauthorized/i.test(text)], [1, true], text)
      }
    },
  }
}

const SETTINGS = {
  auths: { 'docker.io': { auth: Buffer.from('me:HERS').toString('base64') } },
  HttpHeaders: { 'X-Team': 'shop' },
  credHelpers: { 'gcr.io': 'gcloud' },
  currentContext: 'default',
  plugins: { '-x-cli-hints': { enabled: 'false' } },
}

test('a login and a logout leave the same bytes and the same mode as those of Docker’s own code', async () => {
  for (const [config, mode] of [
    [undefined, 0o600],
    [{}, 0o644],
    [SETTINGS, 0o600],
    [{ ...SETTINGS, auths: { 'z.example.com': {}, [domain]: {} } }, 0o640],
  ] as const) {
    const [ours, theirs] = [createRunner(config), createRunner(config)]
    for (const { folder } of [ours, theirs]) if (config !== undefined) chmodSync(join(folder, 'config.json'), mode)
    const login = await requestLogin()
    const { receipt } = await ours.store(login)
    const args = ['auth', 'login', domain, '--username', login.username, '--password-stdin']
    await theirs.succeed(tools.crane, args, { input: login.password })
    assert.equal(ours.configText(), theirs.configText())
    assert.equal(statSync(join(ours.folder, 'config.json')).mode & 0o777, mode)
    assert.equal(statSync(join(theirs.folder, 'config.json')).mode & 0o777, mode)
    await ours.remove(receipt)
    await theirs.succeed(tools.crane, ['auth', 'logout', domain])
    assert.equal(ours.configText(), theirs.configText())
  }
})

test('crane, oras and Helm push with a login in auths, only to its repositories, and not after the logout', async () => {
  const runner = createRunner(SETTINGS)
  const { receipt } = await runner.store(await requestLogin())
  await runner.pushAndPull('auths')
  // Helm reads a Docker configuration after its own.
  mkdirSync(join(runner.root, 'chart'))
  writeFileSync(join(runner.root, 'chart', 'Chart.yaml'), 'apiVersion: v2\nname: notes\nversion: 1.0.0\n')
  await runner.succeed(tools.helm4, ['package', 'chart'])
  await runner.succeed(tools.helm4, ['push', 'notes-1.0.0.tgz', `oci://${domain}/team`, '--plain-http'])
  assert.deepEqual(await runner.remove(receipt), [{ domain, outcome: 'removed' }])
  await runner.expectNoLogin('auths')
})

test('crane and oras push and pull with a login in a credential helper, and not after the logout', async () => {
  const runner = createRunner({ ...SETTINGS, credHelpers: { [domain]: 'keychain' } })
  const before = runner.configText()
  const { receipt } = await runner.store(await requestLogin())
  assert.equal(runner.configText(), before)
  await runner.pushAndPull('helper')
  assert.deepEqual(await runner.remove(receipt), [{ domain, outcome: 'removed' }])
  await runner.expectNoLogin('helper')
})

test('crane and oras push and pull with an isolated configuration, while the user’s own configuration has no login', async () => {
  const runner = createRunner(SETTINGS)
  const { receipt, dockerConfigFolder } = await runner.store(await requestLogin(), { config: 'isolated' })
  await runner.pushAndPull('isolated', dockerConfigFolder)
  await runner.expectNoLogin('isolated')
  await runner.remove(receipt)
})

test('the logins that crane and oras make or remove themselves are respected, in auths and in a helper', async () => {
  for (const config of [{ auths: {} }, { auths: {}, credsStore: 'keychain' }]) {
    const runner = createRunner(config)
    const [mine, later] = [await requestLogin(), await requestLogin()]
    const { receipt } = await runner.store(mine)
    const args = ['login', '--plain-http', domain, '--username', later.username, '--password-stdin']
    await runner.succeed(tools.oras, args, { input: later.password })
    assert.deepEqual(await runner.remove(receipt), [{ domain, outcome: 'replaced' }])
    await runner.pushAndPull('later')
    await assert.rejects(runner.store(mine), { code: 'DOCKER_LOGIN_EXISTS' })
    await runner.succeed(tools.crane, ['auth', 'logout', domain])
    const again = await runner.store(mine)
    await runner.succeed(tools.oras, ['logout', domain])
    assert.deepEqual(await runner.remove(again.receipt), [{ domain, outcome: 'absent' }])
  }
})
