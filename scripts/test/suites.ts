import { globSync } from 'node:fs'
import { basename } from 'node:path'
import { HELM_VARIABLE, KUBERNETES_VARIABLE, NODES_VARIABLE } from '../../test/support/version-variables.ts'
import type { ToolName } from '../../tools/build/tool-table.ts'

/** A suite of the tests: which files belong to it, what they need, and how they run. */
export interface Suite {
  readonly name: string
  /** Whether a test file belongs to the suite. Paths are relative to the repository. */
  readonly has: (file: string) => boolean
  /** Only `npm run test:all` runs the suite, or a run that names it. */
  readonly nightly?: true
  readonly tools: readonly ToolName[]
  /** The suite needs Chromium, which is installed if it is missing. */
  readonly browser?: true
  /** The suite needs a kubelet: root on Linux. */
  readonly node?: true
  /** The suite starts helpers, from one bundle for the whole run. */
  readonly helper?: true
  /**
   * Its files run one after another, beside those of other suites, because they share a part of the
   * machine.
   */
  readonly serial?: true
  readonly env?: Readonly<Record<string, string>>
}

const SERVERS = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'helm4', 'helm3', 'sandbox-program'] as const
const OLDEST = ['kube-apiserver-1.30', 'kube-controller-manager-1.30'] as const
const NODE = ['kubelet', 'registry', 'containerd', 'containerd-shim-runc-v2', 'ctr', 'runc'] as const
/** Clients that others wrote, and checkers of what we generate. */
const FOREIGN = ['promtool', 'crane', 'oras', 'krew'] as const
const LINUX_CLIENTS = process.platform === 'linux' ? (['docker-credential-acr-helper'] as const) : []

/**
 * Files of test/contract that need a program of others, that only a release can break, or that
 * repeat at length what another file shows.
 */
const CONTRACT_MORE = [
  ...['chart-alerts', 'cloud-acr-helper', 'login-clients', 'login-recipes', 'release', 'release-copy'],
  ...['live', 'live-command', 'policy-lag', 'values-corpus'],
  ...['node-script', 'node-script-live', 'node-script-page', 'node-script-text', 'node-script-undo'],
]
/**
 * Files of test/cluster about faults and diagnoses that cost minutes, beside those that show the
 * promise.
 */
const CLUSTER_MORE = [
  ...['doctor-helper', 'doctor-oldest', 'doctor-cloud', 'fault-api-server', 'fault-watches', 'object-fault-namespaces'],
  ...['cloud-fault-answers', 'cloud-fault-identity', 'cloud-fault-lives', 'helper-bounds', 'limits', 'migration'],
  ...['helper-identities', 'helper-eci', 'helper-heal', 'chart-objects', 'chart-pods-images', 'page-samples'],
  ...['sandbox-cluster', 'sandbox-commands', 'sandbox-process-node', 'sandbox-up'],
]
/** The main job as a runner runs it: two clusters, a cancelled job, an apply without a change. */
const ACTION = ['rollout', 'cancel', 'cli-rollout']
/** Files of test/cluster that prove nothing new on the oldest Kubernetes, and why. */
const NEWEST_ONLY = [
  // MutatingAdmissionPolicy v1 is served from 1.36 on.
  ...['chart-pods', 'chart-pods-images', 'doctor-pods'],
  // The cloud; the API server gets the same requests as from the helper's own files.
  ...[
    'cloud-fault-answers',
    'cloud-fault-identity',
    'cloud-fault-lives',
    'doctor-cloud',
    'helper-identities',
    'limits',
  ],
  ...['helper-options', 'helper-reload', 'migration'],
  // Preconditions, Leases and lost responses are older than the oldest version.
  ...['fault-api-server', 'fault-leader', 'fault-writers', 'object-fault-namespaces'],
  // The fixture itself, and what starts the oldest version by itself.
  ...['sandbox-cluster', 'sandbox-process-node', 'sandbox-up', 'doctor-helper', 'doctor-oldest'],
]

const OTHER_SUITES = [
  'simulation',
  'contract',
  'cluster',
  'zoo',
  'action',
  'quick-start',
  'browser',
  'node',
  'versions',
]

function inFolder(folder: string, isWanted: (name: string) => boolean = () => true): Suite['has'] {
  return (file) => file.startsWith(`test/${folder}/`) && isWanted(nameOf(file))
}

function nameOf(file: string): string {
  return basename(file, '.test.ts')
}

/**
 * The suites, in the order in which they run. A suite `X-more` has the files of the folder X that
 * `npm test` does not run. The suites after `node-more` repeat files of other suites on other
 * versions.
 */
