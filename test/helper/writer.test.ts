import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Caches } from '../../src/helper/cluster/caches.ts'
import type { CredentialGroups } from '../../src/helper/credentials/credential-groups.ts'
import type { WriteList, WriteSecret } from '../../src/helper/plan/actions.ts'
import { createWriter } from '../../src/helper/writes/writer.ts'
import type { Transforms } from '../../src/installation/object-views.ts'
import { KubeApiError } from '../../src/kube/api-error.ts'
import type { KubeCall, KubeClient } from '../../src/kube/client.ts'

const PRECONDITION = { uid: 'u', resourceVersion: '7' }
const ATTACH: WriteList = {
  kind: 'attach',
  namespace: 'shop',
  serviceAccount: 'web',
  precondition: PRECONDITION,
  list: ['corp', '', 'acr-nopass'],
}
const SECRET: WriteSecret = {
  kind: 'writeSecret',
  namespace: 'shop',
  group: 'g',
  by: 'patch',
  precondition: PRECONDITION,
  reason: 'rotated',
}
const VIEW = { ours: true, intact: true, labelled: true, hash: 'h', registries: ['prod'] }
const { signal } = new AbortController()

/**
 * Creates a writer whose requests get these responses in turn. `view`: the stored Secret as the
 * transform returns it.
 */
function open(responses: readonly unknown[], view: object = VIEW) {
  const left = [...responses]
  const calls: KubeCall[] = []
  const cached: unknown[] = []
  const request = async (call: KubeCall): Promise<unknown> => {
    calls.push(call)
    const response = left.shift()
    if (response instanceof Error) throw response
    return response
  }
  const put = (key: string, stored: unknown): void => void cached.push([key, stored])
  const group = {
    hash: 'h',
    registries: ['prod'],
    bodies: { apply: [Buffer.from(''), Buffer.from('')], patch: [Buffer.from('<'), Buffer.from('>')] },
  }
  const listOf = ({ imagePullSecrets = [] }: { imagePullSecrets?: { name?: string }[] }) => ({
    list: imagePullSecrets.map(({ name = '' }) => name),
  })
  const writer = createWriter({
    client: { request } as unknown as KubeClient,
    caches: { secrets: { put }, serviceAccounts: { put } } as unknown as Caches,
    transforms: { secret: () => view, serviceAccount: listOf } as unknown as Transforms,
    groups: { byKey: (key: string) => (key === 'g' ? group : undefined) } as unknown as CredentialGroups,
    secretName: 'acr-nopass',
  })
  return { writer, calls, cached }
}

const stored = (...names: readonly string[]) => ({ imagePullSecrets: names.map((name) => ({ name })) })

test('a list is replaced as a whole at its version, including entries without a name, and the next plan uses the response', async () => {
  const { writer, calls, cached } = open([stored('corp', 'acr-nopass')])
  assert.deepEqual(await writer.write(ATTACH, signal), { ok: true, stored: { list: ['corp', 'acr-nopass'] } })
  assert.deepEqual(calls, [
    {
      method: 'PATCH',
      path: '/api/v1/namespaces/shop/serviceaccounts/web?fieldManager=acr-nopass',
      body: { metadata: PRECONDITION, imagePullSecrets: [{ name: 'corp' }, {}, { name: 'acr-nopass' }] },
      contentType: 'application/merge-patch+json',
    },
  ])
  assert.deepEqual(cached, [['shop/web', { list: ['corp', 'acr-nopass'] }]])
})

