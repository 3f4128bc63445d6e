import { type RegistryLogin, readDockerConfig } from '../../acr/docker-config.ts'
import type { RegistryToken } from '../../acr/registry-token.ts'
import { hasStatus } from '../../kube/api-error.ts'
import type { KubeClient } from '../../kube/client.ts'
import { ownsContent } from '../../kube/managed-fields.ts'
import { ANNOTATION_CONTENT_HASH, ANNOTATION_TOKENS, LABEL_INSTANCE } from '../../kube/names.ts'
import { type KubeList, type KubeObject, namespacedPath } from '../../kube/types.ts'
import { type Clock, sleep } from '../../lib/clock.ts'
import { orElse } from '../../lib/or-else.ts'
import { sha256 } from '../../lib/text.ts'
import type { LiveToken } from './registry-state.ts'

export interface RestoreOptions {
  readonly client: KubeClient
  readonly clock: Clock
  readonly namespace: string
  readonly secretName: string
  readonly instance: string
  /** Another try may follow. */
  readonly onFailure: (error: unknown) => void
}

/** About half a minute in all: while the API server does not respond, nothing could be written either. */
const PAUSES_MS = [200, 500, 1_000, 2_000, 5_000, 10_000, 10_000]

export interface SecretObject extends KubeObject {
  readonly data?: Readonly<Record<string, string>>
}

/** Reads the credentials back from the helper's own copy; undefined: it could not be read. */
export async function restoreTokens(
  options: RestoreOptions,
  signal: AbortSignal,
): Promise<readonly LiveToken[] | undefined> {
  for (const pause of [...PAUSES_MS, undefined]) {
    try {
      return await readOwnCopy(options, signal)
    } catch (error) {
      if (signal.aborted) return undefined
      options.onFailure(error)
      if (pause === undefined || hasStatus(error, 403)) return undefined
      await sleep(options.clock, pause, signal).catch(() => undefined)
    }
  }
  return undefined
}

/** By one list by name; none if another client changed it (docs/en/decisions.md#own-copy). */
async function readOwnCopy(options: RestoreOptions, signal: AbortSignal): Promise<readonly LiveToken[]> {
  const list = await options.client.request<KubeList<SecretObject>>(
    {
      method: 'GET',
      path: namespacedPath('/api/v1', options.namespace, 'secrets'),
      query: { fieldSelector: `metadata.name=${options.secretName}` },
    },
    signal,
  )
  const secret = list.items?.[0]
  return secret === undefined ? [] : readTokens(secret, options.instance)
}

/** The credentials of a Secret, if its content is still ours and unchanged. */
export function readTokens(secret: SecretObject, instance: string): readonly LiveToken[] {
  const { annotations = {}, labels = {}, managedFields } = secret.metadata
  const content = Buffer.from(secret.data?.['.dockerconfigjson'] ?? '', 'base64').toString()
  const intact = labels[LABEL_INSTANCE] === instance && ownsContent(managedFields)
  if (!intact || sha256(content) !== annotations[ANNOTATION_CONTENT_HASH]) return []
  const logins = new Map(orElse(() => readDockerConfig(content), []).map((login) => [login.domains[0] ?? '', login]))
  const claimed = new Set<string>()
  return decodeTokens(annotations[ANNOTATION_TOKENS]).flatMap((note) => {
    // If two registries have the same domain, the content has the first one's login for it.
    const own = note.domains.find((domain) => !claimed.has(domain))
    for (const domain of note.domains) claimed.add(domain)
    const login = logins.get(own ?? '')
    return login === undefined ? [] : [liveToken(note, login)]
  })
}

/** Only the known keys: anyone who may write the annotation can add others. */
function liveToken(note: TokenNote, { username, password }: RegistryLogin): LiveToken {
  const { name, fingerprint, shape, refreshAt, issuedAt, expiresAt, domains } = note
  const token = { username, password, issuedAt, expiresAt, domains }
  return { name, fingerprint, ...(shape !== undefined && { shape }), refreshAt, token }
}

/** Facts about a login that the Secret's content does not have; none of them is secret. Notes of earlier versions have no shape. */
export type TokenNote = Pick<LiveToken, 'name' | 'fingerprint' | 'shape' | 'refreshAt'> &
  Pick<RegistryToken, 'issuedAt' | 'expiresAt' | 'domains'>

/** The value of the annotation `acr-nopass.io/tokens`: a JSON list with one note per registry. */
export function encodeTokens(tokens: readonly LiveToken[]): string {
  const notes = tokens.map(({ name, fingerprint, shape, token, refreshAt }): TokenNote => {
    const { issuedAt, expiresAt, domains } = token
    return { name, fingerprint, shape, issuedAt, expiresAt, refreshAt, domains }
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
    (note.shape === undefined || typeof note.shape === 'string') &&
    isMoment(note.issuedAt) &&
    isTime(note.expiresAt) &&
    isTime(note.refreshAt) &&
    Array.isArray(note.domains) &&
    note.domains.every((domain) => typeof domain === 'string')
  )
}
