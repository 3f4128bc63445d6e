import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemClock } from '../../../src/lib/clock.ts'
import { findReceipt } from '../../../src/login/docker-config/ledger.ts'
import { removeLogins } from '../../../src/login/docker-config/remove-logins.ts'
import { storeLogins } from '../../../src/login/docker-config/store-logins.ts'

const DOMAIN = 'shop-registry.cn-hangzhou.cr.aliyuncs.com'
const LOGIN = { domain: DOMAIN, username: 'cr_temp_user', password: 'S3CR3T' }
const auth = (text: string) => ({ auth: Buffer.from(text).toString('base64') })
const deps = { pid: process.pid, clock: systemClock, environment: {} }

function place() {
  const root = mkdtempSync(join(tmpdir(), 'docker-'))
  const folder = join(root, '.docker')
  const request = { folder, temporaryFolder: root, logins: [LOGIN], expiresAt: Date.now() + 3_600_000 }
  return { folder, file: join(folder, 'config.json'), request }
}

test('a login is stored in a private file as docker login stores it, and logout removes it and what recorded it', async () => {
  const { folder, file, request } = place()
  const receipts: unknown[] = []
  const { receipt, dockerConfigFolder } = await storeLogins({ ...request, config: 'merge' }, deps, (one) =>
    receipts.push(one),
  )
  assert.equal(dockerConfigFolder, folder)
  assert.equal(
    readFileSync(file, 'utf8'),
    `{\n\t"auths": {\n\t\t"${DOMAIN}": {\n\t\t\t"auth": "${auth('cr_temp_user:S3CR3T').auth}"\n\t\t}\n\t}\n}`,
  )
  assert.equal(statSync(file).mode & 0o777, 0o600)
  assert.deepEqual(receipts, [receipt])
  assert.deepEqual(findReceipt(folder), receipt)
  assert.doesNotMatch(JSON.stringify(receipt), /S3CR3T/)
  assert.deepEqual(await removeLogins(receipt, deps), [{ domain: DOMAIN, outcome: 'removed' }])
  assert.equal(readFileSync(file, 'utf8'), '{\n\t"auths": {}\n}')
  assert.deepEqual(readdirSync(folder), ['config.json'])
})

test('an isolated configuration keeps settings and builders of the user, takes no other login, and is removed as a whole', async () => {
  const { folder, file, request } = place()
  mkdirSync(join(folder, 'buildx'), { recursive: true })
  const users = { auths: { 'docker.io': auth('me:HERS') }, credsStore: 'pass', currentContext: 'remote' }
  writeFileSync(file, JSON.stringify(users))
  writeFileSync(join(folder, 'buildx', 'current'), 'builder')
  const { receipt, dockerConfigFolder } = await storeLogins({ ...request, config: 'isolated' }, deps, () => undefined)
  assert.deepEqual(JSON.parse(readFileSync(join(dockerConfigFolder, 'config.json'), 'utf8')), {
    auths: { [DOMAIN]: auth('cr_temp_user:S3CR3T') },
    currentContext: 'remote',
  })
  assert.equal(statSync(join(dockerConfigFolder, 'config.json')).mode & 0o777, 0o600)
  assert.equal(statSync(dockerConfigFolder).mode & 0o777, 0o700)
  assert.equal(readFileSync(join(dockerConfigFolder, 'buildx', 'current'), 'utf8'), 'builder')
  assert.deepEqual(await removeLogins(receipt, deps), [{ domain: DOMAIN, outcome: 'removed' }])
  assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), users)
  assert.equal(readFileSync(join(folder, 'buildx', 'current'), 'utf8'), 'builder')
  assert.deepEqual(readdirSync(join(folder, '..')), ['.docker'])
})
