import { HELM_VARIABLE, KUBERNETES_VARIABLE, NODES_VARIABLE } from '../../test/support/version-variables.ts'
import type { Pass } from './passes.ts'
import { type Suite, UsageError } from './suites.ts'

/** A run on a version that `npm test` does not use. Its tools are built on request. */
interface VersionRun {
  readonly tools: Suite['tools']
  /** The run belongs to the cluster suite, whose files take longer. */
  readonly cluster?: true
  readonly env: Readonly<Record<string, string>>
  readonly files: readonly string[]
}

const CONTROL_PLANE = ['etcd', 'helm4', 'helm3'] as const

const RUNS: Readonly<Record<string, VersionRun>> = {
  'kubernetes 1.24': {
    tools: [...CONTROL_PLANE, 'kube-apiserver-1.24', 'kube-controller-manager-1.24'],
    cluster: true,
    env: { [KUBERNETES_VARIABLE]: '1.24' },
    files: ['test/versions/without-guard.test.ts', 'test/cluster/helper-promises.test.ts'],
  },
  'helm 3.18': {
    tools: [...CONTROL_PLANE, 'helm-3.18', 'kube-apiserver', 'kube-controller-manager'],
    cluster: true,
    env: { [HELM_VARIABLE]: '3.18' },
    files: [
      ...['refusals', 'render', 'values', 'notes', 'gitops'].map((name) => `test/contract/chart-${name}.test.ts`),
      ...['reading', 'verdict'].map((name) => `test/contract/values-${name}.test.ts`),
      'test/contract/import-helm.test.ts',
      'test/versions/install.test.ts',
    ],
  },
}

/** The versions that the options name, each as often as it is given. */
export type Versions = Readonly<Record<'kubernetes' | 'helm' | 'node', readonly string[] | undefined>>

/**
 * Returns the passes on these versions.
 * @throws UsageError for a version without a run
 */
export function versionPasses({ kubernetes = [], helm = [], node = [] }: Versions): readonly Pass[] {
  return [
    ...kubernetes.map((version) => namedPass('kubernetes', version)),
    ...helm.map((version) => namedPass('helm', version)),
    ...node.map(nodePass),
  ]
}

function nodePass(versions: string): Pass {
  if (!versions.split(',').every((version) => /^\d+(\.\d+){0,2}$/.test(version)))
    throw new UsageError(`--node takes versions such as 20,22,24.0.0, not ${JSON.stringify(versions)}`)
  const files = ['test/versions/node.test.ts']
  return toPass(`node ${versions}`, { tools: [], env: { [NODES_VARIABLE]: versions }, files })
}

function namedPass(option: 'kubernetes' | 'helm', version: string): Pass {
  const title = `${option} ${version}`
  const run = Object.hasOwn(RUNS, title) ? RUNS[title] : undefined
  if (run) return toPass(title, run)
  const known = Object.keys(RUNS).filter((name) => name.startsWith(option))
  throw new UsageError(
    `--${option} takes ${known.map((name) => name.slice(option.length + 1)).join(', ')}, not ${JSON.stringify(version)}`,
  )
}

function toPass(title: string, { tools, cluster, env, files }: VersionRun): Pass {
  const name = cluster ? 'cluster' : 'unit'
  return { suite: { name, tools, parallel: (cores) => cores, fileLimit: 600_000 }, title, files, env }
}
