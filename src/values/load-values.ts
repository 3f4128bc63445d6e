import schema from '../../chart/values.schema.json' with { type: 'json' }
import { checkValues, suspectValues } from './checks/check-values.ts'
import { Cursor } from './cursor.ts'
import { hideForeign } from './foreign-file.ts'
import { nameFullWidth } from './full-width.ts'
import type { ResolvedValues } from './generated/resolved-values.ts'
import { check } from './generated/values-validator.mjs'
import { coalesce, fillDefaults, mergeFiles } from './merge.ts'
import { schemaErrors } from './schema/schema-errors.ts'
import { unknownFields } from './schema/unknown-fields.ts'
import { addErrors, sortErrors, ValuesError } from './values-error.ts'
import { readYaml } from './yaml/read-yaml.ts'
import {
  fromValue,
  type MapNode,
  type Origin,
  type Position,
  type SourceFile,
  toValue,
  type ValuePath,
} from './yaml/yaml-node.ts'

export interface LoadValuesOptions {
  /**
   * Values files in Helm's order: later files take precedence. A `MapNode` is the `values` of a
   * cluster's entry, which was read with the list of clusters.
   */
  readonly files: readonly (SourceFile | MapNode)[]
  /**
   * The values.yaml of another version of the chart. By default the defaults of this version's
   * schema.
   */
  readonly defaults?: SourceFile | undefined
  /** Values that the action computes and passes to Helm after all files. */
  readonly computed?: SourceFile | undefined
  /** The action sets the ARNs of `identity.rrsa` later, so they are not required. */
  readonly rrsaComesLater?: boolean | undefined
}

export interface LoadedValues {
  /** The values with all defaults, including those in lists. Undefined if there is any error. */
  readonly values: ResolvedValues | undefined
  /** Helm's `.Values`. Undefined if parsers disagree about a file. */
  readonly merged: Readonly<Record<string, unknown>> | undefined
  /**
   * Only the user's values, as Helm stores them with the release. Undefined if parsers disagree
   * about a file.
   */
  readonly given: Readonly<Record<string, unknown>> | undefined
  /**
   * True if the schema lets Helm accept these values. Undefined if parsers disagree about a file
   * (P11).
   */
  readonly helmAccepts: boolean | undefined
  /** All errors of all files, in the order of files and lines. */
  readonly errors: readonly ValuesError[]
  /** Possible mistakes that are not errors, in the order of files and lines. */
  readonly warnings: readonly ValuesError[]
  /**
   * Returns the position of a value in the user's files. If the user did not set the value, the
   * position of the nearest value around it.
   */
  readonly positionOf: (path: ValuePath) => Position | undefined
}

/**
 * Reads, merges and validates values as Helm does, with further checks. Never throws. The code of
 * an error identifies the check. `YAML_*`: parsing, which is stricter than Helm's. `SCHEMA_*`: the
 * schema, with the same result as in Helm. `VALUES_*`: our own checks.
 */
export function loadValues(options: LoadValuesOptions): LoadedValues {
  const loaded = judgeValues(options)
  if (loaded.errors.length === 0) return loaded
  const files = options.files.flatMap((file) => ('text' in file ? [{ file, root: readLayer(file, 'user').root }] : []))
  const named = files.reduce((errors, { file }) => nameFullWidth(errors, file), loaded.errors)
  const errors = hideForeign(named, files, KEYS, 'values file')
  return { ...loaded, errors: sortErrors(errors, orderOf(options)) }
}

