import assert from 'node:assert/strict'
import fs, {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '../../../src/lib/clock.ts'
import { findReceipt } from '../../../src/login/docker-config/ledger.ts'
import { auth, createPlace, DOMAIN, LOGIN, PASSWORD, VPC_DOMAIN } from './docker-place.ts'

const OURS = auth(`cr_temp_user:${PASSWORD}`)
const USERS = {
  auths: { 'docker.io': auth('me:HERS'), [DOMAIN]: auth('ram-user:OLD') },
  credsStore: 'pass',
  credHelpers: { [DOMAIN]: 'acr-helper' },
  proxies: { default: { httpProxy: 'http://proxy:3128' } },
  currentContext: 'remote',
}

test('an isolated configuration is private, has the settings of the user, and no login or helper of the user', async () => {
  const { temporaryFolder, text, store } = createPlace(USERS)
  const before = text()
  const { receipt, dockerConfigFolder } = await store({ config: 'isolated' })
  assert.equal(join(dockerConfigFolder, '..'), temporaryFolder)
  const file = join(dockerConfigFolder, 'config.json')
  const { proxies, currentContext } = USERS
  assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), { auths: { [DOMAIN]: OURS }, proxies, currentContext })
  assert.deepEqual([statSync(file).mode & 0o777, statSync(dockerConfigFolder).mode & 0o777], [0o600, 0o700])
  assert.equal(text(), before)
  assert.deepEqual(findReceipt(dockerConfigFolder, null, systemClock), receipt)
})

test('a helper of the user stays out of an isolated configuration, however its key is written', async () => {
  const { store } = createPlace({ AUTHS: {}, credsstore: 'pass', CredHelpers: { [DOMAIN]: 'acr-helper' }, proxies: {} })
  const { dockerConfigFolder } = await store({ config: 'isolated' })
  const written = JSON.parse(readFileSync(join(dockerConfigFolder, 'config.json'), 'utf8'))
  assert.deepEqual(written, { auths: { [DOMAIN]: OURS }, proxies: {} })
})

test('builders, plugins, contexts and TLS files of the user are found in an isolated configuration', async () => {
  const { folder, store } = createPlace(USERS)
  mkdirSync(join(folder, 'cli-plugins'))
  writeFileSync(join(folder, 'cli-plugins', 'docker-buildx'), 'program')
  writeFileSync(join(folder, 'ca.pem'), 'certificate')
  writeFileSync(join(folder, '.token_seed'), 'secret of the user')
  const { dockerConfigFolder } = await store({ config: 'isolated' })
  assert.deepEqual(readdirSync(dockerConfigFolder).sort(), [
    'acr-nopass-logins.json',
    'buildx',
    'ca.pem',
    'cli-plugins',
    'config.json',
    'contexts',
  ])
  assert.equal(readFileSync(join(dockerConfigFolder, 'cli-plugins', 'docker-buildx'), 'utf8'), 'program')
  // buildx creates this folder with MkdirAll, which fails at a link that leads nowhere.
  mkdirSync(join(dockerConfigFolder, 'buildx', 'instances'), { recursive: true })
  writeFileSync(join(dockerConfigFolder, 'buildx', 'instances', 'builder0'), '{}')
  assert.equal(readlinkSync(join(dockerConfigFolder, 'buildx')), join(folder, 'buildx'))
  assert.ok(existsSync(join(folder, 'buildx', 'instances', 'builder0')))
})

test('logout removes an isolated configuration with what the job wrote to it, and nothing that its links lead to', async () => {
  const { folder, temporaryFolder, text, store, remove } = createPlace(USERS)
  const before = text()
  const { receipt, dockerConfigFolder } = await store({ config: 'isolated' })
  writeFileSync(join(dockerConfigFolder, 'buildx', 'current'), 'builder0')
  writeFileSync(join(dockerConfigFolder, 'config.json'), JSON.stringify({ auths: { 'ghcr.io': auth('me:JOB') } }))
  assert.deepEqual(await remove(receipt), [{ domain: DOMAIN, outcome: 'removed' }])
  assert.deepEqual(readdirSync(temporaryFolder), [])
  assert.equal(readFileSync(join(folder, 'buildx', 'current'), 'utf8'), 'builder0')
  assert.equal(text(), before)
  assert.deepEqual(await remove(receipt), [{ domain: DOMAIN, outcome: 'absent' }])
})

