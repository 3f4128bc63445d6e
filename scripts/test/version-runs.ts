import { HELM_VARIABLE, KUBERNETES_VARIABLE, NODES_VARIABLE } from '../../test/support/version-variables.ts'
import type { Pass } from './passes.ts'
import type { Suite } from './suites.ts'

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

const OPTIONS = ['--kubernetes', '--helm', '--node'] as const

export interface VersionRuns {
  readonly passes: readonly Pass[]
  /** The remaining words. */
  readonly rest: readonly string[]
  /** Options that name no run, with the reason. */
  readonly unknown: readonly string[]
}

/** Reads `--kubernetes 1.24`, `--helm 3.18` and `--node 20,22` from the words of `npm test`. */
export function takeVersionRuns(words: readonly string[]): VersionRuns {
  const passes: Pass[] = []
  const rest: string[] = []
  const unknown: string[] = []
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? ''
    if (!OPTIONS.some((option) => option === word)) {
      rest.push(word)
      continue
    }
    at += 1
    const version = words[at] ?? ''
    const pass = word === '--node' ? nodePass(version) : namedPass(`${word.slice(2)} ${version}`)
    if (pass) passes.push(pass)
    else unknown.push(`${word} takes ${known(word)}, not ${JSON.stringify(version)}`)
  }
  return { passes, rest, unknown }
}

function nodePass(versions: string): Pass | undefined {
  if (!versions.split(',').every((version) => /^\d+(\.\d+){0,2}$/.test(version))) return undefined
  const files = ['test/versions/node.test.ts']
  return toPass(`node ${versions}`, { tools: [], env: { [NODES_VARIABLE]: versions }, files })
}

function namedPass(title: string): Pass | undefined {
  return Object.hasOwn(RUNS, title) && RUNS[title] ? toPass(title, RUNS[title]) : undefined
}

function known(option: string): string {
  if (option === '--node') return 'versions such as 20,22,24.0.0'
  const prefix = `${option.slice(2)} `
  return Object.keys(RUNS)
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length))
    .join(', ')
}

function toPass(title: string, { tools, cluster, env, files }: VersionRun): Pass {
  const name = cluster ? 'cluster' : 'unit'
  return { suite: { name, tools, parallel: (cores) => cores, fileLimit: 600_000 }, title, files, env }
}
