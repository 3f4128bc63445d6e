/** The pinned programs of the toolchain, by their file names. */
export type ToolName =
  | 'etcd'
  | 'kube-apiserver'
  | 'kube-controller-manager'
  | 'kube-apiserver-1.30'
  | 'kube-controller-manager-1.30'
  | 'kube-apiserver-1.24'
  | 'kube-controller-manager-1.24'
  | 'kubelet'
  | 'kubectl'
  | 'helm4'
  | 'helm3'
  | 'helm-3.18'
  | 'act'
  | 'actionlint'
  | 'registry'
  | 'containerd'
  | 'containerd-shim-runc-v2'
  | 'ctr'
  | 'runc'
  | 'loopback'
  | 'promtool'
  | 'docker-credential-acr-helper'

/** How a tool is built and recognized. Its version is only in `tools/<folder>/go.mod`. */
export interface Tool {
  /** The folder under tools/ whose go.mod and go.sum pin it. */
  readonly folder: string
  /** The module whose version is the tool's version. */
  readonly module: string
  readonly package: string
  /** `-X` settings in addition to `-s -w`; `version` has no leading v. */
  readonly stamp: (version: string) => readonly string[]
  /** Link statically with C, so that the program runs on any distribution; requires a C compiler. */
  readonly cgo?: boolean
  readonly tags?: readonly string[]
  readonly linuxOnly?: boolean
  /** Build the tool only if it is named, for `npm test -- --kubernetes 1.24` and `--helm 3.18`. */
  readonly onDemand?: boolean
  /** Build time in seconds on two cores with empty caches (measured, rounded up). */
  readonly seconds: number
  /** Megabytes of downloads, build cache and binary with empty caches. */
  readonly megabytes: number
  /** How an installed program is recognized; if undefined, installed programs are not used. */
  readonly installed?: InstalledProgram
}

/** Where an installed program may be, and how it prints its version. */
export interface InstalledProgram {
  readonly program: string
  /** An environment variable with the path of the program or its folder. */
  readonly variable?: { readonly name: string; readonly is: 'file' | 'folder' }
  readonly versionArgs: readonly string[]
}

const KUBERNETES = {
  folder: 'kubernetes',
  module: 'k8s.io/kubernetes',
  stamp: (version: string) => stampKubernetes(version),
} as const
/** The oldest Kubernetes version in the tests. */
const OLDEST = { ...KUBERNETES, folder: 'kubernetes-1.30' } as const
/** The oldest Kubernetes version that the chart supports, without its guard and without cloud providers. */
const WITHOUT_GUARD = { ...KUBERNETES, folder: 'kubernetes-1.24', tags: ['providerless'], onDemand: true } as const
const CONTAINERD = { folder: 'containerd', module: 'github.com/containerd/containerd/v2', linuxOnly: true } as const
const ASSETS = { name: 'KUBEBUILDER_ASSETS', is: 'folder' } as const
const HELM = { name: 'HELM', is: 'file' } as const

