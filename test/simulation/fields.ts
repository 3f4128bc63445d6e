import type { ManagedFieldsEntry } from '../../src/kube/types.ts'

/** An object of the Kubernetes API. */
export interface AnyObject {
  readonly apiVersion?: string
  readonly kind?: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly uid: string
    readonly resourceVersion: string
    readonly creationTimestamp?: string
    readonly deletionTimestamp?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
    readonly managedFields?: readonly ManagedFieldsEntry[]
  }
  readonly [field: string]: unknown
}

/** The field sets of managedFields, by operation and manager. */
type Owners = Map<string, Set<string>>

const SEPARATOR = '\n'
/** Maps whose keys are owned individually; all other fields are owned as a whole. */
const MAPS: ReadonlySet<string> = new Set(['data', 'metadata\nlabels', 'metadata\nannotations'])
const STRUCTS: ReadonlySet<string> = new Set(['metadata', 'spec'])
const NOT_OWNED: ReadonlySet<string> = new Set([
  'apiVersion',
  'kind',
  'status',
  ...['name', 'namespace', 'uid', 'resourceVersion', 'generation', 'creationTimestamp', 'managedFields'].map(
    (name) => `metadata\n${name}`,
  ),
  'metadata\ndeletionTimestamp',
  'spec\nfinalizers',
])

/** Returns the values of all fields that can be owned, by path, including the maps themselves. */
function fieldsOf(object: object): Map<string, string> {
  const found = new Map<string, string>()
  const walk = (value: object, prefix: string): void => {
    for (const [name, member] of Object.entries(value)) {
      const path = prefix + name
      if (NOT_OWNED.has(path) || member === undefined || member === null) continue
      if (MAPS.has(path)) {
        if (Object.keys(member).length === 0) continue
        found.set(path, '')
        for (const [key, one] of Object.entries(member as object))
          found.set(path + SEPARATOR + key, JSON.stringify(one))
      } else if (STRUCTS.has(path)) walk(member as object, path + SEPARATOR)
      else found.set(path, JSON.stringify(member))
    }
  }
  walk(object, '')
  return found
}

function readOwners(entries: readonly ManagedFieldsEntry[] = []): Owners {
  return new Map(
    entries.map(({ manager = '', operation = '', fieldsV1 }) => [`${operation} ${manager}`, pathsOf(fieldsV1)]),
  )
}

function pathsOf(fieldsV1: unknown, prefix = ''): Set<string> {
  const paths = new Set<string>()
  for (const [key, inner] of Object.entries((fieldsV1 ?? {}) as object)) {
    if (key === '.') {
      paths.add(prefix.slice(0, -1))
      continue
    }
    const path = prefix + key.slice(2)
    if (Object.keys(inner as object).length === 0) paths.add(path)
    else for (const one of pathsOf(inner, path + SEPARATOR)) paths.add(one)
  }
  return paths
}

function writeOwners(owners: Owners, apiVersion: string, time: string): ManagedFieldsEntry[] {
  return [...owners].flatMap(([key, paths]) => {
    if (paths.size === 0) return []
    const space = key.indexOf(' ')
    const operation = key.slice(0, space) as 'Apply' | 'Update'
    const fieldsV1 = fieldsV1Of(paths)
    return [{ manager: key.slice(space + 1), operation, apiVersion, time, fieldsType: 'FieldsV1', fieldsV1 }]
  })
}

function fieldsV1Of(paths: ReadonlySet<string>): object {
  const root: Record<string, object> = {}
  for (const path of [...paths].sort()) {
    let at = root
    for (const step of path.split(SEPARATOR)) {
      const key = `f:${step}`
      at[key] ??= {}
      at = at[key] as Record<string, object>
    }
    // `.` means the map itself. It is only needed next to keys.
    const hasKeys = [...paths].some((other) => other.startsWith(path + SEPARATOR))
    if (MAPS.has(path) && hasKeys) at['.'] = {}
  }
  return root
}

function changes(before: object, after: object): { changed: Set<string>; removed: Set<string> } {
  const [old, next] = [fieldsOf(before), fieldsOf(after)]
  return {
    changed: new Set([...next].filter(([path, value]) => old.get(path) !== value).map(([path]) => path)),
    removed: new Set([...old.keys()].filter((path) => !next.has(path))),
  }
}

