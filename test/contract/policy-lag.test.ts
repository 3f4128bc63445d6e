import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import fc from 'fast-check'
import type { Cloud } from '../../sandbox/cloud/start-cloud.ts'
import { startCloud } from '../../sandbox/cloud/start-cloud.ts'
import type { Ram } from '../../src/alibaba/ram.ts'
import { createKeyedLock } from '../../src/lib/concurrency.ts'
import { applyPolicy } from '../../src/policy/apply-policy.ts'
import { type PolicyDocument, parseDocument, policyOf, sameDocument } from '../../src/policy/normal-form.ts'
import type { PolicyTarget } from '../../src/policy/policy-target.ts'
import type { SharedTarget } from '../../src/policy/policy-targets.ts'
import { removePolicy } from '../../src/policy/remove-policy.ts'
import type { SettleOptions } from '../../src/policy/settle-steps.ts'
import { rrsaStatement } from '../../src/policy/trust-document.ts'
import { newRun, type RolledCluster, type RunContext } from '../../src/rollout/cluster/cluster-run.ts'
import type { ClusterResult } from '../../src/rollout/cluster-result.ts'
import type { PreparedCluster } from '../../src/rollout/inputs/prepare-cluster.ts'
import { widenPolicies } from '../../src/rollout/ram/cluster-policy.ts'
import { narrowPolicies, removePolicies } from '../../src/rollout/ram/narrow-policies.ts'
import { administratorRam, writesSince } from './acr-cloud-client.ts'
import { ECS_TRUST, pull, sampleTarget, stepTexts } from './policy-samples.ts'

/**
 * RAM writes to one control plane and reads from copies. The vendor documents no limit of the lag:
 * https://www.alibabacloud.com/help/en/ram/user-guide/resilience-in-ram
 */
let clock = Date.now()
/** How long a call takes. */
let callMs = 0
let cloud: Cloud
let ram: Ram
let names = 0
let name = ''
let worker = ''
/** The calls that RAM accepted since the last reset. */
let accepted: string[] = []

before(async () => {
  cloud = await startCloud({ clock: () => clock, onCall: () => passTime(callMs) })
  const client = administratorRam(cloud)
  ram = {
    ...client,
    async change(action, parameters, signal) {
      const response = await client.change(action, parameters, signal)
      accepted.push(`${action} ${JSON.stringify(parameters)}`)
      return response
    },
  }
})
after(() => cloud.stop())
beforeEach(() => {
  callMs = 0
  cloud.faults.clear()
  cloud.control.setStaleReads(0)
  nameAnother()
})

function passTime(ms: number): void {
  clock += ms
}

function nameAnother(): void {
  // Longer than any lag of the earlier operations.
  passTime(100_000)
  name = `acr-nopass-c${++names}`
  worker = `worker-${names}`
  cloud.control.putRole(worker, ECS_TRUST)
  const issuer = `https://oidc.example/${name}`
  cloud.registerOidcProvider({ name: `ack-rrsa-${name}`, issuer, jwks: { keys: [] }, clientIds: ['sts.aliyuncs.com'] })
  accepted = []
}

/** Passes virtual time. */
const options: SettleOptions = { pause: async (ms) => passTime(ms) }
const target = (changes: Partial<PolicyTarget> = {}): PolicyTarget => sampleTarget(name, worker, changes)

/** The target of an RRSA role of ours. */
function rrsa(serviceAccount: string, changes: Partial<PolicyTarget> = {}): PolicyTarget {
  const oidcProviderArn = `acs:ram::${cloud.accountId}:oidc-provider/ack-rrsa-${name}`
  const issuer = `https://oidc.example/${name}`
  const statement = rrsaStatement({ oidcProviderArn, issuer, namespace: 'acr-nopass', serviceAccount })
  return target({ roles: [], trust: { role: name, statements: [statement], create: true }, ...changes })
}

/** Reads RAM without lag. */
async function actual<T>(read: () => Promise<T>, lag: number): Promise<T> {
  cloud.control.setStaleReads(0)
  const found = await read()
  cloud.control.setStaleReads(lag)
  return found
}

const documentNow = async (): Promise<PolicyDocument | undefined> => {
  const found = await ram.getPolicy(name)
  return found && parseDocument(found.document, name)
}

/** An operation, and the state of RAM after it. */
interface Operation {
  readonly run: () => Promise<unknown>
  readonly check: (before: PolicyDocument | undefined) => Promise<void>
}

function operation(kind: string, letter: string, byRrsa: boolean): Operation {
  const rest = { document: pull(letter), members: ['c-1'], phase: kind === 'widen' ? 'widen' : 'narrow' } as const
  const desired = byRrsa ? rrsa(letter, rest) : target(rest)
  if (kind === 'remove') {
    return {
      run: () => removePolicy(ram, desired, options),
      check: async () => assert.equal(await ram.getPolicy(name), undefined),
    }
  }
  return {
    run: () => applyPolicy(ram, desired, options),
    async check(before) {
      const kept = kind === 'widen' ? (before?.Statement ?? []) : []
      const found = await documentNow()
      assert.ok(found !== undefined && sameDocument(found, policyOf([...kept, ...pull(letter).Statement])))
      const role = byRrsa ? name : worker
      assert.ok((await ram.listRolePolicies(role))?.some((one) => one.name === name))
      if (byRrsa) assert.match((await ram.getRole(name))?.trust ?? '', new RegExp(`:acr-nopass:${letter}"`))
    },
  }
}

