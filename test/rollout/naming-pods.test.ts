import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KubeApiError } from '../../src/kube/api-error.ts'
import type { KubeClient } from '../../src/kube/client.ts'
import type { KubeObject } from '../../src/kube/types.ts'
import { describeNamingPods, findNamingPods, reportNamingPods } from '../../src/rollout/uninstall/naming-pods.ts'

const pod = (name: string, pullSecrets: readonly string[] | undefined, more: object = {}, namespace = 'shop') => ({
  metadata: { namespace, name, ...('deletionTimestamp' in more && more) },
  spec: { imagePullSecrets: pullSecrets?.map((secret) => ({ name: secret })) },
  ...('phase' in more && { status: { phase: more.phase } }),
})

/**
 * Returns the line about these Pods, if the pull Secret `acr` of namespace `shop` is about to be
 * removed.
 */
async function describe(pods: readonly object[], refusal?: number): Promise<string> {
  const request = async ({ path }: { readonly path: string }) => {
    assert.equal(path, '/api/v1/pods')
    if (refusal !== undefined) throw new KubeApiError(refusal, 'no')
    return { metadata: {}, items: pods }
  }
  const caller = { client: { request } as unknown as KubeClient, signal: AbortSignal.timeout(60_000) }
  const secrets = [{ metadata: { namespace: 'shop', name: 'acr' } }] as unknown as readonly KubeObject[]
  return describeNamingPods(await findNamingPods(caller, { secretName: 'acr', instance: 'n.r' }, secrets), 'acr')
}

for (const [title, pods, line] of [
  ['none', [pod('a', ['other']), pod('b', undefined), pod('c', [])], 'no Pod names acr'],
  [
    'one that pulls with it alone, as it is named twice',
    [pod('a', ['acr', 'acr'])],
    'Pods that name the pull secret acr: 1; it is the only pull secret of shop/a, which cannot pull without it',
  ],
  [
    'some with another one too',
    [pod('a', ['acr', 'other']), pod('b', ['acr']), pod('c', ['acr'], { phase: 'Running' })],
    'Pods that name the pull secret acr: 3; it is the only pull secret of shop/b, shop/c, which cannot pull without it',
  ],
  [
    'only such with another one',
    [pod('a', ['other', 'acr'])],
    'Pods that name the pull secret acr: 1; each names another pull secret too',
  ],
  [
    'such that pull no more, and one of a namespace whose Secret stays',
    [
      pod('a', ['acr'], { phase: 'Succeeded' }),
      pod('b', ['acr'], { phase: 'Failed' }),
      pod('c', ['acr'], { deletionTimestamp: '2026-01-01T00:00:00Z' }),
      pod('d', ['acr'], {}, 'bank'),
    ],
    'no Pod names acr',
  ],
  [
    'as many as are named',
    Array.from({ length: 20 }, (_, index) => pod(`p${index}`, ['acr'])),
    `Pods that name the pull secret acr: 20; it is the only pull secret of ${Array.from({ length: 20 }, (_, index) => `shop/p${index}`).join(', ')}, which cannot pull without it`,
  ],
  [
    'more than are named',
    Array.from({ length: 22 }, (_, index) => pod(`p${index}`, ['acr'])),
    `Pods that name the pull secret acr: 22; it is the only pull secret of ${Array.from({ length: 20 }, (_, index) => `shop/p${index}`).join(', ')} and 2 more, which cannot pull without it`,
  ],
] as const) {
  test(`before a pull secret is removed, the Pods that name it are listed: ${title}`, async () => {
    assert.equal(await describe(pods), line)
  })
}

test('if Pods may not be listed, this is reported; an API server that fails is an error', async () => {
  assert.equal(
    await describe([], 403),
    'Pods that still name acr were not searched for, because the right to list Pods is missing',
  )
  await assert.rejects(describe([], 500), { status: 500 })
})

/** The line about the release `n.r`, of which one Secret is in the namespace `shop`. */
async function report(forbidden: string): Promise<string> {
  const labels = { 'app.kubernetes.io/managed-by': 'acr-nopass', 'app.kubernetes.io/instance': 'n.r' }
  const managedFields = [{ manager: 'acr-nopass' }]
  const secret = { metadata: { namespace: 'shop', name: 'acr', labels, managedFields } }
  const request = async ({ path }: { readonly path: string }) => {
    if (path === forbidden) throw new KubeApiError(403, 'no')
    if (path === '/api/v1/pods') return { metadata: {}, items: [pod('a', ['acr']), pod('b', ['acr'], {}, 'bank')] }
    return { metadata: {}, items: path === '/api/v1/secrets' ? [secret] : [] }
  }
  const caller = { client: { request } as unknown as KubeClient, signal: AbortSignal.timeout(60_000) }
  return reportNamingPods(caller, { secretName: 'acr', instance: 'n.r' })
}

test('before an uninstall, the Pods in the namespaces of the release’s own Secrets are listed', async () => {
  assert.equal(
    await report('nothing'),
    'Pods that name the pull secret acr: 1; it is the only pull secret of shop/a, which cannot pull without it',
  )
  const unsearched = 'Pods that still name acr were not searched for, because the right to list Pods is missing'
  assert.equal(await report('/api/v1/secrets'), unsearched)
  assert.equal(await report('/api/v1/pods'), unsearched)
})
