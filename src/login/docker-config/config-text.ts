import { NopassError } from '../../errors.ts'
import { isRecord, type JsonObject, textOf } from '../../lib/json.ts'

/** The content of a config.json, as Docker reads it. */
export interface DockerConfig {
  readonly auths: JsonObject
  /** The whole content, with all keys in their order. */
  readonly content: JsonObject
}

export interface AuthEntry {
  readonly username: string
  readonly password: string
}

/** @throws DOCKER_CONFIG_UNREADABLE, which never quotes the content */
export function parseConfig(text: string, name: string): DockerConfig {
  const refuse = (why: string): NopassError => new NopassError('DOCKER_CONFIG_UNREADABLE', `${name} ${why}`)
  // Docker reads an empty file as a configuration without settings.
  if (text.trim() === '') return { auths: {}, content: {} }
  let content: unknown
  let keys = 0
  try {
    content = JSON.parse(text, function (this: unknown, _key: string, value: unknown, context?: unknown) {
      if (!Array.isArray(this)) keys += 1
      return keepNumber(value, context as { readonly source: string })
    })
  } catch {
    throw refuse('is not JSON')
  }
  if (!isRecord(content)) throw refuse('is not a JSON object')
  // The last call is for the whole content. Docker unites objects of the same key, JavaScript
  // drops one of them.
  if (keys - 1 !== countKeys(text)) throw refuse('has a key twice')
  const auths = content.auths ?? {}
  if (!isRecord(auths)) throw refuse('has `auths` that are not an object')
  return { auths, content }
}

/**
 * What decides where Docker looks for a login. Go reads these keys in upper and lower case:
 * https://pkg.go.dev/encoding/json#Unmarshal
 */
const LOGIN_KEYS = ['auths', 'credHelpers', 'credsStore']

function loginKeyOf(name: string): string | undefined {
  return LOGIN_KEYS.find((key) => key.toLowerCase() === name.toLowerCase())
}

/** Returns the settings that do not decide where Docker looks for a login. */
export function settingsOf({ content }: Pick<DockerConfig, 'content'>): JsonObject {
  return Object.fromEntries(Object.entries(content).filter(([name]) => loginKeyOf(name) === undefined))
}

/** Counts the keys of all objects in a text that is JSON. */
function countKeys(text: string): number {
  const words = text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"\s*(:?)/g)
  let count = 0
  for (const [, colon] of words) if (colon === ':') count += 1
  return count
}

/** Keeps the text of a number, because a double cannot hold every number of JSON. */
function keepNumber(value: unknown, { source }: { readonly source: string }): unknown {
  return typeof value === 'number' ? (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(source) : value
}

/**
 * Renders a configuration with other `auths`, as Docker does: with tabs, `auths` sorted and, if it
 * is new, first. All other keys keep their order.
 */
export function renderConfig({ auths, content }: DockerConfig): string {
  const byBytes = ([a]: [string, unknown], [b]: [string, unknown]) => Buffer.compare(Buffer.from(a), Buffer.from(b))
  const sorted = Object.fromEntries(Object.entries(auths).sort(byBytes))
  const all = Object.hasOwn(content, 'auths') ? { ...content, auths: sorted } : { auths: sorted, ...content }
  return JSON.stringify(all, null, '\t')
}

/**
 * Refuses a configuration that Docker would not load, because no client would find the login in it.
 * Source: https://github.com/docker/cli/blob/v29.3.0/cli/config/configfile/file.go#L119
 * @throws DOCKER_CONFIG_UNREADABLE
 */
export function checkAuths({ auths, content }: DockerConfig, name: string): void {
  const odd = Object.keys(content).find((key) => (loginKeyOf(key) ?? key) !== key)
  if (odd !== undefined) {
    throw new NopassError('DOCKER_CONFIG_UNREADABLE', `${name} has \`${odd}\` in place of \`${loginKeyOf(odd)}\``)
  }
  for (const [domain, entry] of Object.entries(auths)) {
    const auth = isRecord(entry) ? (entry.auth ?? '') : entry === null ? '' : undefined
    const isText = typeof auth === 'string'
    if (isText && (auth === '' || (isBase64(auth) && (decodeAuth(auth)?.[0] ?? '') !== ''))) continue
    throw new NopassError(
      'DOCKER_CONFIG_UNREADABLE',
      `${name}: the entry of ${JSON.stringify(domain)} has no valid auth`,
      {
        hint: `Remove the entry from the file, for example with \`docker logout ${domain}\`.`,
      },
    )
  }
}

function isBase64(text: string): boolean {
  const bare = text.replaceAll(/[\r\n]/g, '')
  return bare.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(bare)
}

/** True if the entry of a domain holds a login or token, of whatever kind. */
export function hasLogin(auths: JsonObject, domain: string): boolean {
  const entry = Object.hasOwn(auths, domain) ? auths[domain] : undefined
  return isRecord(entry) && Object.values(entry).some((value) => value !== '')
}

/**
 * Returns the login of a domain in `auths`, or undefined if there is none. `auth` has precedence
 * over `username` and `password`, as in Docker.
 */
export function readAuth(auths: JsonObject, domain: string): AuthEntry | undefined {
  const entry = Object.hasOwn(auths, domain) ? auths[domain] : undefined
  if (!isRecord(entry)) return undefined
  const [username, password] = decodeAuth(textOf(entry.auth)) ?? [textOf(entry.username), textOf(entry.password)]
  return username === '' && password === '' ? undefined : { username, password }
}

export function encodeAuth({ username, password }: AuthEntry): { readonly auth: string } {
  return { auth: Buffer.from(`${username}:${password}`).toString('base64') }
}

function decodeAuth(auth: string): readonly [string, string] | undefined {
  const login = Buffer.from(auth, 'base64').toString()
  const colon = login.indexOf(':')
  return colon < 0 ? undefined : [login.slice(0, colon), login.slice(colon + 1)]
}

/**
 * Returns the suffix of the credential helper that Docker uses for a domain; null: `auths`.
 * Source: https://github.com/docker/cli/blob/v29.3.0/cli/config/configfile/file.go#L338
 */
export function helperOf({ content }: DockerConfig, domain: string): string | null {
  const { credHelpers, credsStore } = content
  const isNamed = isRecord(credHelpers) && Object.hasOwn(credHelpers, domain)
  return textOf(isNamed ? credHelpers[domain] : credsStore) || null
}