test('however late RAM shows a write, each operation ends in the desired state and sends nothing twice', async () => {
  const kinds = fc.constantFrom('widen', 'narrow', 'remove')
  const operations = fc.array(fc.tuple(kinds, fc.constantFrom('a', 'b', 'c')), { minLength: 1, maxLength: 4 })
  const lags = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 5_000 }), fc.integer({ min: 5_000, max: 45_000 }))
  const durations = fc.integer({ min: 0, max: 200 })
  await fc.assert(
    fc.asyncProperty(lags, durations, fc.boolean(), operations, async (lag, ms, byRrsa, list) => {
      nameAnother()
      callMs = ms
      cloud.control.setStaleReads(lag)
      for (const [kind, letter] of list) {
        const { run, check } = operation(kind, letter, byRrsa)
        const existing = await actual(documentNow, lag)
        accepted = []
        await run()
        assert.deepEqual(accepted, [...new Set(accepted)])
        assert.ok(accepted.filter((one) => one.startsWith('CreatePolicyVersion')).length <= 1)
        await actual(() => check(existing), lag)
      }
    }),
    { numRuns: 25, seed: 20261130 },
  )
})

test('a first installation and a removal with reads that lag by two seconds write each thing once', async () => {
  cloud.control.setStaleReads(2_000)
  callMs = 60
  const start = cloud.calls.length
  const installed = await applyPolicy(ram, rrsa('acr-nopass'), options)
  assert.deepEqual(stepTexts(installed), [
    `create role ${name}`,
    `create policy ${name}`,
    `attach policy ${name} to role ${name}`,
  ])
  const removed = await removePolicy(ram, rrsa('acr-nopass'), options)
  assert.deepEqual(stepTexts(removed), [
    `detach policy ${name} from role ${name}`,
    `delete policy ${name}`,
    `delete role ${name}`,
  ])
  assert.deepEqual(writesSince(cloud, start), [
    'CreateRole',
    'CreatePolicy',
    'AttachPolicyToRole',
    'DetachPolicyFromRole',
    'DeletePolicy',
    'DeleteRole',
  ])
})

test('RAM that does not show a write within a minute: the error names the write, which was sent only once', async () => {
  await applyPolicy(ram, target(), options)
  passTime(300_000)
  cloud.control.setStaleReads(200_000)
  const start = cloud.calls.length
  const begin = clock
  await assert.rejects(applyPolicy(ram, target({ document: pull('b') }), options), {
    code: 'POLICY_UNSETTLED',
    message:
      `RAM does not show the desired state for cluster c1; written: update policy ${name}; ` +
      `not seen in RAM yet: update policy ${name}`,
    hint: 'Wait, then run again.',
  })
  assert.deepEqual(writesSince(cloud, start), ['CreatePolicyVersion'])
  assert.ok(clock - begin >= 60_000)
})

test('a second policy is detached only after RAM shows the first one with everything', async () => {
  const large = (letter: string): PolicyDocument => pull(letter.repeat(5000))
  const own = (letter: string, changes: Partial<PolicyTarget>) => target({ document: large(letter), ...changes })
  await applyPolicy(ram, own('x', {}), options)
  await applyPolicy(ram, own('y', { phase: 'widen' }), options)
  cloud.control.setStaleReads(1_000)
  clock += 10_000
  const start = clock
  await applyPolicy(ram, own('y', { leftovers: 'detach' }), options)
  const updated = cloud.calls.findLast(({ action }) => action === 'CreatePolicyVersion')
  const detached = cloud.calls.findLast(({ action }) => action === 'DetachPolicyFromRole')
  assert.equal((updated?.at ?? 0) - start, 0)
  assert.ok((detached?.at ?? 0) - start >= 1_000)
  assert.equal(await actual(() => ram.getPolicy(`${name}-next`), 0), undefined)
})

test('a policy that another run turned back after our write is written again, because its version is newer', async () => {
  await applyPolicy(ram, target({ document: pull('old') }), options)
  cloud.control.setStaleReads(1_000)
  clock += 10_000
  let once = true
  const rival: Ram = {
    ...ram,
    async change(action, parameters, signal) {
      const response = await ram.change(action, parameters, signal)
      if (once) await ram.change(action, { ...parameters, PolicyDocument: JSON.stringify(pull('old')) })
      once = false
      return response
    },
  }
  await applyPolicy(rival, target({ document: pull('ours'), phase: 'widen' }), options)
  assert.deepEqual(await actual(documentNow, 0), pull('old', 'ours'))
  assert.equal((await ram.getPolicy(name))?.defaultVersion, 'v4')
})