export const TOOLS: Readonly<Record<ToolName, Tool>> = {
  etcd: {
    folder: 'etcd',
    module: 'go.etcd.io/etcd/server/v3',
    package: 'go.etcd.io/etcd/server/v3',
    stamp: () => [],
    seconds: 55,
    megabytes: 600,
    installed: { program: 'etcd', variable: ASSETS, versionArgs: ['--version'] },
  },
  'kube-apiserver': {
    ...KUBERNETES,
    package: 'k8s.io/kubernetes/cmd/kube-apiserver',
    seconds: 250,
    megabytes: 2400,
    installed: { program: 'kube-apiserver', variable: ASSETS, versionArgs: ['--version'] },
  },
  'kube-controller-manager': {
    ...KUBERNETES,
    package: 'k8s.io/kubernetes/cmd/kube-controller-manager',
    seconds: 90,
    megabytes: 600,
    installed: { program: 'kube-controller-manager', variable: ASSETS, versionArgs: ['--version'] },
  },
  'kube-apiserver-1.30': {
    ...OLDEST,
    package: 'k8s.io/kubernetes/cmd/kube-apiserver',
    seconds: 300,
    megabytes: 2000,
    installed: { program: 'kube-apiserver', variable: ASSETS, versionArgs: ['--version'] },
  },
  'kube-controller-manager-1.30': {
    ...OLDEST,
    package: 'k8s.io/kubernetes/cmd/kube-controller-manager',
    seconds: 120,
    megabytes: 600,
    installed: { program: 'kube-controller-manager', variable: ASSETS, versionArgs: ['--version'] },
  },
  'kube-apiserver-1.24': {
    ...WITHOUT_GUARD,
    package: 'k8s.io/kubernetes/cmd/kube-apiserver',
    // In 1.24 `/version` returns client-go's version.
    stamp: (version) => stampKubernetes(version, ['component-base/version', 'client-go/pkg/version']),
    seconds: 200,
    megabytes: 1500,
    installed: { program: 'kube-apiserver', variable: ASSETS, versionArgs: ['--version'] },
  },
  'kube-controller-manager-1.24': {
    ...WITHOUT_GUARD,
    package: 'k8s.io/kubernetes/cmd/kube-controller-manager',
    seconds: 120,
    megabytes: 600,
    installed: { program: 'kube-controller-manager', variable: ASSETS, versionArgs: ['--version'] },
  },
  kubelet: {
    ...KUBERNETES,
    package: 'k8s.io/kubernetes/cmd/kubelet',
    linuxOnly: true,
    seconds: 40,
    megabytes: 400,
    installed: { program: 'kubelet', versionArgs: ['--version'] },
  },
  // For the commands in the documentation.
  kubectl: {
    ...KUBERNETES,
    folder: 'kubectl',
    package: 'k8s.io/kubernetes/cmd/kubectl',
    seconds: 60,
    megabytes: 400,
    installed: { program: 'kubectl', versionArgs: ['version', '--client'] },
  },
  helm4: {
    folder: 'helm4',
    module: 'helm.sh/helm/v4',
    package: 'helm.sh/helm/v4/cmd/helm',
    stamp: (version) => [`helm.sh/helm/v4/internal/version.version=v${version}`],
    seconds: 105,
    megabytes: 1200,
    installed: { program: 'helm', variable: HELM, versionArgs: ['version', '--short'] },
  },
  helm3: {
    folder: 'helm3',
    module: 'helm.sh/helm/v3',
    package: 'helm.sh/helm/v3/cmd/helm',
    stamp: (version) => [`helm.sh/helm/v3/internal/version.version=v${version}`],
    seconds: 60,
    megabytes: 900,
    installed: { program: 'helm', variable: HELM, versionArgs: ['version', '--short'] },
  },
  'helm-3.18': {
    folder: 'helm-3.18',
    module: 'helm.sh/helm/v3',
    package: 'helm.sh/helm/v3/cmd/helm',
    stamp: (version) => [`helm.sh/helm/v3/internal/version.version=v${version}`],
    onDemand: true,
    seconds: 60,
    megabytes: 900,
    installed: { program: 'helm', variable: HELM, versionArgs: ['version', '--short'] },
  },
  act: {
    folder: 'act',
    module: 'github.com/nektos/act',
    package: 'github.com/nektos/act',
    stamp: (version) => [`main.version=${version}`],
    seconds: 60,
    megabytes: 500,
    installed: { program: 'act', versionArgs: ['--version'] },
  },
  actionlint: {
    folder: 'actionlint',
    module: 'github.com/rhysd/actionlint',
    package: 'github.com/rhysd/actionlint/cmd/actionlint',
    stamp: () => [],
    seconds: 15,
    megabytes: 200,
    installed: { program: 'actionlint', versionArgs: ['-version'] },
  },
  registry: {
    folder: 'registry',
    module: 'github.com/distribution/distribution/v3',
    package: 'github.com/distribution/distribution/v3/cmd/registry',
    stamp: (version) => [`github.com/distribution/distribution/v3/version.version=v${version}`],
    seconds: 90,
    megabytes: 900,
  },
  containerd: {
    ...CONTAINERD,
    package: 'github.com/containerd/containerd/v2/cmd/containerd',
    stamp: stampContainerd,
    seconds: 90,
    megabytes: 900,
  },
  'containerd-shim-runc-v2': {
    ...CONTAINERD,
    package: 'github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2',
    stamp: stampContainerd,
    seconds: 15,
    megabytes: 100,
  },
  ctr: {
    ...CONTAINERD,
    package: 'github.com/containerd/containerd/v2/cmd/ctr',
    stamp: stampContainerd,
    seconds: 15,
    megabytes: 100,
  },
  runc: {
    folder: 'runc',
    module: 'github.com/opencontainers/runc',
    package: 'github.com/opencontainers/runc',
    stamp: () => [],
    cgo: true,
    tags: ['netgo', 'osusergo'],
    linuxOnly: true,
    seconds: 40,
    megabytes: 200,
  },
  loopback: {
    folder: 'cni',
    module: 'github.com/containernetworking/plugins',
    package: 'github.com/containernetworking/plugins/plugins/main/loopback',
    stamp: (version) => [`github.com/containernetworking/plugins/pkg/utils/buildversion.BuildVersion=v${version}`],
    linuxOnly: true,
    seconds: 10,
    megabytes: 100,
  },
  promtool: {
    folder: 'promtool',
    module: 'github.com/prometheus/prometheus',
    package: 'github.com/prometheus/prometheus/cmd/promtool',
    stamp: (version) => [`github.com/prometheus/common/version.Version=${version}`],
    seconds: 240,
    megabytes: 1500,
  },
  // An independent client, for the tests of the emulated cloud.
  'docker-credential-acr-helper': {
    folder: 'docker-credential-acr-helper',
    module: 'github.com/mozillazg/docker-credential-acr-helper',
    package: 'github.com/mozillazg/docker-credential-acr-helper/cmd/docker-credential-acr-helper',
    stamp: (version) => [`github.com/mozillazg/docker-credential-acr-helper/pkg/version.Version=${version}`],
    linuxOnly: true,
    seconds: 20,
    megabytes: 150,
  },
}

export const TOOL_NAMES: readonly ToolName[] = Object.keys(TOOLS).filter(isToolName)

export function isToolName(name: string): name is ToolName {
  return Object.hasOwn(TOOLS, name)
}

// Without these stamps the server reports v0.0.0-master, which the chart's kubeVersion rejects.
function stampKubernetes(version: string, packages: readonly string[] = ['component-base/version']): readonly string[] {
  const [major = '', minor = ''] = version.split('.')
  const values = { gitVersion: `v${version}`, gitMajor: major, gitMinor: minor, gitTreeState: 'clean' }
  return packages.flatMap((name) => Object.entries(values).map(([key, value]) => `k8s.io/${name}.${key}=${value}`))
}

function stampContainerd(version: string): readonly string[] {
  return [`github.com/containerd/containerd/v2/version.Version=${version}`]
}
