import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import { eventually } from '../support/eventually.ts'
import { HELPER_VARIABLE, writeHelperProgram } from '../support/helper-program.ts'
import { assertEntries, assertLive, assertNamed, openCloudFaults, WORKER_ROLE } from './cloud-fault-fixture.ts'
import { writeFailingResolver } from './failing-resolver.ts'

const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-resolver-'))
const resolver = await writeFailingResolver(folder)
// The chart refuses a variable that loads code, so the resolver is part of the helper's program.
const program = join(folder, 'helper.mjs')
await writeHelperProgram(program)
await writeFile(program, `import ${JSON.stringify(resolver.href)}\n${await readFile(program, 'utf8')}`)
process.env[HELPER_VARIABLE] = program
const fixture = await openCloudFaults('cloud-fault-identity', ({ cloud }) => ({
  // The helper reaches the registries' API by a host name, and the identity's API by an IP address.
  endpoints: { cr: cloud.endpoints.cr.replace('127.0.0.1', 'localhost') },
}))
const { helperCluster } = fixture
after(async () => {
  await fixture[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})
const { control, faults } = helperCluster.cloud
const ALL = ['demo', 'shared', 'personal']
const ALWAYS = Number.POSITIVE_INFINITY

/**
 * Injects the fault, requests a rotation, checks, and repairs. A credential that cannot be renewed
 * keeps its content, and is renewed automatically after the repair.
 */
async function assertRecovers(
  t: TestContext,
  id: string,
  failing: readonly string[],
  fault: { readonly inject: () => void | Promise<void>; readonly fix: () => void | Promise<void> },
  expected: Parameters<typeof assertNamed>[2],
): Promise<void> {
  const before = await Promise.all(fixture.served.map(fixture.entries))
  const others = ALL.filter((name) => !failing.includes(name))
  await fault.inject()
  await helperCluster.requestRotation()
  for (const name of failing) await assertNamed(fixture, name, expected)
  await assertEntries(fixture, before, { changed: others, kept: failing })
  await fault.fix()
  const since = performance.now()
  await assertEntries(fixture, before, { changed: ALL })
  await assertLive(fixture)
  await fixture.invariants.assertHeld(t, { id, area: 'cloud', since, namespaces: fixture.served })
}

test('P2 the metadata service is slow: registries that need its session keep their credential and catch up automatically', async (t) => {
  const fault = {
    inject: () => faults.add({ kind: 'slow', ms: 4000, times: ALWAYS, match: { product: 'imds' } }),
    fix: () => faults.clear(),
  }
  await assertRecovers(t, 'imds-slow', ['demo', 'personal'], fault, {
    code: 'IDENTITY_UNAVAILABLE',
    message: /does not respond/,
  })
})

test('P2 the metadata service rejects requests: registries that need its session keep their credential and catch up automatically', async (t) => {
  const fault = {
    inject: () => faults.add({ kind: 'status', status: 403, code: '', times: ALWAYS, match: { product: 'imds' } }),
    fix: () => faults.clear(),
  }
  await assertRecovers(t, 'imds-refused', ['demo', 'personal'], fault, {
    code: 'IDENTITY_UNAVAILABLE',
    message: /returned no token \(HTTP 403\)/,
  })
})

test('P2 the role loses its policy: the status names the permission, and everything recovers once it is restored', async (t) => {
  const Action = ['cr:GetAuthorizationToken', 'cr:ListInstanceEndpoint', 'cr:PullRepository']
  const fault = {
    inject: () => control.revoke(WORKER_ROLE, 'pull'),
    fix: () =>
      control.grant(WORKER_ROLE, 'pull', { Version: '1', Statement: [{ Effect: 'Allow', Action, Resource: ['*'] }] }),
  }
  const message = /lacks the permission cr:GetAuthorizationToken/
  await assertRecovers(t, 'role-policy-removed', ['demo', 'personal'], fault, {
    code: 'CLOUD_DENIED',
    reason: 'NoPermission',
    message,
  })
})

test('P2 the name of the API does not resolve: every credential stays and catches up automatically, new namespaces are served', async (t) => {
  const fault = {
    async inject() {
      await resolver.fail()
      // An open connection would not resolve the name again, so it is cut.
      faults.add({ kind: 'cut', times: 3, match: { product: 'cr' } })
    },
    async fix() {
      await helperCluster.chart.createNamespace('meanwhile')
      await eventually(async () => assert.equal(await helperCluster.isUsable('meanwhile'), true), 30_000)
      faults.clear()
      await resolver.heal()
    },
  }
  await assertRecovers(t, 'dns-failure', ['demo', 'shared', 'personal'], fault, {
    code: 'CLOUD_UNREACHABLE',
    reason: 'ENOTFOUND',
  })
})

for (const [id, what, minutes] of [
  ['clock-ahead', 'ahead', 10],
  ['clock-behind', 'behind', -10],
] as const) {
  test(`P3 the cloud's clock is ten minutes ${what}: credentials are fetched immediately, and expiries are counted on that clock`, async (t) => {
    const before = await Promise.all(fixture.served.map(fixture.entries))
    control.setClockSkew(minutes * 60_000)
    const since = performance.now()
    await helperCluster.requestRotation()
    await assertEntries(fixture, before, { changed: ALL })
    await assertLive(fixture)
    const [, skew] = /^acr_nopass_clock_skew_seconds (\S+)$/m.exec(await fixture.metrics()) ?? []
    assert.ok(Math.abs(Number(skew) + minutes * 60) < 5, `${skew} s`)
    const cloudNow = Date.now() + minutes * 60_000
    await eventually(async () => {
      for (const { name, issuedAt = '' } of (await fixture.status()).registries) {
        assert.ok(Math.abs(Date.parse(issuedAt) - cloudNow) < 60_000, `${name} ${issuedAt}`)
      }
    }, 60_000)
    await fixture.invariants.assertHeld(t, { id, area: 'cloud', since, namespaces: fixture.served })
  })
}
