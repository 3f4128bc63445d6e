import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HelperPod } from '../../src/installation/helper-pod.ts'
import type { HelperStatus, RegistryStatus } from '../../src/installation/helper-status.ts'
import { findCauses, lastLogError } from '../../src/installation/release-causes.ts'

const pod: HelperPod = {
  name: 'p',
  ready: false,
  image: 'r.example/x:1',
  waiting: undefined,
  detail: undefined,
  restarts: 0,
  exitCode: undefined,
  lastLog: undefined,
  unscheduled: false,
}

function status(state: RegistryStatus['state'], code?: string, reason = 'WHY'): HelperStatus {
  const error = code && { code, reason, message: 'it failed', fix: 'fix it', at: '' }
  const registry = {
    name: 'prod',
    edition: 'enterprise',
    instanceId: 'cri-x',
    region: 'cn-hangzhou',
    fingerprint: '',
    domains: [],
    state,
    verified: 'skipped',
    ...(error && { error }),
  } as const
  const counts = { total: 0, current: 0, pending: 0, skipped: {} }
  return {
    version: '',
    updatedAt: '',
    leader: '',
    configHash: 'h',
    secretName: 's',
    attach: 'admission',
    retired: false,
    registries: [registry],
    namespaces: counts,
    problems: [],
  }
}

function causes(pods: readonly HelperPod[], report?: HelperStatus, ramChanged = false): unknown {
  return findCauses({ namespace: 'acr', pods, status: report, configHash: 'h', ramChanged }).map(
    ({ patienceMs, error }) => [patienceMs, error.code, error.message],
  )
}

test('a ready Pod and a working registry are not a cause', () => {
  assert.deepEqual(causes([{ ...pod, ready: true, restarts: 9 }], status('live')), [])
})

test('an image name that no registry accepts fails immediately, a pull may fail for a while', () => {
  assert.deepEqual(causes([{ ...pod, waiting: 'InvalidImageName' }]), [
    [0, 'POD_FAILING', 'Pod acr/p does not start: InvalidImageName (r.example/x:1)'],
  ])
  assert.deepEqual(causes([{ ...pod, waiting: 'ImagePullBackOff', detail: 'no' }]), [
    [45_000, 'POD_FAILING', 'Pod acr/p does not start: ImagePullBackOff (r.example/x:1): no'],
  ])
  assert.deepEqual(causes([{ ...pod, waiting: 'ContainerCreating' }]), [])
  assert.deepEqual(causes([{ ...pod, waiting: 'FailedMount', detail: 'secret "acr-login" not found' }]), [
    [Number.POSITIVE_INFINITY, 'POD_FAILING', 'Pod acr/p does not start: FailedMount: secret "acr-login" not found'],
  ])
})

for (const [why, state, fix] of [
  ['an image', { waiting: 'ErrImagePull' }, /^Check `image` .*`kubectl describe pod p -n acr` shows its Events\.$/],
  ['a registry that answers', { waiting: 'RegistryUnavailable' }, /^Check `image` /],
  ['a signature', { waiting: 'SignatureValidationFailed' }, /^Check `image` /],
  [
    'a Secret',
    { waiting: 'CreateContainerConfigError' },
    /^Create what .* `extraEnv`.*`kubectl describe pod p -n acr`/,
  ],
  [
    'room on the nodes',
    { unscheduled: true },
    /^Make room .* `resources`, `nodeSelector`.*`kubectl describe pod p -n acr`/,
  ],
  ['a crash without a log', { restarts: 3 }, /^`kubectl logs p -n acr --previous` shows why\.$/],
] as const) {
  test(`the fix of a Pod that does not start names the values and the command for it: ${why}`, () => {
    const [cause] = findCauses({
      namespace: 'acr',
      pods: [{ ...pod, ...state }],
      status: undefined,
      configHash: 'h',
      ramChanged: false,
    })
    assert.match(cause?.error.hint ?? '', fix)
  })
}

test("three crashes are enough, and the helper's last log lines are the reason", () => {
  const lastLog = '{"msg":"started"}\n{"level":60,"code":"HELPER_CONFIG_INVALID","msg":"bad config"}\n'
  assert.deepEqual(causes([{ ...pod, restarts: 3, exitCode: 2, lastLog }]), [
    [0, 'POD_FAILING', 'Pod acr/p ended 3 times with exit code 2: bad config'],
  ])
  assert.equal(lastLogError('no json'), undefined)
})

test("the helper's own report comes first, but only with the deployed configuration", () => {
  const report = status('pending', 'CLOUD_NOT_FOUND')
  assert.deepEqual(causes([{ ...pod, unscheduled: true }], report), [
    [15_000, 'HELPER_FAILING', 'registry prod (cri-x in cn-hangzhou): it failed'],
    [Number.POSITIVE_INFINITY, 'POD_FAILING', 'Pod acr/p fits on no node'],
  ])
  assert.deepEqual(causes([], { ...report, configHash: 'older' }), [])
})

test('a denial, or a role that STS does not know yet, may be temporary after RAM was changed, and is final if it was not', () => {
  const patience = (code: string, changed: boolean, reason = 'WHY'): unknown =>
    (causes([], status('failing', code, reason), changed) as [number][])[0]?.[0]
  assert.deepEqual([patience('CLOUD_DENIED', true), patience('CLOUD_DENIED', false)], [60_000, 10_000])
  const unknown = (changed: boolean): unknown => patience('CLOUD_NOT_FOUND', changed, 'EntityNotExist.Role')
  assert.deepEqual([unknown(true), unknown(false)], [60_000, 15_000])
  assert.equal(patience('CLOUD_NOT_FOUND', true, 'INSTANCE_NOT_EXIST'), 15_000)
})