test('an overlong list is read again, and loses only our entry', async () => {
  const items = [stored('corp', 'acr-nopass', 'other')]
  const detach: WriteList = { ...ATTACH, kind: 'detach', list: undefined }
  const { writer, calls } = open([{ items }, stored('corp', 'other')])
  assert.deepEqual(await writer.write(detach, signal), { ok: true, stored: { list: ['corp', 'other'] } })
  const [read, write] = calls
  assert.deepEqual(
    [read?.method, read?.path, read?.query],
    ['GET', '/api/v1/namespaces/shop/serviceaccounts', { fieldSelector: 'metadata.name=web' }],
  )
  const entries = (write?.body as { imagePullSecrets: unknown } | undefined)?.imagePullSecrets
  assert.deepEqual(entries, [{ name: 'corp' }, { name: 'other' }])
  const gone = open([{}, stored()])
  await gone.writer.write(detach, signal)
  assert.deepEqual((gone.calls[1]?.body as { imagePullSecrets: unknown } | undefined)?.imagePullSecrets, [])
})

test('a write that is accepted but not stored as sent fails with an error that names the object', async () => {
  const message = async (action: WriteList | WriteSecret, response: unknown, view?: object): Promise<unknown> => {
    const { writer, cached } = open([response], view)
    const result = await writer.write(action, signal)
    // The next plan still uses the stored object.
    assert.equal(cached.length, 1)
    return result.ok || [(result.error as Error).message, result.verdict.outcome]
  }
  const undone = 'was accepted, but a policy or webhook undid the change'
  assert.deepEqual(await message(ATTACH, stored('corp')), [`the ServiceAccount web (attach) ${undone}`, 'refused'])
  const detach: WriteList = { ...ATTACH, kind: 'detach' }
  assert.deepEqual(await message(detach, stored('acr-nopass')), [
    `the ServiceAccount web (detach) ${undone}`,
    'refused',
  ])
  assert.equal(await message(detach, stored('corp')), true)
  assert.equal(await message(SECRET, {}), true)
  for (const other of [{ ours: false }, { intact: false }, { labelled: false }, { hash: 'i' }, { registries: [] }])
    assert.deepEqual(await message(SECRET, {}, { ...VIEW, ...other }), [`the Secret acr-nopass ${undone}`, 'refused'])
})

test('a refused write, or a write without a content, returns its verdict and never rejects', async () => {
  const error = new KubeApiError(409, 'no')
  const verdict = { outcome: 'conflict', retry: 'backoff', slowDownMs: 0 }
  assert.deepEqual(await open([error]).writer.write(ATTACH, signal), { ok: false, error, verdict })
  const { writer, calls } = open([])
  const result = await writer.write({ ...SECRET, group: 'unknown' }, signal)
  assert.deepEqual(
    [result.ok, calls.length, !result.ok && String(result.error)],
    [false, 0, 'Error: no content unknown'],
  )
})

test('an object counts as reset if the API server has an older version than the plan knew', async () => {
  const isRewound = (action: WriteList | WriteSecret, response: unknown) =>
    open([response]).writer.isRewound(action, signal)
  const at = (resourceVersion: string) => ({ items: [{ metadata: { resourceVersion } }] })
  assert.deepEqual(
    await Promise.all([isRewound(ATTACH, at('6')), isRewound(ATTACH, at('7')), isRewound(SECRET, at('6'))]),
    [true, false, true],
  )
  // If the object is deleted, the version of the list counts.
  assert.equal(await isRewound(ATTACH, { metadata: { resourceVersion: '5' }, items: [] }), true)
  assert.equal(await isRewound(ATTACH, { metadata: { resourceVersion: '9' }, items: [] }), false)
  assert.equal(await isRewound(ATTACH, new KubeApiError(500, 'no')), false)
  const unknown = open([])
  assert.equal(await unknown.writer.isRewound({ ...SECRET, precondition: undefined }, signal), false)
  assert.equal(unknown.calls.length, 0)
  const secrets = open([at('6')])
  await secrets.writer.isRewound(SECRET, signal)
  const [call] = secrets.calls
  assert.deepEqual(
    [call?.path, call?.query, call?.accept],
    [
      '/api/v1/namespaces/shop/secrets',
      { fieldSelector: 'metadata.name=acr-nopass' },
      'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
    ],
  )
})
