import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { formatError, type NopassError } from '../../../src/errors.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { processId } from '../../../src/lib/process-id.ts'
import { jobOf } from '../../../src/login/docker-config/job-id.ts'
import { findReceipt } from '../../../src/login/docker-config/ledger.ts'
import { auth, createPlace, DOMAIN, HOUR, LOGIN, PASSWORD, VPC_DOMAIN } from './docker-place.ts'

const OURS = auth(`cr_temp_user:${PASSWORD}`)

/** Returns the text of the failure; no file may have changed, and no secret may be in the text. */
async function refusal(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => assert.fail('it was not refused'),
    (failure: NopassError) => failure,
  )
  const text = formatError(error)
  for (const secret of [PASSWORD, OURS.auth, 'HERS', auth('me:HERS').auth])
    assert.equal(text.includes(secret), false, text)
  return text
}

test('an earlier login of the user for the domain is refused with the fix, and stays', async () => {
  const entries = [
    auth('ram-user:HERS'),
    { username: 'ram-user', password: 'HERS' },
    { identitytoken: 'HERS' },
    // A temporary login of ACR that another tool stored, such as acr-login.
    auth('cr_temp_user:HERS'),
  ]
  for (const entry of entries) {
    const { folder, file, text, store } = createPlace({ auths: { [DOMAIN]: entry, 'docker.io': auth('me:HERS') } })
    const before = text()
    const logins = [{ ...LOGIN, domain: VPC_DOMAIN }, LOGIN]
    const said = await refusal(store({ logins }))
    assert.equal(
      said,
      `DOCKER_LOGIN_EXISTS: ${file} already has a login for ${DOMAIN}\n  fix: Use \`config: isolated\`, which leaves it alone, or remove it first with \`docker logout ${DOMAIN}\`.`,
    )
    assert.equal(text(), before)
    assert.deepEqual(readdirSync(folder), ['config.json'])
  }
})

test('an entry without a login, as docker login with a helper leaves it, is no earlier login', async () => {
  for (const entry of [{}, null, { auth: '' }, { username: '', password: '' }]) {
    const { content, store } = createPlace({ auths: { [DOMAIN]: entry, 'docker.io': null } })
    await store()
    assert.deepEqual(content().auths, { [DOMAIN]: OURS, 'docker.io': null })
  }
})

test('a login of another job that may still run is refused until it expires, and stays', async () => {
  const { text, store } = createPlace()
  const expiresAt = Date.parse('2100-01-02T03:04:05Z')
  await store({ expiresAt, holder: processId(process.ppid) })
  const before = text()
  for (const holder of [undefined, processId(process.pid)]) {
    const said = await refusal(store({ logins: [{ ...LOGIN, password: 'SECOND' }], holder }))
    assert.match(said, /^DOCKER_LOGIN_EXISTS: .* of another job, until 2100-01-02T03:04:05\.000Z\n/)
    assert.match(said, /fix: Use `config: isolated`\. If that job has ended, run `acr-nopass logout` on the machine\.$/)
    assert.equal(text(), before)
  }
})

test('the same job may renew its login, and each logout removes only its own', async () => {
  const { folder, content, store, remove } = createPlace()
  const holder = processId(process.pid)
  const both = (password: string) => [DOMAIN, VPC_DOMAIN].map((domain) => ({ ...LOGIN, domain, password }))
  const first = await store({ holder, logins: both('FIRST') })
  const second = await store({ holder, logins: both('RENEWED') })
  const renewed = { [VPC_DOMAIN]: auth('cr_temp_user:RENEWED'), [DOMAIN]: auth('cr_temp_user:RENEWED') }
  assert.deepEqual(content().auths, renewed)
  assert.deepEqual(findReceipt(folder, null, systemClock), second.receipt)
  assert.deepEqual(
    (await remove(first.receipt)).map(({ outcome }) => outcome),
    ['replaced', 'replaced'],
  )
  assert.deepEqual(content().auths, renewed)
  assert.deepEqual(
    (await remove(second.receipt)).map(({ outcome }) => outcome),
    ['removed', 'removed'],
  )
})

test('the same job does not overwrite a login that somebody made after its first', async () => {
  const { file, text, store } = createPlace()
  const holder = processId(process.pid)
  await store({ holder })
  writeFileSync(file, JSON.stringify({ auths: { [DOMAIN]: auth('me:HERS') } }))
  const before = text()
  assert.match(await refusal(store({ holder })), /already has a login/)
  assert.equal(text(), before)
})

test('what a later step of the job replaces is returned, because its repositories can no longer be used', async () => {
  const { store, remove } = createPlace(undefined, { environment: { CI_SERVER_URL: 'u', CI_JOB_ID: '1' } })
  const logins = [LOGIN, { ...LOGIN, domain: VPC_DOMAIN }]
  assert.deepEqual((await store()).replaced, [])
  const second = await store({ logins: logins.map((login) => ({ ...login, password: 'LATER' })) })
  assert.deepEqual(second.replaced, [DOMAIN])
  await remove(second.receipt)
  assert.deepEqual((await store()).replaced, [])
  assert.deepEqual((await store({ config: 'isolated' })).replaced, [])
})

