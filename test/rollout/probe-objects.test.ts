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
    assert.equal(method, 'DELETE')
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
    probe('acr-nopass-probe-running', 60),
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

interface Made {
  readonly existing?: string
  readonly makesPod?: boolean
  readonly labels?: Readonly<Record<string, string>>
  /** The status of the response to the creation, and to each deletion. */
  readonly created?: number
  readonly deleted?: number
  readonly signal?: AbortSignal
}

/** Makes a probe with this name, and returns everything that it did. */
async function make({ existing, makesPod = false, labels, created, deleted, signal }: Made) {
  const calls: unknown[] = []
  const journal: unknown[] = []
  const shown = <T>(value: T): T => JSON.parse(JSON.stringify(value).replaceAll(/probe-[0-9a-f]{8}/g, 'probe-X'))
  const request = async ({ method, path, body }: KubeCall): Promise<unknown> => {
    if (method === 'GET') return { items: [] }
    calls.push(shown(body === undefined ? [method, path] : [method, path, body]))
    const status = method === 'POST' ? created : deleted
    if (status !== undefined) throw new KubeApiError(status, 'no')
    return {}
  }
  let target: unknown
  const result = await withProbe(
    {
      client: { request } as unknown as KubeClient,
      folder: {
        note: (entry: object) => journal.push(shown(entry)),
        noteEnd: (id: string) => journal.push(shown(`ended ${id}`)),
      } as unknown as RunFolder,
      target: { release: 'r', namespace: 'n', kubeconfig: 'k' },
      existing,
      makesPod,
      ...(labels && { labels }),
      signal: signal ?? AbortSignal.timeout(60_000),
    },
    async (probe) => {
      target = shown(probe)
      return 'done'
    },
  ).catch((error) => `${error.code} ${shown(error.message)}`)
  return { result, calls, journal, target }
}

const NAME = 'acr-nopass-probe-X'
const OWN = { 'acr-nopass.io/probe': 'true' }
const noted = (...objects: readonly string[]) => {
  const target = { release: 'r', namespace: 'n', kubeconfig: 'k' }
  return { event: 'probe-made', id: NAME, target, objects }
}

test('a new namespace is in the journal before it is created, has the label of a probe, and is deleted', async () => {
  const path = `/api/v1/namespaces/${NAME}`
  assert.deepEqual(await make({ makesPod: true, labels: { more: 'x' } }), {
    result: 'done',
    calls: [
      [
        'POST',
        '/api/v1/namespaces',
        { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAME, labels: { ...OWN, more: 'x' } } },
      ],
      ['DELETE', path],
    ],
    journal: [noted(path), `ended ${NAME}`],
    target: { namespace: NAME, isNew: true, serviceAccount: 'default', pod: 'image' },
  })
})

test('in a namespace that exists, a ServiceAccount without a token is made, and a Pod of its name may follow', async () => {
  const [pod, account] = ['pods', 'serviceaccounts'].map((kind) => `/api/v1/namespaces/checks/${kind}/${NAME}`)
  const made = await make({ existing: 'checks', makesPod: true })
  const metadata = { name: NAME, labels: OWN }
  const body = { apiVersion: 'v1', kind: 'ServiceAccount', automountServiceAccountToken: false, metadata }
  assert.deepEqual(made, {
    result: 'done',
    calls: [
      ['POST', '/api/v1/namespaces/checks/serviceaccounts', body],
      ['DELETE', pod],
      ['DELETE', account],
    ],
    journal: [noted(pod ?? '', account ?? ''), `ended ${NAME}`],
    target: { namespace: 'checks', isNew: false, serviceAccount: NAME, pod: NAME },
  })
  assert.deepEqual((await make({ existing: 'checks' })).journal, [noted(account ?? ''), `ended ${NAME}`])
})

test('a refused creation names the object and the namespace; any other error is thrown as it is', async () => {
  for (const created of [400, 403, 404, 422]) {
    assert.equal((await make({ created })).result, `VERIFY_NAMESPACE Namespace ${NAME} was refused: no`)
    const { result, target } = await make({ created, existing: 'checks' })
    assert.equal(result, `VERIFY_NAMESPACE ServiceAccount ${NAME} in checks was refused: no`)
    assert.equal(target, undefined)
  }
  assert.equal((await make({ created: 401 })).result, 'KUBE_UNAUTHORIZED no')
})

test('a probe that cannot be deleted stays in the journal for the post step, and does not fail the verification', async () => {
  const { result, journal } = await make({ deleted: 403 })
  assert.deepEqual([result, journal.length], ['done', 1])
  // Somebody else deleted it.
  assert.equal((await make({ deleted: 404 })).journal.length, 2)
})

test('a run that was cancelled while its probe was created deletes it, and does no work in it', async () => {
  const { result, calls, target } = await make({ signal: AbortSignal.abort() })
  assert.match(result, /abort/i)
  assert.deepEqual([calls.length, target], [2, undefined])
})
