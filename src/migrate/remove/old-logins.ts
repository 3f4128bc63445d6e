import { createHmac, randomBytes } from 'node:crypto'
import { parseImage } from '../../acr/registry-domains.ts'
import { isRecord, parseObject, textOf } from '../../lib/json.ts'

/** Which hosts an old Secret has logins for, and of which kind, without the logins themselves. */
export interface OldLogins {
  /**
   * The keys of `auths` in the form that the kubelet compares: `host`, `host:port` or `host/path`,
   * sorted.
   */
  readonly hosts: readonly string[]
  /** True if a login is not one of ACR's temporary logins. Such a login does not expire. */
  readonly isFixed: boolean
}

/**
 * User names of temporary logins, from ACR's API pages (`test/migrate/remove/old-logins.test.ts`).
 */
const TEMPORARY: readonly string[] = ['cr_temp_user', 'temp_user_cr']

/**
 * Reads a Secret's `data` and keeps no login. Undefined if the data is absent (a proxy may hide it)
 * or contains no logins of registries.
 */
export function readOldLogins(data: unknown): OldLogins | undefined {
  const auths = authsOf(data)
  if (auths === undefined) return undefined
  return {
    hosts: [...new Set(Object.keys(auths).map(hostKey))].sort(),
    isFixed: !Object.values(auths).every(isTemporary),
  }
}

/** Shows which Secrets contain the same login. */
export interface LoginMarks {
  readonly all: readonly string[]
  /** The marks of ACR's temporary logins. */
  readonly temporary: readonly string[]
}

/**
 * The key is new in each run. Outside of this run a mark is therefore worthless, and no login can
 * be guessed from it.
 */
const MARK_KEY = randomBytes(32)

/**
 * Marks the logins of a Secret: within one run, equal logins have equal marks. Undefined in the
 * same cases as for {@link readOldLogins}.
 */
export function readMarks(data: unknown): LoginMarks | undefined {
  const auths = authsOf(data)
  if (auths === undefined) return undefined
  const logins = Object.values(auths).filter((entry) => loginOf(entry) !== '')
  return { all: logins.map(markOf), temporary: logins.filter(isTemporary).map(markOf) }
}

/** Marks one login, as {@link readMarks} does. */
export function markOf(entry: unknown): string {
  return createHmac('sha256', MARK_KEY).update(loginOf(entry)).digest('hex')
}

export function authsOf(data: unknown): Readonly<Record<string, unknown>> | undefined {
  const content = isRecord(data) ? data : {}
  const current = decode(content['.dockerconfigjson'])
  const auths = current === undefined ? decode(content['.dockercfg']) : current.auths
  return isRecord(auths) ? auths : undefined
}

/** True for a temporary login of ACR, by its user name. */
export function isTemporary(entry: unknown): boolean {
  return TEMPORARY.includes(userOf(entry))
}

/** Returns `user:password`; empty: none. */
export function loginOf(entry: unknown): string {
  const { username, password, auth } = isRecord(entry) ? entry : {}
  const decoded = Buffer.from(textOf(auth), 'base64').toString()
  return decoded !== '' || textOf(username) === '' ? decoded : `${textOf(username)}:${textOf(password)}`
}

function decode(base64: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof base64 === 'string' ? parseObject(Buffer.from(base64, 'base64').toString()) : undefined
}

/**
 * `auth` overrides the user name (Kubernetes, pkg/credentialprovider/config.go, `UnmarshalJSON`).
 */
function userOf(entry: unknown): string {
  const { username, auth } = isRecord(entry) ? entry : {}
  if (textOf(auth) === '') return textOf(username)
  return Buffer.from(textOf(auth), 'base64').toString().split(':')[0] ?? ''
}

/**
 * Removes scheme and API version, as in Kubernetes (pkg/credentialprovider/keyring.go, `Add`), and
 * the user of a URL, which may be a login.
 */
export function hostKey(key: string): string {
  const [authority = '', ...path] = key.replace(/^https?:\/\//, '').split('/')
  const host = authority.slice(authority.lastIndexOf('@') + 1)
  const rest = path[0] === 'v1' || path[0] === 'v2' ? path.slice(1) : path
  return [host.toLowerCase(), ...rest].join('/').replace(/\/+$/, '')
}

/**
 * True if the kubelet would use the login of a key for an image. Each label of the host may be a
 * pattern, and the path is a prefix (Kubernetes, pkg/credentialprovider/keyring.go, `URLsMatch`).
 */
export function isUsedFor(key: string, image: string): boolean {
  const [host = '', ...path] = key.split('/')
  const target = parseImage(image)
  const labels = host.split('.')
  const wanted = target.host.split('.')
  if (labels.length !== wanted.length || !target.repository.startsWith(path.join('/'))) return false
  return labels.every((label, index) => matchesLabel(label, wanted[index] ?? ''))
}

function matchesLabel(label: string, wanted: string): boolean {
  // A character class counts as a match, because a login that is used must not look unused.
  if (label === wanted || label.includes('[')) return true
  const pattern = label
    .replace(/[.+^${}()|\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return /[*?]/.test(label) && new RegExp(`^${pattern}$`).test(wanted)
}
