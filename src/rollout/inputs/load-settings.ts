import { statSync } from 'node:fs'
import { isAbsolute, join, resolve } from 'node:path'
import { readEndpoints } from '../../alibaba/transport/endpoints.ts'
import { NopassError, reworded, toNopassError } from '../../errors.ts'
import { valuesFile } from '../../helm/helm-flags.ts'
import { readInputFile } from '../../lib/files.ts'
import { orElse } from '../../lib/or-else.ts'
import { printable } from '../../printable.ts'
import type { ClusterEntry } from '../../values/generated/clusters.ts'
import { type LoadedClusters, loadClusters } from '../../values/load-clusters.ts'
import { decodeText } from '../../values/yaml/decode-text.ts'
import { type Position, type SourceFile, toValue } from '../../values/yaml/yaml-node.ts'
import { type ClusterEntryDeps, describeCluster, folderOfList, singleCluster } from './cluster-entry.ts'
import { describeChart } from './describe-chart.ts'
import { ALL_CLUSTERS, type Inputs } from './input-table.ts'
import { uniqueErrors } from './prepare-cluster.ts'
import type { ClusterSettings, Settings, ValuesLayer } from './settings.ts'

export interface SettingsDeps extends ClusterEntryDeps {
  /** The folder of the chart that belongs to this version. */
  readonly chartFolder: string
  /**
   * True if the inputs are flags of the CLI, which may name any file, a pipe or `-`. If false, all
   * files must be in the workspace or RUNNER_TEMP.
   */
  readonly anyFile?: boolean
}

export type LoadedSettings = ReturnType<typeof loadSettings>

/**
 * Reads every file that the inputs name, and returns all errors together. Synchronous, because the
 * files are few and small.
 */
export function loadSettings(inputs: Inputs, deps: SettingsDeps) {
  const endpoints = readEndpoints(inputs.endpoints)
  const list = readEntries(inputs, endpoints, deps)
  const roots = rootsOf(inputs, deps)
  const errors: NopassError[] = [...list.errors]
  /** `places` are the positions of the file names in the list. */
  const readAll = (input: string, names: readonly string[], within: Roots, places: readonly Position[] = []) =>
    names.flatMap((name, index) => {
      try {
        return [layerOf(readInput(input, name, deps, within))]
      } catch (cause) {
        const error = toNopassError(cause)
        const place = places[index]
        const isOwn = error.code === 'INPUT_INVALID' && place !== undefined
        errors.push(isOwn ? reworded(error, error.message, { place }) : error)
        return []
      }
    })
  const shared = readAll('values-files', inputs['values-files'], deps.anyFile ? undefined : roots)
  refuseFileName(inputs.values, deps)
  const inline = inputs.values === '' ? [] : [layerOf({ name: 'values', text: inputs.values })]
  const layersOf = ({ name, valuesFiles }: ClusterEntry): readonly ValuesLayer[] => {
    const names = valuesFiles.map((file) => (isAbsolute(file) ? file : join(folderOfList(inputs), file)))
    const files = readAll(`valuesFiles of cluster ${name}`, names, roots, list.valuesFiles.get(name))
    const node = list.values.get(name)
    return node ? [...files, { name: `values of ${name}`, text: valuesFile(toValue(node)), source: node }] : files
  }
  const clusters: ClusterSettings[] = []
  const entries = list.clusters ?? []
  const isSelected = selection(list, inputs.cluster)
  for (const entry of entries) {
    // A matrix job has neither the kubeconfig secrets nor the files of its siblings.
    const layers = isSelected(entry.name) ? [...shared, ...inline, ...layersOf(entry)] : []
    try {
      clusters.push(describeCluster(entry, layers, isSelected(entry.name), inputs, deps))
    } catch (cause) {
      errors.push(toNopassError(cause))
    }
  }
  if (list.errors.length === 0) errors.push(...unexpectedWaves(entries, inputs.waves))
  if (errors.length > 0) return { settings: undefined, errors: uniqueErrors(errors) }
  const chart = describeChart(inputs, deps)
  const selected = clusters.filter(({ name }) => isSelected(name))
  const settings: Settings = { inputs, clusters, selected, chart, endpoints }
  return { settings, errors: [] }
}

