import { type AuthFormat, buildDockerConfig } from '../../acr/docker-config.ts'
import {
  ANNOTATION_CONTENT_HASH,
  ANNOTATION_EXPIRES_AT,
  ANNOTATION_ISSUED_AT,
  ANNOTATION_REFRESH_AT,
  ANNOTATION_REGISTRIES,
  ANNOTATION_TOKENS,
  LABEL_INSTANCE,
  LABEL_MANAGED_BY,
  MANAGED_BY,
} from '../../kube/names.ts'
import { sha256 } from '../../lib/text.ts'
import type { Carry, WriteSecret } from '../plan/actions.ts'
import type { GroupSummary } from '../plan/plan-context.ts'
import { asKept, hasExpired, isIssuedBefore, type LiveToken } from './registry-state.ts'
import { encodeTokens } from './restore-tokens.ts'

/** The rendered content of the Secrets of all namespaces with the same registries; built once per change of a token. */
export interface CredentialGroup extends GroupSummary {
  /** The bodies of both requests (see `WriteSecret`). */
  readonly bodies: Readonly<Record<WriteSecret['by'], SplitBody>>
  readonly tokens: readonly LiveToken[]
}

/** In two parts, between which the precondition goes (`"uid":"…","resourceVersion":"…",` or nothing). */
type SplitBody = readonly [Buffer, Buffer]

export interface GroupOptions {
  readonly secretName: string
  readonly instance: string
  readonly secretLabels: Readonly<Record<string, string>>
  readonly authFormat: AuthFormat
}

/** The group for these tokens, in the configuration's order (of two that claim one domain the earlier has it). */
export function buildCredentialGroup(
  key: string,
  tokens: readonly LiveToken[],
  options: GroupOptions,
): CredentialGroup {
  const content = buildDockerConfig(
    tokens.map(({ token }) => token),
    options.authFormat,
  )
  const hash = sha256(content)
  const sorted = tokens.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const registries = sorted.map(({ name }) => name)
  // The entry of an earlier configuration may have expired long ago, so its expiry is ignored.
  const current = tokens.filter(({ origin }) => origin !== 'kept')
  const expiresAt = soonest(current.map(({ token }) => token.expiresAt))
  const annotations: Record<string, string> = {
    [ANNOTATION_CONTENT_HASH]: hash,
    [ANNOTATION_REGISTRIES]: registries.join(','),
    [ANNOTATION_ISSUED_AT]: sorted.map(({ token }) => toIso(timeOfIssue(token))).join(','),
    [ANNOTATION_EXPIRES_AT]: toIso(expiresAt),
    [ANNOTATION_REFRESH_AT]: toIso(soonest(current.map(({ refreshAt }) => refreshAt))),
    [ANNOTATION_TOKENS]: encodeTokens(tokens),
  }
  const labels = { ...options.secretLabels, [LABEL_MANAGED_BY]: MANAGED_BY, [LABEL_INSTANCE]: options.instance }
  const data = { '.dockerconfigjson': Buffer.from(content).toString('base64') }
  const rest = (metadata: object): Buffer =>
    Buffer.from(`${JSON.stringify(metadata).slice(1)},"data":${JSON.stringify(data)}}`)
  return {
    key,
    hash,
    registries,
    expiresAt,
    issued: new Map(
      tokens.flatMap(({ name, token, origin }) => {
        const at = timeOfIssue(token)
        const from = { own: origin === undefined, proof: origin === 'proof' }
        return at === undefined ? [] : [[name, { at, expiresAt: token.expiresAt ?? at, ...from }]]
      }),
    ),
    tokens,
    bodies: {
      apply: [
        Buffer.from('{"apiVersion":"v1","kind":"Secret","type":"kubernetes.io/dockerconfigjson","metadata":{'),
        rest({ name: options.secretName, labels, annotations }),
      ],
      patch: [Buffer.from('{"metadata":{'), rest({ annotations })],
    },
  }
}

