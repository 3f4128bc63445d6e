import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Ram } from '../../src/alibaba/ram.ts'
import { NopassError } from '../../src/errors.ts'
import type { PolicyStep } from '../../src/policy/policy-target.ts'
import { untilSettled } from '../../src/policy/settle-steps.ts'

const CODES = { 404: 'CLOUD_NOT_FOUND', 409: 'CLOUD_REJECTED', 500: 'CLOUD_UNAVAILABLE' } as const

/** Settles one step that RAM refuses a few times with this reason. Returns the result. */
async function settle(step: PolicyStep, status: keyof typeof CODES, reason: string, refusals = 2) {
  let left = refusals
  let isDone = false
  const calls: string[] = []
  const pauses: number[] = []
  const change = async (action: string) => {
    calls.push(action)
    if (left-- > 0) throw new NopassError(CODES[status], 'refused', { reason })
    isDone = true
  }
  const outcome = await untilSettled(
    { change } as unknown as Ram,
    'a test',
    async () => ({ steps: isDone ? [] : [step], kept: [] }),
    { pause: async (ms) => void pauses.push(ms) },
  ).then(
    ({ steps }) => steps.map(({ do: what }) => what).join(),
    (error) => `${error.code}: ${error.message}`,
  )
  return { outcome, calls: calls.length, pauses }
}

const document = { Version: '1', Statement: [] }
const DELETE: PolicyStep = { do: 'delete-policy', policy: 'p', before: document }
const ATTACH: PolicyStep = { do: 'attach', policy: 'p', role: 'r' }
const UPDATE: PolicyStep = { do: 'update-policy', policy: 'p', before: document, after: document }

// The error codes of DeletePolicy, DeleteRole, AttachPolicyToRole and CreatePolicyVersion in RAM's
// API reference
// (https://www.alibabacloud.com/help/en/ram/developer-reference/api-ram-2015-05-01-overview).
for (const [step, status, reason] of [
  [DELETE, 409, 'DeleteConflict.Policy.Role'],
  [DELETE, 409, 'DeleteConflict.Policy.Version'],
  [{ do: 'delete-role', role: 'r' }, 409, 'DeleteConflict.Role.Policy'],
  [ATTACH, 404, 'EntityNotExist.Policy'],
  [ATTACH, 404, 'EntityNotExist.Role'],
  [UPDATE, 404, 'EntityNotExist.Policy'],
  [UPDATE, 409, 'LimitExceeded.Policy.Version'],
  [UPDATE, 500, 'InternalError'],
] as const) {
  test(`a ${step.do} that RAM refuses with ${reason} is sent again after a pause, until it works`, async () => {
    const { outcome, calls, pauses } = await settle(step, status, reason)
    assert.deepEqual({ outcome, calls, pauses }, { outcome: step.do, calls: 3, pauses: [300, 600] })
  })
}

for (const [step, reason] of [
  [ATTACH, 'EntityAlreadyExists.Role.Policy'],
  [{ do: 'create-policy', policy: 'p', document }, 'EntityAlreadyExists.Policy'],
  [{ do: 'create-role', role: 'r', trust: document }, 'EntityAlreadyExists.Role'],
  [{ do: 'detach', policy: 'p', role: 'r' }, 'EntityNotExist.Role.Policy'],
  [DELETE, 'EntityNotExist.Policy'],
  [{ do: 'delete-role', role: 'r' }, 'EntityNotExist.Role'],
] as const) {
  test(`a ${step.do} that RAM refuses with ${reason} already has its effect: RAM is read again, and the step is not sent again`, async () => {
    const { outcome, calls, pauses } = await settle(step, 404, reason, 99)
    assert.deepEqual({ outcome: outcome.replace(/:.*/, ''), calls }, { outcome: 'POLICY_UNSETTLED', calls: 1 })
    assert.deepEqual(pauses, [300, 600, 1200, 2400, 4800, 9600, 10_000, 10_000, 10_000, 10_000, 10_000])
  })
}