/**
 * Returns `after` with its managedFields after a write by `manager`. Undefined if nothing has
 * changed.
 */
export function ownUpdate(before: object, after: AnyObject, manager: string, time: string): AnyObject | undefined {
  const { changed, removed } = changes(before, after)
  if (changed.size + removed.size === 0) return undefined
  // An object without managedFields is not tracked before its first apply.
  if ('metadata' in before && (before as AnyObject).metadata.managedFields === undefined) return after
  const owners = readOwners((before as Partial<AnyObject>).metadata?.managedFields)
  const own = `Update ${manager}`
  if (changed.size > 0 && !owners.has(own)) owners.set(own, new Set())
  for (const [key, paths] of owners) {
    for (const path of removed) paths.delete(path)
    for (const path of changed) key === own ? paths.add(path) : paths.delete(path)
  }
  return withOwners(after, owners, time)
}

/**
 * Performs a server-side apply. `object` is undefined if nothing has changed; `conflicts` are the
 * other managers that own changed fields: their ownership makes an apply without force fail.
 */
export function ownApply(
  before: AnyObject | undefined,
  given: AnyObject,
  manager: string,
  time: string,
): { readonly object: AnyObject | undefined; readonly conflicts: readonly string[] } {
  const owners = readOwners(before?.metadata.managedFields)
  const own = `Apply ${manager}`
  const applied = new Set([...fieldsOf(given).keys()].filter((path) => !MAPS.has(path)))
  const dropped = [...(owners.get(own) ?? [])].filter(
    (path) => !applied.has(path) && ![...owners].some(([key, paths]) => key !== own && paths.has(path)),
  )
  const merged = drop(mergeJson(before ?? { metadata: {} }, withoutOwners(given)) as AnyObject, dropped)
  const { changed, removed } = changes(before ?? {}, merged)
  const conflicts: string[] = []
  for (const [key, paths] of owners) {
    if (key === own) continue
    const taken = [...changed].filter((path) => paths.has(path))
    if (taken.length > 0) conflicts.push(key.slice(key.indexOf(' ') + 1))
    for (const path of [...taken, ...removed]) paths.delete(path)
  }
  const known = owners.get(own)
  const isKnown = (known?.size ?? 0) === applied.size && [...applied].every((path) => known?.has(path))
  owners.set(own, applied)
  if (before !== undefined && isKnown && changed.size + removed.size === 0) return { object: undefined, conflicts }
  return { object: withOwners(merged, owners, time), conflicts }
}

function withOwners(object: AnyObject, owners: Owners, time: string): AnyObject {
  const managedFields = writeOwners(owners, object.apiVersion ?? 'v1', time)
  const { managedFields: _before, ...metadata } = object.metadata
  return { ...object, metadata: { ...metadata, ...(managedFields.length > 0 && { managedFields }) } }
}

function withoutOwners(object: AnyObject): AnyObject {
  const { managedFields: _removed, ...metadata } = object.metadata
  return { ...object, metadata }
}

function drop(object: AnyObject, paths: readonly string[]): AnyObject {
  const copy = structuredClone(object) as unknown as Record<string, unknown>
  for (const path of paths) {
    const steps = path.split(SEPARATOR)
    const last = steps.pop() ?? ''
    let at: Record<string, unknown> | undefined = copy
    for (const step of steps) at = at?.[step] as Record<string, unknown> | undefined
    if (at) delete at[last]
  }
  const { metadata } = copy as { metadata: Record<string, object | undefined> }
  for (const [holder, name] of [
    [copy, 'data'],
    [metadata, 'labels'],
    [metadata, 'annotations'],
  ] as const) {
    if (holder[name] && Object.keys(holder[name] as object).length === 0) delete holder[name]
  }
  return copy as unknown as AnyObject
}

/**
 * Applies a JSON merge patch (RFC 7386): objects are merged, null removes, anything else replaces.
 */
export function mergeJson(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch
  const isObject = typeof target === 'object' && target !== null && !Array.isArray(target)
  const merged: Record<string, unknown> = isObject ? { ...target } : {}
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name]
    else merged[name] = mergeJson(merged[name], value)
  }
  return merged
}
