import { X509Certificate } from 'node:crypto'
import { NopassError } from '../errors.ts'
import { hasStatus, isUntrusted, unlessStatus } from '../kube/api-error.ts'
import { get, type KubeCaller, METADATA_ONLY_LIST } from '../kube/client.ts'
import type { KubeConnection } from '../kube/kube-connection.ts'
import { listPages } from '../kube/list-pages.ts'
import { LABEL_INSTANCE } from '../kube/names.ts'
import { type KubeObject, keyOf } from '../kube/types.ts'
import { textOf } from '../lib/json.ts'
import { sha256 } from '../lib/text.ts'
import { type Candidate, judgeCandidates, type ReleaseName } from './release-evidence.ts'

export interface ClusterIdentity {
  readonly server: string
  readonly kubeSystemUid: string
  /** `v1.36.3`. */
  readonly version: string
}

/**
 * Connects to the API server and identifies it.
 * @throws CLUSTER_UNREACHABLE, DEPLOYER_FORBIDDEN, or the API server's own refusal
 */
export async function identifyCluster(caller: KubeCaller, { server }: KubeConnection): Promise<ClusterIdentity> {
  try {
    const [version, system] = await Promise.all([
      get<{ gitVersion: string }>(caller, '/version', { timeoutMs: 10_000 }),
      get<KubeObject>(caller, '/api/v1/namespaces/kube-system', { timeoutMs: 10_000 }),
    ])
    return { server, kubeSystemUid: system.metadata.uid, version: version.gitVersion }
  } catch (error) {
    // The kubeconfig that ACK gives a user without rights in the cluster is valid.
    if (hasStatus(error, 403)) {
      const message = 'the deployer may not get namespaces/kube-system: it has no rights in the cluster, or few'
      throw new NopassError('DEPLOYER_FORBIDDEN', message, { cause: error, reason: error.reason })
    }
    if (!hasStatus(error, 0) || isUntrusted(error.reason)) throw error
    const message = `the API server ${server} does not respond`
    throw new NopassError('CLUSTER_UNREACHABLE', message, { cause: error, reason: error.reason ?? error.code })
  }
}

export interface ExpectedIdentity {
  readonly server?: string | undefined
  readonly caSha256?: string | undefined
  readonly kubeSystemUid?: string | undefined
}

/** Compares the API server with what the entry expects, before the first write. @throws CLUSTER_MISMATCH */
export function requireIdentity(found: ClusterIdentity, ca: string | undefined, expected: ExpectedIdentity): void {
  const differs = (what: string, actual: string, wanted: string): NopassError =>
    new NopassError('CLUSTER_MISMATCH', `${what} is ${actual}, but ${wanted} is expected`)
  const { server, caSha256, kubeSystemUid } = expected
  if (server !== undefined && server !== found.server) throw differs('the API server', found.server, server)
  if (kubeSystemUid !== undefined && kubeSystemUid !== found.kubeSystemUid) {
    throw differs("kube-system's UID", found.kubeSystemUid, kubeSystemUid)
  }
  if (caSha256 !== undefined) {
    // Of the DER of the first certificate.
    const hash = ca === undefined ? 'none' : sha256(new X509Certificate(ca).raw)
    if (hash !== caSha256) throw differs("the CA's SHA-256", hash, caSha256)
  }
}

/**
 * Other releases of acr-nopass in the cluster, by their Deployments, also what only has the labels;
 * undefined if the deployer lacks the right to list them.
 */
export async function otherReleases(
  caller: KubeCaller,
  own: { readonly namespace: string; readonly release: string },
): Promise<readonly Candidate[] | undefined> {
  const names = await unlessStatus(listDeployments(caller), 403)
  const others = names?.filter(({ namespace, name }) => namespace !== own.namespace || name !== own.release)
  return others && judgeCandidates(caller, others)
}

/**
 * By metadata alone: users of the cluster may create many and large Deployments with these labels.
 */
async function listDeployments({ client, signal }: KubeCaller): Promise<readonly ReleaseName[]> {
  const query = { labelSelector: 'app.kubernetes.io/name=acr-nopass' }
  const call = { path: '/apis/apps/v1/deployments', query, accept: METADATA_ONLY_LIST, pageSize: 500 }
  const found = new Map<string, ReleaseName>()
  for await (const { items } of listPages<KubeObject>(client, call, signal)) {
    for (const { metadata } of items ?? []) {
      const one = { namespace: metadata.namespace ?? '', name: metadata.labels?.[LABEL_INSTANCE] ?? '' }
      found.set(keyOf(one), one)
    }
  }
  return [...found.values()]
}

/** Deployments of the vendor's own credential helper, self-managed and webhook. */
const ADDONS = ['aliyun-acr-credential-helper', 'acr-credential-helper-webhook']
/** Part of the name of the vendor's images, also in another registry. */
const ADDON_IMAGE = 'acr-credential-helper'

interface DeploymentView {
  readonly spec?: { readonly template?: { readonly spec?: { readonly containers?: readonly { image?: string }[] } } }
}

/**
 * Which of the vendor's credential helpers work in the cluster, by name and image: anything may have such a name. One that cannot
 * be read counts as absent.
 */
export async function findAddons(caller: KubeCaller): Promise<readonly string[]> {
  const path = '/apis/apps/v1/namespaces/kube-system/deployments'
  const found = await Promise.all(
    ADDONS.map((name) => unlessStatus(get<DeploymentView>(caller, `${path}/${name}`), 403, 404)),
  )
  return ADDONS.filter((_, index) =>
    found[index]?.spec?.template?.spec?.containers?.some(({ image = '' }) => image.includes(ADDON_IMAGE)),
  )
}

/**
 * The issuer of the cluster's ServiceAccount tokens, from the API server's discovery document; undefined without one. Throws
 * a 403 without the ClusterRole `system:service-account-issuer-discovery`.
 */
export async function readServedIssuer(caller: KubeCaller): Promise<string | undefined> {
  const read = get<{ readonly issuer?: unknown }>(caller, '/.well-known/openid-configuration')
  const document = await unlessStatus(read, 404)
  return textOf(document?.issuer) || undefined
}
