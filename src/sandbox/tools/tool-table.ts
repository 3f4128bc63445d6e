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

const ASSETS = { name: 'KUBEBUILDER_ASSETS', is: 'folder' } as const

/** A program of Kubernetes. */
function kubernetes(program: string, seconds: number, megabytes: number, folder = 'kubernetes') {
  return {
    folder,
    module: 'k8s.io/kubernetes',
    package: `k8s.io/kubernetes/cmd/${program}`,
    stamp: (version: string) => stampKubernetes(version),
    seconds,
    megabytes,
    installed: { program, variable: ASSETS, versionArgs: ['--version'] },
  }
}

/** The oldest Kubernetes version in the tests. */
const OLDEST = 'kubernetes-1.30'
/** The oldest Kubernetes version that the chart supports, without its guard. */
const WITHOUT_GUARD = 'kubernetes-1.24'
const WITHOUT_CLOUDS = { tags: ['providerless'], onDemand: true } as const

function helm(folder: string, major: 3 | 4, seconds: number, megabytes: number) {
  const module = `helm.sh/helm/v${major}`
  const variable = { name: 'HELM', is: 'file' } as const
  return {
    folder,
    module,
    package: `${module}/cmd/helm`,
    stamp: (version: string) => [`${module}/internal/version.version=v${version}`],
    seconds,
    megabytes,
    installed: { program: 'helm', variable, versionArgs: ['version', '--short'] },
  }
}

function containerd(program: string, seconds: number, megabytes: number) {
  const module = 'github.com/containerd/containerd/v2'
  const stamp = (version: string) => [`${module}/version.Version=${version}`]
  return {
    folder: 'containerd',
    module,
    package: `${module}/cmd/${program}`,
    stamp,
    linuxOnly: true,
    seconds,
    megabytes,
  }
}

const TABLE = {
  etcd: {
    folder: 'etcd',
    module: 'go.etcd.io/etcd/server/v3',
    package: 'go.etcd.io/etcd/server/v3',
    stamp: () => [],
    seconds: 55,
    megabytes: 600,
    installed: { program: 'etcd', variable: ASSETS, versionArgs: ['--version'] },
  },
  'kube-apiserver': kubernetes('kube-apiserver', 250, 2400),
  'kube-controller-manager': kubernetes('kube-controller-manager', 90, 600),
  'kube-apiserver-1.30': kubernetes('kube-apiserver', 300, 2000, OLDEST),
  'kube-controller-manager-1.30': kubernetes('kube-controller-manager', 120, 600, OLDEST),
  'kube-apiserver-1.24': {
    ...kubernetes('kube-apiserver', 200, 1500, WITHOUT_GUARD),
    ...WITHOUT_CLOUDS,
    // In 1.24 `/version` returns client-go's version.
    stamp: (version) => stampKubernetes(version, ['component-base/version', 'client-go/pkg/version']),
  },
  'kube-controller-manager-1.24': {
    ...kubernetes('kube-controller-manager', 120, 600, WITHOUT_GUARD),
    ...WITHOUT_CLOUDS,
  },
  kubelet: {
    ...kubernetes('kubelet', 40, 400),
    linuxOnly: true,
    installed: { program: 'kubelet', versionArgs: ['--version'] },
  },
  // For the commands in the documentation.
  kubectl: {
    ...kubernetes('kubectl', 60, 400, 'kubectl'),
    installed: { program: 'kubectl', versionArgs: ['version', '--client'] },
  },
  helm4: helm('helm4', 4, 105, 1200),
  helm3: helm('helm3', 3, 60, 900),
  'helm-3.18': { ...helm('helm-3.18', 3, 60, 900), onDemand: true },
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
  containerd: containerd('containerd', 90, 900),
  'containerd-shim-runc-v2': containerd('containerd-shim-runc-v2', 15, 100),
  ctr: containerd('ctr', 15, 100),
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
} satisfies Readonly<Record<string, Tool>>

/** The pinned programs of the toolchain, by their file names. */
export type ToolName = keyof typeof TABLE
export const TOOLS: Readonly<Record<ToolName, Tool>> = TABLE
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