for (const [reason, outcome] of [
  ['LimitExceeded.Role.Policy', 'POLICY_LIMIT: cannot attach policy p to role r: a limit of RAM is reached'],
  ['InvalidParameter.PolicyName', 'CLOUD_REJECTED: refused'],
  ['MyDeleteConflict', 'CLOUD_REJECTED: refused'],
] as const) {
  test(`a first step that RAM refuses with ${reason} ends the run at once as ${outcome}`, async () => {
    assert.deepEqual(await settle(ATTACH, 409, reason, 99), { outcome, calls: 1, pauses: [] })
  })
}

test('a document that other runs overwrite again and again is written six times, and then reported', async () => {
  let round = 0
  let writes = 0
  const asked: boolean[] = []
  const change = async (): Promise<void> => void writes++
  const text = (name: string) => ({ Version: '1', Statement: [{ Effect: 'Allow', Action: ['a'], Resource: [name] }] })
  await assert.rejects(
    untilSettled({ change } as unknown as Ram, 'a test', async ({ overwritten }) => {
      asked.push(overwritten)
      round++
      const before = text(`theirs-${round}`)
      const after = { ...before, Statement: [...before.Statement, ...text('ours').Statement] }
      return { steps: [{ do: 'update-policy', policy: 'p', before, after }], kept: [] }
    }),
    { code: 'POLICY_UNSETTLED', hint: 'Run again.' },
  )
  assert.equal(writes, 6)
  // The second read shows another writer's document, so the run decides again before the next
  // write.
  assert.deepEqual(asked, [false, false, ...Array(6).fill(true)])
})

test('if RAM is down before the first write, this is reported at once; after a write, the run waits for RAM', async () => {
  const down = new NopassError('CLOUD_UNREACHABLE', 'down', { reason: 'ECONNRESET' })
  const pauses: number[] = []
  const pause = async (ms: number): Promise<void> => void pauses.push(ms)
  const reads = (...outcomes: readonly ('step' | 'down' | 'none')[]) => {
    const left = [...outcomes]
    return async () => {
      const next = left.shift()
      if (next === 'down') throw down
      return { steps: next === 'step' ? [ATTACH] : [], kept: [] }
    }
  }
  const ram = { change: async () => undefined } as unknown as Ram
  await assert.rejects(untilSettled(ram, 'a test', reads('down'), { pause }), { code: 'CLOUD_UNREACHABLE' })
  assert.deepEqual(pauses, [])
  const { steps } = await untilSettled(ram, 'a test', reads('step', 'down', 'down', 'none'), { pause })
  assert.deepEqual([steps, pauses], [[ATTACH], [300, 600]])
})

test('a reason to keep is asked for right before each write that takes something away, and before no other write', async () => {
  const text = (...Resource: string[]) => ({ Version: '1', Statement: [{ Effect: 'Allow', Action: ['a'], Resource }] })
  const update = (before: object, after: object) => ({ do: 'update-policy', policy: 'p', before, after }) as PolicyStep
  const events: string[] = []
  const run = async (first: PolicyStep, reason?: string) => {
    events.length = 0
    let done = false
    const change = async (action: string) => {
      events.push(action)
      done = true
    }
    const plan = await untilSettled(
      { change } as unknown as Ram,
      'a test',
      async ({ keep }) => ({
        steps: done || keep !== undefined ? [] : [first],
        kept: keep === undefined ? [] : [keep],
      }),
      {
        reasonToKeep: async () => {
          events.push('asked')
          return reason
        },
      },
    )
    return [...events, ...plan.kept]
  }
  assert.deepEqual(await run(update(text('a'), text('a', 'b'))), ['CreatePolicyVersion'])
  assert.deepEqual(await run(update(text('a', 'b'), text('a', 'c'))), ['asked', 'CreatePolicyVersion'])
  assert.deepEqual(await run(update(text('a', 'b'), text('a')), 'why'), ['asked', 'why'])
  assert.deepEqual(await run({ do: 'detach', policy: 'p', role: 'r' }, 'why'), ['asked', 'why'])
  assert.deepEqual(await run(DELETE, 'why'), ['asked', 'why'])
  assert.deepEqual(await run({ do: 'delete-role', role: 'r' }), ['asked', 'DeleteRole'])
  assert.deepEqual(await run(ATTACH, 'why'), ['AttachPolicyToRole'])
})

