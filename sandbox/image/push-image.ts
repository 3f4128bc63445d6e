import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { basicAuthorization, parseChallenge } from '../../src/acr/token-service.ts'
import { TestbedError } from '../../tools/testbed-error.ts'
import type { PushCredential } from '../cloud/cr/registry-auth.ts'
import { blobFile, type Descriptor, type ImageLayout, MANIFEST_TYPE, readManifest } from './oci-layout.ts'

export interface PushTarget {
  /** `http://127.0.0.1:PORT` */
  readonly registry: string
  readonly repository: string
  readonly tag: string
  readonly credential: PushCredential
}

type Call = (path: string, init?: RequestInit & { duplex?: 'half' }) => Promise<Response>

/**
 * Pushes an image with the distribution API and token authentication: first the missing blobs, then
 * the manifest.
 * @throws SANDBOX_REGISTRY
 */
export async function pushImage(layout: ImageLayout, target: PushTarget, signal?: AbortSignal): Promise<void> {
  const call = await authenticate(target, signal)
  const manifest = readManifest(layout)
  for (const blob of [manifest.config, ...manifest.layers]) await pushBlob(call, layout, blob)
  const response = await call(`manifests/${target.tag}`, {
    method: 'PUT',
    headers: { 'content-type': MANIFEST_TYPE },
    body: await readFile(blobFile(layout.folder, layout.manifest.digest)),
  })
  await expectStatus(response, 201, `manifest of ${target.repository}:${target.tag}`)
}

/** Gets one token for the whole push, with the challenge of an anonymous upload. */
async function authenticate(target: PushTarget, signal?: AbortSignal): Promise<Call> {
  const base = new URL(`/v2/${target.repository}/`, target.registry)
  const anonymous = await fetch(new URL('blobs/uploads/', base), { method: 'POST', ...(signal && { signal }) })
  await anonymous.arrayBuffer()
  const token = await fetchRegistryToken(anonymous.headers.get('www-authenticate'), target.credential, signal)
  return (path, init = {}) => {
    const headers = { ...init.headers, authorization: `Bearer ${token}` }
    return fetch(new URL(path, base), { ...init, headers, ...(signal && { signal }) })
  }
}

async function pushBlob(call: Call, layout: ImageLayout, blob: Descriptor): Promise<void> {
  if ((await call(`blobs/${blob.digest}`, { method: 'HEAD' })).ok) return
  const upload = await call('blobs/uploads/', { method: 'POST' })
  await expectStatus(upload, 202, `upload of ${blob.digest}`)
  const location = new URL(upload.headers.get('location') ?? '', upload.url)
  location.searchParams.set('digest', blob.digest)
  const response = await call(location.href, {
    method: 'PUT',
    headers: { 'content-type': 'application/octet-stream', 'content-length': String(blob.size) },
    body: Readable.toWeb(createReadStream(blobFile(layout.folder, blob.digest))) as ReadableStream,
    duplex: 'half',
  })
  await expectStatus(response, 201, `blob ${blob.digest}`)
}

async function expectStatus(response: Response, status: number, what: string): Promise<void> {
  const text = await response.text()
  if (response.status === status) return
  throw new TestbedError(
    'SANDBOX_REGISTRY',
    `the registry responded with ${response.status} to the ${what}: ${text.slice(0, 300)}`,
  )
}

/**
 * Requests a token from the token server named in a registry's 401 (distribution's token
 * authentication).
 * @throws SANDBOX_REGISTRY when there is no challenge or the credential is rejected
 */
export async function fetchRegistryToken(
  challenge: string | null,
  credential: PushCredential | undefined,
  signal?: AbortSignal,
): Promise<string> {
  const { scheme, parameters: { realm, service = '', scope = '' } = {} } = parseChallenge(challenge ?? '') ?? {}
  if (scheme !== 'bearer' || realm === undefined)
    throw new TestbedError('SANDBOX_REGISTRY', 'the registry did not request a token')
  const url = new URL(realm)
  url.search = new URLSearchParams({ service, scope }).toString()
  const headers = credential && { authorization: basicAuthorization(credential) }
  const response = await fetch(url, { ...(headers && { headers }), ...(signal && { signal }) })
  const body = (await response.json()) as { token?: string; access_token?: string }
  const token = body.token ?? body.access_token
  if (!response.ok || token === undefined) {
    throw new TestbedError(
      'SANDBOX_REGISTRY',
      `the token server responded with ${response.status} to ${credential?.username ?? 'an anonymous client'}`,
    )
  }
  return token
}
