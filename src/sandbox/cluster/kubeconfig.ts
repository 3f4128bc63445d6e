export interface KubeconfigUser {
  readonly certificatePem: string
  readonly keyPem: string
}

/** A kubeconfig (JSON, which is YAML) with one cluster, one user by client certificate and one context named after the cluster. */
export function writeKubeconfig(
  cluster: { name: string; server: string; caPem: string },
  user: KubeconfigUser,
): string {
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
