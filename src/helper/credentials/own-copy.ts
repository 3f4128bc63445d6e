import { type RegistryLogin, readDockerConfig } from '../../acr/docker-config.ts'
import type { RegistryToken } from '../../acr/registry-token.ts'
import type { KubeClient } from '../../kube/client.ts'
import { ownsContent } from '../../kube/managed-fields.ts'
import { ANNOTATION_CONTENT_HASH, ANNOTATION_LOG, ANNOTATION_TOKENS, LABEL_INSTANCE } from '../../kube/names.ts'
import { type KubeList, type KubeObject, namespacedPath } from '../../kube/types.ts'
import { orElse } from '../../lib/or-else.ts'
import { sha256 } from '../../lib/text.ts'
import type { Logged, OwnCopy } from './log-step.ts'
import type { Credential } from './registry-state.ts'

export interface SecretObject extends KubeObject {
  readonly data?: Readonly<Record<string, string>>
}

/**
 * Reads the helper's own copy by a list with its name, because the helper has no right to `get` a
 * Secret.
 */
export async function requestOwnCopy(
  { client, namespace, secretName }: { client: KubeClient; namespace: string; secretName: string },
  signal: AbortSignal,
): Promise<SecretObject | undefined> {
  const path = namespacedPath('/api/v1', namespace, 'secrets')
  const query = { fieldSelector: `metadata.name=${secretName}` }
  const list = await client.request<KubeList<SecretObject>>({ method: 'GET', path, query }, signal)
  return list.items?.[0]
}

/**
 * Returns the log in the helper's own copy. Empty if another client wrote the content
 * (docs/en/decisions.md#own-copy).
 */
export function readOwnCopy(secret: SecretObject | undefined, instance: string): OwnCopy {
  if (secret === undefined) return { version: undefined, last: 0, credentials: [] }
  const { uid, resourceVersion, annotations = {}, labels = {}, managedFields } = secret.metadata
  const version = { uid, resourceVersion }
  const content = Buffer.from(secret.data?.['.dockerconfigjson'] ?? '', 'base64').toString()
  const intact = labels[LABEL_INSTANCE] === instance && ownsContent(managedFields)
  if (!intact) return { version, last: 0, credentials: [] }
  const last = readLast(annotations[ANNOTATION_LOG])
  if (sha256(content) !== annotations[ANNOTATION_CONTENT_HASH]) return { version, last, credentials: [] }
  const logins = new Map(orElse(() => readDockerConfig(content), []).map((login) => [login.domains[0] ?? '', login]))
  const keyOf = createKeys()
  const credentials = decodeTokens(annotations[ANNOTATION_TOKENS]).flatMap((note) => {
    const login = logins.get(keyOf(note.name, note.domains))
    // An earlier version of the helper writes no numbers. Its copy is newer than every numbered
    // credential.
    return login === undefined ? [] : [toLogged({ ...note, number: note.number ?? last + 1 }, login)]
  })
  return { version, last: Math.max(last, ...credentials.map(({ number }) => number)), credentials }
}

/**
 * Returns the logins of the helper's own copy, one for each credential. If earlier credentials have
 * all domains of a credential, it gets an artificial key.
 */
export function ownLogins(credentials: readonly Credential[]): readonly RegistryLogin[] {
  const keyOf = createKeys()
  return credentials.map(({ name, token }) => {
    const key = keyOf(name, token.domains)
    return token.domains.includes(key) ? token : { ...token, domains: [...token.domains, key] }
  })
}

/**
 * Returns a function for the key under which a credential's login is found again: its first domain
 * that no earlier credential has.
 */
function createKeys(): (name: string, domains: readonly string[]) => string {
  const taken = new Set<string>()
  return (name, domains) => {
    const own = domains.find((domain) => !taken.has(domain)) ?? `${name}.acr-nopass.invalid`
    for (const domain of domains) taken.add(domain)
    return own
  }
}

/**
 * The annotation `acr-nopass.io/log` of the helper's own copy: the highest number that was assigned
 * so far.
 */
export function lastNote(last: number): string {
  return `last=${last}`
}

function readLast(annotation = ''): number {
  const last = Number(/^last=(\d{1,16})$/.exec(annotation)?.[1] ?? 0)
  return Number.isSafeInteger(last) ? last : 0
}

/** Copies only the known keys, because anyone who may write the annotation can add others. */
function toLogged(note: TokenNote & { readonly number: number }, { username, password }: RegistryLogin): Logged {
  const { name, fingerprint, shape, refreshAt, issuedAt, expiresAt, domains, number } = note
  return { name, fingerprint, shape, refreshAt, number, token: { username, password, issuedAt, expiresAt, domains } }
}

/** Facts about a login that the Secret's content does not have; none of them is secret. */
export type TokenNote = Pick<Credential, 'name' | 'fingerprint' | 'shape' | 'refreshAt'> &
  Pick<RegistryToken, 'issuedAt' | 'expiresAt' | 'domains'> & { readonly number?: number }

/** The value of the annotation `acr-nopass.io/tokens`: a JSON list with one note per credential. */
export function encodeTokens(credentials: readonly Logged[]): string {
  const notes = credentials.map(({ name, fingerprint, shape, token, refreshAt, number }): TokenNote => {
    const { issuedAt, expiresAt, domains } = token
    return { name, number, fingerprint, shape, issuedAt, expiresAt, refreshAt, domains }
  })
  return JSON.stringify(notes)
}

/** The valid notes of the annotation. */
export function decodeTokens(text: string | undefined): readonly TokenNote[] {
  const notes: unknown = orElse(() => JSON.parse(text ?? '[]'), [])
  return Array.isArray(notes) ? notes.filter(isNote) : []
}

function isNote(value: unknown): value is TokenNote {
  const note = (value ?? {}) as Partial<Record<keyof TokenNote, unknown>>
  // A time that a Date cannot represent would break the next annotation.
  const isMoment = (time: unknown): boolean => typeof time === 'number' && Math.abs(time) <= 8.64e15
  const isTime = (time: unknown): boolean => time === null || isMoment(time)
  return (
    typeof note.name === 'string' &&
    typeof note.fingerprint === 'string' &&
    typeof note.shape === 'string' &&
    (note.number === undefined || (Number.isSafeInteger(note.number) && (note.number as number) > 0)) &&
    isMoment(note.issuedAt) &&
    isTime(note.expiresAt) &&
    isTime(note.refreshAt) &&
    Array.isArray(note.domains) &&
    note.domains.every((domain) => typeof domain === 'string')
  )
}