test('a step that is refused because of a missing right is reported, and not tried again', async () => {
  const denied = new NopassError('CLOUD_DENIED', 'denied', { reason: 'NoPermission' })
  const keep = async (...steps: readonly PolicyStep[]) => {
    let calls = 0
    const change = async () => {
      calls++
      throw denied
    }
    const optional = ['record-members', 'detach', 'delete-policy'] as const
    const decide = async () => ({ steps, kept: [] })
    const { kept } = await untilSettled({ change } as unknown as Ram, 'a test', decide, {}, optional)
    return { kept, calls }
  }
  const detach: PolicyStep = { do: 'detach', policy: 'p', role: 'r' }
  const detachDenied = 'policy p on role r: ram:DetachPolicyFromRole is denied'
  assert.deepEqual(await keep(DELETE), { kept: ['policy p: ram:DeletePolicy is denied'], calls: 1 })
  // A policy that cannot be detached is not deleted either.
  assert.deepEqual(await keep(detach, DELETE), { kept: [detachDenied], calls: 1 })
  const record: PolicyStep = { do: 'record-members', policy: 'p', members: ['c1'] }
  const recordDenied = 'policy p without a record of its clusters: ram:UpdatePolicyDescription is denied'
  assert.deepEqual(await keep(record, detach), { kept: [recordDenied, detachDenied], calls: 2 })
})

test('once there is a reason to keep, a step that RAM refuses is still sent again only after a pause', async () => {
  const pauses: number[] = []
  let left = 2
  let attached = false
  const change = async () => {
    if (left-- > 0) throw new NopassError('CLOUD_UNAVAILABLE', 'down', { reason: 'InternalError' })
    attached = true
  }
  const { kept } = await untilSettled(
    { change } as unknown as Ram,
    'a test',
    async ({ keep }) => {
      if (keep === undefined) return { steps: [DELETE], kept: [] }
      return { steps: attached ? [] : [ATTACH], kept: [keep] }
    },
    { pause: async (ms) => void pauses.push(ms), reasonToKeep: async () => 'why' },
  )
  assert.deepEqual({ kept, pauses }, { kept: ['why'], pauses: [300, 600] })
})

test('what is replaced is removed only after RAM shows its replacement', async () => {
  const events: string[] = []
  const change = async (action: string): Promise<void> => void events.push(action)
  const detach: PolicyStep = { do: 'detach', policy: 'former', role: 'r' }
  await untilSettled({ change } as unknown as Ram, 'a test', async () => {
    events.push('read')
    const isDone = (action: string): boolean => events.includes(action)
    const steps = [
      ...(isDone('DetachPolicyFromRole') ? [] : [detach]),
      ...(isDone('AttachPolicyToRole') ? [] : [ATTACH]),
    ]
    return { steps, kept: [] }
  })
  assert.deepEqual(events, ['read', 'AttachPolicyToRole', 'read', 'DetachPolicyFromRole', 'read'])
})

test('once there is a reason to keep, the steps behind the refused removal are decided on again', async () => {
  const text = (...Resource: string[]) => ({ Version: '1', Statement: [{ Effect: 'Allow', Action: ['a'], Resource }] })
  const narrow: PolicyStep = { do: 'update-policy', policy: 'p', before: text('a', 'b'), after: text('a') }
  const calls: string[] = []
  const change = async (action: string): Promise<void> => void calls.push(action)
  const decide = async ({ keep }: { keep: string | undefined }) => ({
    steps: keep === undefined ? [narrow, ATTACH] : [],
    kept: keep === undefined ? [] : [keep],
  })
  const reasonToKeep = async (): Promise<string> => 'why'
  const { kept } = await untilSettled({ change } as unknown as Ram, 'a test', decide, { reasonToKeep })
  assert.deepEqual({ kept, calls }, { kept: ['why'], calls: [] })
})

test('a cancelled run does not wait for the end of its pause', async () => {
  const stop = new AbortController()
  const change = async () => {
    setImmediate(() => stop.abort(new Error('cancelled')))
    throw new NopassError('CLOUD_UNAVAILABLE', 'down')
  }
  const decide = async () => ({ steps: [ATTACH], kept: [] })
  // If the run waited for the end of the pause, the error would have the signal's reason as its
  // message.
  await assert.rejects(untilSettled({ change } as unknown as Ram, 'a test', decide, { signal: stop.signal }), {
    name: 'AbortError',
    message: 'The operation was aborted',
  })
})
