import assert from 'node:assert/strict'
import { chmodSync, existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { formatError, type NopassError } from '../../../src/errors.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { processId } from '../../../src/lib/process-id.ts'
import { findReceipt } from '../../../src/login/docker-config/ledger.ts'
import { removeLogins } from '../../../src/login/docker-config/remove-logins.ts'
import { eventually } from '../../support/eventually.ts'
import { installHelper } from '../../support/login/credential-helper.ts'
import { auth, createPlace, DOMAIN, LOGIN, PASSWORD, VPC_DOMAIN } from './docker-place.ts'

const SECOND = 'second-registry.cn-hangzhou.cr.aliyuncs.com'
const OURS = { Username: 'cr_temp_user', Secret: PASSWORD }
const HERS = { Username: 'ram-user', Secret: 'HERS' }

/** A place whose configuration names `docker-credential-keychain`. */
function withHelper(config: object) {
  const environment: Record<string, string> = { PATH: '/usr/bin:/bin' }
  const cancel = new AbortController()
  const place = createPlace(config, { environment, signal: cancel.signal })
  const helper = installHelper(place.root, 'keychain')
  environment.PATH = `${helper.bin}:${environment.PATH}`
  return { ...place, helper, environment, cancel }
}

async function refusal(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => assert.fail('it was not refused'),
    (failure: NopassError) => failure,
  )
  const text = formatError(error)
  for (const secret of [PASSWORD, 'HERS']) assert.equal(text.includes(secret), false, text)
  return text
}

test('a helper of the domain keeps the login, in no file and no argument, and forgets it at logout', async () => {
  for (const config of [{ credHelpers: { [DOMAIN]: 'keychain' } }, { auths: {}, credsStore: 'keychain' }]) {
    const { folder, text, helper, store, remove } = withHelper(config)
    helper.put({ 'docker.io': HERS })
    const before = text()
    const { receipt } = await store()
    assert.equal(text(), before)
    assert.deepEqual(helper.logins(), { 'docker.io': HERS, [DOMAIN]: OURS })
    assert.deepEqual(await remove(receipt), [{ domain: DOMAIN, outcome: 'removed' }])
    assert.equal(text(), before)
    assert.deepEqual(helper.logins(), { 'docker.io': HERS })
    assert.deepEqual(readdirSync(folder), ['config.json'])
    assert.deepEqual([...new Set(helper.calls())].sort(), ['erase', 'get', 'store'])
  }
})

test('one login goes to the helper of its domain, another to auths, and both leave at logout', async () => {
  const { content, helper, store, remove } = withHelper({ credHelpers: { [DOMAIN]: 'keychain' } })
  const { receipt } = await store({ logins: [LOGIN, { ...LOGIN, domain: VPC_DOMAIN }] })
  assert.deepEqual(Object.keys(content().auths), [VPC_DOMAIN])
  assert.deepEqual(helper.logins(), { [DOMAIN]: OURS })
  assert.deepEqual(
    (await remove(receipt)).map(({ outcome }) => outcome),
    ['removed', 'removed'],
  )
  assert.deepEqual([content().auths, helper.logins()], [{}, {}])
})

test('a domain with an empty helper, and a helper of another domain, use auths', async () => {
  const config = { credsStore: 'keychain', credHelpers: { [DOMAIN]: '', 'gcr.io': 'gcloud' } }
  const { content, helper, store } = withHelper(config)
  await store()
  assert.deepEqual(Object.keys(content().auths), [DOMAIN])
  assert.deepEqual(helper.logins(), {})
})

test('an earlier login in the helper is refused and stays; a later login of somebody else stays at logout', async () => {
  const { helper, store, remove } = withHelper({ credsStore: 'keychain' })
  helper.put({ [DOMAIN]: HERS })
  assert.match(
    await refusal(store()),
    new RegExp(
      `^DOCKER_LOGIN_EXISTS: the credential helper docker-credential-keychain already has a login for ${DOMAIN}`,
    ),
  )
  assert.deepEqual(helper.logins(), { [DOMAIN]: HERS })
  helper.put({})
  const { receipt } = await store()
  helper.put({ [DOMAIN]: HERS })
  assert.deepEqual(await remove(receipt), [{ domain: DOMAIN, outcome: 'replaced' }])
  assert.deepEqual(helper.logins(), { [DOMAIN]: HERS })
  helper.put({})
  const again = await store()
  helper.put({})
  assert.deepEqual(await remove(again.receipt), [{ domain: DOMAIN, outcome: 'absent' }])
})

