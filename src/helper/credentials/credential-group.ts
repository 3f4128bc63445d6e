import { createHash } from 'node:crypto'
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
import type { WriteSecret } from '../plan/actions.ts'
import type { GroupSummary } from '../plan/plan-secret.ts'
import type { LiveToken } from './registry-state.ts'
import { encodeTokens } from './token-annotation.ts'

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
  const hash = contentHash(content)
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

/** Lower-case hex SHA-256 of the bytes of `.dockerconfigjson`. */
export function contentHash(content: string): string {
  return createHash('sha256').update(content).digest('hex')
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
