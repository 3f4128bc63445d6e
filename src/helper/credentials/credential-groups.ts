import { type AuthFormat, buildDockerConfig } from '../../acr/docker-config.ts'
import type { Served } from '../../acr/unions.ts'
import {
  ANNOTATION_CONTENT_HASH,
  ANNOTATION_EXPIRES_AT,
  ANNOTATION_LOG,
  ANNOTATION_REFRESH_AT,
  ANNOTATION_REGISTRIES,
  ANNOTATION_TOKENS,
  LABEL_INSTANCE,
  LABEL_MANAGED_BY,
  MANAGED_BY,
} from '../../kube/names.ts'
import { sha256 } from '../../lib/text.ts'
import type { WriteSecret } from '../plan/actions.ts'
import { formatNote } from '../plan/log-note.ts'
import type { GroupSummary } from '../plan/plan-context.ts'
import { inForce, type Logged, type LogState, nextContent } from './log-step.ts'
import { encodeTokens, lastNote, ownLogins } from './own-copy.ts'
import { type Credential, type RegistryState, sameLogin } from './registry-state.ts'

/**
 * The rendered Secret content for all namespaces with the same registries. Built once for each
 * change of a credential.
 */
export interface CredentialGroup extends GroupSummary {
  /** The bodies of both requests (see `WriteSecret`). */
  readonly bodies: Readonly<Record<WriteSecret['by'], SplitBody>>
  /** For the helper's own copy: the log after the write. */
  readonly logged?: readonly Logged[]
}

/**
 * A body in two parts. The precondition goes between them (`"uid":"…","resourceVersion":"…",` or
 * nothing).
 */
type SplitBody = readonly [Buffer, Buffer]

export interface GroupOptions {
  readonly secretName: string
  readonly instance: string
  readonly secretLabels: Readonly<Record<string, string>>
  readonly authFormat: AuthFormat
}

/** A credential in force. Without a `number`, the credential is not in the log. */
export type GroupEntry = Credential & {
  readonly number?: number | undefined
  /** The entry of an earlier configuration. */
  readonly isKept?: boolean
  readonly isFresh?: boolean
  /** The entries that the credential serves. Default: the entry with the credential's name. */
  readonly serves?: readonly string[]
}

/**
 * Builds the content of Secrets with these credentials, in the configuration's order. If two
 * credentials claim a domain, the earlier credential gets the domain.
 */
export function buildCredentialGroup(
  key: string,
  entries: readonly GroupEntry[],
  log: string,
  options: GroupOptions,
): CredentialGroup {
  const content = buildDockerConfig(
    entries.map(({ token }) => token),
    options.authFormat,
  )
  const note = entries.length === 0 ? '' : formatNote(log, entries)
  return { ...render(key, content, entries, { [ANNOTATION_LOG]: note }, options), note, log }
}

/**
 * Builds the content of the helper's own copy, which is the log (docs/en/decisions.md#own-copy).
 */
export function buildOwnGroup(
  logged: readonly (Logged & GroupEntry)[],
  last: number,
  options: GroupOptions,
): CredentialGroup {
  const content = buildDockerConfig(ownLogins(logged), options.authFormat)
  const note = lastNote(Math.max(last, ...logged.map(({ number }) => number)))
  const annotations = { [ANNOTATION_LOG]: note, [ANNOTATION_TOKENS]: encodeTokens(logged) }
  return { ...render(OWN, content, logged, annotations, options), note, log: '', logged }
}

/** The keys of the groups in the helper's own copy. A list of names never equals one of them. */
const OWN = '(own)'
const EMPTY_OWN = '(empty own)'

function render(
  key: string,
  content: string,
  entries: readonly GroupEntry[],
  notes: Readonly<Record<string, string>>,
  options: GroupOptions,
) {
  const hash = sha256(content)
  const registries = [...new Set(entries.flatMap(({ name, serves = [name] }) => serves))].sort()
  // The entry of an earlier configuration may have expired long ago, so its expiry is ignored.
  const current = entries.filter(({ isKept }) => isKept !== true)
  const expiresAt = soonest(current.map(({ token }) => token.expiresAt))
  const annotations = {
    [ANNOTATION_CONTENT_HASH]: hash,
    [ANNOTATION_REGISTRIES]: registries.join(','),
    [ANNOTATION_EXPIRES_AT]: toIso(expiresAt),
    [ANNOTATION_REFRESH_AT]: toIso(soonest(current.map(({ refreshAt }) => refreshAt))),
    ...notes,
  }
  const labels = { ...options.secretLabels, [LABEL_MANAGED_BY]: MANAGED_BY, [LABEL_INSTANCE]: options.instance }
  const data = { '.dockerconfigjson': Buffer.from(content).toString('base64') }
  const rest = (metadata: object): Buffer =>
    Buffer.from(`${JSON.stringify(metadata).slice(1)},"data":${JSON.stringify(data)}}`)
  const entryOf = ({ name, number, isFresh = false }: GroupEntry) => [name, { number, isFresh }] as const
  return {
    key,
    hash,
    registries,
    expiresAt,
    entries: new Map(entries.map(entryOf)),
    bodies: {
      apply: [
        Buffer.from('{"apiVersion":"v1","kind":"Secret","type":"kubernetes.io/dockerconfigjson","metadata":{'),
        rest({ name: options.secretName, labels, annotations }),
      ],
      patch: [Buffer.from('{"metadata":{'), rest({ annotations })],
    },
  } as const
}

