import { join } from 'node:path'

export type ClusterFiles = ReturnType<typeof clusterFiles>

/** The paths of a cluster's files. */
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

interface ApiServerOptions {
  readonly etcdUrl: string
  readonly prefix: string
  readonly port: number
  readonly issuer: string
  /** For example `127.96.0.0/16`. */
  readonly serviceNetwork: string
}

export function apiServerArguments(files: ClusterFiles, options: ApiServerOptions): string[] {
  return [
    `--etcd-servers=${options.etcdUrl}`,
    `--etcd-prefix=${options.prefix}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--secure-port=${options.port}`,
    // The server listens on loopback, which is not a valid address for the endpoints of the Service
    // `kubernetes`.
    '--endpoint-reconciler-type=none',
    `--tls-cert-file=${files.serverCertificate}`,
    `--tls-private-key-file=${files.serverKey}`,
    `--client-ca-file=${files.ca}`,
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    '--allow-privileged=true',
    `--service-account-issuer=${options.issuer}`,
    `--service-account-key-file=${files.serviceAccountKey}`,
    `--service-account-signing-key-file=${files.serviceAccountKey}`,
    `--service-cluster-ip-range=${options.serviceNetwork}`,
    `--kubelet-client-certificate=${files.kubeletClientCertificate}`,
    `--kubelet-client-key=${files.kubeletClientKey}`,
    // Without this flag `kubectl logs` resolves the node's name by DNS.
    '--kubelet-preferred-address-types=InternalIP',
    `--audit-policy-file=${files.auditPolicy}`,
    `--audit-log-path=${files.auditLog}`,
    '--event-ttl=1h',
  ]
}

/**
 * Returns the controller-manager's arguments. `olderNames` selects the names that controllers had
 * before Kubernetes 1.28.
 */
export function controllerManagerArguments(files: ClusterFiles, olderNames = false): string[] {
  const kubeconfig = files.controllerManagerKubeconfig
  return [
    `--kubeconfig=${kubeconfig}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    '--secure-port=0',
    '--leader-elect=false',
    // A process node does not renew a Lease, and must stay Ready without it.
    '--node-monitor-grace-period=720h',
    // With the default of 20 requests per second, the default ServiceAccount exists only after 5 s.
    '--kube-api-qps=200',
    '--kube-api-burst=400',
    // Without kube-proxy nothing reads the objects of these controllers. The controllers also
    // report Pod addresses on loopback as errors in Events.
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
