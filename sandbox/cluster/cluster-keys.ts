import { generateKeyPair } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { promisify } from 'node:util'
import type { KubeClient } from '../../src/kube/client.ts'
import type { KubeConnection } from '../../src/kube/kube-connection.ts'
import { namespacedPath } from '../../src/kube/types.ts'
import type { Authority, KeyPair } from './certificate.ts'
import type { ClusterFiles } from './control-plane.ts'

const AUDIT_POLICY: string = JSON.stringify({
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [{ level: 'Metadata' }],
})

/**
 * Writes the files of the control plane (keys, certificates, kubeconfigs, audit policy), readable
 * only by the owner.
 */
export async function writeClusterFiles(
  files: ClusterFiles,
  authority: Authority,
  { name, server, serviceAddress }: { name: string; server: string; serviceAddress: string },
) {
  const cluster = { name, server, caPem: authority.certificatePem }
  /** Issues a client certificate. Its CN is the user's name, and its O fields are the groups. */
  const issue = (commonName: string, organizations: readonly string[], minutes?: number): KeyPair =>
    authority.issue({ commonName, organizations, minutes })
  const admin = issue('admin', ['system:masters'])
  const controllerManager = issue('system:kube-controller-manager', [])
  const serving = authority.issue({ commonName: 'kube-apiserver', names: ['127.0.0.1', 'localhost', serviceAddress] })
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })

  write(files.ca, authority.certificatePem)
  write(files.caKey, authority.keyPem)
  write(files.serverCertificate, serving.certificatePem)
  write(files.serverKey, serving.keyPem)
  write(files.kubeletClientCertificate, admin.certificatePem)
  write(files.kubeletClientKey, admin.keyPem)
  // RS256 is the only algorithm that Alibaba Cloud's OIDC providers accept.
  write(files.serviceAccountKey, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())
  write(files.auditPolicy, AUDIT_POLICY)
  write(files.adminKubeconfig, writeKubeconfig(cluster, admin))
  write(files.controllerManagerKubeconfig, writeKubeconfig(cluster, controllerManager))
  const connection: KubeConnection = { server, ca: cluster.caPem, cert: admin.certificatePem, key: admin.keyPem }
  return { ...cluster, issue, admin: connection }
}

function write(file: string, text: string): void {
  writeFileSync(file, text, { mode: 0o600 })
}

/**
 * Returns a kubeconfig as JSON, which is valid YAML, with one context that is named after the
 * cluster.
 */
export function writeKubeconfig(cluster: { name: string; server: string; caPem: string }, user: KeyPair): string {
  const base64 = (text: string): string => Buffer.from(text).toString('base64')
  const { name, server, caPem } = cluster
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    clusters: [{ name, cluster: { server, 'certificate-authority-data': base64(caPem) } }],
    users: [
      {
        name,
        user: {
          'client-certificate-data': base64(user.certificatePem),
          'client-key-data': base64(user.keyPem),
        },
      },
    ],
    contexts: [{ name, context: { cluster: name, user: name } }],
  }
  return `${JSON.stringify(kubeconfig, undefined, 2)}\n`
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
