import { X509Certificate } from 'node:crypto'
import { NopassError } from '../../errors.ts'
import { isRecord, textOf } from '../../lib/json.ts'
import { sha256 } from '../../lib/text.ts'
import { hasStatus, isUntrusted, KubeApiError, unlessStatus } from '../api-error.ts'
import { get, type KubeCaller } from '../client.ts'
import type { KubeConnection } from '../kube-connection.ts'

export interface ClusterIdentity {
  readonly server: string
  readonly kubeSystemUid: string
  /** A version such as `v1.36.3`. */
  readonly version: string
}

/**
 * Connects to the API server and identifies the cluster.
 * @throws CLUSTER_UNREACHABLE, DEPLOYER_FORBIDDEN, KUBE_BAD_ANSWER, or the API server's own refusal
 */
export async function identifyCluster(caller: KubeCaller, { server }: KubeConnection): Promise<ClusterIdentity> {
  try {
    const [version, system] = await Promise.all([
      get(caller, '/version', { timeoutMs: 10_000 }),
      get(caller, '/api/v1/namespaces/kube-system', { timeoutMs: 10_000 }),
    ])
    const { uid } = isRecord(system) && isRecord(system.metadata) ? system.metadata : {}
    const { gitVersion } = isRecord(version) ? version : {}
    if (typeof uid !== 'string' || uid === '') throw badAnswer('/api/v1/namespaces/kube-system', 'a namespace')
    if (typeof gitVersion !== 'string') throw badAnswer('/version', 'a version of Kubernetes')
    return { server, kubeSystemUid: uid, version: gitVersion }
  } catch (error) {
    // ACK gives a kubeconfig to every user. It is valid even if the user has no rights in the
    // cluster.
    if (hasStatus(error, 403)) {
      const message = 'the deployer may not get namespaces/kube-system: it has few or no rights in the cluster'
      throw new NopassError('DEPLOYER_FORBIDDEN', message, { cause: error, reason: error.reason })
    }
    if (!hasStatus(error, 0) || isUntrusted(error.reason)) throw error
    const message = `the API server ${server} does not respond`
    throw new NopassError('CLUSTER_UNREACHABLE', message, { cause: error, reason: error.reason ?? error.code })
  }
}

/** A login page and other services respond 200 too, some of them with JSON. */
function badAnswer(path: string, what: string): KubeApiError {
  return new KubeApiError(200, `GET ${path} did not return ${what}`, { code: 'KUBE_BAD_ANSWER' })
}

export interface ExpectedIdentity {
  readonly server?: string | undefined
  readonly caSha256?: string | undefined
  readonly kubeSystemUid?: string | undefined
}

/**
 * Compares the API server with what the entry expects, before the first write.
 * @throws CLUSTER_MISMATCH
 */
export function requireIdentity(found: ClusterIdentity, ca: string | undefined, expected: ExpectedIdentity): void {
  const differs = (what: string, actual: string, wanted: string): NopassError =>
    new NopassError('CLUSTER_MISMATCH', `${what} is ${actual}, but ${wanted} is expected`)
  const { server, caSha256, kubeSystemUid } = expected
  if (server !== undefined && server !== found.server) throw differs('the API server', found.server, server)
  if (kubeSystemUid !== undefined && kubeSystemUid !== found.kubeSystemUid) {
    throw differs("kube-system's UID", found.kubeSystemUid, kubeSystemUid)
  }
  if (caSha256 !== undefined) {
    // The hash of the first certificate's DER.
    const hash = ca === undefined ? 'none' : sha256(new X509Certificate(ca).raw)
    if (hash !== caSha256) throw differs("the CA's SHA-256", hash, caSha256)
  }
}

/**
 * Returns the issuer of the cluster's ServiceAccount tokens, from the API server's discovery
 * document. Undefined if there is no such document. Throws a 403 if the caller lacks the
 * ClusterRole `system:service-account-issuer-discovery`.
 */
export async function readServedIssuer(caller: KubeCaller): Promise<string | undefined> {
  const read = get<{ readonly issuer?: unknown }>(caller, '/.well-known/openid-configuration')
  const document = await unlessStatus(read, 404)
  return textOf(document?.issuer) || undefined
}
