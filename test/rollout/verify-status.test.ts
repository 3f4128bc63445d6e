import assert from 'node:assert/strict'
import { test } from 'node:test'
import { STATUS_KEY } from '../../src/installation/helper-status.ts'
import { KubeApiError } from '../../src/kube/api-error.ts'
import type { KubeCall, KubeClient } from '../../src/kube/client.ts'
import { pushConfig } from '../../src/rollout/release/push-config.ts'
import { verifyStatus } from '../../src/rollout/verify/verify-status.ts'
import { helperReport, reportedRegistry } from '../support/reports.ts'

const NOW = Date.parse('2026-11-27T10:00:00Z')
const LIVE = reportedRegistry('prod')
const FAILING = reportedRegistry('stage', {
  state: 'failing',
  verified: 'skipped',
  error: { code: 'CLOUD_THROTTLED', message: 'slow', fix: '', at: '2026-11-27T09:59:00Z' },
})

/** The credential of a union. */
const UNION = reportedRegistry('a.0123abcd', {
  limit: { entries: ['a', 'base'], repositories: ['base/*', 'team-a/*'], granted: 'granted', width: 'limited' },
})

interface Setup {
  /**
   * The helper's reports, one for each read. The last report stays. Undefined if there is none yet.
   */
  readonly reports?: readonly (object | string | undefined)[]
  /**
   * Whether the helper's Pods `p` and `q` are ready. A number is the API server's error status for
   * listing them.
   */
  readonly pods?: readonly boolean[] | number
  /** Why the Pods that are not ready wait. */
  readonly waiting?: string
  readonly parts?: object
  /** The registries of the configuration. */
  readonly registries?: readonly string[]
  readonly limited?: readonly string[]
  /** The API server's response to a patch. */
  readonly patch?: number
}

/**
 * Returns the report that shows a working helper, or the error. Also returns what was written
 * meanwhile.
 */
async function verify(
  { reports = [], pods = [true], waiting, parts = {}, registries = ['prod'], limited = [], patch }: Setup,
  work: 'verify' | 'push' = 'verify',
) {
  const writes: string[] = []
  const left = [...reports]
  // With several reports there must be time to read them all. Otherwise one read is enough.
  const limitMs = left.length > 1 ? 60_000 : 0
  const request = async ({ method, path, body }: KubeCall): Promise<unknown> => {
    if (method !== 'GET') {
      const { annotations = {} } = (body as { metadata?: { annotations?: object } }).metadata ?? {}
      writes.push(`${method} ${path} ${Object.keys(annotations)}`)
      if (patch !== undefined) throw new KubeApiError(patch, 'no')
      return {}
    }
    if (path.endsWith('/configmaps/s')) {
      const report = left.length > 1 ? left.shift() : left[0]
      return report === undefined
        ? {}
        : { data: { [STATUS_KEY]: typeof report === 'string' ? report : JSON.stringify(report) } }
    }
    if (typeof pods === 'number') throw new KubeApiError(pods, 'no')
    const items = pods.map((ready, index) => ({
      metadata: { name: 'pq'[index] },
      status: {
        containerStatuses: [
          { ready, restartCount: 0, image: 'i', ...(waiting && { state: { waiting: { reason: waiting } } }) },
        ],
      },
    }))
    return { items: path === '/api/v1/namespaces/n/pods' ? items : [] }
  }
  const caller = { client: { request } as unknown as KubeClient, signal: AbortSignal.timeout(60_000) }
  const all = {
    namespace: 'n',
    selector: { app: 'h' },
    statusConfigMap: 's',
    configHash: 'h',
    ramChanged: false,
    ...parts,
  }
  const outcome =
    work === 'push'
      ? pushConfig(caller, all)
      : verifyStatus({ ...caller, parts: all, registries, limited, now: () => NOW, limitMs }).then(
          ({ status, unchecked }) => [status.updatedAt, ...unchecked].join(': '),
        )
  return { writes, outcome: await outcome.catch((error) => `${error.code} ${error.message}`) }
}

const report = helperReport
const OLD = report([LIVE], { configHash: 'old' })

