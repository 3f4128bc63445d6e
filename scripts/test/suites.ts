import { globSync } from 'node:fs'
import type { ToolName } from '../../tools/build/tool-table.ts'

export type SuiteName =
  | 'unit'
  | 'simulation'
  | 'contract'
  | 'cluster'
  | 'zoo'
  | 'action'
  | 'quick-start'
  | 'browser'
  | 'node'

/** Words of `npm test` that choose nothing. The message is enough. */
export class UsageError extends Error {}

/** A suite of the tests: what the suite needs, and how its files run. */
export interface Suite {
  readonly name: SuiteName
  readonly tools: readonly ToolName[]
  /** The suite needs Chromium, which is installed if it is missing. */
  readonly browser?: true
  /** How many test files run at the same time on a machine with this many cores. */
  readonly parallel: (cores: number) => number
  /** Milliseconds after which a test file counts as hanging. */
  readonly fileLimit: number
  /**
   * The suite mostly waits: for Helm, for a report, or for a failure to last. More of its files
   * than cores run at the same time.
   */
  readonly waits?: true
}

const CLUSTER_TOOLS = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'helm4',
  'helm3',
  'sandbox-program',
] as const
const OLDEST_TOOLS = ['kube-apiserver-1.30', 'kube-controller-manager-1.30'] as const
const NODE_TOOLS = [
  'kubelet',
  'kubelet-1.30',
  'registry',
  'containerd',
  'containerd-shim-runc-v2',
  'ctr',
  'runc',
] as const

/** These clients run in their own Linux namespaces. */
const LINUX_CLIENTS = process.platform === 'linux' ? (['docker-credential-acr-helper'] as const) : []

const WAITING = { fileLimit: 900_000, waits: true } as const

/**
 * The suites, from the fastest to the slowest. `unit` contains every folder of test/ that is no
 * suite of its own.
 */
export const SUITES: readonly Suite[] = [
  // A few files wait for a process.
  { name: 'unit', tools: [], parallel: (cores) => cores + 2, fileLimit: 400_000 },
  // A single file uses all cores.
  { name: 'simulation', tools: [], parallel: () => 1, fileLimit: 900_000 },
  {
    name: 'contract',
    tools: ['helm4', 'helm3', 'registry', 'promtool', 'crane', 'oras', ...LINUX_CLIENTS],
    parallel: (cores) => cores,
    fileLimit: 400_000,
  },
  // A control plane keeps about a core busy.
  { ...WAITING, name: 'cluster', tools: [...CLUSTER_TOOLS, ...OLDEST_TOOLS], parallel: (cores) => cores },
  // All files share one control plane.
  {
    ...WAITING,
    name: 'zoo',
    tools: ['etcd', 'kube-apiserver', 'kube-controller-manager', 'helm4'],
    parallel: () => 1,
    fileLimit: 1_800_000,
  },
  {
    ...WAITING,
    name: 'action',
    tools: [...CLUSTER_TOOLS, 'act', 'actionlint', 'registry', 'crane'],
    parallel: (cores) => cores + 1,
  },
  {
    ...WAITING,
    name: 'quick-start',
    tools: [...CLUSTER_TOOLS, 'kubectl', 'act', 'registry'],
    parallel: (cores) => cores,
  },
  { ...WAITING, name: 'browser', tools: [...CLUSTER_TOOLS, 'registry'], browser: true, parallel: () => 1 },
  { ...WAITING, name: 'node', tools: [...CLUSTER_TOOLS, ...OLDEST_TOOLS, ...NODE_TOOLS], parallel: () => 1 },
]

/**
 * Returns the sorted test files of a suite under `root`. With words, returns only files whose path
 * contains one of them.
 */
export function findTestFiles(root: string, suite: SuiteName, words: readonly string[]): string[] {
  const all = globSync('test/**/*.test.ts', { cwd: root }).sort()
  return all.filter(
    (file) => suiteOf(file) === suite && (words.length === 0 || words.some((word) => file.includes(word))),
  )
}

/**
 * Returns the suite of a test file. Undefined for the bench, which is not a test, and for
 * test/versions, which only runs on request.
 */
export function suiteOf(file: string): SuiteName | undefined {
  const folder = file.split('/')[1] ?? ''
  if (folder === 'bench' || folder === 'versions') return undefined
  return SUITES.find(({ name }) => name === folder)?.name ?? 'unit'
}

/**
 * `cluster helper guard` chooses the suite cluster and its files with "helper" or "guard". Without
 * a suite, chooses all.
 */
export function chooseSuites(words: readonly string[]): { suites: readonly Suite[]; words: readonly string[] } {
  const named = SUITES.filter(({ name }) => words.includes(name))
  const rest = words.filter((word) => !named.some(({ name }) => name === word))
  return { suites: named.length > 0 ? named : SUITES, words: rest }
}

/**
 * Returns the named suites without a file whose path contains one of the words, because they would
 * not run.
 */
export function emptySuites(root: string, suites: readonly Suite[], words: readonly string[]): readonly SuiteName[] {
  if (suites.length === SUITES.length) return []
  return suites.map(({ name }) => name).filter((name) => findTestFiles(root, name, words).length === 0)
}
