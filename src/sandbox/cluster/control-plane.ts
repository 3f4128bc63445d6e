import { join } from 'node:path'

/**
 * A Service network on loopback, because there is no kube-proxy: a server that listens on a Service's address is reachable by Pods
 * in the machine's network.
 */
export interface ServiceNetwork {
  readonly range: string
  /** Address of the Service `kubernetes`: the first of the range. */
  readonly apiServer: string
}

export function serviceNetwork(octet: number): ServiceNetwork {
  return { range: `127.${octet}.0.0/16`, apiServer: `127.${octet}.0.1` }
}

export type ClusterFiles = ReturnType<typeof clusterFiles>

/** The files of one cluster, all in its folder. */
export function clusterFiles(folder: string) {
  const file = (name: string): string => join(folder, name)
  return {
    folder,
    ca: file('ca.crt'),
    caKey: file('ca.key'),
    serverCertificate: file('server.crt'),
    serverKey: file('server.key'),
    kubeletClientCertificate: file('kubelet-client.crt'),
    kubeletClientKey: file('kubelet-client.key'),
    serviceAccountKey: file('service-account.key'),
    auditPolicy: file('audit-policy.json'),
    auditLog: file('audit.log'),
    adminKubeconfig: file('admin.kubeconfig'),
    controllerManagerKubeconfig: file('controller-manager.kubeconfig'),
  }
}

export interface ApiServerOptions {
  readonly files: ClusterFiles
  readonly etcdUrl: string
  readonly prefix: string
  readonly port: number
  readonly issuer: string
  /** Such as `127.96.0.0/16`. */
  readonly serviceNetwork: string
  /** More flags, such as `--feature-gates=…`; a later flag of a name wins. */
  readonly extra: readonly string[]
}

export function apiServerArguments({
  files,
  etcdUrl,
  prefix,
  port,
  issuer,
  serviceNetwork,
  extra,
}: ApiServerOptions): string[] {
  return [
    `--etcd-servers=${etcdUrl}`,
    `--etcd-prefix=${prefix}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--secure-port=${port}`,
    // The server's address is loopback, which endpoints of the Service `kubernetes` must not have.
    '--endpoint-reconciler-type=none',
    `--tls-cert-file=${files.serverCertificate}`,
    `--tls-private-key-file=${files.serverKey}`,
    `--client-ca-file=${files.ca}`,
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    '--allow-privileged=true',
    `--service-account-issuer=${issuer}`,
    `--service-account-key-file=${files.serviceAccountKey}`,
    `--service-account-signing-key-file=${files.serviceAccountKey}`,
    `--service-cluster-ip-range=${serviceNetwork}`,
    `--kubelet-client-certificate=${files.kubeletClientCertificate}`,
    `--kubelet-client-key=${files.kubeletClientKey}`,
    // Otherwise `kubectl logs` resolves the node's name by DNS.
    '--kubelet-preferred-address-types=InternalIP',
    `--audit-policy-file=${files.auditPolicy}`,
    `--audit-log-path=${files.auditLog}`,
    '--event-ttl=1h',
    ...extra,
  ]
}

/** `olderNames`: the names of controllers before 1.28. */
export function controllerManagerArguments(files: ClusterFiles, olderNames = false): string[] {
  const kubeconfig = files.controllerManagerKubeconfig
  return [
    `--kubeconfig=${kubeconfig}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    '--secure-port=0',
    '--leader-elect=false',
    // With the default of 20 per second the default ServiceAccount takes 5 s to appear.
    '--kube-api-qps=200',
    '--kube-api-burst=400',
    // There is no kube-proxy to read their objects, and they report Pod addresses on loopback as errors in Events.
    olderNames
      ? '--controllers=*,-endpoint,-endpointslice,-endpointslicemirroring'
      : '--controllers=*,-endpoints-controller,-endpointslice-controller,-endpointslice-mirroring-controller',
    '--use-service-account-credentials',
    `--service-account-private-key-file=${files.serviceAccountKey}`,
    `--root-ca-file=${files.ca}`,
    `--cluster-signing-cert-file=${files.ca}`,
    `--cluster-signing-key-file=${files.caKey}`,
  ]
}
