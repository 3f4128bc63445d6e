import assert from 'node:assert/strict'
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '../../../src/lib/clock.ts'
import { updateConfig } from '../../../src/login/docker-config/config-file.ts'
import { findReceipt } from '../../../src/login/docker-config/ledger.ts'
import { auth, createPlace, DOMAIN, LOGIN, PASSWORD, VPC_DOMAIN } from './docker-place.ts'

const OURS = auth(`cr_temp_user:${PASSWORD}`)

test('without a configuration, a login is stored in a private file in the format of docker login', async () => {
  const { folder, file, text, store } = createPlace()
  const { receipt, dockerConfigFolder } = await store({ logins: [LOGIN, { ...LOGIN, domain: VPC_DOMAIN }] })
  assert.equal(dockerConfigFolder, folder)
  const entry = (domain: string) => `\t\t"${domain}": {\n\t\t\t"auth": "${OURS.auth}"\n\t\t}`
  assert.equal(text(), `{\n\t"auths": {\n${entry(VPC_DOMAIN)},\n${entry(DOMAIN)}\n\t}\n}`)
  assert.deepEqual([statSync(file).mode & 0o777, statSync(folder).mode & 0o777], [0o600, 0o700])
  assert.deepEqual(findReceipt(folder, null, systemClock), receipt)
})

test('logout removes the logins, the record of them and nothing else', async () => {
  const { folder, text, store, remove } = createPlace()
  const { receipt } = await store({ logins: [LOGIN, { ...LOGIN, domain: VPC_DOMAIN }] })
  assert.deepEqual(await remove(receipt), [
    { domain: DOMAIN, outcome: 'removed' },
    { domain: VPC_DOMAIN, outcome: 'removed' },
  ])
  assert.equal(text(), '{\n\t"auths": {}\n}')
  assert.deepEqual(readdirSync(folder), ['config.json'])
  assert.deepEqual(
    (await remove(receipt)).map(({ outcome }) => outcome),
    ['absent', 'absent'],
  )
})

test('the receipt is known before the login is in a file, and holds no secret', async () => {
  const { folder, storeRecorded } = createPlace()
  let recorded: unknown
  const { receipt } = await storeRecorded((early) => {
    recorded = early
    assert.equal(existsSync(join(folder, 'config.json')), false)
  })
  assert.deepEqual(recorded, receipt)
  const ledger = readFileSync(join(folder, 'acr-nopass-logins.json'), 'utf8')
  for (const text of [JSON.stringify(receipt), ledger]) {
    for (const secret of [PASSWORD, OURS.auth]) assert.equal(text.includes(secret), false)
  }
})

test('the same login has another digest in each receipt', async () => {
  const { store, remove } = createPlace()
  const { receipt } = await store()
  await remove(receipt)
  assert.notEqual((await store()).receipt.logins[0]?.digest, receipt.logins[0]?.digest)
})

test('login and logout keep all other keys, their order, long numbers and unusual names', async () => {
  const before = `{
  "HttpHeaders": { "X-Team": "a<b>&c" },
  "auths": { "docker.io": { "auth": "${auth('me:HERS').auth}", "email": "me@example.com" }, "ghcr.io": { "identitytoken": "T" } },
  "unknown-key": { "size": 12345678901234567890, "ratio": 1.0, "__proto__": { "a": 1 } },
  "credHelpers": { "gcr.io": "gcloud" },
  "currentContext": "remote"
}`
  const { text, store, remove } = createPlace(before)
  const { receipt } = await store()
  const merged = text()
  assert.deepEqual(JSON.parse(merged).auths[DOMAIN], OURS)
  await remove(receipt)
  // Docker indents with tabs; nothing else may differ.
  const bare = (json: string) => json.replaceAll(/\s/g, '')
  assert.equal(bare(text()), bare(before))
  assert.equal(bare(merged).replace(`,"${DOMAIN}":{"auth":"${OURS.auth}"}`, ''), bare(before))
})

test('the mode of an existing configuration stays', async () => {
  const { file, store, remove } = createPlace({ auths: {} })
  chmodSync(file, 0o640)
  const { receipt } = await store()
  assert.equal(statSync(file).mode & 0o777, 0o640)
  await remove(receipt)
  assert.equal(statSync(file).mode & 0o777, 0o640)
})

test('the owner of an existing configuration stays, also if a job of root writes it', async () => {
  const { file, store } = createPlace({ auths: {} })
  // Only root can give a file to another user.
  if (process.getuid?.() === 0) chownSync(file, 1000, 0)
  const { uid, gid } = statSync(file)
  await store()
  assert.deepEqual([statSync(file).uid, statSync(file).gid], [uid, gid])
})