test('a narrowing that another run overwrites is not repeated: this run then only adds its own rights', async () => {
  await applyPolicy(ram, target({ document: pull('old', 'ours') }), options)
  let once = true
  const rival: Ram = {
    ...ram,
    async change(action, parameters, signal) {
      const response = await ram.change(action, parameters, signal)
      if (once) await ram.change(action, { ...parameters, PolicyDocument: JSON.stringify(pull('theirs')) })
      once = false
      return response
    },
  }
  const { kept } = await applyPolicy(rival, target({ document: pull('ours') }), options)
  assert.deepEqual(kept, [`policy ${name} as wide as it is: another run changed it at the same time`])
  assert.deepEqual(await documentNow(), pull('ours', 'theirs'))
})

test('a creation whose response is lost, and that RAM shows late, is reported as done by this run', async () => {
  cloud.control.setStaleReads(2_000)
  for (const action of ['CreatePolicy', 'AttachPolicyToRole']) {
    cloud.faults.add({ kind: 'cut-after', match: { action } })
  }
  const seen: string[] = []
  const start = cloud.calls.length
  const done = await applyPolicy(ram, target(), { ...options, onStep: ({ do: what }) => seen.push(what) })
  assert.deepEqual(stepTexts(done).sort(), [`attach policy ${name} to role ${worker}`, `create policy ${name}`])
  assert.deepEqual(seen.sort(), ['attach', 'create-policy'])
  // Each write is tried once more: a lost response proves nothing, and RAM's refusal shows that the
  // object exists.
  assert.deepEqual(writesSince(cloud, start), [
    'CreatePolicy fault:cut-after',
    'CreatePolicy EntityAlreadyExists.Policy',
    'AttachPolicyToRole fault:cut-after',
    'AttachPolicyToRole EntityAlreadyExists.Role.Policy',
  ])
})

/**
 * Runs a rollout of two clusters that share a role, with the former values and then with other
 * values. Then runs the removal.
 */
async function rollOut(lag: number): Promise<readonly unknown[]> {
  const clusters = ['a', 'b'].map((cluster) => ({ name: cluster, access: { kind: 'ack', clusterId: `c-${cluster}` } }))
  const context = {
    settings: { clusters, inputs: {}, selected: clusters },
    prepared: clusters.map((settings) => ({ name: settings.name, ram: 'worker-role', settings })),
    cloud: { ram: () => ram },
    ramLock: createKeyedLock(),
    ramList: async () => ({ clusters: [], unknown: new Map() }),
    pause: options.pause,
    report: () => undefined,
  } as unknown as RunContext
  const { signal } = new AbortController()
  const results = (status: ClusterResult['status']) =>
    clusters.map((one) => ({ name: one.name, status, notes: [] })) as unknown as readonly ClusterResult[]
  const seen: unknown[] = []
  for (const repositories of [['old'], ['new']]) {
    const desired = target({ document: pull(...repositories), members: ['c-a', 'c-b'], phase: 'widen' })
    const targets: readonly SharedTarget[] = [{ target: desired, clusters: ['a', 'b'], accountId: cloud.accountId }]
    const rolled = new Map<string, RolledCluster>()
    for (const settings of clusters) {
      const cluster = { name: settings.name, settings } as unknown as PreparedCluster
      await widenPolicies({ cluster, context, run: newRun(), signal }, targets, (line) => seen.push(line))
      rolled.set(settings.name, { targets, former: [], key: `c-${settings.name}`, alone: true, verified: true })
    }
    const narrowed = await narrowPolicies(results('deployed'), rolled, context, async () => [], signal)
    seen.push(...narrowed.flatMap(({ status, notes }) => [status, ...notes]))
    assert.deepEqual(await actual(documentNow, lag), pull(...repositories))
  }
  const removal: SharedTarget = {
    target: target({ members: ['c-a', 'c-b'] }),
    clusters: ['a', 'b'],
    accountId: cloud.accountId,
  }
  const removals = new Map(clusters.map((one) => [one.name, [removal]]))
  const removed = await removePolicies(results('uninstalled'), removals, context, async () => [], signal)
  return [...seen, ...removed.flatMap(({ status, notes }) => [status, ...notes])].map((line) =>
    String(line).replaceAll(name, 'POLICY').replaceAll(worker, 'ROLE'),
  )
}

for (const lag of [0, 800, 15_000]) {
  test(`a rollout over two clusters of one role, and its removal, have the same result with reads that lag by ${lag} ms`, async () => {
    cloud.control.setStaleReads(lag)
    callMs = 60
    assert.deepEqual(await rollOut(lag), [
      'RAM: create policy POLICY',
      'RAM: attach policy POLICY to role ROLE',
      'RAM: nothing to change',
      'deployed',
      'deployed',
      'RAM: update policy POLICY',
      'RAM: nothing to change',
      'deployed',
      'RAM: update policy POLICY',
      'deployed',
      'uninstalled',
      'RAM: detach policy POLICY from role ROLE',
      'RAM: delete policy POLICY',
      'uninstalled',
    ])
    assert.deepEqual(accepted, [...new Set(accepted)])
  })
}