function soonest(times: readonly (number | null)[]): number | undefined {
  const known = times.filter((time) => time !== null)
  return known.length === 0 ? undefined : Math.min(...known)
}

/**
 * Returns an empty text for no time. If the annotation were left out instead, an earlier patched
 * annotation would survive the apply.
 */
function toIso(time: number | undefined): string {
  return time === undefined ? '' : new Date(time).toISOString()
}

export type CredentialGroups = ReturnType<typeof createCredentialGroups>

export interface GroupSources {
  readonly log: () => LogState
  /** Returns the credentials that the cluster needs, in the order of the log. */
  readonly names: () => readonly string[]
  /**
   * Returns the credentials that serve these entries, each with the entries that it serves.
   * `present`: the entries that the namespace's Secret already has.
   */
  readonly serve?: (entries: readonly string[], present: readonly string[]) => readonly Served[]
  /** Returns the entries that a credential serves. */
  readonly servedBy?: (credential: string) => readonly string[]
  /** Undefined: no Secret is written yet. */
  readonly stateOf: (name: string) => RegistryState | undefined
}

/** Renders and caches the content of Secrets, by their registries. */
export function createCredentialGroups(sources: GroupSources, options: GroupOptions) {
  const { log, names, stateOf, servedBy = (name) => [name] } = sources
  const alone = (entries: readonly string[]): readonly Served[] =>
    entries.map((name) => ({ credential: name, entries: [name] }))
  const { serve = alone } = sources
  const empty = buildCredentialGroup('', [], '', options)
  // The annotation of the highest number is left out, so the patch keeps its value.
  const emptyText = buildDockerConfig([], options.authFormat)
  const emptyOwn = { ...render(EMPTY_OWN, emptyText, [], { [ANNOTATION_TOKENS]: '[]' }, options), note: '', log: '' }
  const groups = new Map<string, CredentialGroup>()
  // Namespaces with equal targets share one array, so the common case is one lookup.
  let byList = new WeakMap<readonly string[], Map<string, CredentialGroup>>()
  let own: CredentialGroup | undefined
  const describe = <T extends Credential>(
    credential: T,
    serves = servedBy(credential.name),
  ): readonly (T & GroupEntry)[] => {
    const state = stateOf(credential.name)
    if (state === undefined) return []
    const isKept = credential.fingerprint !== state.fingerprint
    return [{ ...credential, isKept, isFresh: isFresh(state, credential), serves }]
  }
  const find = (registries: readonly string[], present: readonly string[]): CredentialGroup | undefined => {
    const state = log()
    const entries = serve(registries, present).flatMap(({ credential: name, entries: serves, union }) => {
      const credential = inForce(state, name)
      const found = credential === undefined ? [] : describe(credential, serves)
      // A limited credential of an earlier list is not written to more namespaces.
      const mayAppear = union === undefined || serves.every((entry) => present.includes(entry))
      return mayAppear ? found : found.filter(({ isKept }) => isKept !== true)
    })
    if (entries.length === 0) return undefined
    const key = entries.map(({ name, serves }) => [...new Set([name, ...(serves ?? [])])].join('+')).join()
    const group = groups.get(key) ?? buildCredentialGroup(key, entries, state.uid, options)
    groups.set(key, group)
    return group
  }
  return {
    empty,
    emptyOwn,
    of(registries: readonly string[], inSecret: readonly string[] = []): CredentialGroup | undefined {
      const present = registries.filter((name) => inSecret.includes(name))
      const known = byList.get(registries) ?? new Map<string, CredentialGroup>()
      byList.set(registries, known)
      const group = known.get(present.join()) ?? find(registries, present)
      if (group) known.set(present.join(), group)
      return group
    },
    /** Returns the content for the helper's own copy. Undefined if there is nothing to log. */
    own(): CredentialGroup | undefined {
      const state = log()
      const logged = nextContent(state, names()).flatMap((one) => describe(one))
      if (logged.length > 0) own ??= buildOwnGroup(logged, state.last, options)
      return own
    },
    isFailing: (registry: string) => (stateOf(registry)?.failures ?? 0) > 0,
    /**
     * Returns the version of the helper's own copy that the next write replaces. `unread`: the
     * helper's own copy must be read first.
     */
    ownVersion: () => log().copy,
    /** Returns the content that an action names in `group`. */
    byKey(key: string): CredentialGroup | undefined {
      if (key === '') return empty
      if (key === EMPTY_OWN) return emptyOwn
      return key === OWN ? own : groups.get(key)
    },
    /** Clears the cache after a credential changed. */
    reset(): void {
      groups.clear()
      byList = new WeakMap()
      own = undefined
    },
  }
}

function isFresh({ isFresh, live, kept }: RegistryState, { token }: Credential): boolean {
  const mine = (live ?? kept)?.token
  return isFresh && mine !== undefined && sameLogin(mine, token)
}
