import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findAddons } from '../../src/installation/other-releases.ts'
import { KubeApiError } from '../../src/kube/api-error.ts'
import type { KubeClient } from '../../src/kube/client.ts'

/**
 * Returns the add-ons that are found if each Deployment has this image, or the API server responds
 * with this status.
 */
async function found(deployments: Readonly<Record<string, string | number>>): Promise<readonly string[]> {
  const request = async ({ path }: { readonly path: string }): Promise<unknown> => {
    const image = deployments[path.replace('/apis/apps/v1/namespaces/kube-system/deployments/', '')] ?? 404
    if (typeof image === 'number') throw new KubeApiError(image, `${path} returned ${image}`)
    return { spec: { template: { spec: { containers: [{ image: 'registry.example.com/sidecar' }, { image }] } } } }
  }
  return findAddons({ client: { request } as unknown as KubeClient, signal: AbortSignal.timeout(60_000) })
}

// https://www.alibabacloud.com/help/en/ack/product-overview/aliyun-acr-credential-helper
const HELPER = 'registry.cn-hangzhou.aliyuncs.com/acs/aliyun-acr-credential-helper:v21.01.26.0-9ac7d9b-aliyun'

test("the vendor's helpers are found by name and image, also from a mirror", async () => {
  assert.deepEqual(
    await found({
      'aliyun-acr-credential-helper': HELPER,
      'acr-credential-helper-webhook': 'mirror.example.com:5000/acs/acr-credential-helper-webhook@sha256:0',
    }),
    ['aliyun-acr-credential-helper', 'acr-credential-helper-webhook'],
  )
})

test("a Deployment that only has the name of a vendor's helper is not one", async () => {
  assert.deepEqual(await found({ 'aliyun-acr-credential-helper': 'registry.example.com/team/own-helper:1' }), [])
})

test('what does not exist or cannot be read counts as absent; any other failure is thrown', async () => {
  assert.deepEqual(await found({ 'aliyun-acr-credential-helper': 403 }), [])
  await assert.rejects(found({ 'aliyun-acr-credential-helper': 503 }), { code: 'KUBE_SERVER_ERROR' })
})
