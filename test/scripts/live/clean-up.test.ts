import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cleanUp } from '../../../scripts/live/clean-up.ts'
import type { LiveDeps } from '../../../scripts/live/live-deps.ts'
import { namesOf } from '../../../scripts/live/names.ts'
import type { RecordedObject } from '../../../scripts/live/record.ts'
import { createEndpoints } from '../../../src/alibaba/transport/endpoints.ts'
import { type ErrorCode, NopassError } from '../../../src/errors.ts'

const RUN = '0123456789abcdef'
const { role, policy, mark } = namesOf(RUN)

const failure = (code: ErrorCode, reason: string): NopassError => new NopassError(code, 'refused', { reason })
const ABSENT = failure('CLOUD_NOT_FOUND', 'EntityNotExist.Role')
const CONFLICT = failure('CLOUD_REJECTED', 'DeleteConflict.Role.Policy')
/** A read does not show the object. */
const UNSEEN = 'unseen'
const DENIED = failure('CLOUD_DENIED', 'NoPermission')

/** Removes objects from a RAM with these responses to deletions. The last response repeats. */
async function removeWith(
  objects: readonly RecordedObject[],
  deletions: readonly (NopassError | 'done')[],
  { description = mark, detachment }: { description?: string; detachment?: NopassError } = {},
) {
  const calls: string[] = []
  let pausedMs = 0
  let deletion = 0
  const call = async ({ action }: { action: string }) => {
    if (action.startsWith('Get')) {
      if (description === UNSEEN) throw ABSENT
      const found = { Description: description }
      return { Role: found, Policy: found, DefaultPolicyVersion: {}, OIDCProvider: found }
    }
    calls.push(action)
    const response = action.startsWith('Delete') ? deletions[Math.min(deletion++, deletions.length - 1)] : detachment
    if (response instanceof NopassError) throw response
    return {}
  }
  const deps = {
    transport: { call },
    endpoints: createEndpoints(),
    caller: {},
    print: () => undefined,
    clock: {
      after: (ms: number, done: () => void) => {
        pausedMs += ms
        setImmediate(done)
        return () => undefined
      },
    },
  } as unknown as LiveDeps
  const removals = await cleanUp({ run: RUN, accountId: '1', objects: [...objects] }, deps)
  return { results: removals.map(({ name, result, because }) => [name, result, because]), calls, pausedMs }
}

const created = (kind: RecordedObject['kind'], name: string): RecordedObject => ({ kind, name, state: 'created' })
const requested = (kind: RecordedObject['kind'], name: string): RecordedObject => ({ kind, name, state: 'requested' })

test('objects are removed in the opposite order of their creation, a policy after its detachment', async () => {
  const provider = `${role}-root`
  const objects = [created('role', role), created('policy', policy), created('oidc-provider', provider)]
  assert.deepEqual(await removeWith(objects, ['done']), {
    results: [
      [provider, 'removed', undefined],
      [policy, 'removed', undefined],
      [role, 'removed', undefined],
    ],
    calls: ['DeleteOIDCProvider', 'DetachPolicyFromRole', 'DeletePolicy', 'DeleteRole'],
    pausedMs: 0,
  })
})

test('an object that RAM created is absent at once; one whose creation got no response may still appear', async () => {
  const gone = await removeWith([created('role', role)], [ABSENT])
  assert.deepEqual(gone, { results: [[role, 'absent', undefined]], calls: ['DeleteRole'], pausedMs: 0 })
  const late = await removeWith([requested('role', role)], [ABSENT, ABSENT, 'done'], { description: UNSEEN })
  assert.deepEqual([late.results, late.calls.length, late.pausedMs], [[[role, 'removed', undefined]], 3, 10_000])
  const never = await removeWith([requested('role', role)], [ABSENT])
  assert.deepEqual([never.results, never.calls.length, never.pausedMs], [[[role, 'absent', undefined]], 6, 25_000])
})

test('a deletion that RAM refuses is repeated, and named with its code if RAM never accepts it', async () => {
  const busy = await removeWith([created('role', role)], [CONFLICT, CONFLICT, 'done'])
  assert.deepEqual([busy.results, busy.pausedMs], [[[role, 'removed', undefined]], 10_000])
  const denied = await removeWith([created('role', role)], [DENIED])
  assert.deepEqual([denied.results, denied.calls.length], [[[role, 'left', 'CLOUD_DENIED NoPermission']], 6])
})

test('a policy that is not attached is deleted; if its detachment is refused, that refusal is named', async () => {
  const detached = await removeWith([created('policy', policy)], ['done'], { detachment: ABSENT })
  assert.deepEqual(detached.results, [[policy, 'removed', undefined]])
  const refused = await removeWith([created('policy', policy)], [CONFLICT], { detachment: DENIED })
  assert.deepEqual(refused.results, [[policy, 'left', 'CLOUD_DENIED NoPermission']])
})

test('an object with another description is never changed; one that a read does not show is removed', async () => {
  const objects = [created('policy', policy), created('role', role)]
  const because = 'its description is not the one of this run'
  for (const description of ['theirs', '']) {
    const foreign = await removeWith(objects, ['done'], { description })
    assert.deepEqual(foreign.results, [
      [role, 'left', because],
      [policy, 'left', because],
    ])
    assert.deepEqual(foreign.calls, [])
  }
  const unseen = await removeWith(objects, ['done'], { description: UNSEEN })
  assert.deepEqual(unseen.results, [
    [role, 'removed', undefined],
    [policy, 'removed', undefined],
  ])
})
