import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { NopassError } from '../../errors.ts'
import { blobFile, type Descriptor, type ImageLayout, MANIFEST_TYPE, readManifest } from './oci-layout.ts'

export interface PushTarget {
  /** `http://127.0.0.1:PORT` */
  readonly registry: string
  readonly repository: string
  readonly tag: string
  readonly login: RegistryLogin
}

type Call = (path: string, init?: RequestInit & { duplex?: 'half' }) => Promise<Response>

/**
 * Pushes an image by the distribution API with token authentication: the missing blobs, then the manifest.
 * @throws NopassError SANDBOX_REGISTRY
 */
export async function pushImage(layout: ImageLayout, target: PushTarget, signal?: AbortSignal): Promise<void> {
  const call = await login(target, signal)
  const manifest = readManifest(layout)
  for (const blob of [manifest.config, ...manifest.layers]) await pushBlob(call, layout, blob)
  const answer = await call(`manifests/${target.tag}`, {
    method: 'PUT',
    headers: { 'content-type': MANIFEST_TYPE },
    body: await readFile(blobFile(layout.folder, layout.manifest.digest)),
  })
  await expect(answer, 201, `manifest of ${target.repository}:${target.tag}`)
}

/** One token for the whole push; the challenge for it comes from an anonymous upload. */
async function login(target: PushTarget, signal?: AbortSignal): Promise<Call> {
  const base = new URL(`/v2/${target.repository}/`, target.registry)
  const first = await fetch(new URL('blobs/uploads/', base), { method: 'POST', ...(signal && { signal }) })
  await first.arrayBuffer()
  const token = await fetchRegistryToken(first.headers.get('www-authenticate'), target.login, signal)
  return (path, init = {}) => {
    const headers = { ...init.headers, authorization: `Bearer ${token}` }
    return fetch(new URL(path, base), { ...init, headers, ...(signal && { signal }) })
  }
}

async function pushBlob(call: Call, layout: ImageLayout, blob: Descriptor): Promise<void> {
  if ((await call(`blobs/${blob.digest}`, { method: 'HEAD' })).ok) return
  const begun = await call('blobs/uploads/', { method: 'POST' })
  await expect(begun, 202, `upload of ${blob.digest}`)
  const location = new URL(begun.headers.get('location') ?? '', begun.url)
  location.searchParams.set('digest', blob.digest)
  const answer = await call(location.href, {
    method: 'PUT',
    headers: { 'content-type': 'application/octet-stream', 'content-length': String(blob.size) },
    body: Readable.toWeb(createReadStream(blobFile(layout.folder, blob.digest))) as ReadableStream,
    duplex: 'half',
  })
  await expect(answer, 201, `blob ${blob.digest}`)
}

async function expect(answer: Response, status: number, what: string): Promise<void> {
  const text = await answer.text()
  if (answer.status === status) return
  throw new NopassError(
    'SANDBOX_REGISTRY',
    `the registry answered ${answer.status} to the ${what}: ${text.slice(0, 300)}`,
  )
}

export interface RegistryLogin {
  readonly username: string
  readonly password: string
}

/**
 * Requests a token from the token server that a registry's 401 names (distribution's token authentication).
 * @throws NopassError SANDBOX_REGISTRY when there is no challenge or the login is refused
 */
export async function fetchRegistryToken(
  challenge: string | null,
  login: RegistryLogin | undefined,
  signal?: AbortSignal,
): Promise<string> {
  const parameters = new Map([...(challenge ?? '').matchAll(/(\w+)="([^"]*)"/g)].map((match) => [match[1], match[2]]))
  const realm = parameters.get('realm')
  if (!challenge?.startsWith('Bearer ') || realm === undefined) {
    throw new NopassError('SANDBOX_REGISTRY', 'the registry asked for no token')
  }
  const url = new URL(realm)
  for (const name of ['service', 'scope']) url.searchParams.set(name, parameters.get(name) ?? '')
  const headers = login && {
    authorization: `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`,
  }
  const answer = await fetch(url, { ...(headers && { headers }), ...(signal && { signal }) })
  const body = (await answer.json()) as { token?: string; access_token?: string }
  const token = body.token ?? body.access_token
  if (!answer.ok || token === undefined) {
    throw new NopassError(
      'SANDBOX_REGISTRY',
      `the token server answered ${answer.status} to ${login?.username ?? 'an anonymous client'}`,
    )
  }
  return token
}
