import { NODE_PROVIDER } from '../../kube/names.ts'

/** Where a kind of node takes the kubelet's credential provider from. */
export type Profile = FlagsProfile | FolderProfile

/** The kubelet gets two flags, through a variable in a file that its unit reads. */
export interface FlagsProfile {
  readonly kind: 'flags'
  /** Names of the services; the node has one of them. */
  readonly services: readonly string[]
  /** The file with the variable, on hosts with Debian packages and on hosts with RPM packages. */
  readonly flagFile: { readonly deb: string; readonly rpm: string }
  readonly variable: string
}

/** The kubelet looks into a fixed folder; no flag is needed. */
export interface FolderProfile {
  readonly kind: 'folder'
  readonly services: readonly string[]
  /** Files and folders in which a user may have chosen another folder. */
  readonly settings: readonly string[]
}

export type ProfileName = 'ack' | 'kubeadm' | 'k3s' | 'rke2'

const ACK_FILE = '/etc/kubernetes/kubelet-customized-args.conf'

/**
 * The four kinds of nodes. Sources:
 * - ACK: "How do I modify a kubelet parameter that is not on the supported list?" in
 *   https://www.alibabacloud.com/help/en/ack/ack-managed-and-ack-dedicated/user-guide/customize-the-kubelet-configurations-of-a-node-pool
 * - kubeadm: "The kubelet drop-in file for systemd" in
 *   https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/kubelet-integration/
 * - k3s: `ImageCredProvBinDirFlag` and `ImageCredProvConfigFlag` in pkg/cli/cmds/agent.go of
 *   https://github.com/k3s-io/k3s; RKE2 has the same defaults:
 *   https://docs.rke2.io/reference/linux_agent_config
 */
export const PROFILES: Readonly<Record<ProfileName, Profile>> = {
  ack: {
    kind: 'flags',
    services: ['kubelet'],
    flagFile: { deb: ACK_FILE, rpm: ACK_FILE },
    variable: 'KUBELET_CUSTOMIZED_ARGS',
  },
  kubeadm: {
    kind: 'flags',
    services: ['kubelet'],
    flagFile: { deb: '/etc/default/kubelet', rpm: '/etc/sysconfig/kubelet' },
    variable: 'KUBELET_EXTRA_ARGS',
  },
  k3s: {
    kind: 'folder',
    services: ['k3s', 'k3s-agent'],
    settings: [
      '/etc/rancher/k3s/config.yaml',
      '/etc/rancher/k3s/config.yaml.d',
      '/etc/systemd/system/k3s.service',
      '/etc/systemd/system/k3s.service.env',
      '/etc/systemd/system/k3s-agent.service',
      '/etc/systemd/system/k3s-agent.service.env',
      '/etc/default/k3s',
      '/etc/sysconfig/k3s',
    ],
  },
  rke2: {
    kind: 'folder',
    services: ['rke2-server', 'rke2-agent'],
    settings: [
      '/etc/rancher/rke2/config.yaml',
      '/etc/rancher/rke2/config.yaml.d',
      '/etc/default/rke2-server',
      '/etc/default/rke2-agent',
      '/etc/sysconfig/rke2-server',
      '/etc/sysconfig/rke2-agent',
    ],
  },
}

/** A configuration file of the kubelet, and the folder with the programs that the file names. */
export interface ProviderPaths {
  readonly config: string
  readonly programs: string
}

/** Everything that is installed, below one folder. */
export const HOME = '/opt/acr-nopass'

/** The paths in the kubelet's flags. SELinux labels what is in a `bin` folder as executable. */
export const OUR_PATHS: ProviderPaths = { config: `${HOME}/config.yaml`, programs: `${HOME}/bin` }

/** The folder that k3s and RKE2 read without a flag. */
export const RANCHER_PATHS: ProviderPaths = {
  config: '/var/lib/rancher/credentialprovider/config.yaml',
  programs: '/var/lib/rancher/credentialprovider/bin',
}

/** The name of the provider, which is also the file name of its program. */
export const PROVIDER = NODE_PROVIDER
