import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { parse, stringify } from 'yaml'
import type { Product } from '../alibaba/endpoints.ts'
import { NopassError } from '../errors.ts'
import { isRecord } from '../helm/manifest.ts'
import type { ClusterEntry } from '../values/clusters.generated.ts'
import { loadClusters } from '../values/load-clusters.ts'
import { describeCluster, type EntryDeps, singleCluster } from './cluster-entry.ts'
import type { Inputs } from './inputs.ts'
import type { ChartSettings, ClusterSettings, Settings, ValuesLayer } from './settings.ts'

export interface SettingsDeps extends EntryDeps {
  /** The chart that belongs to this version. */
  readonly chartFolder: string
}

export interface LoadedSettings {
  readonly settings: Settings | undefined
  readonly errors: readonly NopassError[]
}

/** Reads every file that the inputs name and puts inputs and entries together; all errors at once. */
export async function loadSettings(inputs: Inputs, deps: SettingsDeps): Promise<LoadedSettings> {
  const errors: NopassError[] = []
  const { entries, errors: listErrors } = await readEntries(inputs, deps)
  errors.push(...listErrors)
  const shared = await readLayers(inputs['values-files'], inputs.values, deps, errors)
  const clusters: ClusterSettings[] = []
  for (const entry of entries) {
    const own = await readLayers(
      entry.valuesFiles,
      entry.values === undefined ? '' : stringify(entry.values),
      deps,
      errors,
    )
    const named = own.map((layer) => (layer.name === 'values' ? { ...layer, name: `values of ${entry.name}` } : layer))
    const cluster = describeCluster(entry, [...shared, ...named], inputs, deps)
    if (cluster instanceof NopassError) errors.push(cluster)
    else clusters.push(cluster)
  }
  if (errors.length > 0) return { settings: undefined, errors: uniqueErrors(errors) }
  const chart = await describeChart(inputs, deps)
  const settings: Settings = {
    inputs,
    clusters,
    selected: selectClusters(clusters, inputs.cluster),
    chart,
    endpoints: readEndpoints(inputs.endpoints || deps.environment.ACR_NOPASS_ENDPOINTS || ''),
  }
  return { settings, errors: [] }
}

async function readEntries(
  inputs: Inputs,
  deps: SettingsDeps,
): Promise<{ readonly entries: readonly ClusterEntry[]; readonly errors: readonly NopassError[] }> {
  const file = inputs['clusters-file']
  if (inputs.clusters === '' && file === '') return { entries: [singleCluster(inputs)], errors: [] }
  const text = file === '' ? inputs.clusters : await readInput('clusters-file', file, deps)
  const { clusters, errors } = loadClusters({ name: file === '' ? 'clusters' : file, text })
  return { entries: clusters ?? [], errors }
}

async function readLayers(
  files: readonly string[],
  inline: string,
  deps: SettingsDeps,
  errors: NopassError[],
): Promise<readonly ValuesLayer[]> {
  const layers: ValuesLayer[] = []
  for (const name of files) {
    try {
      layers.push({ name, text: await readInput('values-files', name, deps) })
    } catch (error) {
      if (!(error instanceof NopassError)) throw error
      errors.push(error)
    }
  }
  return inline.trim() === '' ? layers : [...layers, { name: 'values', text: inline }]
}

async function readInput(input: string, file: string, { workingDirectory }: SettingsDeps): Promise<string> {
  return readFile(resolve(workingDirectory, file), 'utf8').catch((cause) => {
    throw new NopassError('INPUT_INVALID', `${input}: ${file} cannot be read`, { cause, place: { file } })
  })
}

async function describeChart(inputs: Inputs, deps: SettingsDeps): Promise<ChartSettings> {
  const own = resolve(deps.chartFolder, 'values.yaml')
  if (inputs.chart === '') {
    return { reference: deps.chartFolder, version: undefined, ours: true, defaults: await readFile(own, 'utf8') }
  }
  const version = inputs['chart-version'] || undefined
  if (inputs.chart.startsWith('oci://')) {
    // A mirror of our chart, by its name; helm checks its own schema again when it has fetched it.
    const ours = /\/acr-nopass(:[\w.+-]+)?(@sha256:[0-9a-f]{64})?$/.test(inputs.chart)
    return { reference: inputs.chart, version, ours, defaults: ours ? await readFile(own, 'utf8') : '' }
  }
  const reference = resolve(deps.workingDirectory, inputs.chart)
  const meta: unknown = parse(await readFile(resolve(reference, 'Chart.yaml'), 'utf8').catch(() => ''))
  const ours = isRecord(meta) && meta.name === 'acr-nopass'
  const defaults = ours ? await readFile(resolve(reference, 'values.yaml'), 'utf8') : ''
  return { reference, version, ours, defaults }
}

function selectClusters(clusters: readonly ClusterSettings[], names: readonly string[]): readonly ClusterSettings[] {
  if (names.length === 0) return clusters
  const unknown = names.find((name) => !clusters.some((cluster) => cluster.name === name))
  if (unknown === undefined) return clusters.filter(({ name }) => names.includes(name))
  throw new NopassError('CLUSTER_UNKNOWN', `cluster: the list has no entry "${unknown}"`, {
    hint: `Use one of ${clusters.map(({ name }) => name).join(', ')}.`,
  })
}

function readEndpoints(text: string): Readonly<Partial<Record<Product, string>>> {
  const value: unknown = text === '' ? {} : parse(text)
  const known: readonly string[] = ['ram', 'sts', 'cs', 'cr']
  if (isRecord(value) && Object.entries(value).every(([key, url]) => known.includes(key) && typeof url === 'string')) {
    return value as Readonly<Partial<Record<Product, string>>>
  }
  throw new NopassError('INPUT_INVALID', 'endpoints: a YAML map of ram, sts, cs, cr to addresses is expected')
}

function uniqueErrors(errors: readonly NopassError[]): readonly NopassError[] {
  return [
    ...new Map(
      errors.map((error) => [`${error.code} ${error.message} ${JSON.stringify(error.place)}`, error]),
    ).values(),
  ]
}
