import type { HttpResponse, HttpSender } from '../alibaba/transport/http-sender.ts'
import { isRecord, parseObject, recordsOf, textOf } from '../lib/json.ts'
import { isLoopback } from '../proxy-rules.ts'
import {
  basicAuthorization,
  findLoginTarget,
  issuedToken,
  networkReasonOf,
  type RegistryAccess,
} from './token-service.ts'

/** If `username` is empty, the request has no login, as for a public repository. */
export interface ManifestRequest extends RegistryAccess {
  /** Host and port, without a path. */
  readonly host: string
  readonly repository: string
  /** A tag or a digest. */
  readonly reference: string
}

/**
 * Returns `1` for `host/a/b:1`, the digest for `host/a/b@sha256:…`, and `latest` if the image names
 * neither tag nor digest.
 */
export function referenceOf(image: string): string {
  const digest = image.split('@')[1]
  if (digest !== undefined) return digest
  return /:([^/:]+)$/.exec(image)?.[1] ?? 'latest'
}

const TIMEOUT = 10_000
const MANIFEST_TYPES = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ')

/**
 * Requests an image's manifest from the registry, so no cache can respond in its place. Sends the
 * password only where `verifyLogin` sends it. Rejects only when `signal` aborts.
 */
export async function queryManifest(
  send: HttpSender,
  request: ManifestRequest,
  signal?: AbortSignal,
): Promise<ManifestResult> {
  const own = toQuery(send, request, signal)
  try {
    return await query(own)
  } catch (error) {
    if (signal?.aborted) throw error
    const reason = networkReasonOf(error)
    return { result: 'unreachable', detail: `${own.base.host} gave no response: ${reason}`, platforms: [], reason }
  }
}

/** Whether a login may pull a repository. `unknown`: the responses do not show it. */
export interface PullVerdict {
  readonly grant: 'granted' | 'denied' | 'unknown'
  /** One line without secrets: the host and its response. */
  readonly detail: string
}

/**
 * Asks whether a login may pull a repository, which need not exist. Rejects only when `signal`
 * aborts.
 */
export async function queryPull(
  send: HttpSender,
  request: ManifestRequest,
  signal?: AbortSignal,
): Promise<PullVerdict> {
  const own = toQuery(send, request, signal)
  try {
    return await queryGrant(own)
  } catch (error) {
    if (signal?.aborted) throw error
    return { grant: 'unknown', detail: `${own.base.host} gave no response: ${networkReasonOf(error)}` }
  }
}

export type Headers = Readonly<Record<string, string>>

export interface Query extends ManifestRequest {
  readonly base: URL
  readonly get: (url: URL, headers: Headers) => Promise<HttpResponse>
}

export function toQuery(send: HttpSender, request: ManifestRequest, signal: AbortSignal | undefined): Query {
  const base = request.registry ?? new URL(`https://${request.host}`)
  return { ...request, base, get: (url, headers) => send({ url, method: 'GET', headers, timeout: TIMEOUT }, signal) }
}

async function queryGrant(own: Query): Promise<PullVerdict> {
  const { repository, reference, base, get } = own
  const url = new URL(`/v2/${repository}/manifests/${reference}`, base)
  const first = await get(url, { accept: MANIFEST_TYPES })
  if (first.status !== 401) return verdictOf('unknown', base, first)
  const login = await logIn(own, first)
  if ('result' in login) {
    const { result, response, detail } = login
    return { grant: result === 'login-refused' && response && isDenial(response) ? 'denied' : 'unknown', detail }
  }
  const response = await get(url, { accept: MANIFEST_TYPES, ...login.headers })
  const codes = errorCodes(response.text)
  // A proxy also responds with 404 and 200.
  const isAbsent = response.status === 404 && codes.some((code) => ABSENT.has(code))
  const isFound = response.status === 200 && isManifest(response.text)
  if (isAbsent || isFound) return verdictOf('granted', base, response)
  return verdictOf(isDenial(response) ? 'denied' : 'unknown', base, response)
}

/** OCI distribution specification, "Error Codes": code-7 and code-8. */
const ABSENT: ReadonlySet<string> = new Set(['NAME_UNKNOWN', 'MANIFEST_UNKNOWN'])

// A 403 without an error code may come from an address list, a firewall or throttling.
export const isDenial = ({ status, text }: HttpResponse): boolean =>
  status === 401 || (status === 403 && /UNAUTHORIZED|DENIED/.test(text))

function verdictOf(grant: PullVerdict['grant'], base: URL, response: HttpResponse): PullVerdict {
  return { grant, detail: describeResponse(base, response) }
}

