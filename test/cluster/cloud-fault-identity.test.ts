import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { eventually } from '../support/eventually.ts'
import { writeFailingResolver } from '../support/failing-resolver.ts'
import { assertNamed, openCloudFaults, SPACES, WORKER_ROLE } from './cloud-fault-kit.ts'
import { HOME } from './helper-kit.ts'

const folder = await mkdtemp(join(tmpdir(), 'acr-nopass-resolver-'))
const resolver = await writeFailingResolver(folder)
const bed = await openCloudFaults('cloud-fault-identity', ({ cloud }) => ({
  extraEnv: [{ name: 'NODE_OPTIONS', value: resolver.nodeOptions }],
  // The registries' API by a name; the identity by an address.
  endpoints: { cr: cloud.endpoints.cr.replace('127.0.0.1', 'localhost') },
}))
const { kit } = bed
after(async () => {
  await kit[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})
const { control, faults } = kit.cloud
const all = [...SPACES, HOME]
const ALWAYS = Number.POSITIVE_INFINITY

/** Strikes, asks for a rotation, looks, cures: what cannot be had keeps its content, and follows by itself. */
async function strike(
  failing: readonly string[],
  fault: { readonly strike: () => void | Promise<void>; readonly cure: () => void | Promise<void> },
  expected: Parameters<typeof assertNamed>[2],
): Promise<void> {
  const before = await Promise.all(all.map(bed.entries))
  const others = [...(before[0]?.keys() ?? [])].filter((name) => !failing.includes(name))
  await fault.strike()
  await kit.askForRotation()
  for (const name of failing) await assertNamed(bed, name, expected)
  await eventually(async () => {
    for (const [index, namespace] of all.entries()) {
      const now = await bed.entries(namespace)
      for (const name of failing) assert.equal(now.get(name), before[index]?.get(name))
      for (const name of others) assert.notEqual(now.get(name), before[index]?.get(name))
    }
  }, 30_000)
  await fault.cure()
  await eventually(async () => {
    for (const [index, namespace] of all.entries()) {
      const now = await bed.entries(namespace)
      for (const name of failing) assert.notEqual(now.get(name), before[index]?.get(name))
    }
    assert.deepEqual(new Set((await bed.status()).registries.map(({ state }) => state)), new Set(['live']))
  }, 60_000)
}

test('P2 the metadata service is slow: what needs its session keeps its credential and follows by itself', async () => {
  const fault = {
    strike: () => faults.add({ kind: 'slow', ms: 4000, times: ALWAYS, match: { product: 'imds' } }),
    cure: () => faults.clear(),
  }
  await strike(['demo', 'personal'], fault, { code: 'IDENTITY_UNAVAILABLE', message: /does not answer/ })
})

test('P2 the metadata service refuses: what needs its session keeps its credential and follows by itself', async () => {
  const fault = {
    strike: () => faults.add({ kind: 'status', status: 403, code: '', times: ALWAYS, match: { product: 'imds' } }),
    cure: () => faults.clear(),
  }
  await strike(['demo', 'personal'], fault, { code: 'IDENTITY_UNAVAILABLE', message: /gave no token \(HTTP 403\)/ })
})

test('P2 the role loses its policy: the status names the permission, and all goes on by itself once it is back', async () => {
  const Action = ['cr:GetAuthorizationToken', 'cr:ListInstanceEndpoint', 'cr:PullRepository']
  const fault = {
    strike: () => control.revoke(WORKER_ROLE, 'pull'),
    cure: () =>
      control.grant(WORKER_ROLE, 'pull', { Version: '1', Statement: [{ Effect: 'Allow', Action, Resource: ['*'] }] }),
  }
  const message = /lacks the permission cr:GetAuthorizationToken/
  await strike(['demo', 'personal'], fault, { code: 'CLOUD_DENIED', reason: 'NoPermission', message })
})

test('P2 the name of the API does not resolve: every credential stays and follows by itself, new namespaces are served', async () => {
  const fault = {
    async strike() {
      await resolver.fail()
      // A connection that is open needs no name.
      faults.add({ kind: 'cut', times: 3, match: { product: 'cr' } })
    },
    async cure() {
      await kit.chart.createNamespace('meanwhile')
      await eventually(async () => assert.equal(await kit.isUsable('meanwhile'), true), 30_000)
      faults.clear()
      await resolver.heal()
    },
  }
  await strike(['demo', 'shared', 'personal'], fault, { code: 'CLOUD_UNREACHABLE', reason: 'ENOTFOUND' })
})

for (const [what, minutes] of [
  ['ahead', 10],
  ['behind', -10],
] as const) {
  test(`P3 the cloud's clock is ten minutes ${what}: credentials are had at once, and expiries are counted on that clock`, async () => {
    const before = await Promise.all(all.map(bed.entries))
    control.setClockSkew(minutes * 60_000)
    await kit.askForRotation()
    await eventually(async () => {
      for (const [index, namespace] of all.entries()) {
        const now = await bed.entries(namespace)
        for (const [name, old] of before[index] ?? []) assert.notEqual(now.get(name), old)
      }
      for (const { state } of (await bed.status()).registries) assert.equal(state, 'live')
    }, 60_000)
    const [, skew] = /^acr_nopass_clock_skew_seconds (\S+)$/m.exec(await bed.metrics()) ?? []
    assert.ok(Math.abs(Number(skew) + minutes * 60) < 5, `${skew} s`)
  })
}
