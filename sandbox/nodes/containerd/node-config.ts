import { join } from 'node:path'

export type NodeFiles = ReturnType<typeof nodeFiles>

/** The paths of a node's files. The folder's path must be short, because it contains sockets. */
export function nodeFiles(folder: string) {
  const file = (name: string): string => join(folder, name)
  return {
    folder,
    containerdConfig: file('containerd.toml'),
    containerdSocket: file('c.sock'),
    kubeletConfig: file('kubelet.json'),
    kubeletKubeconfig: file('kubelet.kubeconfig'),
    kubeletRoot: file('kubelet'),
    clientCa: file('client-ca.crt'),
    /** containerd's folder for a `hosts.toml` per registry, which is empty. */
    certsFolder: file('certs.d'),
    /** The only certificate authorities that containerd trusts. */
    caFile: file('ca.crt'),
    cniFolder: file('cni'),
    cniPluginFolder: file('cni-plugins'),
    hosts: file('hosts'),
    resolvConf: file('resolv.conf'),
  }
}

export const PAUSE_IMAGE = 'localhost/sandbox/pause:1'

/**
 * Returns containerd's configuration. Needs containerd 2, which has a loopback plugin of its own
 * and migrates version 2 of the format.
 */
export function containerdConfig(files: NodeFiles, runc: string, snapshotter: 'overlayfs' | 'native'): string {
  const text = JSON.stringify
  // The plugin opt would write to /opt, and NRI would open a socket that all nodes share.
  const disabled = ['io.containerd.internal.v1.opt', 'io.containerd.nri.v1.nri']
  return `version = 2
root = ${text(join(files.folder, 'containerd'))}
state = ${text(join(files.folder, 'run'))}
disabled_plugins = ${text(disabled)}
[grpc]
  address = ${text(files.containerdSocket)}
[ttrpc]
  address = ${text(join(files.folder, 't.sock'))}
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = ${text(PAUSE_IMAGE)}
  restrict_oom_score_adj = true
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = ${text(files.cniPluginFolder)}
    conf_dir = ${text(files.cniFolder)}
    use_internal_loopback = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = ${text(snapshotter)}
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        BinaryName = ${text(runc)}
        SystemdCgroup = false
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = ${text(files.certsFolder)}
`
}

export interface KubeletOptions {
  readonly files: NodeFiles
  /** The node's control group, relative to the root of each hierarchy. */
  readonly cgroup: string
  /** False if the machine does not delegate the controllers; then Pods have no control groups. */
  readonly cgroupsPerQos: boolean
  readonly port: number
}

export function kubeletConfig({ files, cgroup, cgroupsPerQos, port }: KubeletOptions): string {
  const never = '0%' // The kubelet rejects "0": it must be positive.
  return JSON.stringify({
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    failCgroupV1: false,
    failSwapOn: false,
    cgroupDriver: 'cgroupfs',
    ...(cgroupsPerQos ? { cgroupRoot: `/${cgroup}` } : { cgroupsPerQOS: false, enforceNodeAllocatable: [] }),
    containerRuntimeEndpoint: `unix://${files.containerdSocket}`,
    // The API server requests logs from the node's address, not from loopback.
    address: '0.0.0.0',
    port,
    readOnlyPort: 0,
    healthzPort: 0,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: files.clientCa },
    },
    authorization: { mode: 'Webhook' },
    // The defaults, a score of -999 and more open files, require CAP_SYS_RESOURCE.
    oomScoreAdj: 0,
    maxOpenFiles: 20_000,
    makeIPTablesUtilChains: false,
    resolvConf: '',
    podLogsDir: join(files.folder, 'pods'),
    volumePluginDir: join(files.kubeletRoot, 'volumeplugins'),
    imageMinimumGCAge: '0s',
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    evictionHard: {
      'memory.available': never,
      'nodefs.available': never,
      'nodefs.inodesFree': never,
      'imagefs.available': never,
      'imagefs.inodesFree': never,
    },
  })
}

/**
 * Returns a hosts file that resolves the registry's domains, its token service and the node's name
 * to this machine. Without the entry the kubelet would resolve the node's name by DNS. The kubelet
 * also gives the file to Pods in the node's network.
 */
export function hostsFile(
  vendor: { readonly address: string; readonly hosts: readonly string[] },
  node: { readonly name: string; readonly address: string },
): string {
  const lines = ['127.0.0.1 localhost', '::1 localhost', `${node.address} ${node.name}`]
  return [...lines, ...vendor.hosts.map((host) => `${vendor.address} ${host}`), ''].join('\n')
}
