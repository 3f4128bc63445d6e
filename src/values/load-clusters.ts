import schema from '../../schemas/clusters.schema.json' with { type: 'json' }
import { regionErrors } from './checks/check-regions.ts'
import { repeatedNames } from './checks/check-registries.ts'
import { Cursor } from './cursor.ts'
import { hideForeign } from './foreign-file.ts'
import { nameFullWidth } from './full-width.ts'
import type { ClusterEntry } from './generated/clusters.ts'
import { check } from './generated/clusters-validator.mjs'
import { quotable } from './looks-secret.ts'
import { fillDefaults } from './merge.ts'
import { schemaErrors } from './schema/schema-errors.ts'
import { addErrors, sortErrors, ValuesError } from './values-error.ts'
import { readYaml } from './yaml/read-yaml.ts'
import { type MapNode, type Position, type SourceFile, toValue } from './yaml/yaml-node.ts'

export interface LoadClustersOptions {
  /** Default release and namespace, from the inputs `release` and `namespace`. */
  readonly defaults?: { readonly release: string; readonly namespace: string } | undefined
  /**
   * True to skip the check of regions, because `endpoints` may be those of a cloud with other
   * regions.
   */
  readonly anyRegion?: boolean | undefined
}

export interface LoadedClusters {
  /** The entries in order, with defaults. Undefined if there is any error. */
  readonly clusters: readonly ClusterEntry[] | undefined
  /** By entry: its own `values` with their places in the file, for `loadValues`. */
  readonly values: ReadonlyMap<string, MapNode | undefined>
  /** By entry: the places of its `valuesFiles`. */
  readonly valuesFiles: ReadonlyMap<string, readonly Position[]>
  readonly errors: readonly ValuesError[]
}

/**
 * Reads and validates a list of clusters: a file, or the text of the input `clusters`. Never
 * throws. The errors have the codes `YAML_*`, `SCHEMA_*`, `CLUSTERS_*` and `VALUES_REGION`.
 */
export function loadClusters(file: SourceFile, options: LoadClustersOptions = {}): LoadedClusters {
  const { root, errors: unread } = readYaml(file, 'user')
  const shown = (errors: readonly ValuesError[]): readonly ValuesError[] =>
    hideForeign(nameFullWidth(errors, file), [{ file, root }], KEYS, 'clusters file')
  if (root === undefined) return { ...NONE, errors: shown(unread) }
  if (root.kind !== 'list') {
    const error = new ValuesError('YAML_ROOT', 'the clusters file has no list at its top level', {
      at: root.at,
      hint: 'Begin each cluster with "- name: …" at the start of a line.',
    })
    return { ...NONE, errors: shown([error]) }
  }
  check(toValue(root))
  const entries = new Cursor(root).items
  const content = [...schemaErrors(check.errors ?? [], root, schema), ...checkClusters(entries, options)]
  const errors = addErrors(unread, content)
  if (errors.length > 0) return { ...NONE, errors: sortErrors(shown(errors), [file.name]) }
  const clusters = (fillDefaults(toValue(root), schema) as ClusterEntry[]).map((entry) => ({
    ...options.defaults,
    ...entry,
  }))
  const named = <T>(pick: (entry: Cursor) => T) =>
    new Map(entries.map((entry) => [entry.at('name').text ?? '', pick(entry)]))
  return {
    clusters,
    values: named((entry) => entry.at('values').node as MapNode | undefined),
    valuesFiles: named((entry) => entry.at('valuesFiles').items.map(({ position }) => position)),
    errors: [],
  }
}

const NONE = { clusters: undefined, values: new Map<never, never>(), valuesFiles: new Map<never, never>() }

const KEYS = Object.keys(schema.definitions.ClusterEntry.properties)

/** Finds duplicate names, duplicate releases, and regions that do not exist. */
function checkClusters(entries: readonly Cursor[], { defaults, anyRegion }: LoadClustersOptions): ValuesError[] {
  const releases = new Map<string, Cursor>()
  return [
    ...repeatedNames(entries, 'CLUSTERS_NAME_TWICE', 'clusters'),
    ...entries.flatMap((entry) => [
      ...releaseErrors(entry, releases, defaults),
      ...(anyRegion ? [] : regionErrors(entry.at('ack', 'region'), 'the input `endpoints`')),
    ]),
  ]
}

function releaseErrors(
  entry: Cursor,
  releases: Map<string, Cursor>,
  defaults: LoadClustersOptions['defaults'],
): ValuesError[] {
  const release = entry.at('release').text ?? defaults?.release ?? 'acr-nopass'
  const namespace = entry.at('namespace').text ?? defaults?.namespace ?? 'acr-nopass'
  for (const { id, shown } of clusterMarks(entry)) {
    const key = `${id}\n${namespace}\n${release}`
    const first = releases.get(key)
    if (first !== undefined && first !== entry) {
      const both = `this entry and the one in line ${first.position.line} are both the release`
      const message = `${both} ${quotable(namespace)}/${quotable(release)} of ${shown}`
      return [entry.error('CLUSTERS_SAME_RELEASE', message)]
    }
    releases.set(key, entry)
  }
  return []
}

// Returns what identifies the cluster of an entry without a request to it. `shown`: the text for a
// message.
function clusterMarks(entry: Cursor): { id: string; shown: string }[] {
  const context = entry.at('kubeconfig', 'context')
  const inContext = {
    id: `context ${context.text}`,
    shown: `context ${context.text === undefined ? '(current context)' : context.shown}`,
  }
  const marks = [
    ['ACK cluster', entry.at('ack', 'clusterId')],
    ['file', entry.at('kubeconfig', 'file'), inContext],
    ['variable', entry.at('kubeconfig', 'env'), inContext],
    ['the cluster with kube-system UID', entry.at('expect', 'kubeSystemUid')],
    ['API server', entry.at('expect', 'server')],
  ] as const
  return marks.flatMap(([what, { text, shown }, inside]) => {
    if (text === undefined) return []
    return [
      {
        id: `${what} ${text} ${inside?.id}`,
        shown: inside === undefined ? `${what} ${shown}` : `${inside.shown} of ${what} ${shown}`,
      },
    ]
  })
}
