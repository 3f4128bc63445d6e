/** How a tool is built. Its version is only in `tools/<folder>/go.mod`. */
export interface Tool {
  /** The folder under tools/ whose go.mod and go.sum pin the tool. */
  readonly folder: string
  /**
   * The folder of another module with most of the tool's packages, in the same versions: they are
   * compiled once.
   */
  readonly shares?: string
  /**
   * The module whose version is the tool's version. Undefined for our own program, whose source is
   * in the folder.
   */
  readonly module?: string
  readonly package: string
  /** `-X` settings in addition to `-s -w`; `version` has no leading v. */
  readonly stamp: (version: string) => readonly string[]
  /**
   * Link statically with C, so that the program runs on any distribution; requires a C compiler.
   */
  readonly cgo?: boolean
  readonly tags?: readonly string[]
  readonly linuxOnly?: boolean
  /**
   * About how many seconds the build takes on two cores, after the tools above it that have the
   * same packages. The figures of Kubernetes' servers, Helm, containerd and the registry were
   * measured alone; the others are estimates.
   */
  readonly seconds: number
  /** Build for Linux on every machine. */
  readonly target?: 'linux'
  /** Build the tool only if it is named, for `npm test -- --kubernetes 1.24` and `--helm 3.18`. */
  readonly onDemand?: boolean
}

const NEWEST = 'kubernetes'
/** A program of Kubernetes. */
function kubernetes(program: string, seconds: number, folder = NEWEST) {
  return {
    folder,
    seconds,
    module: 'k8s.io/kubernetes',
    package: `k8s.io/kubernetes/cmd/${program}`,
    stamp: (version: string) => stampKubernetes(version),
  }
}

/** The oldest Kubernetes version in the tests. */
const OLDEST = 'kubernetes-1.30'
/** The oldest Kubernetes version that the chart supports, without its guard. */
const WITHOUT_GUARD = 'kubernetes-1.24'
const WITHOUT_CLOUDS = { tags: ['providerless'], onDemand: true } as const

function helm(folder: string, major: 3 | 4, seconds: number) {
  const module = `helm.sh/helm/v${major}`
  return {
    folder,
    seconds,
    module,
    package: `${module}/cmd/helm`,
    stamp: (version: string) => [`${module}/internal/version.version=v${version}`],
  }
}

function containerd(program: string, seconds: number) {
  const module = 'github.com/containerd/containerd/v2'
  const stamp = (version: string) => [`${module}/version.Version=${version}`]
  return { folder: 'containerd', seconds, module, package: `${module}/cmd/${program}`, stamp, linuxOnly: true }
}

const TABLE = {
  etcd: {
    folder: 'etcd',
    seconds: 50,
    module: 'go.etcd.io/etcd/server/v3',
    package: 'go.etcd.io/etcd/server/v3',
    stamp: () => [],
  },
  'kube-apiserver': kubernetes('kube-apiserver', 300),
  'kube-controller-manager': kubernetes('kube-controller-manager', 90),
  'kube-apiserver-1.30': kubernetes('kube-apiserver', 280, OLDEST),
  'kube-controller-manager-1.30': kubernetes('kube-controller-manager', 90, OLDEST),
  'kubelet-1.30': { ...kubernetes('kubelet', 60, OLDEST), linuxOnly: true },
  'kube-apiserver-1.24': {
    ...kubernetes('kube-apiserver', 240, WITHOUT_GUARD),
    ...WITHOUT_CLOUDS,
    // In 1.24 `/version` returns client-go's version.
    stamp: (version) => stampKubernetes(version, ['component-base/version', 'client-go/pkg/version']),
  },
  'kube-controller-manager-1.24': { ...kubernetes('kube-controller-manager', 80, WITHOUT_GUARD), ...WITHOUT_CLOUDS },
  kubelet: { ...kubernetes('kubelet', 60), linuxOnly: true },
  // The documentation's commands use kubectl.
  kubectl: { ...kubernetes('kubectl', 20, 'kubectl'), shares: NEWEST },
  helm4: { ...helm('helm4', 4, 30), shares: NEWEST },
  helm3: { ...helm('helm3', 3, 10), shares: NEWEST },
  'helm-3.18': { ...helm('helm-3.18', 3, 100), onDemand: true },
  act: {
    folder: 'act',
    seconds: 50,
    module: 'github.com/nektos/act',
    package: 'github.com/nektos/act',
    stamp: (version) => [`main.version=${version}`],
  },
  actionlint: {
    folder: 'actionlint',
    seconds: 10,
    module: 'github.com/rhysd/actionlint',
    package: 'github.com/rhysd/actionlint/cmd/actionlint',
    stamp: () => [],
  },
  registry: {
    folder: 'registry',
    seconds: 60,
    module: 'github.com/distribution/distribution/v3',
    package: 'github.com/distribution/distribution/v3/cmd/registry',
    stamp: (version) => [`github.com/distribution/distribution/v3/version.version=v${version}`],
  },
  containerd: containerd('containerd', 70),
  'containerd-shim-runc-v2': containerd('containerd-shim-runc-v2', 10),
  ctr: containerd('ctr', 10),
  runc: {
    folder: 'runc',
    seconds: 15,
    module: 'github.com/opencontainers/runc',
    package: 'github.com/opencontainers/runc',
    stamp: () => [],
    cgo: true,
    tags: ['netgo', 'osusergo'],
    linuxOnly: true,
  },
  promtool: {
    folder: 'promtool',
    seconds: 90,
    module: 'github.com/prometheus/prometheus',
    package: 'github.com/prometheus/prometheus/cmd/promtool',
    stamp: (version) => [`github.com/prometheus/common/version.Version=${version}`],
  },
  // Clients that others wrote, for the tests of what `acr-nopass login` stores.
  crane: {
    folder: 'crane',
    seconds: 20,
    module: 'github.com/google/go-containerregistry',
    package: 'github.com/google/go-containerregistry/cmd/crane',
    stamp: (version) => [`github.com/google/go-containerregistry/cmd/crane/cmd.Version=v${version}`],
  },
  oras: {
    folder: 'oras',
    seconds: 15,
    module: 'oras.land/oras',
    package: 'oras.land/oras/cmd/oras',
    stamp: (version) => [`oras.land/oras/internal/version.Version=${version}`],
  },
  // Installs the command line as a plugin of kubectl, for the test of its manifest.
  krew: {
    folder: 'krew',
    seconds: 60,
    module: 'sigs.k8s.io/krew',
    package: 'sigs.k8s.io/krew/cmd/krew',
    stamp: (version) => [`sigs.k8s.io/krew/internal/version.gitTag=v${version}`],
  },
  // An independent client, for the tests of the emulated cloud.
  'docker-credential-acr-helper': {
    folder: 'docker-credential-acr-helper',
    seconds: 15,
    module: 'github.com/mozillazg/docker-credential-acr-helper',
    package: 'github.com/mozillazg/docker-credential-acr-helper/cmd/docker-credential-acr-helper',
    stamp: (version) => [`github.com/mozillazg/docker-credential-acr-helper/pkg/version.Version=${version}`],
    linuxOnly: true,
  },
  // The only program of the sandbox's images.
  'sandbox-program': { folder: 'sandbox-program', seconds: 5, package: '.', stamp: () => [], target: 'linux' },
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
