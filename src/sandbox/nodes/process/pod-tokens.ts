import type { V1ServiceAccountTokenProjection } from '@kubernetes/client-node'
import type { KubeClient } from '../../../kube/client.ts'
import type { Clock } from '../../../lib/clock.ts'
import { requestToken } from '../../cluster/cluster-keys.ts'
import type { Pod } from '../../cluster/pod.ts'

/** The ServiceAccount tokens of one Pod, which are bound to it and replaced before they expire. */
export interface PodTokens {
  /** Returns undefined if the token has not been fetched yet. */
  get(projection: V1ServiceAccountTokenProjection): string | undefined
  /** Fetches missing and due tokens; returns the milliseconds until the next one is due. @throws KubeApiError */
  refresh(signal: AbortSignal): Promise<number>
  /** Makes all tokens due immediately. */
  expire(): void
}

interface Token {
  readonly text: string
  /** Milliseconds since 1970. */
  readonly refreshAt: number
}

const HOUR = 3600
const DAY_MS = 24 * HOUR * 1000

export function createPodTokens(
  client: KubeClient,
  pod: Pod,
  projections: readonly V1ServiceAccountTokenProjection[],
  clock: Clock,
): PodTokens {
  const tokens = new Map<string, Token>()
  const keyOf = ({ audience = '', expirationSeconds = HOUR }: V1ServiceAccountTokenProjection): string =>
    `${expirationSeconds} ${audience}`
  return {
    get: (projection) => tokens.get(keyOf(projection))?.text,
    expire() {
      for (const [key, { text }] of tokens) tokens.set(key, { text, refreshAt: 0 })
    },
    async refresh(signal) {
      for (const projection of projections) {
        const key = keyOf(projection)
        if ((tokens.get(key)?.refreshAt ?? 0) <= clock.now())
          tokens.set(key, await request(client, pod, projection, clock, signal))
      }
      return Math.min(...[...tokens.values()].map(({ refreshAt }) => refreshAt - clock.now()))
    },
  }
}

async function request(
  client: KubeClient,
  pod: Pod,
  { audience, expirationSeconds = HOUR }: V1ServiceAccountTokenProjection,
  clock: Clock,
  signal: AbortSignal,
): Promise<Token> {
  const { name, namespace, uid } = pod.metadata
  const account = pod.spec.serviceAccountName ?? 'default'
  const audiences = audience === undefined ? [] : [audience]
  const spec = { audiences, expirationSeconds, boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid } }
  const { token: text, expirationTimestamp } = await requestToken(client, { namespace, name: account }, spec, signal)
  const lifetime = Date.parse(expirationTimestamp) - clock.now()
  // Like the kubelet, replace a token after 80 % of its lifetime, or after a day.
  return { text, refreshAt: clock.now() + Math.min(lifetime * 0.8, DAY_MS) }
}
