import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { parse } from 'yaml'
import { type Cloud, startCloud } from '../../sandbox/cloud/start-cloud.ts'
import { signJwt } from '../../sandbox/cloud/sts/jwt.ts'
import { type Registry, startRegistry } from '../../sandbox/registry/start-registry.ts'
import { VERSION } from '../../src/version.ts'
import { installDocker } from '../support/login/docker-program.ts'
import { registryClient } from '../support/registry/registry-client.ts'
import { openRegistryFront } from '../support/registry/registry-front.ts'
import { testTools } from '../tools.ts'

const root = join(import.meta.dirname, '../..')
const DOMAIN = 'demo-registry.cn-hangzhou.cr.aliyuncs.com'
const ROLE = 'acr-nopass-login'

let cloud: Cloud
let registry: Registry
let front: Awaited<ReturnType<typeof openRegistryFront>>
let crane: string
before(async () => {
  const tools = await testTools('registry', 'crane')
  crane = tools.crane
  cloud = await startCloud()
  registry = await startRegistry({ tools, auth: cloud.registryAuth })
  front = await openRegistryFront({ domains: [DOMAIN], registry: registry.url, realm: cloud.registryAuth.realm })
})
after(async () => {
  await front[Symbol.asyncDispose]()
  await registry.stop()
  await cloud.stop()
})

/** A machine of a CI with the examples' files; `npx acr-nopass` runs this repository. */
function createMachine() {
  const home = mkdtempSync(join(tmpdir(), 'login-recipes-'))
  const [work, bin, temporary] = ['work', 'bin', 'tmp'].map((name) => join(home, name)) as [string, string, string]
  for (const folder of [work, bin, temporary]) mkdirSync(folder)
  cpSync(join(root, 'examples/ci'), join(work, 'ci'), { recursive: true })
  const { cr, sts } = cloud.endpoints
  const endpoints = JSON.stringify({ cr, sts, registry: registry.url })
  writeFileSync(
    join(bin, 'npx'),
    `#!/bin/sh
test "$1 $2" = '--yes acr-nopass@${VERSION.split('.')[0]}' || exit 9
shift 2
if [ "$1" = login ]; then set -- "$@" --endpoints '${endpoints}'; fi
exec '${join(root, 'bin/acr-nopass')}' "$@"
`,
  )
  chmodSync(join(bin, 'npx'), 0o755)
  installDocker(bin, { crane, environment: front.environment })
  const PATH = `${bin}:${join(process.execPath, '..')}:/usr/bin:/bin`
  return {
    work,
    bin,
    run: (command: string, variables: Readonly<Record<string, string>>) =>
      new Promise<{ readonly code: number; readonly text: string }>((resolve) => {
        const env = { PATH, HOME: home, TMPDIR: temporary, ...variables }
        execFile('sh', ['-c', command], { env, cwd: work, timeout: 120_000 }, (error, stdout, stderr) =>
          resolve({ code: error === null ? 0 : Number(error.code ?? 1), text: stdout + stderr }),
        )
      }),
    expectNothingLeft: () => {
      const file = join(home, '.docker', 'config.json')
      if (existsSync(file)) assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), { auths: {} })
      assert.deepEqual(readdirSync(temporary), [])
    },
  }
}

/** Creates the role with the policy that the page's command prints, and the trust of a CI. */
async function createRole(trust: object): Promise<void> {
  const [command = ''] = /^acr-nopass policy --ci --login (?:.*\\\n)*.*$/m.exec(read('docs/en/login.md')) ?? []
  assert.ok(read('docs/zh/login.md').includes(command))
  const folder = mkdtempSync(join(tmpdir(), 'login-role-'))
  const PATH = `${join(root, 'bin')}:${join(process.execPath, '..')}:/usr/bin:/bin`
  await new Promise<void>((resolve, reject) =>
    execFile('sh', ['-c', command], { cwd: folder, env: { PATH } }, (error) => (error ? reject(error) : resolve())),
  )
  cloud.control.putRole(ROLE, trust as Parameters<Cloud['control']['putRole']>[1])
  cloud.control.grant(ROLE, ROLE, JSON.parse(readFileSync(join(folder, 'permissions.json'), 'utf8')))
}

