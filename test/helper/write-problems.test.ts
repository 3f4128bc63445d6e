import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import type { PlannedAction, WriteAction } from '../../src/helper/plan/actions.ts'
import {
  judgeFailure,
  problemOfDecision,
  problemOfWrite,
  undoneWrite,
} from '../../src/helper/writes/decision-problem.ts'
import { waitBeforeRetry } from '../../src/helper/writes/retry-wait.ts'
import { KubeApiError } from '../../src/kube/api-error.ts'

const precondition = { uid: 'u', resourceVersion: '7' }
const rotation: WriteAction = {
  kind: 'writeSecret',
  namespace: 'shop',
  group: 'g',
  by: 'patch',
  precondition,
  reason: 'rotated',
}
const attach: WriteAction = { kind: 'attach', namespace: 'shop', serviceAccount: 'web', precondition, list: [] }

function problem(action: WriteAction, status: number, message: string, failures = 0): string | undefined {
  const error = new KubeApiError(status, message)
  const { outcome } = judgeFailure(error)
  const found = problemOfWrite(action, error, { outcome, failures, secretName: 'acr-nopass' })
  return found && `${found.code}: ${found.message}`
}

test('a rejected write is reported with the object and the rejecting party; only an immutable object has to be deleted', () => {
  const immutable = 'Secret "acr-nopass" is invalid: type: Invalid value: "Opaque": field is immutable'
  assert.equal(
    problem(rotation, 422, immutable),
    'SECRET_NEEDS_DELETE: the Secret acr-nopass cannot be replaced in place',
  )
  const guard =
    "secrets \"acr-nopass\" is forbidden: ValidatingAdmissionPolicy 'acr-nopass.home.x.secrets' with binding 'b' denied request: a pull secret holds .dockerconfigjson and nothing else"
  assert.match(problem(rotation, 422, guard) ?? '', /^SECRET_NEEDS_DELETE/)
  const policy =
    "secrets \"acr-nopass\" is forbidden: ValidatingAdmissionPolicy 'no-robots' with binding 'b' denied request: no"
  assert.equal(problem(rotation, 422, policy), `WRITE_REFUSED: the Secret acr-nopass was refused with 422: ${policy}`)
  assert.match(
    problem(rotation, 422, 'admission webhook "x.example.com" denied the request: no') ?? '',
    /^WRITE_REFUSED/,
  )
  assert.equal(problem(attach, 403, 'no'), 'WRITE_REFUSED: the ServiceAccount web (attach) was refused with 403: no')
})

test('a write that a mutating webhook changed is reported as changed, and the fix is never to delete the Secret', async () => {
  for (const kind of ['secrets', 'serviceaccounts']) {
    const template = await readFile(new URL(`../../chart/templates/guard-${kind}.yaml`, import.meta.url), 'utf8')
    const rules = [...template.matchAll(/message: (the helper (?:adds|leaves) .*)/g)].map(([, rule]) => rule)
    assert.ok(rules.length >= 2)
    for (const rule of rules) {
      const denied = `ValidatingAdmissionPolicy 'acr-nopass.home.x.${kind}' with binding 'b' denied request: ${rule}`
      for (const action of [rotation, { ...rotation, precondition: undefined }, attach])
        assert.match(problem(action, 422, denied) ?? '', /^WRITE_MUTATED: the (Secret|ServiceAccount) .* was refused: /)
    }
  }
})

test('a webhook’s denial with any status is reported and the write repeated, and no other write waits', () => {
  for (const status of [400, 403, 404, 409, 422, 429]) {
    const message = `PATCH x returned ${status}: admission webhook "x.example.com" denied the request: team not found`
    const { outcome, retry, slowDownMs } = judgeFailure(new KubeApiError(status, message, { retryAfterMs: 60_000 }))
    assert.deepEqual([outcome, retry, slowDownMs], ['refused', { slowlyUpToMs: 600_000 }, 0], String(status))
    for (const action of [rotation, attach]) assert.match(problem(action, status, message) ?? '', /^WRITE_REFUSED/)
  }
})

test('a single server error is not reported, but repeated ones for the same namespace are', () => {
  const webhook = 'failed calling webhook "x.example.com": context deadline exceeded'
  for (const failures of [0, 1, 2, 3]) assert.equal(problem(rotation, 500, webhook, failures), undefined)
  const message = `WRITE_FAILING: the Secret acr-nopass keeps failing with 500: ${webhook}`
  assert.equal(problem(rotation, 500, webhook, 4), message)
  // No response, a conflict or a deleted object is not the namespace's fault.
  for (const status of [0, 404, 409, 429]) assert.equal(problem(rotation, status, 'no', 9), undefined)
})

test('a rejected write is retried within seconds at first, and rarely later', () => {
  const waits = (wait: Parameters<typeof waitBeforeRetry>[0], random: number) =>
    [0, 1, 2, 3, 4, 5, 100].map((failures) => waitBeforeRetry(wait, failures, random))
  const slowly = { slowlyUpToMs: 600_000 }
  assert.deepEqual(waits(slowly, 1), [1000, 4000, 16_000, 64_000, 256_000, 600_000, 600_000])
  assert.deepEqual(waits(slowly, 0), [500, 2000, 8000, 32_000, 128_000, 300_000, 300_000])
  assert.deepEqual(waits('backoff', 1), [100, 200, 400, 800, 1600, 3200, 60_000])
  assert.deepEqual(waits(7, 0.5), [7, 7, 7, 7, 7, 7, 7])
})

