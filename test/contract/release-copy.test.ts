import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { type Cloud, startCloud } from '../../sandbox/cloud/start-cloud.ts'
import { type Registry, startRegistry } from '../../sandbox/registry/start-registry.ts'
import { copyRelease } from '../../scripts/release/copy-release.ts'
import { sha256 } from '../../src/lib/text.ts'
import { openRegistryFront } from '../support/registry/registry-front.ts'
import { writeLogin } from '../support/registry/release-registry.ts'
import { testTools } from '../tools.ts'

const run = promisify(execFile)
const folder = mkdtempSync(join(tmpdir(), 'release-copy-'))
const tools = await testTools('crane', 'oras', 'registry')
const archive = join(folder, 'package.tgz')
writeFileSync(archive, 'the package')

const host = 'demo-registry.cn-hangzhou.cr.aliyuncs.com'

let cloud: Cloud
let registry: Registry
let front: Awaited<ReturnType<typeof openRegistryFront>>
/** With the login of a user who may push everywhere. */
let env: NodeJS.ProcessEnv
/** The same without a login. */
let network: NodeJS.ProcessEnv
/** An image in the same registry, from which it is copied. */
let image: string
before(async () => {
  cloud = await startCloud()
  registry = await startRegistry({ tools, auth: cloud.registryAuth })
  front = await openRegistryFront({ domains: [host], registry: registry.url, realm: cloud.registryAuth.realm })
  const login = await writeLogin(folder, host, cloud.registryPush)
  network = { PATH: '/usr/bin:/bin', HOME: folder, ...front.environment }
  env = { ...network, DOCKER_CONFIG: join(login, '..') }
  image = await pushImage('source/app:1', 'one')
})
after(async () => {
  await front?.[Symbol.asyncDispose]()
  await registry?.stop()
  await cloud?.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Pushes an image with one file, and returns its address by digest. */
async function pushImage(name: string, content: string): Promise<string> {
  const layer = join(folder, 'layer.tar')
  writeFileSync(layer, content)
  const { stdout } = await run(tools.crane, ['append', '--new_layer', layer, '--new_tag', `${host}/${name}`], { env })
  return stdout.trim()
}

function copy(version: string, images: Record<string, string>, files: Record<string, string> = {}, more = {}) {
  const what = { images: new Map(Object.entries(images)), files: new Map(Object.entries(files)) }
  const options = { crane: tools.crane, oras: tools.oras, to: host, version, ...what, env, ...more }
  return copyRelease(options, AbortSignal.timeout(60_000))
}

function makePublic(...repositories: readonly string[]): void {
  for (const repository of repositories) cloud.control.setVisibility(repository, 'public')
}

async function tags(repository: string): Promise<string> {
  return run(tools.crane, ['ls', `${host}/${repository}`], { env }).then(
    ({ stdout }) => stdout.trim(),
    () => '',
  )
}

test('a copy has the digest of its source, and is the same copy when the run is repeated', async () => {
  makePublic('team/copy', 'platform/copy')
  const digest = image.split('@')[1] ?? ''
  const ofFile = `sha256:${sha256('the package')}`
  const lines = [`${host}/team/copy:1.0.0 ${digest}`, `${host}/platform/copy:1.0.0 ${ofFile}`]
  assert.deepEqual(await copy('1.0.0', { 'team/copy': image }, { 'platform/copy': archive }), lines)
  const again = await copy('1.0.0', { 'team/copy': image }, { 'platform/copy': archive })
  assert.deepEqual(
    again,
    lines.map((line) => `${line} (was there already)`),
  )
})

test('a version that is there with other content is never overwritten, and nothing else is copied', async () => {
  makePublic('team/other', 'platform/other')
  await copy('1.0.0', { 'team/other': image }, { 'platform/other': archive })
  const next = await pushImage('source/app:2', 'two')
  const never = /team\/other:1\.0\.0 is sha256:\w+ and not sha256:\w+; a version is never pushed twice$/
  await assert.rejects(copy('1.0.0', { 'team/other-new': next, 'team/other': next }), { message: never })
  assert.equal(await tags('team/other-new'), '')
  const changed = join(folder, 'changed.tgz')
  writeFileSync(changed, 'another package')
  await assert.rejects(
    copy('1.0.0', {}, { 'platform/other': changed }),
    /platform\/other:1\.0\.0 is sha256:\w+ and not/,
  )
})

test('a copy that not everybody can pull fails, and is right once its repository is public', async () => {
  const refused = copy('1.0.0', { 'team/hidden': image })
  await assert.rejects(refused, /team\/hidden:1\.0\.0 cannot be pulled without a login; make its repository public: /)
  makePublic('team/hidden')
  assert.match((await copy('1.0.0', { 'team/hidden': image }))[0] ?? '', /\(was there already\)$/)
})

test('an image that is not named by its digest is refused before anything is copied', async () => {
  makePublic('team/tag', 'platform/tag')
  for (const wrong of [`${host}/source/app:1`, '', `${image.slice(0, -1)}`, `${image} ${image}`]) {
    await assert.rejects(
      copy('1.0.0', { 'team/tag': wrong }, { 'platform/tag': archive }),
      /is not an image by digest/,
      wrong,
    )
  }
  assert.equal(await tags('platform/tag'), '')
})

test('a registry that cannot be asked is not taken for an empty one', async () => {
  const unknown = { message: /^cannot determine whether 127\.0\.0\.1:1\/team\/down:1\.0\.0 exists: / }
  await assert.rejects(copy('1.0.0', { 'team/down': image }, {}, { to: '127.0.0.1:1' }), unknown)
  await assert.rejects(
    copy('1.0.0', { 'team/no-login': image }, {}, { env: network }),
    /^Error: cannot determine whether /,
  )
})
