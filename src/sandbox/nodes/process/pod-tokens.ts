import type { V1ServiceAccountTokenProjection } from '@kubernetes/client-node'
import type { KubeClient } from '../../../kube/client.ts'
import type { Clock } from '../../../lib/clock.ts'
import { requestToken } from '../../cluster/cluster-keys.ts'
import type { Pod } from '../../cluster/pod.ts'
import { sourcesOf } from './pod-sources.ts'

interface Token {
  readonly text: string
  /** Milliseconds since 1970. */
  readonly refreshAt: number
}

const DAY_MS = 24 * 3600 * 1000

/** The ServiceAccount tokens of one Pod, which are bound to it and replaced before they expire. */
export function createPodTokens(client: KubeClient, pod: Pod, clock: Clock) {
  const projections = (pod.spec.volumes ?? [])
    .flatMap(sourcesOf)
    .flatMap(({ serviceAccountToken }) => serviceAccountToken ?? [])
  const tokens = new Map<V1ServiceAccountTokenProjection, Token>()

  async function request(
    { audience, expirationSeconds = 3600 }: V1ServiceAccountTokenProjection,
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

  return {
    /** Returns undefined if the token has not been fetched yet. */
    get: (projection: V1ServiceAccountTokenProjection) => tokens.get(projection)?.text,
    /** Fetches missing and due tokens; returns the milliseconds until the next one is due. @throws KubeApiError */
    async refresh(signal: AbortSignal): Promise<number> {
      for (const projection of projections) {
        if ((tokens.get(projection)?.refreshAt ?? 0) <= clock.now())
          tokens.set(projection, await request(projection, signal))
      }
      return Math.min(...[...tokens.values()].map(({ refreshAt }) => refreshAt - clock.now()))
    },
    /** Makes all tokens due immediately. */
    expire() {
      for (const [projection, { text }] of tokens) tokens.set(projection, { text, refreshAt: 0 })
    },
  }
}
