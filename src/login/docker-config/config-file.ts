import { randomUUID } from 'node:crypto'
import {
  type BigIntStats,
  chmodSync,
  chownSync,
  closeSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { NopassError } from '../../errors.ts'
import { isRecord, type JsonObject, textOf } from '../../lib/json.ts'
import { orElse } from '../../lib/or-else.ts'

/** How often a change is computed again because another program wrote the file meanwhile. */
const ATTEMPTS = 20

/** The content of a config.json, as `docker` reads it. */
export interface DockerConfig {
  readonly auths: JsonObject
  /** All other keys, in their order. */
  readonly others: JsonObject
}

/** An entry of `auths`; undefined if the domain has none. */
export interface AuthEntry {
  readonly username: string
  readonly password: string
}

/** @throws DOCKER_CONFIG_UNREADABLE */
export function readConfig(folder: string): DockerConfig {
  return parseConfig(readRaw(join(folder, 'config.json')).text, join(folder, 'config.json'))
}

/**
 * Changes config.json in the way of Docker's own `Save`: a complete file in the same folder
 * replaces the file by a rename, and a symbolic link stays. `change` returns undefined if there is
 * nothing to change, and runs again if another program wrote the file meanwhile.
 * Source: https://github.com/docker/cli/blob/v29.3.0/cli/config/configfile/file.go#L175
 * @throws DOCKER_CONFIG_UNREADABLE, DOCKER_CONFIG_UNWRITABLE
 */
export function updateConfig(folder: string, change: (config: DockerConfig) => DockerConfig | undefined): void {
  const name = join(folder, 'config.json')
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const file = targetOf(name)
    const before = readRaw(file)
    const after = change(parseConfig(before.text, name))
    if (after === undefined || replaceFile(file, before.stat, renderConfig(after))) return
  }
  throw new NopassError('DOCKER_CONFIG_UNWRITABLE', `${name} is written again and again by another program`, {
    hint: 'Run again when the other program has finished, or use `config: isolated`.',
  })
}

/** Docker indents with tabs, and sorts the keys of `auths`. */
function renderConfig({ auths, others }: DockerConfig): string {
  const sorted = Object.fromEntries(
    Object.entries(auths).sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
  )
  // Docker's own order begins with `auths`; a file that another program wrote keeps its order.
  const content = 'auths' in others ? { ...others, auths: sorted } : { auths: sorted, ...others }
  return JSON.stringify(content, null, '\t')
}

/** @throws DOCKER_CONFIG_UNREADABLE, which never quotes the content */
function parseConfig(text: string, name: string): DockerConfig {
  const refuse = (why: string): NopassError => new NopassError('DOCKER_CONFIG_UNREADABLE', `${name} ${why}`)
  if (text.trim() === '') return { auths: {}, others: {} }
  let content: unknown
  try {
    content = JSON.parse(text, keepNumber as (key: string, value: unknown) => unknown)
  } catch {
    throw refuse('is not JSON')
  }
  if (!isRecord(content)) throw refuse('is not a JSON object')
  const { auths = null } = content
  if (auths !== null && !isRecord(auths)) throw refuse('has an `auths` that is not an object')
  return { auths: auths ?? {}, others: content }
}

/** Keeps the text of a number, because a double cannot hold every number of JSON. */
function keepNumber(_key: string, value: unknown, { source }: { readonly source: string }): unknown {
  return typeof value === 'number' ? (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(source) : value
}

/**
 * Returns the login in an entry of `auths`, or undefined if the entry holds none. `auth` has
 * precedence over `username` and `password`, as in Docker's `LoadFromReader`.
 */
export function readAuth(entry: unknown): AuthEntry | undefined {
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

/** Follows symbolic links, also of a file that does not exist yet. */
function targetOf(name: string): string {
  const real = orElse(() => realpathSync(name), undefined)
  if (real !== undefined) return real
  return orElse(() => resolve(dirname(name), readlinkSync(name)), name)
}

function readRaw(file: string): { readonly text: string; readonly stat: BigIntStats | undefined } {
  let handle: number
  try {
    handle = openSync(file, 'r')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT') return { text: '', stat: undefined }
    throw new NopassError('DOCKER_CONFIG_UNREADABLE', `${file} cannot be read`, { cause, reason: code })
  }
  try {
    return { stat: fstatSync(handle, { bigint: true }), text: readFileSync(handle, 'utf8') }
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new NopassError('DOCKER_CONFIG_UNREADABLE', `${file} cannot be read`, { cause, reason: code })
  } finally {
    closeSync(handle)
  }
}

/**
 * Writes a private file by a rename, so that no reader sees a part of it.
 * @throws DOCKER_CONFIG_UNWRITABLE
 */
export function writeWhole(file: string, text: string): void {
  replaceFile(file, 'any', text)
}

/** Returns false, and writes nothing, if the file is no longer the file that was read. */
function replaceFile(file: string, before: BigIntStats | undefined | 'any', text: string): boolean {
  const draft = `${file}.acr-nopass-${randomUUID()}`
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    writeFileSync(draft, text, { mode: 0o600, flag: 'wx' })
    if (before !== 'any') {
      if (before !== undefined) keepOwner(draft, before)
      if (!isSameFile(lstatSync(file, { bigint: true, throwIfNoEntry: false }), before)) return false
    }
    renameSync(draft, file)
    return true
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new NopassError('DOCKER_CONFIG_UNWRITABLE', `${file} cannot be written`, { cause, reason: code })
  } finally {
    rmSync(draft, { force: true })
  }
}

function isSameFile(now: BigIntStats | undefined, before: BigIntStats | undefined): boolean {
  if (now === undefined || before === undefined) return now === before
  return now.dev === before.dev && now.ino === before.ino && now.size === before.size && now.mtimeNs === before.mtimeNs
}

/** As Docker's `copyFilePermissions`, which ignores errors too. */
function keepOwner(draft: string, before: BigIntStats): void {
  chmodSync(draft, Number(before.mode & 0o777n))
  if (before.uid > 0n && before.gid > 0n)
    orElse(() => chownSync(draft, Number(before.uid), Number(before.gid)), undefined)
}