test('a helper that makes its own logins is refused with the fix', async () => {
  const { helper, store } = withHelper({ credHelpers: { [DOMAIN]: 'keychain' } })
  helper.behave('makes its own')
  const said = await refusal(store())
  assert.match(said, /^DOCKER_LOGIN_EXISTS: the credential helper docker-credential-keychain already has a login/)
  assert.ok(said.endsWith(`If the helper makes its own logins, remove ${DOMAIN} from \`credHelpers\`.`))
  assert.deepEqual(helper.calls(), ['get'])
})

test('a missing helper is refused with its name, and nothing is written', async () => {
  const { folder, text, environment, store } = withHelper({ credsStore: 'keychain' })
  environment.PATH = '/usr/bin:/bin'
  const before = text()
  const said = await refusal(store())
  assert.match(said, /^CREDENTIAL_HELPER_FAILED: the credential helper docker-credential-keychain is not in PATH\n/)
  assert.match(
    said,
    /fix: Install or unlock the helper, remove it from `credHelpers` or `credsStore`, or use `config: isolated`/,
  )
  assert.equal(text(), before)
  assert.deepEqual(readdirSync(folder), ['config.json'])
})

test('a helper that cannot be started is refused with the reason', async () => {
  const { helper, store } = withHelper({ credsStore: 'keychain' })
  chmodSync(join(helper.bin, 'docker-credential-keychain'), 0o644)
  assert.match(await refusal(store()), /docker-credential-keychain cannot be run for `get` \(EACCES\)\n/)
})

test('a helper whose answer has no user name has no login', async () => {
  const { helper, store } = withHelper({ credsStore: 'keychain' })
  helper.behave('knows nobody')
  assert.match(await refusal(store()), /accepted the login of .*, but returns no login\n/)
})

test('a job that is cancelled while a helper hangs ends at once', async () => {
  const { folder, helper, cancel, store } = withHelper({ credsStore: 'keychain' })
  helper.behave('hangs')
  const stored = store()
  await eventually(() => assert.deepEqual(helper.calls(), ['get']))
  cancel.abort(new Error('cancelled'))
  await assert.rejects(stored, /^Error: cancelled$/)
  assert.deepEqual(readdirSync(folder), ['config.json'])
})

test('if a helper does not store the login, no login of the job stays anywhere, and no secret is printed', async () => {
  const cases = [
    ['refuses', /cannot store the login of .*: cannot keep \(redacted\) with \(redacted\)\n/],
    [
      'ignores',
      /accepted the login of .*, but returns no login\n {2}fix: Remove .* from `credHelpers`, or use `config: isolated`/,
    ],
    ['locked', /cannot get the login of .*: the key chain is locked\n/],
    ['says nonsense', /gave an answer for .* that is not JSON\n/],
  ] as const
  for (const [behaviour, expected] of cases) {
    const { folder, content, helper, store } = withHelper({ credHelpers: { [DOMAIN]: 'keychain' } })
    helper.behave(behaviour)
    const said = await refusal(store({ logins: [{ ...LOGIN, domain: VPC_DOMAIN }, LOGIN] }))
    assert.match(said, /^CREDENTIAL_HELPER_FAILED: the credential helper docker-credential-keychain /)
    assert.match(said, expected)
    assert.deepEqual(content().auths ?? {}, {})
    assert.deepEqual(helper.logins(), {})
    assert.equal(existsSync(join(folder, 'acr-nopass-logins.json.lock')), false)
  }
})

test('a login that fails keeps the record of the logins of other jobs', async () => {
  const { folder, helper, store } = withHelper({ credHelpers: { [DOMAIN]: 'keychain' } })
  const { receipt } = await store({ logins: [{ ...LOGIN, domain: VPC_DOMAIN }] })
  helper.behave('refuses')
  await refusal(store())
  assert.deepEqual(findReceipt(folder, null, systemClock), receipt)
})

