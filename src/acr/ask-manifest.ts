import type { HttpAnswer, HttpSender } from '../alibaba/transport/http-sender.ts'
import { isLoopback } from '../lib/loopback.ts'
import {
  configDigest,
  errorCodes,
  indexPlatforms,
  type ManifestAnswer,
  parseObject,
  platformOf,
} from './manifest-answer.ts'
import { findLoginPlace, type RegistryAccess } from './token-service.ts'

export interface AskManifestRequest extends RegistryAccess {
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
 * Asks the registry for an image's manifest with a login: the pull that no cache can serve. The password goes to the
 * registry's own host or to its token service, as `verifyLogin` has it. Never rejects but for `signal`.
 */
export async function askManifest(
  send: HttpSender,
  request: AskManifestRequest,
  signal?: AbortSignal,
): Promise<ManifestAnswer> {
  const base = request.registry ?? new URL(`https://${request.host}`)
  const get = (url: URL, headers: Record<string, string>): Promise<HttpAnswer> =>
    send({ url, method: 'GET', headers, timeout: TIMEOUT }, signal)
  try {
    return await ask(request, base, get)
  } catch (error) {
    if (signal?.aborted) throw error
    const reason = reasonOf(error)
    return { result: 'unreachable', detail: `${base.host} gave no answer: ${reason}`, platforms: [], reason }
  }
}

type Get = (url: URL, headers: Record<string, string>) => Promise<HttpAnswer>

async function ask(request: AskManifestRequest, base: URL, get: Get): Promise<ManifestAnswer> {
  const { repository, reference } = request
  const url = new URL(`/v2/${repository}/manifests/${reference}`, base)
  const accept = { accept: MANIFEST_TYPES }
  const knock = await get(url, accept)
  const login = await logIn(knock, request, base, get)
  if ('result' in login) return login
  const answer = login.authorization === undefined ? knock : await get(url, { ...accept, ...login })
  const { status } = answer
  if (status === 200)
    return { ...say('found', base, answer), platforms: await platformsOf(answer, request, base, login, get) }
  if (status === 401 || status === 403) return say('denied', base, answer)
  if (status === 404) {
    const tags = await get(new URL(`/v2/${repository}/tags/list?n=1`, base), headersOf(login))
    return say(errorCodes(tags.text).includes('NAME_UNKNOWN') ? 'repository-absent' : 'tag-absent', base, answer)
  }
  return say(status === 429 ? 'throttled' : 'unreachable', base, answer)
}

interface Authorization {
  /** Undefined: the registry asks for none. */
  readonly authorization?: string
}

async function logIn(
  knock: HttpAnswer,
  request: AskManifestRequest,
  base: URL,
  get: Get,
): Promise<Authorization | ManifestAnswer> {
  if (knock.status !== 401) return {}
  const place = findLoginPlace(knock, base, request)
  if (place.kind === 'skipped') return { result: 'skipped', detail: place.detail, platforms: [] }
  const basic = `Basic ${Buffer.from(`${request.username}:${request.password}`).toString('base64')}`
  if (place.kind === 'basic') return { authorization: basic }
  place.url.searchParams.set('scope', `repository:${request.repository}:pull`)
  const answer = await get(place.url, { accept: 'application/json', authorization: basic })
  if (answer.status === 401 || answer.status === 403) return say('login-refused', place.url, answer)
  const { token, access_token: other } = parseObject(answer.text) ?? {}
  const bearer = typeof token === 'string' ? token : other
  if (answer.status !== 200 || typeof bearer !== 'string') return say('unreachable', place.url, answer)
  return { authorization: `Bearer ${bearer}` }
}

async function platformsOf(
  answer: HttpAnswer,
  { repository }: AskManifestRequest,
  base: URL,
  login: Authorization,
  get: Get,
): Promise<readonly string[]> {
  const manifest = parseObject(answer.text) ?? {}
  if (Array.isArray(manifest.manifests)) return indexPlatforms(manifest)
  const digest = configDigest(manifest)
  if (digest === undefined) return []
  const url = new URL(`/v2/${repository}/blobs/${digest}`, base)
  const first = await get(url, headersOf(login))
  // Blobs often lie in an object store, which is asked without the registry's login.
  const to = first.status >= 300 && first.status < 400 ? new URL(first.headers.location ?? '', url) : undefined
  const isSafe = to !== undefined && (to.protocol === 'https:' || isLoopback(to.hostname))
  const config = parseObject((isSafe ? await get(to, {}) : first).text)
  const platform = platformOf(config)
  return platform === undefined ? [] : [platform]
}

function headersOf({ authorization }: Authorization): Record<string, string> {
  return authorization === undefined ? {} : { authorization }
}

function say(result: ManifestAnswer['result'], { host }: URL, { status, text }: HttpAnswer): ManifestAnswer {
  const codes = status === 200 ? [] : errorCodes(text)
  return {
    result,
    detail: `${host} answered HTTP ${status}${codes.length > 0 ? ` ${codes.join(' ')}` : ''}`,
    platforms: [],
  }
}

function reasonOf(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: unknown }
  return typeof code === 'string' ? code : String(name)
}
