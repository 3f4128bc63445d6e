import type { HttpResponse, HttpSender } from '../alibaba/transport/http-sender.ts'
import { parseObject } from '../lib/json.ts'
import { isLoopback } from '../proxy-rules.ts'
import { basicAuthorization, findLoginTarget, type RegistryAccess, reasonOf } from './token-service.ts'

export interface ManifestRequest extends RegistryAccess {
  /** Host and port, without a path. */
  readonly host: string
  readonly repository: string
  /** Tag or digest. */
  readonly reference: string
  readonly password: string
}

const TIMEOUT = 10_000
const MANIFEST_TYPES = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ')

/**
 * Requests an image's manifest from the registry: the pull that no cache can serve. The password goes where `verifyLogin`
 * sends it and nowhere else. Rejects only for `signal`.
 */
export async function queryManifest(
  send: HttpSender,
  request: ManifestRequest,
  signal?: AbortSignal,
): Promise<ManifestResult> {
  const base = request.registry ?? new URL(`https://${request.host}`)
  const get = (url: URL, headers: Record<string, string>): Promise<HttpResponse> =>
    send({ url, method: 'GET', headers, timeout: TIMEOUT }, signal)
  try {
    return await query(request, base, get)
  } catch (error) {
    if (signal?.aborted) throw error
    const reason = reasonOf(error)
    return { result: 'unreachable', detail: `${base.host} gave no response: ${reason}`, platforms: [], reason }
  }
}

type Get = (url: URL, headers: Record<string, string>) => Promise<HttpResponse>

async function query(request: ManifestRequest, base: URL, get: Get): Promise<ManifestResult> {
  const { repository, reference } = request
  const url = new URL(`/v2/${repository}/manifests/${reference}`, base)
  const accept = { accept: MANIFEST_TYPES }
  const first = await get(url, accept)
  const login = await logIn(first, request, base, get)
  if ('result' in login) return login
  const response = login.authorization === undefined ? first : await get(url, { ...accept, ...login })
  const { status } = response
  if (status === 200)
    return { ...resultOf('found', base, response), platforms: await platformsOf(response, request, base, login, get) }
  if (status === 401 || status === 403) return resultOf('denied', base, response)
  if (status === 404) {
    const tags = await get(new URL(`/v2/${repository}/tags/list?n=1`, base), headersOf(login))
    return resultOf(errorCodes(tags.text).includes('NAME_UNKNOWN') ? 'repository-absent' : 'tag-absent', base, response)
  }
  return resultOf(status === 429 ? 'throttled' : 'unreachable', base, response)
}

interface Authorization {
  /** Undefined: the registry requires none. */
  readonly authorization?: string
}

async function logIn(
  first: HttpResponse,
  request: ManifestRequest,
  base: URL,
  get: Get,
): Promise<Authorization | ManifestResult> {
  if (first.status !== 401) return {}
  const target = findLoginTarget(first, base, request)
  if (target.kind === 'skipped') return { result: 'skipped', detail: target.detail, platforms: [] }
  const basic = basicAuthorization(request)
  if (target.kind === 'basic') return { authorization: basic }
  target.url.searchParams.set('scope', `repository:${request.repository}:pull`)
  const response = await get(target.url, { accept: 'application/json', authorization: basic })
  if (response.status === 401 || response.status === 403) return resultOf('login-refused', target.url, response)
  const { token, access_token: other } = parseObject(response.text) ?? {}
  const bearer = typeof token === 'string' ? token : other
  if (response.status !== 200 || typeof bearer !== 'string') return resultOf('unreachable', target.url, response)
  return { authorization: `Bearer ${bearer}` }
}

async function platformsOf(
  response: HttpResponse,
  { repository }: ManifestRequest,
  base: URL,
  login: Authorization,
  get: Get,
): Promise<readonly string[]> {
  const manifest = parseObject(response.text) ?? {}
  if (Array.isArray(manifest.manifests)) return indexPlatforms(manifest)
  const digest = configDigest(manifest)
  if (digest === undefined) return []
  const url = new URL(`/v2/${repository}/blobs/${digest}`, base)
  const first = await get(url, headersOf(login))
  // Blobs are often in an object store, which must not see the registry's login.
  const to = first.status >= 300 && first.status < 400 ? new URL(first.headers.location ?? '', url) : undefined
  const isSafe = to !== undefined && (to.protocol === 'https:' || isLoopback(to.hostname))
  const config = parseObject((isSafe ? await get(to, {}) : first).text)
  const platform = platformOf(config)
  return platform === undefined ? [] : [platform]
}

function headersOf({ authorization }: Authorization): Record<string, string> {
  return authorization === undefined ? {} : { authorization }
}

function resultOf(result: ManifestResult['result'], { host }: URL, { status, text }: HttpResponse): ManifestResult {
  const codes = status === 200 ? [] : errorCodes(text)
  return {
    result,
    detail: `${host} responded with HTTP ${status}${codes.length > 0 ? ` ${codes.join(' ')}` : ''}`,
    platforms: [],
  }
}

/** What a registry itself returns for one image and one login. */
export interface ManifestResult {
  readonly result:
    | 'found'
    /** The login has no right on the repository, or the registry hides that the repository does not exist. */
    | 'denied'
    | 'login-refused'
    | 'repository-absent'
    | 'tag-absent'
    | 'throttled'
    | 'unreachable'
    /** No request was made. */
    | 'skipped'
  /** One line without secrets: the host and its response. */
  readonly detail: string
  /** Such as `linux/amd64`. Empty: the registry does not report any. */
  readonly platforms: readonly string[]
  /** Node's own code for why there was no response, such as `ENOTFOUND`. */
  readonly reason?: string
}

const MOST_CODES = 10
const MOST_PLATFORMS = 100

/** The codes of a registry's error response (OCI distribution specification, "Error Codes"). */
function errorCodes(text: string): readonly string[] {
  const errors = parseObject(text)?.errors
  if (!Array.isArray(errors)) return []
  return errors
    .slice(0, MOST_CODES)
    .map((error: { code?: unknown } | null) => error?.code)
    .filter((code): code is string => typeof code === 'string' && /^[A-Z_]{1,64}$/.test(code))
}

/** The platforms of an index, without the `unknown/unknown` of attestations. */
function indexPlatforms(manifest: Readonly<Record<string, unknown>>): readonly string[] {
  const entries: readonly unknown[] = Array.isArray(manifest.manifests) ? manifest.manifests : []
  const platforms = entries
    .slice(0, MOST_PLATFORMS)
    .map((entry) => platformOf((entry as { platform?: Parameters<typeof platformOf>[0] } | null)?.platform))
  return [
    ...new Set(platforms.filter((platform) => platform !== undefined && !platform.startsWith('unknown'))),
  ] as string[]
}

/** Such as `linux/arm64`, of an image's configuration or an index's entry. */
function platformOf(value: { readonly os?: unknown; readonly architecture?: unknown } | undefined): string | undefined {
  const { os, architecture } = value ?? {}
  const isWord = (word: unknown): word is string => typeof word === 'string' && /^[a-z0-9]{1,20}$/.test(word)
  return isWord(os) && isWord(architecture) ? `${os}/${architecture}` : undefined
}

/** The digest of the configuration of an image for one platform. */
function configDigest(manifest: Readonly<Record<string, unknown>>): string | undefined {
  const { digest } = (manifest.config ?? {}) as { digest?: unknown }
  return typeof digest === 'string' && /^[a-z0-9]+:[a-f0-9]{32,}$/.test(digest) ? digest : undefined
}