/** The first login of a job, of which a second one is stored in three places. */
async function loggedIn() {
  const credHelpers = { [DOMAIN]: 'keychain', [SECOND]: 'keychain' }
  const place = withHelper({ credHelpers })
  const holder = processId(process.pid)
  const both = (password: string) => [VPC_DOMAIN, DOMAIN].map((domain) => ({ ...LOGIN, domain, password }))
  const { receipt } = await place.store({ holder, logins: both(PASSWORD) })
  const again = (password: string) =>
    place.store({ holder, logins: [...both(password), { ...LOGIN, domain: SECOND, password }] })
  const check = async (): Promise<void> => {
    assert.deepEqual(place.content().auths, { [VPC_DOMAIN]: auth(`cr_temp_user:${PASSWORD}`) })
    assert.deepEqual(place.helper.logins(), { [DOMAIN]: OURS })
    assert.deepEqual(findReceipt(place.folder, null, systemClock), receipt)
    place.helper.behave('keeps')
    assert.deepEqual(
      (await removeLogins(receipt, { pid: 1, clock: systemClock, environment: place.environment })).map(
        ({ outcome }) => outcome,
      ),
      ['removed', 'removed'],
    )
  }
  return { ...place, again, check }
}

for (const password of ['LATER', PASSWORD]) {
  const which = password === PASSWORD ? 'the same login' : 'another login'
  test(`a second login of a job that fails leaves the first login; it stores ${which}`, async () => {
    for (const behaviour of ['refuses', 'ignores', 'refuses the second'] as const) {
      const { helper, again, check } = await loggedIn()
      helper.behave(behaviour)
      await refusal(again(password))
      await check()
    }
  })
}

// A helper may delete the earlier login before it adds the new one.
test('a second login of a job that fails in a helper which then has no login leaves the first login', async () => {
  const { helper, again, check } = await loggedIn()
  helper.behave('forgets and refuses once')
  await refusal(again('LATER'))
  await check()
})

test('a second login of a job that is cancelled while it is stored leaves the first login', async () => {
  const { helper, cancel, again, check } = await loggedIn()
  helper.behave('hangs after the first store')
  const stored = again('LATER')
  await eventually(() => assert.equal(helper.calls().at(-1), 'hanging'))
  helper.behave('keeps')
  cancel.abort(new Error('cancelled'))
  await assert.rejects(stored, /^Error: cancelled$/)
  await check()
})

test('a helper that fails at logout is reported, other logins leave, and the next logout tries again', async () => {
  const { folder, content, helper, store, remove } = withHelper({ credHelpers: { [DOMAIN]: 'keychain' } })
  const { receipt } = await store({ logins: [LOGIN, { ...LOGIN, domain: VPC_DOMAIN }] })
  helper.behave('locked')
  const [first, second] = await remove(receipt)
  assert.deepEqual(first, { domain: VPC_DOMAIN, outcome: 'removed' })
  assert.deepEqual(
    [second?.domain, second?.outcome, second?.error?.code],
    [DOMAIN, 'failed', 'CREDENTIAL_HELPER_FAILED'],
  )
  assert.deepEqual(content().auths, {})
  assert.ok(existsSync(join(folder, 'acr-nopass-logins.json')))
  helper.behave('keeps')
  assert.deepEqual((await remove(receipt)).map(({ outcome }) => outcome).sort(), ['absent', 'removed'])
  assert.deepEqual(helper.logins(), {})
  assert.deepEqual(readdirSync(folder), ['config.json'])
})

test('a helper that says it erased the login, but still has it, is reported, and the next logout tries again', async () => {
  const { folder, helper, store, remove } = withHelper({ credsStore: 'keychain' })
  const { receipt } = await store()
  helper.behave('never forgets')
  const [kept] = await remove(receipt)
  assert.deepEqual(
    [kept?.outcome, kept?.error?.code, kept?.error?.message],
    [
      'failed',
      'CREDENTIAL_HELPER_FAILED',
      `the credential helper docker-credential-keychain erased the login of ${DOMAIN}, but still has it`,
    ],
  )
  assert.deepEqual(findReceipt(folder, null, systemClock), receipt)
  helper.behave('keeps')
  assert.deepEqual(await remove(receipt), [{ domain: DOMAIN, outcome: 'removed' }])
})

test('a helper that prints a login as its reason to fail is quoted without the password', async () => {
  const { helper, store } = withHelper({ credsStore: 'keychain' })
  helper.put({ [DOMAIN]: HERS })
  helper.behave('fails with the login')
  assert.match(await refusal(store()), /cannot get the login of .*"Username":"ram-user","Secret":"\(redacted\)"/)
})

test('an isolated configuration asks no helper', async () => {
  const { helper, environment, store, remove } = withHelper({ credsStore: 'keychain' })
  environment.PATH = ''
  const { receipt } = await store({ config: 'isolated' })
  await remove(receipt)
  assert.deepEqual(helper.logins(), {})
})