test('a logout that cannot read the record of our logins fails, because a login may be left', async () => {
  const { folder, store } = createPlace()
  assert.equal(findReceipt(folder, null, systemClock), undefined)
  await store()
  const ledger = join(folder, 'acr-nopass-logins.json')
  writeFileSync(ledger, '{"logins": [')
  assert.throws(() => findReceipt(folder, null, systemClock), {
    code: 'DOCKER_CONFIG_UNREADABLE',
    message: `${ledger} is not JSON`,
    hint: /docker logout/,
  })
  rmSync(ledger)
  mkdirSync(ledger)
  assert.throws(() => findReceipt(folder, null, systemClock), { code: 'DOCKER_CONFIG_UNREADABLE', reason: 'EISDIR' })
})

test('what jobs left behind that expired or were killed is removed by the next login, also of other domains', async () => {
  const leftBy = [
    { expiresAt: Date.now() - 1 },
    { holder: { pid: process.pid, start: 'of an earlier process' } },
    { holder: { pid: 2 ** 22 + 1, start: '1' } },
  ]
  for (const left of leftBy) {
    const { folder, content, store, remove } = createPlace()
    const logins = [
      { ...LOGIN, password: 'LEFT' },
      { ...LOGIN, domain: VPC_DOMAIN, password: 'LEFT' },
    ]
    await store({ ...left, logins })
    const { receipt } = await store()
    assert.deepEqual(content().auths, { [DOMAIN]: OURS })
    await remove(receipt)
    assert.deepEqual(readdirSync(folder), ['config.json'])
  }
})

test('a job in a container is not taken for dead, because its process cannot be looked up', async () => {
  const { folder, store } = createPlace()
  await store({ holder: { pid: 2 ** 22 + 1, start: '1' } })
  const ledger = join(folder, 'acr-nopass-logins.json')
  const content = JSON.parse(readFileSync(ledger, 'utf8'))
  content.logins[0].holder.host = 'b7c1d2e3f4a5'
  writeFileSync(ledger, JSON.stringify(content))
  assert.match(await refusal(store()), /of another job, until/)
})

test('without the record of our logins, a login counts as somebody else’s', async () => {
  const { folder, store } = createPlace()
  await store({ expiresAt: Date.now() - HOUR })
  writeFileSync(join(folder, 'acr-nopass-logins.json'), '{"logins": 7')
  assert.match(await refusal(store()), /^DOCKER_LOGIN_EXISTS: .* already has a login/)
})

test('a login that the variable DOCKER_AUTH_CONFIG would hide is refused; other variables are ignored, as Docker does', async () => {
  const place = (variable: string) => createPlace({}, { environment: { DOCKER_AUTH_CONFIG: variable } })
  const hiding = place(JSON.stringify({ auths: { [DOMAIN]: auth('me:HERS') } }))
  for (const config of ['merge', 'isolated'] as const) {
    assert.match(
      await refusal(hiding.store({ config })),
      new RegExp(`^DOCKER_LOGIN_SHADOWED: .* has a login for ${DOMAIN}`),
    )
  }
  for (const other of [JSON.stringify({ auths: { 'docker.io': auth('me:HERS') } }), '{', '[]', '']) {
    await place(other).store()
  }
})

test('a configuration that Docker cannot read is refused without a word of its content, and stays', async () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['{"auths": {"a": HERS}', /is not JSON/],
    ['["HERS"]', /is not a JSON object/],
    // Docker unites both objects, so a login would be lost.
    ['{"auths": {"docker.io": {"auth": "HERS"}}, "auths": {}}', /has a key twice/],
    ['{"auths": {"a": {}, "\\u0061" : {"auth": "HERS"}}}', /has a key twice/],
    // Docker reads these keys in any case, so it would look elsewhere for the login.
    ['{"credsstore": "HERS"}', /has `credsstore` in place of `credsStore`/],
    ['{"Auths": {"docker.io": {"auth": "HERS"}}}', /has `Auths` in place of `auths`/],
    ['{"auths": ["HERS"]}', /has `auths` that are not an object/],
    [
      '{"auths": {"docker.io": "HERS"}}',
      /the entry of "docker.io" has no valid auth\n {2}fix: .*docker logout docker\.io/,
    ],
    ['{"auths": {"docker.io": {"auth": 1}}}', /the entry of "docker.io" has no valid auth/],
    // Base64 of another alphabet, which Docker refuses.
    ['{"auths": {"docker.io": {"auth": "-2E6YmJi"}}}', /the entry of "docker.io" has no valid auth/],
    ['{"auths": {"docker.io": {"auth": "HERS-"}}}', /the entry of "docker.io" has no valid auth/],
    [`{"auths": {"docker.io": ${JSON.stringify(auth('HERS'))}}}`, /the entry of "docker.io" has no valid auth/],
    [`{"auths": {"docker.io": ${JSON.stringify(auth(':HERS'))}}}`, /the entry of "docker.io" has no valid auth/],
  ]
  for (const [config, expected] of cases) {
    const { text, store } = createPlace(config)
    const said = await refusal(store())
    assert.match(said, /^DOCKER_CONFIG_UNREADABLE: /)
    assert.match(said, expected)
    assert.equal(text(), config)
  }
})