/** True if the registry has the tag. */
async function isPushed(tag: string): Promise<boolean> {
  return (await registryClient(registry.url, cloud.registryPush).pull('team/app', tag)).status === 200
}

const withAccount = (text: string): string => text.replaceAll('1427736501988243', cloud.accountId)
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

test('GitLab: the job of the default branch builds and pushes by its OIDC token, and leaves nothing on the machine', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const jwks = () => ({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k1' }] })
  const issuer = 'https://gitlab.com'
  cloud.registerOidcProvider({ name: 'gitlab', issuer, jwks, clientIds: ['sts.aliyuncs.com'] })
  await createRole(JSON.parse(withAccount(read('examples/ci/gitlab-trust.json'))))
  const { build } = parse(withAccount(read('examples/ci/gitlab-build.yml'))) as {
    build: { script: string[]; variables: Record<string, string> }
  }
  const now = Math.floor(Date.now() / 1000)
  const job = (branch: string, tag: string) => {
    const sub = `project_path:acme/platform:ref_type:branch:ref:${branch}`
    const claims = { iss: issuer, sub, aud: 'sts.aliyuncs.com', iat: now, exp: now + 3600 }
    const predefined = { CI_SERVER_URL: issuer, CI_JOB_ID: '7' }
    const OIDC_TOKEN = signJwt(claims, privateKey, { kid: 'k1' })
    return { ...build.variables, ...predefined, TAG: tag, OIDC_TOKEN }
  }
  const machine = createMachine()
  const done = await machine.run(build.script.join('\n'), job('main', 'gitlab'))
  assert.equal(done.code, 0, done.text)
  assert.match(done.text, new RegExp(`^logged in to .*${DOMAIN}.* until `, 'm'))
  assert.match(done.text, new RegExp(`^${DOMAIN}: logged out$`, 'm'))
  assert.equal(await isPushed('gitlab'), true)
  machine.expectNothingLeft()

  const refused = await machine.run(build.script.join('\n'), job('feature', 'other-branch'))
  assert.equal(refused.code, 1, refused.text)
  assert.match(refused.text, /AuthenticationFail\./)
  assert.equal(await isPushed('other-branch'), false)
  machine.expectNothingLeft()
})

test('Jenkins: a key that may only assume the role builds and pushes; after a failed or cancelled build nothing is left', async () => {
  const user = `acs:ram::${cloud.accountId}:user/administrator`
  await createRole({
    Version: '1',
    Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { RAM: [user] } }],
  })
  const file = withAccount(read('examples/ci/Jenkinsfile.build'))
  const variables = Object.fromEntries(
    [...file.matchAll(/^ {4}(\w+) = '([^']+)'$/gm)].map(([, name = '', value = '']) => [name, value]),
  )
  const [, command = ''] = /\bsh '([^']+)'/.exec(file) ?? []
  assert.equal(Object.keys(variables).length, 5)
  const { accessKeyId, accessKeySecret } = cloud.administrator
  const keys = { ALIBABA_CLOUD_ACCESS_KEY_ID: accessKeyId, ALIBABA_CLOUD_ACCESS_KEY_SECRET: accessKeySecret }
  const job = { ...variables, ...keys, JENKINS_URL: 'https://ci/', BUILD_TAG: 'jenkins-web-7' }
  const machine = createMachine()
  const done = await machine.run(command, { ...job, TAG: 'jenkins' })
  assert.equal(done.code, 0, done.text)
  assert.equal(await isPushed('jenkins'), true)
  machine.expectNothingLeft()

  writeFileSync(join(machine.bin, 'docker'), '#!/bin/sh\necho "no space left" >&2\nexit 17\n')
  const failed = await machine.run(command, { ...job, TAG: 'failed' })
  assert.equal(failed.code, 17, failed.text)
  machine.expectNothingLeft()

  writeFileSync(join(machine.bin, 'docker'), '#!/bin/sh\nkill -TERM $PPID\nexit 0\n')
  const cancelled = await machine.run(command, { ...job, TAG: 'cancelled' })
  assert.equal(cancelled.code, 143, cancelled.text)
  machine.expectNothingLeft()
})