async function query(own: Query): Promise<ManifestResult> {
  const { repository, reference, base, get } = own
  const url = new URL(`/v2/${repository}/manifests/${reference}`, base)
  const first = await get(url, { accept: MANIFEST_TYPES })
  const login = first.status === 401 ? await logIn(own, first) : { headers: {} }
  if ('result' in login) return { result: login.result, detail: login.detail, platforms: [] }
  const { headers } = login
  const response = first.status === 401 ? await get(url, { accept: MANIFEST_TYPES, ...headers }) : first
  const { status } = response
  // A captive portal or a proxy responds to any request with 200.
  if (status === 200 && !isManifest(response.text)) {
    const detail = `${base.host} responded with HTTP 200, but not with an image's manifest`
    return { result: 'unreachable', detail, platforms: [] }
  }
  if (status === 200)
    return { ...resultOf('found', base, response), platforms: await platformsOf(own, response, headers) }
  if (status === 401 || status === 403) return resultOf('denied', base, response)
  if (status === 404) {
    const tags = await get(new URL(`/v2/${repository}/tags/list?n=1`, base), headers)
    return resultOf(errorCodes(tags.text).includes('NAME_UNKNOWN') ? 'repository-absent' : 'tag-absent', base, response)
  }
  return resultOf(status === 429 ? 'throttled' : 'unreachable', base, response)
}

/**
 * True for an index, an image, or an image of Docker's first schema (OCI image specification,
 * manifest.md and image-index.md).
 */
function isManifest(text: string): boolean {
  const { manifests, config, fsLayers } = parseObject(text) ?? {}
  return Array.isArray(manifests) || isRecord(config) || Array.isArray(fsLayers)
}

export interface NoLogin extends Pick<ManifestResult, 'result' | 'detail'> {
  readonly response?: HttpResponse
}

/**
 * Logs in for some actions on the repository, where a registry that responded with 401 expects it.
 */
export async function logIn(
  own: Query,
  first: HttpResponse,
  actions: 'pull' | 'pull,push' | 'delete' = 'pull',
): Promise<{ readonly headers: Headers } | NoLogin> {
  const target = findLoginTarget(first, own.base, own)
  if (target.kind === 'skipped') return { result: 'skipped', detail: target.detail }
  const login: Headers = own.username === '' ? {} : { authorization: basicAuthorization(own) }
  if (target.kind === 'basic') return { headers: login }
  target.url.searchParams.set('scope', `repository:${own.repository}:${actions}`)
  const response = await own.get(target.url, { accept: 'application/json', ...login })
  const failed = (result: ManifestResult['result']): NoLogin => {
    return { ...resultOf(result, target.url, response), response }
  }
  if (response.status === 401 || response.status === 403) return failed('login-refused')
  const bearer = issuedToken(response)
  if (response.status !== 200 || bearer === undefined) return failed('unreachable')
  return { headers: { authorization: `Bearer ${bearer}` } }
}

async function platformsOf(
  { repository, base, get }: Query,
  response: HttpResponse,
  headers: Headers,
): Promise<readonly string[]> {
  const { manifests, config } = parseObject(response.text) ?? {}
  if (Array.isArray(manifests)) {
    const platforms = recordsOf(manifests.slice(0, MOST_PLATFORMS)).flatMap(({ platform }) => platformOf(platform))
    // The platform of an attestation is `unknown/unknown`.
    return [...new Set(platforms.filter((platform) => !platform.startsWith('unknown')))]
  }
  const digest = isRecord(config) ? textOf(config.digest) : ''
  if (!/^[a-z0-9]+:[a-f0-9]{32,}$/.test(digest)) return []
  const url = new URL(`/v2/${repository}/blobs/${digest}`, base)
  const first = await get(url, headers)
  // Blobs are often in an object store, which must not receive the registry's login.
  const to = first.status >= 300 && first.status < 400 ? new URL(first.headers.location ?? '', url) : undefined
  const isSafe = to !== undefined && (to.protocol === 'https:' || isLoopback(to.hostname))
  return platformOf(parseObject((isSafe ? await get(to, {}) : first).text))
}

function resultOf(result: ManifestResult['result'], base: URL, response: HttpResponse): ManifestResult {
  return { result, detail: describeResponse(base, response), platforms: [] }
}

/** Describes a registry's response in one line without secrets. */
export function describeResponse({ host }: URL, { status, text }: HttpResponse): string {
  const codes = status === 200 ? [] : errorCodes(text)
  return `${host} responded with HTTP ${status}${codes.length > 0 ? ` ${codes.join(' ')}` : ''}`
}

/** The registry's own response for one image and one login. */
export interface ManifestResult {
  readonly result:
    | 'found'
    /**
     * The login has no right on the repository, or the registry hides that the repository does not
     * exist.
     */
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
  /** Platforms such as `linux/amd64`. Empty if the registry does not report any. */
  readonly platforms: readonly string[]
  /** Node's error code for the missing response, such as `ENOTFOUND`. */
  readonly reason?: string
}

const MOST_CODES = 10
const MOST_PLATFORMS = 100

/**
 * Returns the codes of a registry's error response (OCI distribution specification, "Error Codes").
 */
export function errorCodes(text: string): readonly string[] {
  return recordsOf(parseObject(text)?.errors)
    .slice(0, MOST_CODES)
    .map(({ code }) => textOf(code))
    .filter((code) => /^[A-Z_]{1,64}$/.test(code))
}

/**
 * Reads a platform such as `linux/arm64` from an image's configuration or an index's entry. Empty
 * if either word is missing.
 */
function platformOf(value: unknown): readonly string[] {
  const { os, architecture } = isRecord(value) ? value : {}
  const words = [textOf(os), textOf(architecture)]
  return words.every((word) => /^[a-z0-9]{1,20}$/.test(word)) ? [words.join('/')] : []
}