/** Does what `loadValues` does, but its errors may quote any file. Exported for tests. */
export function judgeValues(options: LoadValuesOptions): LoadedValues {
  const user = options.files.map((file) => readLayer(file, 'user'))
  const read = [
    options.defaults === undefined ? ownDefaults() : readLayer(options.defaults, 'chart'),
    ...user,
    ...(options.computed === undefined ? [] : [readLayer(options.computed, 'computed')]),
  ]
  const order = orderOf(options)
  const unread = read.flatMap(({ errors }) => errors)
  const roots = read.flatMap(({ root }) => (root === undefined ? [] : [root]))
  const [defaults, ...layers] = roots
  if (roots.length < read.length || defaults === undefined) {
    const errors = sortErrors(unread, order)
    return { values: undefined, merged: undefined, given: undefined, helmAccepts: undefined, errors, ...NOTHING_READ }
  }
  const given = layers.reduce(mergeFiles, emptyUser(defaults, layers))
  const merged = coalesce(given, defaults)
  const judged = options.rrsaComesLater ? withRrsaPlaceholders(merged) : merged
  const value = toValue(judged)
  const isAccepted = check(value)
  const content = [...schemaErrors(check.errors ?? [], judged, schema), ...checkValues(judged, given)]
  const errors = addErrors(unread, content)
  return {
    values: errors.length > 0 ? undefined : (fillDefaults(toValue(merged), schema) as ResolvedValues),
    merged: unread.length > 0 ? undefined : (toValue(merged) as Record<string, unknown>),
    given: unread.length > 0 ? undefined : (toValue(given) as Record<string, unknown>),
    helmAccepts: unread.length > 0 ? undefined : isAccepted,
    errors: sortErrors(errors, order),
    warnings: sortErrors([...unknownFields(judged, schema), ...suspectValues(judged)], order),
    positionOf: (path) => positionOf(merged, path),
  }
}

const NOTHING_READ = { warnings: [], positionOf: () => undefined }

function positionOf(values: MapNode, path: ValuePath): Position | undefined {
  const around = path.map((_, index) => new Cursor(values, path.slice(0, path.length - index)))
  const place = around.find(({ node }) => node?.origin === 'user')
  // Point at the key of a map, which is easier to find than its content.
  return place?.isMap ? place.keyPosition : place?.position
}

/**
 * Takes this version's defaults from the schema, so that chart/values.yaml need not be read. A test
 * compares the two.
 */
function ownDefaults(): Layer {
  const at = { file: 'chart/values.yaml', line: 1, column: 1 }
  const root = fromValue(fillDefaults({}, schema), at, 'chart')
  return { root: root.kind === 'map' ? root : undefined, errors: [] }
}

function orderOf({ files }: LoadValuesOptions): readonly string[] {
  return files.map((file) => ('text' in file ? file.name : file.at.file))
}

const KEYS = Object.keys(schema.properties)

interface Layer {
  readonly root: MapNode | undefined
  readonly errors: readonly ValuesError[]
}

function readLayer(file: SourceFile | MapNode, origin: Origin): Layer {
  if (!('text' in file)) return { root: file, errors: [] }
  const { root, errors } = readYaml(file, origin)
  if (root === undefined || root.kind === 'map') return { root, errors }
  const error = new ValuesError('YAML_ROOT', 'the file has no map of keys at its top level', {
    at: root.at,
    hint: 'Begin with a key such as `registries:`.',
  })
  return { root: undefined, errors: [error] }
}

// Returns the empty map over which files are merged. Its position is in the last file, which errors
// about missing keys therefore name.
function emptyUser(defaults: MapNode, layers: readonly MapNode[]): MapNode {
  const last = layers.findLast(({ origin }) => origin === 'user')
  return { kind: 'map', entries: new Map(), at: last?.at ?? defaults.at, origin: 'user' }
}

const PLACEHOLDERS = {
  roleArn: 'acs:ram::1234567890123456:role/computed-later',
  oidcProviderArn: 'acs:ram::1234567890123456:oidc-provider/computed-later',
}

/** Adds placeholder ARNs for `identity.type: rrsa`, because the action sets the real ARNs later. */
function withRrsaPlaceholders(values: MapNode): MapNode {
  const identity = new Cursor(values).at('identity')
  const { node, value, isMap } = identity.at('rrsa')
  // Placeholders would hide a text or a list.
  if (identity.at('type').value !== 'rrsa' || !(isMap || node === undefined || value === null)) return values
  const missing = Object.entries(PLACEHOLDERS).filter(([key]) => {
    const given = identity.at('rrsa', key)
    return given.node === undefined || given.value === null
  })
  const rrsa = Object.fromEntries(missing)
  return mergeFiles(values, fromValue({ identity: { rrsa } }, identity.position, 'computed') as MapNode)
}
