import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HttpSender } from '../../src/alibaba/transport/http-sender.ts'
import { createRegistryQuery } from '../../src/doctor/read/query-registry.ts'
import type { KubeClient } from '../../src/kube/client.ts'
import { createReader } from '../../src/kube/read/reader.ts'
import { fixture, HOST, IMAGE, registry, stuckPod } from './fixture.ts'

const VPC_HOST = 'demo-registry-vpc.cn-hangzhou.cr.aliyuncs.com'

/**
 * The hosts that are queried while the image's own host does not resolve; every other host responds
 * with a login challenge.
 */
async function queriedHosts(
  domains: readonly string[],
  secretDomains: readonly string[],
  change: Parameters<typeof fixture>[0] = {},
): Promise<readonly string[]> {
  const auth = Buffer.from('user:secret').toString('base64')
  const content = JSON.stringify({ auths: Object.fromEntries(secretDomains.map((domain) => [domain, { auth }])) })
  const secret = { data: { '.dockerconfigjson': Buffer.from(content).toString('base64') } }
  const client = { request: async () => secret } as unknown as KubeClient
  const reader = createReader(client, new AbortController().signal)
  const hosts: string[] = []
  const send: HttpSender = async ({ url }) => {
    hosts.push(url.host)
    if (url.host === HOST) throw Object.assign(new Error('no address'), { code: 'ENOTFOUND' })
    return { status: 401, headers: { 'www-authenticate': 'Basic realm="x"' }, text: '' }
  }
  const observed = fixture({ registries: [registry({ domains: [...domains] })], ...change })
  const query = createRegistryQuery(reader, send)
  const manifests = await query(observed, stuckPod())
  assert.equal(manifests.size, 1, IMAGE)
  return [...new Set(hosts)]
}

test("another domain of the registry is queried if the image's own domain has no address", async () => {
  assert.deepEqual(await queriedHosts([HOST, VPC_HOST], [HOST, VPC_HOST]), [HOST, VPC_HOST])
})

test('the domains of a limited registry are those of the credential that serves it', async () => {
  const limit = { entries: ['base', 'demo'], repositories: ['team/*'], granted: 'granted', width: 'limited' } as const
  const registries = [registry({ name: 'base.0123abcd', limit, domains: [HOST, VPC_HOST] })]
  assert.deepEqual(await queriedHosts([], [HOST, VPC_HOST], { registries }), [HOST, VPC_HOST])
})

test('security: a host that only the status names never gets the login', async () => {
  assert.deepEqual(await queriedHosts([HOST, 'evil.example.com'], [HOST, VPC_HOST]), [HOST])
})