for (const [title, setup, outcome] of [
  ['every registry is live', { reports: [report([LIVE])] }, '2026-11-27T09:59:00Z'],
  ['one of its Pods is ready', { reports: [report([LIVE])], pods: [false, true] }, '2026-11-27T09:59:00Z'],
  [
    'its Pods may not be listed, which is said',
    { reports: [report([LIVE])], pods: 403 },
    '2026-11-27T09:59:00Z: whether a Pod of the helper is ready was not checked: the deployer lacks the right to list Pods',
  ],
  [
    'the chart shows no Pods, which is said',
    { reports: [report([LIVE])], parts: { selector: undefined } },
    '2026-11-27T09:59:00Z: whether a Pod of the helper is ready was not checked: the chart has no Deployment of it',
  ],
  [
    'the chart is of another kind, whose configuration has no hash',
    { reports: [OLD], parts: { configHash: undefined } },
    '2026-11-27T09:59:00Z',
  ],
  [
    'a credential expires a moment later',
    { reports: [report([{ ...LIVE, expiresAt: '2026-11-27T10:00:00.001Z' }])] },
    '2026-11-27T09:59:00Z',
  ],
  [
    'a credential expires now',
    { reports: [report([{ ...LIVE, expiresAt: '2026-11-27T10:00:00Z' }])] },
    'VERIFY_STATUS the credential of registry prod expired at 2026-11-27T10:00:00Z and the helper has not replaced it after 0 s',
  ],
  [
    'some registries are not live',
    { reports: [report([LIVE, FAILING, reportedRegistry('new', { state: 'pending', verified: 'skipped' })])] },
    'VERIFY_STATUS registry stage is failing (slow); registry new is pending after 0 s',
  ],
  ['there is no report', {}, 'VERIFY_STATUS the helper has written no report after 0 s'],
  ['no Pod is ready and there is no report', { pods: [] }, 'VERIFY_STATUS no Pod of the helper is ready after 0 s'],
  [
    'no Pod is ready, whatever the report says',
    { reports: [report([LIVE])], pods: [false] },
    'VERIFY_STATUS no Pod of the helper is ready after 0 s; its last report is of 2026-11-27T09:59:00Z',
  ],
  [
    'the registry rejects the credential in use',
    { reports: [report([{ ...LIVE, verified: 'refused' }])] },
    'VERIFY_STATUS registry prod rejects the credential in use after 0 s',
  ],
  [
    'the chart is of another kind, and a registry is failing',
    { reports: [report([FAILING])], parts: { configHash: undefined }, registries: ['stage'] },
    'VERIFY_STATUS registry stage is failing (slow) after 0 s',
  ],
  [
    'it names none of the registries',
    { reports: [report([])] },
    'VERIFY_STATUS registry prod is not in its report after 0 s',
  ],
  [
    'it names only some of the registries',
    { reports: [report([LIVE])], registries: ['prod', 'stage'] },
    'VERIFY_STATUS registry stage is not in its report after 0 s',
  ],
  [
    'limited registries are served by one credential',
    { reports: [report([UNION])], registries: ['a', 'base'], limited: ['a', 'base'] },
    '2026-11-27T09:59:00Z',
  ],
  [
    'no namespace needs a limited registry, which is said',
    { reports: [report([UNION])], registries: ['a', 'base', 'b'], limited: ['a', 'base', 'b'] },
    '2026-11-27T09:59:00Z: registry b was not checked: no namespace needs a credential of it yet',
  ],
  [
    'a registry without a limit is missing beside limited ones',
    { reports: [report([UNION])], registries: ['a', 'base', 'prod'], limited: ['a', 'base'] },
    'VERIFY_STATUS registry prod is not in its report after 0 s',
  ],
  [
    'the credential of a limited registry is rejected',
    { reports: [report([{ ...UNION, verified: 'refused' }])], registries: ['a', 'base'], limited: ['a', 'base'] },
    'VERIFY_STATUS registry a.0123abcd rejects the credential in use after 0 s',
  ],
  [
    'a registry is reported in a state that this version does not know',
    { reports: [report([{ ...LIVE, state: 'resting' as 'live' }])] },
    'VERIFY_STATUS its report cannot be read (registries[0].state) after 0 s',
  ],
  [
    'the time of expiry cannot be read',
    { reports: [report([{ ...LIVE, expiresAt: 'soon' }])] },
    'VERIFY_STATUS its report cannot be read (registries[0].expiresAt) after 0 s',
  ],
  [
    'another part of the report is of a newer helper',
    { reports: [report([LIVE], { problems: [7] as never })] },
    '2026-11-27T09:59:00Z',
  ],
  [
    'the report was cut',
    { reports: [JSON.stringify(report([LIVE])).slice(0, 90)] },
    'VERIFY_STATUS its report cannot be read (status.json) after 0 s',
  ],
  [
    'the report is of an older configuration',
    { reports: [OLD] },
    'VERIFY_STATUS the helper still uses an older configuration after 0 s',
  ],
] as readonly (readonly [string, Setup, string])[]) {
  test(`a helper counts as working only by its report and a ready Pod: ${title}`, async () => {
    assert.equal((await verify(setup)).outcome, outcome)
  })
}