test('a status of the API server decides what the key does next: wait for an event, retry, or retry rarely', () => {
  const backoff = { retry: 'backoff', slowDownMs: 0 } as const
  const rarely = { outcome: 'refused', retry: { slowlyUpToMs: 600_000 }, slowDownMs: 0 } as const
  const terminating = 'unable to create new content in namespace shop because it is being terminated'
  const otherUid = 'Operation cannot be fulfilled: metadata.uid: Invalid value: "u": field is immutable'
  for (const [status, message, expected] of [
    [0, 'no response', { outcome: 'unavailable', ...backoff }],
    [500, 'no', { outcome: 'unavailable', ...backoff }],
    [401, 'no', { outcome: 'unavailable', ...backoff }],
    [409, 'no', { outcome: 'conflict', ...backoff }],
    [404, 'no', { outcome: 'gone', retry: 'never', slowDownMs: 0 }],
    [429, 'no', { outcome: 'throttled', retry: 'backoff', slowDownMs: 1_000 }],
    [403, terminating, { outcome: 'gone', ...backoff }],
    [403, 'no', { outcome: 'refused', retry: { slowlyUpToMs: 120_000 }, slowDownMs: 0 }],
    [422, otherUid, { outcome: 'conflict', ...backoff }],
    [400, otherUid, rarely],
    [400, 'no', rarely],
    [413, 'no', rarely],
    [422, 'no', rarely],
    // Errors that only look like a webhook's denial, or have a status that a webhook cannot choose.
    [409, 'admission webhook denied the request', { outcome: 'conflict', ...backoff }],
    [500, 'PATCH x: admission webhook "a" denied the request', { outcome: 'unavailable', ...backoff }],
  ] as const)
    assert.deepEqual(judgeFailure(new KubeApiError(status, message)), expected, `${status} ${message}`)
  assert.equal(judgeFailure(new KubeApiError(429, 'no', { retryAfterMs: 60_000 })).slowDownMs, 60_000)
  assert.deepEqual(judgeFailure(new Error('no group')), { outcome: 'unavailable', ...backoff })
  assert.deepEqual(judgeFailure(undoneWrite(rotation, 'acr-nopass')), rarely)
})

test('a decision not to write reports the object, its owner and the fix', () => {
  const told = (decision: PlannedAction, serviceAccount?: string): unknown => {
    const key = { namespace: 'shop', ...(serviceAccount === undefined ? {} : { serviceAccount }) }
    const found = problemOfDecision(key, decision, 'acr-nopass')
    return found && [found.code, found.message, found.place?.namespace]
  }
  const foreign: PlannedAction = { kind: 'skip', reason: 'foreign-secret', manager: 'kubectl' }
  const unknown: PlannedAction = { kind: 'skip', reason: 'foreign-secret' }
  const list: PlannedAction = { kind: 'skip', reason: 'foreign-list', manager: 'argocd' }
  const overlong: PlannedAction = { kind: 'skip', reason: 'overlong-list', entries: 900 }
  const fought: PlannedAction = { kind: 'wait', reason: 'conflict', manager: 'kubectl' }
  const someone: PlannedAction = { kind: 'wait', reason: 'conflict' }
  const unreadable: PlannedAction = { kind: 'wait', reason: 'unreadable' }
  assert.deepEqual(
    [told(foreign), told(unknown), told(fought), told(someone), told(unreadable)],
    [
      ['FOREIGN_SECRET', 'the Secret acr-nopass belongs to "kubectl"', 'shop'],
      ['FOREIGN_SECRET', 'the Secret acr-nopass belongs to another client', 'shop'],
      ['SECRET_CONFLICT', '"kubectl" keeps changing or deleting the Secret acr-nopass', 'shop'],
      ['SECRET_CONFLICT', 'Another writer keeps changing or deleting the Secret acr-nopass', 'shop'],
      ['NAMESPACE_UNREADABLE', 'the helper lacks the right to read the namespace shop or its objects', 'shop'],
    ],
  )
  const what = 'imagePullSecrets of ServiceAccount web'
  assert.deepEqual(
    [told(list, 'web'), told(overlong, 'web'), told(fought, 'web'), told(someone, 'web'), told(foreign, 'web')],
    [
      ['FOREIGN_LIST', `"argocd" applies ${what}; it is left alone`, 'shop'],
      ['LIST_OVERLONG', `${what} is too long (entries: 900); it is left alone`, 'shop'],
      ['LIST_CONFLICT', `"kubectl" keeps removing acr-nopass from ${what}`, 'shop'],
      ['LIST_CONFLICT', `Another writer keeps removing acr-nopass from ${what}`, 'shop'],
      // The problem is reported for the namespace.
      undefined,
    ],
  )
  assert.equal(
    problemOfDecision({ namespace: 'shop', serviceAccount: 'web' }, list, 'acr-nopass')?.hint,
    'Add {name: acr-nopass} to the list where "argocd" applies it from, or use attach: admission.',
  )
})

test('the problem of a write names its namespace', () => {
  const failed = { outcome: 'refused', failures: 0, secretName: 'acr-nopass' } as const
  const place = { namespace: 'shop' }
  assert.deepEqual(undoneWrite(rotation, 'acr-nopass').place, place)
  assert.deepEqual(problemOfWrite(attach, new KubeApiError(403, 'no'), failed)?.place, place)
})
