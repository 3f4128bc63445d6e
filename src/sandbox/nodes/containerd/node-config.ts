import { join } from 'node:path'

export type NodeFiles = ReturnType<typeof nodeFiles>

/** The files of one node. The folder's path must be short, because sockets are in it. */
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
    /** containerd's folder for a `hosts.toml` per registry; it is empty. */
    certsFolder: file('certs.d'),
    /** The only authorities that containerd trusts. */
    caFile: file('ca.crt'),
    cniFolder: file('cni'),
    cniPluginFolder: file('cni-plugins'),
    hosts: file('hosts'),
    resolvConf: file('resolv.conf'),
  }
}

export const PAUSE_IMAGE = 'localhost/sandbox/pause:1'

export interface ContainerdOptions {
  readonly files: NodeFiles
  readonly runc: string
  readonly snapshotter: 'overlayfs' | 'native'
}

/** In version 2 of the format, which containerd 2 migrates, and the only one that 1.6 reads. */
export function containerdConfig({ files, runc, snapshotter }: ContainerdOptions): string {
  const text = JSON.stringify
  // opt would write to /opt, NRI opens one socket per machine, and the snapshotters only log that they are not available.
  const disabled = [
    'io.containerd.internal.v1.opt',
    'io.containerd.nri.v1.nri',
    ...['btrfs', 'zfs', 'aufs', 'devmapper', 'erofs', 'blockfile'].map(
      (name) => `io.containerd.snapshotter.v1.${name}`,
    ),
  ]
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
  /** Below the root of each control group hierarchy. */
  readonly cgroup: string
  /** False where the machine gives us no controllers: Pods then have no groups of their own. */
  readonly cgroupsPerQos: boolean
  readonly port: number
}

export function kubeletConfig({ files, cgroup, cgroupsPerQos, port }: KubeletOptions): string {
  const never = '0%' // "0" is refused: must be positive
  return JSON.stringify({
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    failCgroupV1: false,
    failSwapOn: false,
    cgroupDriver: 'cgroupfs',
    ...(cgroupsPerQos ? { cgroupRoot: `/${cgroup}` } : { cgroupsPerQOS: false, enforceNodeAllocatable: [] }),
    containerRuntimeEndpoint: `unix://${files.containerdSocket}`,
    // the address that the API server asks for logs is the node's, not loopback
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
    // Without CAP_SYS_RESOURCE neither -999 nor more open files are allowed.
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

interface HostNames {
  readonly address: string
  readonly hosts: readonly string[]
}

/**
 * Resolves the registry's domains and its token service to this machine. The kubelet also gives the file to Pods in the node's
 * network. It has the node's own name, which the kubelet would otherwise resolve by DNS.
 */
export function hostsFile(vendor: HostNames, node: { name: string; address: string }): string {
  const lines = ['127.0.0.1 localhost', '::1 localhost', `${node.address} ${node.name}`]
  return [...lines, ...vendor.hosts.map((host) => `${vendor.address} ${host}`), ''].join('\n')
}
