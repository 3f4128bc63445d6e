import type { KubeClient } from '../../kube/client.ts'
import type { KubeConnection } from '../../kube/kube-connection.ts'
import { namespacedPath } from '../../kube/types.ts'
import { type ClusterKeys, writeKubeconfig } from './cluster-keys.ts'

/** How users and ServiceAccounts reach the API server of a cluster. */
export interface ClusterAccess {
  /** `https://127.0.0.1:PORT` */
  readonly server: string
  readonly caPem: string
  readonly adminConnection: KubeConnection
  /** A client of `adminConnection`; closed with the cluster. */
  readonly admin: KubeClient
  /** The public keys of the ServiceAccount issuer. */
  jwks(): Promise<{ keys: JsonWebKey[] }>
  /** A connection with a client certificate of the cluster's CA, valid for `minutes`. */
  connectionFor(user: string, groups: readonly string[], minutes: number): KubeConnection
  kubeconfigFor(user: string, groups: readonly string[], minutes: number): string
  serviceAccountToken(
    namespace: string,
    name: string,
    audiences: readonly string[],
    seconds: number,
    signal?: AbortSignal,
  ): Promise<string>
}

type JsonWebKey = Readonly<Record<string, unknown>>

export function toAccess(keys: ClusterKeys, admin: KubeClient): ClusterAccess {
  const { server, caPem } = keys.cluster
  return {
    server,
    caPem,
    admin,
    adminConnection: keys.admin,
    jwks: () => admin.request({ method: 'GET', path: '/openid/v1/jwks', accept: 'application/jwk-set+json' }),
    connectionFor(user, groups, minutes) {
      const pair = keys.issue(user, groups, minutes)
      return { server, ca: caPem, cert: pair.certificatePem, key: pair.keyPem }
    },
    kubeconfigFor: (user, groups, minutes) => writeKubeconfig(keys.cluster, keys.issue(user, groups, minutes)),
    async serviceAccountToken(namespace, name, audiences, seconds, signal) {
      const spec = { audiences, expirationSeconds: seconds }
      return (await requestToken(admin, { namespace, name }, spec, signal)).token
    },
  }
}

/** Requests a token of a ServiceAccount. @throws KubeApiError */
export async function requestToken(
  client: KubeClient,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  spec: object,
  signal?: AbortSignal,
): Promise<{ readonly token: string; readonly expirationTimestamp: string }> {
  const path = `${namespacedPath('/api/v1', namespace, 'serviceaccounts', name)}/token`
  const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec }
  const call = { method: 'POST', path, body } as const
  return (await client.request<{ status: { token: string; expirationTimestamp: string } }>(call, signal)).status
}
