import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type RegistryStatus, STATUS_KEY } from '../../src/installation/helper-status.ts'
import { KubeApiError } from '../../src/kube/api-error.ts'
import type { KubeClient } from '../../src/kube/client.ts'
import { pollUntil } from '../../src/kube/poll-until.ts'
import type { RunFolder } from '../../src/rollout/run-folder.ts'
import { verifyRelease } from '../../src/rollout/verify/verify-release.ts'
import { helperReport, reportedRegistry } from '../support/reports.ts'

const NOW = Date.parse('2026-11-27T10:00:00Z')

interface Options {
  readonly ready: boolean
  readonly expiresAt?: string
  /** The API server's first responses. */
  readonly failures?: readonly number[]
  readonly image?: string
  /** True if the deployer may not list Pods. */
  readonly hidesPods?: boolean
  /** The registry's verdict on the credential in use. */
  readonly verified?: RegistryStatus['verified']
  readonly limit?: RegistryStatus['limit']
}

/** Verifies a cluster whose release is as desired. */
function verify({
  ready,
  expiresAt,
  failures = [],
  image,
  verified = 'accepted',
  hidesPods = false,
  limit,
}: Options): Promise<readonly string[] | string> {
  const registry = reportedRegistry('prod', {
    verified,
    ...(expiresAt && { expiresAt }),
    ...(limit && { name: 'base.0a1b2c3d', limit }),
  })
  const report = helperReport([registry], { updatedAt: '2026-11-21T10:00:00Z' })
  const left = [...failures]
  const request = async ({ path }: { readonly path: string }): Promise<unknown> => {
    const failure = left.shift()
    if (failure !== undefined) throw new KubeApiError(failure, `${path} returned ${failure}`)
    if (path.endsWith('/configmaps/s')) return { data: { [STATUS_KEY]: JSON.stringify(report) } }
    if (hidesPods) throw new KubeApiError(403, `${path} returned 403`)
    return {
      items: [{ metadata: { name: 'p' }, status: { containerStatuses: [{ ready, restartCount: 0, image: 'i' }] } }],
    }
  }
  return verifyRelease({
    client: { request } as unknown as KubeClient,
    folder: {} as RunFolder,
    target: { release: 'r', namespace: 'n', kubeconfig: 'k' },
    parts: { namespace: 'n', selector: { app: 'h' }, statusConfigMap: 's', configHash: 'h', ramChanged: false },
    registries: limit?.entries ?? ['prod'],
    secretName: 'acr',
    probe: undefined,
    image,
    now: () => NOW,
    limitMs: 300,
    report: () => undefined,
    signal: AbortSignal.timeout(60_000),
  }).catch((error) => `${error.code} ${error.message}`)
}

const NO_PROBE = 'no probe: new namespaces are not among the targets'

test('a report of a live credential proves nothing while no Pod of the helper is ready', async () => {
  assert.equal(
    await verify({ ready: false, expiresAt: '2026-11-27T11:00:00Z' }),
    'VERIFY_STATUS no Pod of the helper is ready after 0 s; its last report is of 2026-11-21T10:00:00Z',
  )
})

test('an expired credential is not live, whatever the last report says', async () => {
  assert.equal(
    await verify({ ready: true, expiresAt: '2026-11-21T11:00:00Z' }),
    'VERIFY_STATUS the credential of registry prod expired at 2026-11-21T11:00:00Z and the helper has not replaced it after 0 s',
  )
})

test('a running helper with a credential in use is verified; a static one never expires', async () => {
  const notes = ['registries: prod accepted', NO_PROBE]
  assert.deepEqual(await verify({ ready: true, expiresAt: '2026-11-27T11:00:00Z' }), notes)
  assert.deepEqual(await verify({ ready: true }), notes)
})

test('a credential that the registry rejects never passes, even if the helper uses it and reports it as live', async () => {
  const refused = { ready: true, expiresAt: '2026-11-27T11:00:00Z', verified: 'refused' } as const
  const failure = 'VERIFY_STATUS registry prod rejects the credential in use after 0 s'
  assert.equal(await verify(refused), failure)
  assert.equal(await verify({ ready: true, verified: 'refused' }), failure)
  for (const verified of ['unreachable', 'skipped'] as const) {
    assert.deepEqual(await verify({ ...refused, verified }), ['registries: prod live', NO_PROBE])
  }
})

test('an image that could not be pulled because there was no probe namespace is named', async () => {
  assert.deepEqual(await verify({ ready: true, image: 'r.example/app:1' }), [
    'registries: prod accepted',
    `${NO_PROBE}, so r.example/app:1 was not pulled`,
  ])
})

test('if a deployer may not list Pods, a note says that no Pod was seen', async () => {
  assert.deepEqual(await verify({ ready: true, hidesPods: true }), [
    'registries: prod accepted',
    'whether a Pod of the helper is ready was not checked: the deployer lacks the right to list Pods',
    NO_PROBE,
  ])
})

test('an API server that restarts, throttles or drops a connection does not fail a deployed cluster', async () => {
  assert.deepEqual(await verify({ ready: true, failures: [503, 429, 0] }), ['registries: prod accepted', NO_PROBE])
  assert.match(String(await verify({ ready: true, failures: [401] })), /^KUBE_UNAUTHORIZED /)
})

test('an error that lasts until the limit is thrown unchanged', async (t) => {
  const check = async (): Promise<boolean> => {
    throw new KubeApiError(503, 'away')
  }
  await assert.rejects(pollUntil(20, t.signal, check), { message: 'away' })
})

test('the notes name the entries of a limited credential, and one that may pull more than its list', async () => {
  const limit = { entries: ['base', 'team-a'], repositories: ['base/*', 'team-a/*'], granted: 'granted' } as const
  const verifyWidth = (width: 'limited' | 'too-wide') => verify({ ready: true, limit: { ...limit, width } })
  const live = 'registries: base + team-a (limited) accepted'
  assert.deepEqual(await verifyWidth('limited'), [live, NO_PROBE])
  const notes = await verifyWidth('too-wide')
  assert.equal(notes[0], live)
  assert.match(
    notes[1] ?? '',
    /^CREDENTIAL_TOO_WIDE: base \+ team-a \(limited\): The registry lets a limited credential/,
  )
})
