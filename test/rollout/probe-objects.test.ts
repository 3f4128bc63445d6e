import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KubeApiError } from '../../src/kube/api-error.ts'
import type { KubeCall, KubeClient } from '../../src/kube/client.ts'
import type { RunFolder } from '../../src/rollout/run-folder.ts'
import { withProbe } from '../../src/rollout/verify/probe-objects.ts'

/** The API server's time. This machine's clock differs by years. */
const NOW = Date.parse('2001-01-01T12:00:00Z')

/** The namespace of another run's probe, so many minutes old by the API server's clock. */
const probe = (name: string, minutes: number, more: object = {}) => ({
  metadata: { name, uid: `uid-${name}`, creationTimestamp: new Date(NOW - minutes * 60_000).toISOString(), ...more },
})

async function run(found: readonly object[] | 'forbidden', status?: number) {
  const deleted: string[] = []
  const request = async ({ method, path, query, body }: KubeCall): Promise<unknown> => {
    if (method === 'GET' && found === 'forbidden') throw new KubeApiError(403, 'no')
    if (method === 'GET') return { items: query?.labelSelector === 'acr-nopass.io/probe=true' ? found : [] }
    if (method === 'POST' && status !== undefined) throw new KubeApiError(status, 'no')
    const { metadata, preconditions } = (body ?? {}) as { metadata?: object; preconditions?: { uid: string } }
    if (method === 'POST') return { metadata: { ...metadata, creationTimestamp: new Date(NOW).toISOString() } }
    const name = path.split('/').at(-1) ?? ''
    deleted.push(
      `${name.replace(/^acr-nopass-probe-[0-9a-f]{8}$/, 'own')}${preconditions ? ` ${preconditions.uid}` : ''}`,
    )
    return {}
  }
  const ended: string[] = []
  const request2 = {
    client: { request } as unknown as KubeClient,
    folder: { note: () => undefined, noteEnd: () => ended.push('ended') } as unknown as RunFolder,
    target: { release: 'r', namespace: 'n', kubeconfig: 'k' },
    existing: undefined,
    makesPod: false,
    signal: AbortSignal.timeout(60_000),
  }
  const error = await withProbe(request2, async () => undefined).catch((reason: unknown) => reason)
  return { deleted, ended, error }
}

test("P15 only probes that are older than an hour by the API server's clock are removed, by UID; this machine's clock does not count", async () => {
  const found = [
    probe('acr-nopass-probe-killed', 61),
    probe('acr-nopass-probe-running', 59),
    probe('acr-nopass-probe-ending', 61, { deletionTimestamp: '2001-01-01T11:59:00Z' }),
    probe('acr-nopass-probe-undated', 61, { creationTimestamp: undefined }),
    probe('shop', 6000),
  ]
  const { deleted, ended } = await run(found)
  assert.deepEqual(deleted, ['acr-nopass-probe-killed uid-acr-nopass-probe-killed', 'own'])
  assert.deepEqual(ended, ['ended'])
})

test('P15 if the creation of a probe is refused, no object with its name is deleted', async () => {
  for (const status of [403, 409]) {
    const { deleted, ended, error } = await run([], status)
    assert.ok(error instanceof Error)
    assert.deepEqual([deleted, ended], [[], ['ended']])
  }
})

test('a deployer that may not list probes removes only its own probe', async () => {
  assert.deepEqual(await run('forbidden'), { deleted: ['own'], ended: ['ended'], error: undefined })
})