test('a second login of the job goes into the isolated configuration of the first, and may replace it', async () => {
  const { content, store, remove } = createPlace(USERS)
  const before = content()
  const first = await store({ config: 'isolated' })
  const folder = first.dockerConfigFolder
  const logins = [
    { ...LOGIN, password: 'RENEWED' },
    { ...LOGIN, domain: VPC_DOMAIN },
  ]
  const second = await store({ config: 'isolated', folder, logins })
  assert.equal(second.dockerConfigFolder, folder)
  const expected = { [VPC_DOMAIN]: OURS, [DOMAIN]: auth('cr_temp_user:RENEWED') }
  assert.deepEqual(JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8')).auths, expected)
  // Post steps run in reverse order.
  assert.deepEqual(
    (await remove(second.receipt)).map(({ outcome }) => outcome),
    ['removed', 'removed'],
  )
  assert.deepEqual(await remove(first.receipt), [{ domain: DOMAIN, outcome: 'removed' }])
  assert.equal(existsSync(folder), false)
  assert.deepEqual(content(), before)
})

test('an isolated configuration needs neither a readable nor a writable configuration of the user', async () => {
  const { folder, file, store } = createPlace('{ not JSON')
  for (const users of [folder, join(file, 'below-a-file')]) {
    const { dockerConfigFolder } = await store({ config: 'isolated', folder: users })
    const written = readFileSync(join(dockerConfigFolder, 'config.json'), 'utf8')
    assert.deepEqual(JSON.parse(written), { auths: { [DOMAIN]: OURS } })
  }
})

test('if the receipt cannot be recorded, no isolated configuration is left', async () => {
  const { temporaryFolder, storeRecorded } = createPlace()
  const fail = () => {
    assert.equal(readdirSync(temporaryFolder).length, 1)
    throw new Error('no space')
  }
  await assert.rejects(storeRecorded(fail, { config: 'isolated' }), /no space/)
  assert.deepEqual(readdirSync(temporaryFolder), [])
})

test('a receipt that names another folder, or a link to it, removes nothing of others', async () => {
  const { folder, root, text, store, remove } = createPlace(USERS)
  const before = text()
  const { receipt } = await store({ config: 'isolated' })
  const link = join(root, 'acr-nopass-docker-link')
  symlinkSync(folder, link)
  for (const other of [folder, link]) {
    assert.deepEqual(await remove({ ...receipt, folder: other }), [{ domain: DOMAIN, outcome: 'replaced' }])
    assert.equal(text(), before)
  }
})

test('an isolated configuration is removed through a link, and the logins leave a copy of it too', async () => {
  const { root, temporaryFolder, store, remove } = createPlace(USERS)
  const { receipt, dockerConfigFolder } = await store({ config: 'isolated' })
  const [link, copy] = [join(root, 'link'), join(root, 'copy')]
  symlinkSync(dockerConfigFolder, link)
  cpSync(dockerConfigFolder, copy, { recursive: true })
  assert.deepEqual(await remove({ ...receipt, folder: `${link}/.` }), [{ domain: DOMAIN, outcome: 'removed' }])
  assert.deepEqual(readdirSync(temporaryFolder), [])
  assert.deepEqual(await remove({ ...receipt, folder: copy }), [{ domain: DOMAIN, outcome: 'removed' }])
  assert.deepEqual(JSON.parse(readFileSync(join(copy, 'config.json'), 'utf8')).auths, {})
})

test('if a program of the job left files that cannot be removed, the logins are gone and the rest is named', async (t) => {
  const { store, remove } = createPlace(USERS)
  const { receipt, dockerConfigFolder } = await store({ config: 'isolated' })
  const { rmSync } = fs
  // A container of the job runs as root, so the user of the job may not empty its folders.
  t.mock.method(fs, 'rmSync', (...[path, options]: Parameters<typeof rmSync>) => {
    if (options?.recursive) throw Object.assign(new Error('permission denied'), { code: 'EACCES', syscall: 'rm' })
    rmSync(path, options)
  })
  syncBuiltinESMExports()
  try {
    await assert.rejects(remove(receipt), {
      code: 'DOCKER_CONFIG_UNWRITABLE',
      reason: 'EACCES',
      message: `${dockerConfigFolder} cannot be removed; its logins are removed`,
    })
  } finally {
    t.mock.restoreAll()
    syncBuiltinESMExports()
  }
  assert.equal(existsSync(join(dockerConfigFolder, 'config.json')), false)
  assert.deepEqual(await remove(receipt), [{ domain: DOMAIN, outcome: 'removed' }])
  assert.equal(existsSync(dockerConfigFolder), false)
})
