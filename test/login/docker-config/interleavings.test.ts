import assert from 'node:assert/strict'
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { hasCode } from '../../../src/errors.ts'
import type { Clock } from '../../../src/lib/clock.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import type { LoginReceipt } from '../../../src/login/docker-config/receipt.ts'
import { removeLogins } from '../../../src/login/docker-config/remove-logins.ts'
import { storeLogins } from '../../../src/login/docker-config/store-logins.ts'
import { fuzz } from '../../support/fuzz.ts'
import { auth, createPlace, HOUR } from './docker-place.ts'

const DOMAINS = ['a.cr.aliyuncs.com', 'b.cr.aliyuncs.com', 'docker.io']
const SETTINGS = { HttpHeaders: { 'X-Team': 'shop' }, unknown: [1.5, null] }

type Step =
  | { readonly kind: 'their login' | 'their logout'; readonly domain: string; readonly as: 'user' | 'cr_temp_user' }
  | { readonly kind: 'login'; readonly job: number; readonly domains: readonly string[]; readonly meanwhile: Meanwhile }
  | { readonly kind: 'logout'; readonly job: number; readonly meanwhile: Meanwhile }
  | { readonly kind: 'an hour passes' }

/** For each write: what happens after acr-nopass has read the file and before it writes it. */
type Meanwhile = readonly (Their | 'killed before' | 'killed after' | undefined)[]
type Their = Extract<Step, { as: string }>

const domain = fc.constantFrom(...DOMAINS)
const their: fc.Arbitrary<Their> = fc.record({
  kind: fc.constantFrom('their login', 'their logout'),
  domain,
  as: fc.constantFrom('user', 'cr_temp_user'),
})
const meanwhile: fc.Arbitrary<Meanwhile> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.constant(undefined) },
    { weight: 3, arbitrary: their },
    { weight: 1, arbitrary: fc.constantFrom('killed before' as const, 'killed after' as const) },
  ),
  { maxLength: 5 },
)
const job = fc.integer({ min: 0, max: 2 })
const domains = fc.uniqueArray(domain, { minLength: 1 })
const step: fc.Arbitrary<Step> = fc.oneof(
  their,
  fc.record({ kind: fc.constant('login' as const), job, domains, meanwhile }),
  fc.record({ kind: fc.constant('logout' as const), job, meanwhile }),
  fc.constant({ kind: 'an hour passes' as const }),
)

// Every write of acr-nopass goes through these functions, so others can act exactly between its
// read and its write.
const real = { writeFileSync: fs.writeFileSync, renameSync: fs.renameSync, rmSync: fs.rmSync }
/** Returns true if the process is killed after the write. */
let beforeWrite: (file: string) => boolean = () => false
let isDead = false
fs.writeFileSync = ((...args: Parameters<typeof fs.writeFileSync>) => {
  const isLast = beforeWrite(String(args[0]))
  real.writeFileSync(...args)
  if (isLast) {
    isDead = true
    throw new Error('killed')
  }
}) as typeof fs.writeFileSync
for (const name of ['renameSync', 'rmSync'] as const) {
  fs[name] = ((...args: [never, never]) => {
    if (isDead) throw new Error('killed')
    real[name](...args)
  }) as never
}
syncBuiltinESMExports()
after(() => {
  Object.assign(fs, real)
  syncBuiltinESMExports()
})

test('whatever others, jobs, logouts, kills and time do, in any order and in between, the logins of others stay whole and none of ours is left', async (t) => {
  await fuzz(
    t,
    'docker-config-interleavings',
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), (steps) => play(steps)),
    200,
  )
})

async function play(steps: readonly Step[]): Promise<void> {
  const { folder, file, temporaryFolder } = createPlace({ auths: {}, ...SETTINGS })
  const theirs = new Map<string, { readonly auth: string }>()
  const receipts: (LoginReceipt & { readonly job: number })[] = []
  let now = Date.now()
  let count = 0
  const clock: Clock = { ...systemClock, now: () => now }
  // No process has this ID, so the lock and the logins of a killed job count as left behind.
  const deps = (number: number) => ({ pid: 2 ** 22 + 1 + number, clock, environment: {} })

  const readAuths = () => JSON.parse(fs.readFileSync(file, 'utf8')).auths
  const actAs = ({ kind, domain: name, as }: Their): void => {
    // Like Docker: read, change, and replace by a rename.
    const content = JSON.parse(fs.readFileSync(file, 'utf8'))
    if (kind === 'their login') theirs.set(name, auth(`${as}:THEIRS-${++count}`))
    else theirs.delete(name)
    delete content.auths[name]
    if (theirs.has(name)) content.auths[name] = theirs.get(name)
    real.writeFileSync(`${file}.theirs`, JSON.stringify(content))
    real.renameSync(`${file}.theirs`, file)
  }
  const during = async (events: Meanwhile, work: () => Promise<unknown>): Promise<void> => {
    const left = [...events]
    beforeWrite = (written) => {
      if (isDead) throw new Error('killed')
      // The lock is not part of the configuration.
      if (written.includes('.lock')) return false
      const event = left.shift()
      if (event === 'killed before') {
        isDead = true
        throw new Error('killed')
      }
      if (typeof event === 'object') actAs(event)
      return event === 'killed after'
    }
    try {
      await work()
    } catch (error) {
      if (!isDead && !hasCode(error, 'DOCKER_LOGIN_EXISTS')) throw error
    } finally {
      isDead = false
      beforeWrite = () => false
    }
    check()
  }
  const check = (): void => {
    const { auths, ...others } = JSON.parse(fs.readFileSync(file, 'utf8'))
    assert.deepEqual(others, SETTINGS)
    for (const [name, entry] of theirs) assert.deepEqual(auths[name], entry)
  }
  const logOut = async (number: number, events: Meanwhile): Promise<void> => {
    for (const receipt of receipts.filter((one) => one.job === number)) {
      await during(events, () => removeLogins(receipt, deps(number)))
    }
  }

  for (const one of steps) {
    if (one.kind === 'an hour passes') now += HOUR
    else if (one.kind === 'logout') await logOut(one.job, one.meanwhile)
    else if (one.kind === 'login') {
      const logins = one.domains.map((name) => ({
        domain: name,
        username: 'cr_temp_user',
        password: `OURS-${++count}`,
      }))
      const request = { folder, temporaryFolder, config: 'merge', logins, expiresAt: now + HOUR } as const
      const record = (receipt: LoginReceipt) => void receipts.push({ ...receipt, job: one.job })
      await during(one.meanwhile, async () => {
        await storeLogins(request, deps(one.job), record)
        if (one.meanwhile.some((event) => event !== undefined)) return
        for (const { domain: name } of logins) assert.match(atob(readAuths()[name].auth), /^cr_temp_user:OURS-/)
      })
    } else actAs(one)
    check()
  }
  for (const number of [0, 1, 2]) await logOut(number, [])
  assert.deepEqual(readAuths(), Object.fromEntries(theirs))
  assert.deepEqual(fs.readdirSync(folder), ['config.json'])
}