test('a Pod that cannot start fails the verification after 20 s, because it may have been replaced before', async (t) => {
  const stuck = { pods: [false], waiting: 'InvalidImageName' }
  const none = 'VERIFY_STATUS no Pod of the helper is ready after 0 s'
  assert.equal((await verify(stuck)).outcome, none)
  let clock = 0
  t.mock.method(performance, 'now', () => {
    clock += 10_000
    return clock
  })
  const { outcome } = await verify({ ...stuck, reports: [undefined, undefined, undefined] })
  assert.match(String(outcome), /^POD_FAILING Pod n\/p does not start: InvalidImageName/)
})

test('while the report has an older configuration, the run makes the Pods read the new configuration, once', async () => {
  assert.deepEqual(await verify({ reports: [OLD, OLD, report([LIVE])], pods: [true, false] }), {
    writes: ['/api/v1/namespaces/n/pods/p', '/api/v1/namespaces/n/pods/q'].map(
      (path) => `PATCH ${path} acr-nopass.io/awaited-config`,
    ),
    outcome: '2026-11-27T09:59:00Z',
  })
})

test('the verification waits for a helper that has not reported yet, and writes nothing', async () => {
  const reports = [undefined, undefined, report([LIVE])]
  for (const ramChanged of [true, false])
    assert.deepEqual(await verify({ reports, parts: { ramChanged } }), {
      writes: [],
      outcome: '2026-11-27T09:59:00Z',
    })
})

test('after a change in RAM, the helper is asked once to retry what was refused; without a change it is not', async () => {
  const reports = [report([LIVE, FAILING]), report([FAILING]), report([LIVE])]
  const asked = ['PATCH /api/v1/namespaces/n/configmaps/s acr-nopass.io/refresh-requested-at']
  const done = '2026-11-27T09:59:00Z'
  assert.deepEqual(await verify({ reports, parts: { ramChanged: true } }), { writes: asked, outcome: done })
  assert.deepEqual(await verify({ reports }), { writes: [], outcome: done })
  const live = await verify({ reports: [report([LIVE])], parts: { ramChanged: true } })
  assert.deepEqual(live, { writes: [], outcome: done })
})

test('a deployer that may not patch or list Pods waits for the kubelet; an API server that fails is an error', async () => {
  const both = ['p', 'q'].map((name) => `PATCH /api/v1/namespaces/n/pods/${name} acr-nopass.io/awaited-config`)
  assert.deepEqual(await verify({ pods: [true, true], patch: 403 }, 'push'), { writes: both, outcome: undefined })
  assert.deepEqual(await verify({ pods: 404 }, 'push'), { writes: [], outcome: undefined })
  assert.deepEqual(await verify({ pods: 400 }, 'push'), { writes: [], outcome: undefined })
  assert.match(String((await verify({ pods: 500 }, 'push')).outcome), /^KUBE_/)
  assert.match(String((await verify({ pods: [true], patch: 0 }, 'push')).outcome), /^KUBE_/)
  const other = await verify({ parts: { configHash: undefined } }, 'push')
  assert.deepEqual(other, { writes: [], outcome: undefined })
})
