import schema from '../../schemas/clusters.schema.json' with { type: 'json' }
import { regionErrors } from './checks/check-regions.ts'
import { repeatedNames } from './checks/check-registries.ts'
import type { ClusterEntry } from './clusters.generated.ts'
import { check } from './clusters-validator.generated.mjs'
import { hideForeign } from './foreign-file.ts'
import { fillDefaults } from './merge.ts'
import { schemaErrors } from './schema/schema-errors.ts'
import { addErrors, sortErrors, ValuesError } from './values-error.ts'
import { readYaml } from './yaml/read-yaml.ts'
import {
  child,
  items,
  type ListNode,
  type MapNode,
  type Position,
  type SourceFile,
  text,
  toValue,
  type YamlNode,
} from './yaml/yaml-node.ts'

export interface LoadClustersOptions {
  /** Default release and namespace: the inputs of that name. */
  readonly defaults?: { readonly release: string; readonly namespace: string } | undefined
  /** With `endpoints` the regions are not checked. */
  readonly anyRegion?: boolean | undefined
}

export interface LoadedClusters {
  /** The entries in order, with defaults; undefined if there is any error. */
  readonly clusters: readonly ClusterEntry[] | undefined
  /** Each entry's own `values` with their places in the file, for `loadValues`. */
  readonly values: ReadonlyMap<string, MapNode>
  /** The places of each entry's `valuesFiles`. */
  readonly valuesFiles: ReadonlyMap<string, readonly Position[]>
  readonly errors: readonly ValuesError[]
}

/**
 * Reads and validates a list of clusters: a file, or the text of the input `clusters`. Never throws; codes
 * `YAML_*`, `SCHEMA_*`, `CLUSTERS_*`, `VALUES_REGION`.
 */
export function loadClusters(file: SourceFile, options: LoadClustersOptions = {}): LoadedClusters {
  const { root, errors: unread } = readYaml(file, 'user')
  const shown = (errors: readonly ValuesError[]): readonly ValuesError[] =>
    hideForeign(errors, [{ file, root }], KEYS, 'clusters file')
  if (root === undefined) return { ...NONE, errors: shown(unread) }
  if (root.kind !== 'list') {
    const error = new ValuesError('YAML_ROOT', 'the clusters file has no list at its top level', {
      at: root.at,
      hint: 'Begin each cluster with "- name: …" at the start of a line.',
    })
    return { ...NONE, errors: shown([error]) }
  }
  check(toValue(root))
  const content = [...schemaErrors(check.errors ?? [], root, schema), ...checkClusters(root, options)]
  const errors = addErrors(unread, content)
  if (errors.length > 0) return { ...NONE, errors: sortErrors(shown(errors), [file.name]) }
  const clusters = (fillDefaults(toValue(root), schema) as ClusterEntry[]).map((entry) => ({
    ...options.defaults,
    ...entry,
  }))
  return { clusters, values: ownValues(root), valuesFiles: placesOfFiles(root), errors: [] }
}

const NONE = { clusters: undefined, values: new Map<never, never>(), valuesFiles: new Map<never, never>() }

const KEYS = Object.keys(schema.definitions.ClusterEntry.properties)

function ownValues(root: ListNode): Map<string, MapNode> {
  return new Map(
    root.items.flatMap((entry) => {
      const name = text(child(entry, 'name'))
      const values = child(entry, 'values')
      return name !== undefined && values?.kind === 'map' ? [[name, values] as const] : []
    }),
  )
}

function placesOfFiles(root: ListNode): Map<string, readonly Position[]> {
  return new Map(
    root.items.flatMap((entry) => {
      const name = text(child(entry, 'name'))
      const places = items(child(entry, 'valuesFiles')).map(({ at }) => at)
      return name === undefined ? [] : [[name, places] as const]
    }),
  )
}

/** Duplicate names and releases, and regions that do not exist. */
function checkClusters(root: ListNode, { defaults, anyRegion }: LoadClustersOptions): ValuesError[] {
  const releases = new Map<string, { readonly index: number; readonly node: YamlNode }>()
  return [
    ...repeatedNames(root.items, [], 'CLUSTERS_NAME_TWICE', 'clusters'),
    ...root.items.flatMap((entry, index) => [
      ...releaseErrors(entry, index, releases, defaults),
      ...(anyRegion ? [] : regionErrors(root, [index, 'ack', 'region'], 'the input `endpoints`')),
    ]),
  ]
}

function releaseErrors(
  entry: YamlNode,
  index: number,
  releases: Map<string, { readonly index: number; readonly node: YamlNode }>,
  defaults: LoadClustersOptions['defaults'],
): ValuesError[] {
  const release = text(child(entry, 'release')) ?? defaults?.release ?? 'acr-nopass'
  const namespace = text(child(entry, 'namespace')) ?? defaults?.namespace ?? 'acr-nopass'
  for (const mark of clusterMarks(entry)) {
    const key = `${mark}\n${namespace}\n${release}`
    const first = releases.get(key)
    if (first !== undefined && first.index !== index) {
      const message = `this entry and the one in line ${first.node.at.line} are both the release ${namespace}/${release} of ${mark}`
      return [new ValuesError('CLUSTERS_SAME_RELEASE', message, { at: entry.at, path: [index] })]
    }
    releases.set(key, { index, node: entry })
  }
  return []
}

// What tells one cluster from another, without asking it.
function clusterMarks(entry: YamlNode): string[] {
  const kubeconfig = child(entry, 'kubeconfig')
  const context = text(child(kubeconfig, 'context')) ?? '(current context)'
  const marks: readonly (readonly [string, string | undefined])[] = [
    ['ACK cluster', text(child(child(entry, 'ack'), 'clusterId'))],
    [`context ${context} of file`, text(child(kubeconfig, 'file'))],
    [`context ${context} of variable`, text(child(kubeconfig, 'env'))],
    ['the cluster with kube-system UID', text(child(child(entry, 'expect'), 'kubeSystemUid'))],
    ['API server', text(child(child(entry, 'expect'), 'server'))],
  ]
  return marks.flatMap(([what, value]) => (value === undefined ? [] : [`${what} ${value}`]))
}
