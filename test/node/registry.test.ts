import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { fetchRegistryToken } from '../../sandbox/image/push-image.ts'
import { ensureTools } from '../../tools/build/ensure-tools.ts'
import { openPrivateRegistry, type PrivateRegistry, WORKER_ROLE } from '../support/registry/private-registry.ts'
import { silentProgress } from '../support/silent-progress.ts'

let fixture: PrivateRegistry
before(async () => {
  const signal = AbortSignal.timeout(10 * 60_000)
  fixture = await openPrivateRegistry(
    await ensureTools(['registry', 'sandbox-program'], { progress: silentProgress, signal }),
    signal,
  )
})
after(() => fixture?.[Symbol.asyncDispose]())

const manifest = '/v2/team/app/manifests/1'

/**
 * Returns the response status for the manifest with this login, using the challenge and its token
 * server.
 */
async function pull(login?: { username: string; password: string }, path = manifest): Promise<number> {
  const url = new URL(path, fixture.registry.url)
  const first = await fetch(url)
  if (first.ok) return first.status
  const token = await fetchRegistryToken(first.headers.get('www-authenticate'), login)
  const headers = { authorization: `Bearer ${token}`, accept: 'application/vnd.oci.image.manifest.v1+json' }
  return (await fetch(url, { headers })).status
}

test('an anonymous client is rejected', async () => {
  assert.equal((await fetch(new URL(manifest, fixture.registry.url))).status, 401)
  assert.equal(await pull(), 401)
})

test('the login that the helper gets can pull, and an invented one cannot', async () => {
  assert.equal(await pull(await fixture.pullToken()), 200)
  await assert.rejects(pull({ username: 'cr_temp_user', password: 'made-up' }), { code: 'SANDBOX_REGISTRY' })
})

test('the login that the helper gets cannot push', async () => {
  const url = new URL('/v2/team/app/blobs/uploads/', fixture.registry.url)
  const challenge = (await fetch(url, { method: 'POST' })).headers.get('www-authenticate')
  const token = await fetchRegistryToken(challenge, await fixture.pullToken())
  const response = await fetch(url, { method: 'POST', headers: { authorization: `Bearer ${token}` } })
  assert.equal(response.status, 401)
})

test('a login is rejected once it has expired, or its role has lost the permission', async () => {
  const token = await fixture.pullToken()
  fixture.cloud.control.expireTokens()
  await assert.rejects(pull(token), { code: 'SANDBOX_REGISTRY' })
  const next = await fixture.pullToken()
  fixture.cloud.control.revoke(WORKER_ROLE, 'pull')
  assert.equal(await pull(next), 401)
})

test('after an outage the registry has the same address and content', async () => {
  const { url } = fixture.registry
  await fixture.registry.kill()
  await assert.rejects(fetch(new URL(manifest, url)))
  await fixture.registry.restart()
  assert.equal(fixture.registry.url, url)
  assert.equal(await pull(fixture.cloud.registryPush), 200)
})
