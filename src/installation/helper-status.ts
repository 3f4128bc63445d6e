import type { Unverified } from '../alibaba/unverified.ts'
import { toNopassError } from '../errors.ts'
import { type KubeCaller, MERGE_PATCH } from '../kube/client.ts'
import { ANNOTATION_REFRESH_REQUESTED } from '../kube/names.ts'
import { type KubeObject, namespacedPath } from '../kube/types.ts'

/**
 * The key of the status ConfigMap (`<fullname>-status`) that holds a {@link HelperStatus} as JSON.
 */
export const STATUS_KEY = 'status.json'

export interface StatusError {
  /** A code of acr-nopass (docs/en/errors.md). */
  readonly code: string
  /** The error code of the cloud or the API server, never its message. */
  readonly reason?: string
  readonly message: string
  readonly fix: string
  readonly at: string
}

/** The state of one registry, without secrets. */
export interface RegistryStatus {
  readonly name: string
  readonly edition: 'enterprise' | 'personal' | 'static'
  readonly instanceId?: string
  readonly region?: string
  /**
   * The hash of configuration and identity. After a change, a token call must verify the registry
   * (docs/en/decisions.md#readiness).
   */
  readonly fingerprint: string
  readonly domains: readonly string[]
  /**
   * `live`: has a credential. `pending`: has none yet. `failing`: the last refresh failed, and the
   * last good credential stays.
   */
  readonly state: 'live' | 'pending' | 'failing'
  readonly issuedAt?: string
  readonly expiresAt?: string
  readonly refreshAt?: string
  /** Whether the registry itself accepted the credential. */
  readonly verified: 'accepted' | 'refused' | 'unreachable' | 'skipped'
  /** Undefined: the credential has the rights of the whole role. */
  readonly limit?: LimitStatus
  readonly error?: StatusError
  /**
   * When a requested refresh failed last. The failure keeps its own time (`at`) if it occurs again.
   * Helpers before 1.0.0 do not report this.
   */
  readonly triedAt?: string
}

/** What a credential is limited to, and whether the registry was seen to respect it. */
export interface LimitStatus {
  /** The limited entries that this credential serves, in the configuration's order. */
  readonly entries: readonly string[]
  /** The merged list of their repositories. */
  readonly repositories: readonly string[]
  /** Whether the registry granted a pull of the list with this credential. */
  readonly granted: 'granted' | 'unknown'
  /** Whether the credential may pull more than its list. */
  readonly width: 'limited' | 'too-wide' | 'not-checked'
  /** What the registry responded, or why it was not asked. */
  readonly reason?: string
}

/**
 * The reason of a limit while the present leader has not tried its credential. The leader before it
 * requested that credential, and tried it then.
 */
export const LIMIT_NOT_ASKED = 'this replica has not asked the registry yet'

/**
 * Returns the credentials of an entry: its own, or those of all unions that it is part of. A
 * limited entry that no namespace needs has none.
 */
export function itemsOf(status: Pick<HelperStatus, 'registries'>, entry: string): readonly RegistryStatus[] {
  return status.registries.filter((item) => entriesOf(item).includes(entry))
}

/** Returns the names of the entries that a credential serves. */
export function entriesOf({ name, limit }: Pick<RegistryStatus, 'name' | 'limit'>): readonly string[] {
  return limit === undefined ? [name] : limit.entries
}

/** Counts by reason; `current`, `skipped` and `pending` add up to `total`. */
export interface CoverageStatus {
  readonly total: number
  readonly current: number
  readonly pending: number
  readonly skipped: Readonly<Record<string, number>>
}

/**
 * The helper's report for `doctor` and the action. Written when it changes, at most about once in
 * 30 s.
 */
export interface HelperStatus {
  readonly version: string
  readonly updatedAt: string
  readonly leader: string
  /**
   * The hash of the active configuration. `verify` waits until it is the hash of the deployed
   * configuration.
   */
  readonly configHash: string
  readonly secretName: string
  readonly attach: 'admission' | 'serviceAccounts' | 'both'
  readonly retired: boolean
  readonly registries: readonly RegistryStatus[]
  /**
   * The time of the last `acr-nopass refresh` (its annotation) that is handled: since then, every
   * registry got a new credential or failed. Empty if there is none. Helpers of 1.0.0 do not report
   * this.
   */
  readonly lastHandledRefresh?: string
  readonly namespaces: CoverageStatus
  readonly serviceAccounts?: CoverageStatus
  /** Facts that the helper relies on without verification (src/alibaba/unverified.ts). */
  readonly unverified?: readonly Unverified[]
  /**
   * Up to 20 problems that need a person (foreign Secret, fought list, failing write), newest
   * first.
   */
  readonly problems: readonly (StatusError & { readonly namespace?: string; readonly object?: string })[]
}

/**
 * Describes a failure for the status, an Event and the log, with our own message and the cloud's
 * code. Foreign messages are left out.
 */
export function toStatusError(error: unknown, at: number): StatusError {
  const known = toNopassError(error)
  return {
    code: known.code,
    ...(known.reason !== undefined && { reason: known.reason }),
    message: known.code === 'INTERNAL' ? 'an unexpected failure; the log has its location in the code' : known.message,
    fix: known.hint,
    at: new Date(at).toISOString(),
  }
}

export interface StatusObject extends KubeObject {
  readonly data?: Readonly<Record<string, string>>
}

/** Returns when new tokens were last requested (`acr-nopass refresh`), in epoch milliseconds. */
export function refreshRequestedAt({ metadata }: StatusObject): number | undefined {
  const at = Date.parse(metadata.annotations?.[ANNOTATION_REFRESH_REQUESTED] ?? '')
  return Number.isNaN(at) ? undefined : at
}

/**
 * Returns the time of the request (`refreshRequestedAt`) that the helper reports as handled, or NaN
 * if it has handled none. Undefined if a helper of 1.0.0 wrote the report.
 */
export function handledRefreshOf(status: HelperStatus | undefined): number | undefined {
  if (status !== undefined && status.lastHandledRefresh === undefined) return undefined
  return Date.parse(status?.lastHandledRefresh ?? '')
}

/**
 * Requests new tokens from a running helper by an annotation on its status ConfigMap. The helper
 * reacts within a second.
 */
export async function requestRefresh(
  { client, signal }: KubeCaller,
  status: { readonly namespace: string; readonly name: string },
  at: Date,
): Promise<void> {
  const annotations = { [ANNOTATION_REFRESH_REQUESTED]: at.toISOString() }
  const path = namespacedPath('/api/v1', status.namespace, 'configmaps', status.name)
  await client.request({ method: 'PATCH', path, contentType: MERGE_PATCH, body: { metadata: { annotations } } }, signal)
}