test('a configuration that is a folder is refused with the reason', async () => {
  const { file, store } = createPlace()
  mkdirSync(file, { recursive: true })
  assert.match(await refusal(store()), /^DOCKER_CONFIG_UNREADABLE: .*config\.json cannot be read \(EISDIR\)\n/)
})

test('a job that waits too long for another job reports the lock, the process and the host', async () => {
  let time = 0
  const clock = { ...systemClock, monotonic: () => (time += 40_000) }
  const { folder, store } = createPlace({}, { clock })
  const lock = join(folder, 'acr-nopass-logins.json.lock')
  writeFileSync(lock, JSON.stringify({ ...processId(process.ppid), host: hostname(), id: 'another' }))
  const said = await refusal(store())
  assert.ok(
    said.startsWith(`DOCKER_CONFIG_LOCKED: ${lock} is held by process ${process.ppid} of ${hostname()}\n`),
    said,
  )
  assert.match(said, /fix: Run again\. If no other job runs on the machine, remove the lock file/)
})

test('a folder that cannot be written is refused with the fix', async () => {
  const { root, folder, file, store } = createPlace({})
  const below = join(file, 'docker')
  assert.match(
    await refusal(store({ folder: below })),
    /^DOCKER_CONFIG_UNWRITABLE: nothing can be written to .* \(ENOTDIR\)\n {2}fix: .*isolated/,
  )
  // The target's folder is a file, as with a link into a read-only store.
  const linked = join(root, 'linked')
  mkdirSync(linked)
  symlinkSync('/proc/config.json', join(linked, 'config.json'))
  assert.match(
    await refusal(store({ folder: linked })),
    /^DOCKER_CONFIG_UNWRITABLE: \/proc\/config\.json cannot be written/,
  )
  assert.deepEqual(readdirSync(linked), ['config.json'])
  assert.match(
    await refusal(store({ config: 'isolated', temporaryFolder: join(file, 'temp') })),
    /^DOCKER_CONFIG_UNWRITABLE: no Docker configuration can be created in .*\n {2}fix: Make the temporary folder writable/,
  )
  assert.deepEqual(readdirSync(folder).sort(), ['config.json'])
})

const CI = {
  github: { GITHUB_RUN_ID: '7', GITHUB_RUN_ATTEMPT: '1', GITHUB_JOB: 'build', RUNNER_NAME: 'r1' },
  gitlab: { CI_SERVER_URL: 'https://gitlab.com', CI_JOB_ID: '7' },
  jenkins: { JENKINS_URL: 'https://ci/', BUILD_TAG: 'jenkins-web-7' },
}

test('without a process that lives as long as the job, the same job of a CI may renew its login, another may not', async () => {
  for (const [ci, variables] of Object.entries(CI)) {
    const environment: Record<string, string | undefined> = { ...variables }
    const { content, store } = createPlace({}, { environment })
    await store()
    await store({ logins: [{ ...LOGIN, password: 'RENEWED' }] })
    assert.deepEqual(content().auths, { [DOMAIN]: auth('cr_temp_user:RENEWED') }, ci)
    for (const name of Object.keys(variables)) {
      environment[name] = 'other'
      assert.match(await refusal(store()), /of another job, until/, name)
      environment[name] = undefined
      assert.match(await refusal(store()), /of another job, until/, name)
      Object.assign(environment, variables)
    }
  }
})

test('a logout in a job leaves the logins of other jobs, unless they expired; outside of a CI it finds all', async () => {
  const environment: Record<string, string> = { ...CI.gitlab }
  const { folder, store } = createPlace({}, { environment })
  const mine = await store()
  environment.CI_JOB_ID = '8'
  const other = await store({ logins: [{ ...LOGIN, domain: VPC_DOMAIN }] })
  assert.deepEqual(findReceipt(folder, jobOf(CI.gitlab), systemClock)?.logins, mine.receipt.logins)
  assert.deepEqual(findReceipt(folder, jobOf(environment), systemClock)?.logins, other.receipt.logins)
  assert.deepEqual(findReceipt(folder, null, systemClock)?.logins, [...mine.receipt.logins, ...other.receipt.logins])
  assert.equal(findReceipt(folder, 'https://gitlab.com 9', systemClock), undefined)
  const later = { ...systemClock, now: () => Date.now() + 2 * HOUR }
  assert.equal(findReceipt(folder, 'https://gitlab.com 9', later)?.logins.length, 2)
})

test('a process that cannot be looked up, as the parent in a container, makes no login a leftover', async () => {
  const { store } = createPlace()
  await store({ holder: { pid: 0, start: '' } })
  assert.match(await refusal(store()), /of another job, until/)
})