function readEntries(inputs: Inputs, endpoints: Settings['endpoints'], deps: SettingsDeps): LoadedClusters {
  const name = inputs['clusters-file']
  if (inputs.clusters === '' && name === '') {
    return { clusters: [singleCluster(inputs)], values: new Map(), valuesFiles: new Map(), errors: [] }
  }
  const within = deps.anyFile ? undefined : rootsOf(inputs, deps)
  const file =
    name === '' ? { name: 'clusters', text: inputs.clusters } : readInput('clusters-file', name, deps, within)
  const { release, namespace } = inputs
  const anyRegion = Object.keys(endpoints).length > 0
  return loadClusters(file, { defaults: { release, namespace }, anyRegion })
}

/**
 * Refuses a file name as inline values. Helm's flag of the same name takes a file.
 * @throws INPUT_INVALID
 */
function refuseFileName(values: string, { workingDirectory }: Pick<SettingsDeps, 'workingDirectory'>): void {
  // A map of YAML has a colon or a brace. A full-width colon gets its own error later.
  if (values === '' || /[\n{：]|:(\s|$)/.test(values)) return
  const found = orElse(() => statSync(resolve(workingDirectory, values)), undefined)
  const what =
    found === undefined ? 'and no file has that name' : found.isFile() ? 'and that is a file' : 'and that is a folder'
  throw new NopassError('INPUT_INVALID', `values: "${printable(values)}" is not YAML with keys, ${what}`, {
    hint: `This takes the YAML text itself. Name a file with \`values-files${found?.isFile() ? `: ${printable(values)}` : ''}\`.`,
  })
}

function layerOf(source: SourceFile): ValuesLayer {
  return { ...source, source }
}

function readInput(input: string, name: string, { workingDirectory }: SettingsDeps, within: Roots): SourceFile {
  return { name, text: decodeText(readInputFile({ input, name, folder: workingDirectory, within })) }
}

/** Folders that a file must be in. Undefined if any file may be read. */
type Roots = readonly string[] | undefined

/**
 * Returns the allowed folders. With the CLI, files that the list of clusters names may also be in
 * the folder of the list.
 */
function rootsOf(inputs: Inputs, { environment, workingDirectory, anyFile }: SettingsDeps): readonly string[] {
  const { GITHUB_WORKSPACE, RUNNER_TEMP } = environment
  const folder = folderOfList(inputs)
  const beside = anyFile && folder !== '' ? resolve(workingDirectory, folder) : ''
  return [workingDirectory, GITHUB_WORKSPACE ?? '', RUNNER_TEMP ?? '', beside].filter((folder) => folder !== '')
}

/**
 * Reports waves beyond `expected`, because a wave without a job in the workflow would be skipped
 * silently.
 */
function unexpectedWaves(entries: readonly ClusterEntry[], expected: number): readonly NopassError[] {
  const waves = [...new Set(entries.map(({ wave }) => wave))].toSorted((a, b) => a - b)
  if (expected === 0 || waves.length === expected) return []
  const found = `the list has ${waves.length} (wave ${waves.join(', ')})`
  return [
    new NopassError('INPUT_CONFLICT', `waves: the workflow has jobs for ${expected} waves, but ${found}`, {
      hint: 'Give the workflow one job per wave and set `waves` to their number, or correct `wave` in the list.',
    }),
  ]
}

/**
 * Returns the entries that the input `cluster` selects.
 * @throws CLUSTER_UNKNOWN, unless the list itself has errors, which are reported first
 */
function selection(
  { clusters: entries = [], errors }: LoadedClusters,
  names: readonly string[],
): (name: string) => boolean {
  if (names.length === 1 && names[0] === ALL_CLUSTERS) return () => true
  const unknown = names.find((name) => !entries.some((entry) => entry.name === name))
  if (unknown === undefined || errors.length > 0) return (name) => names.includes(name)
  throw new NopassError('CLUSTER_UNKNOWN', `cluster: the list has no entry "${unknown}"`, {
    hint: `Use one of ${entries.map(({ name }) => name).join(', ')}.`,
  })
}
