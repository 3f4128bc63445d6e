import { createHash } from 'node:crypto'

/**
 * How a client gets its token: like docker (GET with Basic) or like containerd (POST with a form).
 */
export type TokenStyle = 'basic' | 'form'

export interface Login {
  readonly username: string
  readonly password: string
}

export interface RegistryClient {
  /**
   * Reads a tag's manifest and its only layer. Returns the HTTP status and, with 200, the layer's
   * content.
   */
  pull(repository: string, tag: string): Promise<{ readonly status: number; readonly content: string }>
  push(repository: string, tag: string, content: string): Promise<number>
}

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'

/**
 * A minimal client of the registry protocol: send a request, read the challenge, get a token,
 * repeat the request.
 */
export function registryClient(base: string, login: Login | undefined, style: TokenStyle = 'basic'): RegistryClient {
  const send = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const first = await fetch(new URL(path, base), init)
    if (first.status !== 401) return first
    const token = await fetchToken(first.headers.get('www-authenticate') ?? '', login, style)
    if (token === undefined) return first
    return fetch(new URL(path, base), { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` } })
  }
  const upload = async (repository: string, content: string): Promise<number> => {
    const start = await send(`/v2/${repository}/blobs/uploads/`, { method: 'POST' })
    if (start.status !== 202) return start.status
    const location = new URL(start.headers.get('location') ?? '', base)
    location.searchParams.set('digest', digest(content))
    return (await send(location.href, { method: 'PUT', body: content })).status
  }
  return {
    pull: async (repository, tag) => {
      const manifest = await send(`/v2/${repository}/manifests/${tag}`, { headers: { accept: MANIFEST } })
      if (!manifest.ok) return { status: manifest.status, content: '' }
      const { layers } = (await manifest.json()) as { layers: readonly { digest: string }[] }
      const layer = await send(`/v2/${repository}/blobs/${layers[0]?.digest}`)
      return { status: layer.status, content: await layer.text() }
    },
    push: async (repository, tag, content) => {
      for (const blob of ['{}', content]) {
        const status = await upload(repository, blob)
        if (status !== 201) return status
      }
      const describe = (blob: string, mediaType: string) => ({ mediaType, digest: digest(blob), size: blob.length })
      const body = JSON.stringify({
        schemaVersion: 2,
        mediaType: MANIFEST,
        config: describe('{}', 'application/vnd.oci.image.config.v1+json'),
        layers: [describe(content, 'application/vnd.oci.image.layer.v1.tar')],
      })
      const headers = { 'content-type': MANIFEST }
      return (await send(`/v2/${repository}/manifests/${tag}`, { method: 'PUT', headers, body })).status
    },
  }
}

async function fetchToken(challenge: string, login: Login | undefined, style: TokenStyle): Promise<string | undefined> {
  const parts = Object.fromEntries([...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]))
  const { realm = '', service = '', scope = '' } = parts
  const url = new URL(realm)
  let response: Response
  if (style === 'form' && login !== undefined) {
    const body = new URLSearchParams({
      grant_type: 'password',
      client_id: 'containerd-client',
      service,
      scope,
      ...login,
    })
    response = await fetch(url, { method: 'POST', body })
  } else {
    url.search = new URLSearchParams({ service, scope }).toString()
    const basic = login && Buffer.from(`${login.username}:${login.password}`).toString('base64')
    response = await fetch(url, basic === undefined ? {} : { headers: { authorization: `Basic ${basic}` } })
  }
  return response.ok ? ((await response.json()) as { token: string }).token : undefined
}

function digest(content: string): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`
}