export const SUITES: readonly Suite[] = [
  { name: 'unit', has: (file) => !OTHER_SUITES.some((name) => inFolder(name)(file)), tools: [] },
  { name: 'simulation', has: inFolder('simulation'), tools: [] },
  {
    name: 'contract',
    has: inFolder('contract', (name) => !CONTRACT_MORE.includes(name)),
    tools: ['helm4', 'helm3', 'registry'],
  },
  {
    name: 'contract-more',
    nightly: true,
    has: inFolder('contract', (name) => CONTRACT_MORE.includes(name)),
    tools: ['helm4', 'helm3', 'registry', ...FOREIGN, ...LINUX_CLIENTS],
  },
  {
    name: 'cluster',
    has: inFolder('cluster', (name) => !CLUSTER_MORE.includes(name)),
    tools: SERVERS,
    helper: true,
  },
  {
    name: 'cluster-more',
    nightly: true,
    has: inFolder('cluster', (name) => CLUSTER_MORE.includes(name)),
    tools: [...SERVERS, ...OLDEST],
    helper: true,
  },
  { name: 'zoo', nightly: true, has: inFolder('zoo'), tools: SERVERS, helper: true, serial: true },
  {
    name: 'action',
    has: inFolder('action', (name) => ACTION.includes(name)),
    tools: [...SERVERS, 'registry'],
    helper: true,
  },
  {
    name: 'action-more',
    nightly: true,
    has: inFolder('action', (name) => !ACTION.includes(name)),
    tools: [...SERVERS, 'registry', 'act', 'actionlint', 'crane'],
    helper: true,
  },
  {
    name: 'quick-start',
    has: inFolder('quick-start', (name) => name === 'readme'),
    tools: [...SERVERS, 'act', 'registry'],
    helper: true,
  },
  {
    name: 'quick-start-more',
    nightly: true,
    has: inFolder('quick-start', (name) => name !== 'readme'),
    tools: [...SERVERS, 'kubectl', 'act', 'registry'],
    helper: true,
  },
  {
    name: 'browser',
    nightly: true,
    has: inFolder('browser'),
    tools: [...SERVERS, 'registry'],
    helper: true,
    browser: true,
    serial: true,
  },
  {
    name: 'node',
    has: inFolder('node', (name) => name === 'private-pull'),
    tools: [...SERVERS, ...NODE],
    helper: true,
    node: true,
    serial: true,
  },
  {
    name: 'node-more',
    nightly: true,
    has: inFolder('node', (name) => name !== 'private-pull'),
    tools: [...SERVERS, ...OLDEST, ...NODE, 'kubelet-1.30'],
    helper: true,
    node: true,
    serial: true,
  },
  {
    name: 'kubernetes-1.30',
    nightly: true,
    has: inFolder('cluster', (name) => !NEWEST_ONLY.includes(name)),
    tools: [...SERVERS, ...OLDEST],
    helper: true,
    env: { [KUBERNETES_VARIABLE]: 'oldest' },
  },
  {
    name: 'kubernetes-1.24',
    nightly: true,
    has: (file) => ['test/versions/without-guard.test.ts', 'test/cluster/helper-promises.test.ts'].includes(file),
    tools: ['etcd', 'helm4', 'helm3', 'kube-apiserver-1.24', 'kube-controller-manager-1.24'],
    helper: true,
    env: { [KUBERNETES_VARIABLE]: '1.24' },
  },
  {
    name: 'helm-3',
    nightly: true,
    has: (file) =>
      (/^test\/contract\/(chart|values)-/.test(file) && !CONTRACT_MORE.includes(nameOf(file))) ||
      /^test\/cluster\/(chart-(objects|upgrade)|helper-off|values-agreement)\./.test(file),
    tools: SERVERS,
    helper: true,
    env: { [HELM_VARIABLE]: '3' },
  },
  {
    name: 'helm-3.18',
    nightly: true,
    has: (file) =>
      /^test\/contract\/(chart-(refusals|render|values|notes|gitops)|values-(reading|verdict))\./.test(file) ||
      file === 'test/versions/install.test.ts',
    tools: [...SERVERS, 'helm-3.18'],
    env: { [HELM_VARIABLE]: '3.18' },
  },
  {
    name: 'nodejs',
    nightly: true,
    has: (file) => file === 'test/versions/node.test.ts',
    tools: [],
    env: { [NODES_VARIABLE]: '20,22.19.0,24.0.0' },
  },
]

/** Returns the test files of a suite under `root`, sorted. The bench is no test. */
export function findTestFiles(root: string, suite: Suite): readonly string[] {
  return globSync('test/**/*.test.ts', { cwd: root })
    .filter((file) => !file.startsWith('test/bench/') && suite.has(file))
    .sort()
}