/** As the annotation has it, in whole milliseconds. Undefined for a static login, which does not become newer when it is read again. */
function timeOfIssue({ issuedAt, expiresAt }: LiveToken['token']): number | undefined {
  return expiresAt === null ? undefined : Math.trunc(issuedAt)
}

function soonest(times: readonly (number | null)[]): number | undefined {
  const known = times.filter((time) => time !== null)
  return known.length === 0 ? undefined : Math.min(...known)
}

/** An empty text instead of no annotation, because a patched annotation would outlive an apply without it. */
function toIso(time: number | undefined): string {
  return time === undefined ? '' : new Date(time).toISOString()
}

export type CredentialGroups = ReturnType<typeof createCredentialGroups>

/** The rendered Secret contents by their registries. */
export function createCredentialGroups(tokenOf: (registry: string) => LiveToken | undefined, options: GroupOptions) {
  const empty = buildCredentialGroup('', [], options)
  const groups = new Map<string, CredentialGroup>()
  /** By namespace, so that a Secret that keeps being changed does not fill the memory; only the hashes of the contents. */
  const carried = new Map<string, { readonly hash: string; readonly mixture: string }>()
  // Targets share the arrays, so the common case is one lookup.
  let byList = new WeakMap<readonly string[], CredentialGroup>()
  const find = (registries: readonly string[]): CredentialGroup | undefined => {
    const tokens = registries.map(tokenOf).filter((token) => token !== undefined)
    if (tokens.length === 0) return undefined
    const key = tokens.map(({ name }) => name).join(',')
    const group = groups.get(key) ?? buildCredentialGroup(key, tokens, options)
    groups.set(key, group)
    return group
  }
  return {
    empty,
    of(registries: readonly string[]): CredentialGroup | undefined {
      const group = byList.get(registries) ?? find(registries)
      if (group) byList.set(registries, group)
      return group
    },
    /** The content that an action names by its `group`. */
    byKey: (key: string): CredentialGroup | undefined => (key === '' ? empty : groups.get(key)),
    carriedIn(namespace: string, hash: string): string | undefined {
      const last = carried.get(namespace)
      return last?.hash === hash ? last.mixture : undefined
    },
    /**
     * The content for the Secret of one namespace with its own credentials (`found`) of the registries to carry; `carriedIn` recognizes
     * it afterwards.
     */
    carryOver(
      namespace: string,
      group: CredentialGroup,
      { names, mixture }: Carry,
      found: readonly LiveToken[],
      cloudNow: number,
    ): CredentialGroup {
      const there = new Map(found.filter(({ name }) => names.includes(name)).map((token) => [token.name, token]))
      const ours = group.tokens.map((token) => better(there.get(token.name), token, cloudNow))
      const known = new Set(group.registries)
      const lost = [...there.values()].filter(({ name }) => !known.has(name)).map(asKept)
      const content = buildCredentialGroup(group.key, [...ours, ...lost], options)
      carried.set(namespace, { hash: content.hash, mixture })
      return content
    },
    /** Clears the cache after a token changed. */
    reset(): void {
      groups.clear()
      carried.clear()
      byList = new WeakMap()
    },
  }
}

/** The one that has not expired, else the newer; of two that both have, ours only if it also ends no earlier: the clock may be ahead. */
function better(there: LiveToken | undefined, ours: LiveToken, cloudNow: number): LiveToken {
  if (there === undefined) return ours
  const [isTheirsExpired, isOursExpired] = [hasExpired(there.token, cloudNow), hasExpired(ours.token, cloudNow)]
  const endsEarlier = isOursExpired && endOf(ours) < endOf(there)
  if (isTheirsExpired === isOursExpired ? !isIssuedBefore(ours, there) && !endsEarlier : isTheirsExpired) return ours
  return ours.origin === 'kept' ? asKept(there) : there
}

function endOf({ token }: LiveToken): number {
  return token.expiresAt ?? Number.POSITIVE_INFINITY
}