test('a login that others make between our read and our write is found and kept, however they write', async () => {
  const entry = (password: string) => JSON.stringify({ auths: { 'docker.io': auth(`me:${password}`) } })
  const writes: readonly ((file: string) => void)[] = [
    (file) => writeFileSync(file, entry('NEWEST')),
    (file) => {
      writeFileSync(`${file}.new`, entry('NEWEST'))
      renameSync(`${file}.new`, file)
    },
    (file) => rmSync(file),
  ]
  for (const write of writes) {
    const { folder, file, text } = createPlace(entry('OLDEST'))
    // Some file systems count time in steps of milliseconds.
    utimesSync(file, 1, 1)
    let runs = 0
    updateConfig(folder, ({ auths }) => {
      runs += 1
      if (runs === 1) write(file)
      return { ...auths, [DOMAIN]: OURS }
    })
    assert.equal(runs, 2)
    const { [DOMAIN]: ours, ...others } = JSON.parse(text()).auths
    assert.deepEqual(ours, OURS)
    assert.equal(JSON.stringify(others).includes(auth('me:OLDEST').auth), false)
    assert.deepEqual(readdirSync(folder), ['config.json'])
  }
})

test('a program that writes the configuration all the time is reported, and nothing is overwritten', () => {
  const { folder, file, text } = createPlace({ auths: {} })
  let runs = 0
  assert.throws(
    () =>
      updateConfig(folder, () => {
        runs += 1
        writeFileSync(file, JSON.stringify({ auths: {}, psFormat: 'x'.repeat(runs) }))
        return { [DOMAIN]: OURS }
      }),
    { code: 'DOCKER_CONFIG_UNWRITABLE', message: `${file} is written again and again by another program` },
  )
  assert.equal(JSON.parse(text()).psFormat, 'x'.repeat(runs))
  assert.deepEqual(readdirSync(folder), ['config.json'])
})

test('a configuration behind a circle of links is refused', async () => {
  const { folder, file, store } = createPlace()
  mkdirSync(folder)
  symlinkSync('other.json', file)
  symlinkSync('config.json', join(folder, 'other.json'))
  await assert.rejects(store(), { code: 'DOCKER_CONFIG_UNREADABLE' })
})

test('a configuration behind symbolic links is written where it is, also if it does not exist yet', async () => {
  for (const exists of [true, false]) {
    const { root, folder, file, store, remove } = createPlace()
    mkdirSync(join(root, 'dotfiles'))
    mkdirSync(folder)
    const target = join(root, 'dotfiles', 'docker.json')
    symlinkSync('../dotfiles/link.json', file)
    symlinkSync('docker.json', join(root, 'dotfiles', 'link.json'))
    if (exists) writeFileSync(target, '{"auths":{"docker.io":{}}}')
    const { receipt } = await store()
    assert.deepEqual(JSON.parse(readFileSync(target, 'utf8')).auths[DOMAIN], OURS)
    await remove(receipt)
    assert.deepEqual(JSON.parse(readFileSync(target, 'utf8')).auths, exists ? { 'docker.io': {} } : {})
    assert.ok(lstatSync(file).isSymbolicLink())
    assert.deepEqual(readdirSync(join(root, 'dotfiles')).sort(), ['docker.json', 'link.json'])
  }
})

test('an empty configuration file, and auths of null, are a configuration without logins', async () => {
  for (const config of ['', ' \n', '{"auths":null}']) {
    const { content, store } = createPlace(config)
    await store()
    assert.deepEqual(content(), { auths: { [DOMAIN]: OURS } })
  }
})

test('a login of somebody else after ours stays at logout', async () => {
  const { content, file, store, remove } = createPlace({ auths: { 'docker.io': auth('me:HERS') } })
  const { receipt } = await store()
  writeFileSync(file, JSON.stringify({ auths: { 'docker.io': auth('me:HERS'), [DOMAIN]: auth('ram-user:LATER') } }))
  assert.deepEqual(await remove(receipt), [{ domain: DOMAIN, outcome: 'replaced' }])
  assert.deepEqual(content().auths[DOMAIN], auth('ram-user:LATER'))
})

test('a logout of somebody else before ours is no failure, nor is a removed folder', async () => {
  const { content, file, store, remove } = createPlace()
  const { receipt } = await store()
  writeFileSync(file, JSON.stringify({ auths: {} }))
  assert.deepEqual(await remove(receipt), [{ domain: DOMAIN, outcome: 'absent' }])
  assert.deepEqual(content(), { auths: {} })
  const gone = { ...receipt, folder: join(file, 'missing') }
  assert.deepEqual(await remove(gone), [{ domain: DOMAIN, outcome: 'absent' }])
})
