import type { KubeClient } from '../../kube/client.ts'
import type { KubeConnection } from '../../kube/kube-connection.ts'
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
      const { status } = await admin.request<{ status: { token: string } }>(
        {
          method: 'POST',
          path: `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`,
          body: {
            apiVersion: 'authentication.k8s.io/v1',
            kind: 'TokenRequest',
            spec: { audiences, expirationSeconds: seconds },
          },
        },
        signal,
      )
      return status.token
    },
  }
}
