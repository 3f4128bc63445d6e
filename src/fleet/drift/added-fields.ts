import { isDeepStrictEqual } from 'node:util'
import { CONTENT_MANAGER, FIELD_MANAGER } from '../../kube/names.ts'
import type { ManagedFieldsEntry } from '../../kube/types.ts'
import { isRecord, parseObject } from '../../lib/json.ts'
import { formatPath } from './compare-object.ts'

/** The parts of an object that decide what it does. Labels and annotations may be anyone's. */
const ROOTS: readonly string[] = ['spec', 'data', 'binaryData', 'rules', 'subjects', 'roleRef', 'webhooks']
/**
 * Writers whose fields are not drift: Helm's, the helper's own, and the record of an object that
 * had no managed fields before.
 */
const NOT_DRIFT: readonly string[] = ['helm', FIELD_MANAGER, CONTENT_MANAGER, 'before-first-apply']
/** `kubectl rollout restart` writes it, and it changes nothing else. */
const RESTARTED = 'kubectl.kubernetes.io/restartedAt'

/**
 * Returns the paths of fields that another client than Helm added to a live object, and that its
 * manifest does not have. A client's writes through a subresource (status, scale) do not count.
 */
export function addedFields(
  manifest: Readonly<Record<string, unknown>>,
  managedFields: readonly ManagedFieldsEntry[] | undefined,
): readonly string[] {
  if (manifest.kind === 'Secret') return []
  const paths = (managedFields ?? [])
    .filter(({ manager = '', subresource = '' }) => subresource === '' && !NOT_DRIFT.includes(manager))
    .flatMap(({ fieldsV1 }) =>
      ROOTS.flatMap((root) => {
        const owned = isRecord(fieldsV1) ? fieldsV1[`f:${root}`] : undefined
        return isRecord(owned) ? missingFields(owned, manifest[root], [root]) : []
      }),
    )
  return [...new Set(paths)]
}

/** Walks through the fields that a client owns, and returns those that the manifest lacks. */
function missingFields(
  owned: Readonly<Record<string, unknown>>,
  manifest: unknown,
  path: readonly string[],
): readonly string[] {
  if (manifest === undefined || manifest === null) return [formatPath(path)]
  return Object.entries(owned).flatMap(([field, inner]) => {
    const step = stepOf(field, manifest)
    if (step === undefined || step.name === RESTARTED) return []
    const below = [...path, step.name]
    if (step.value === undefined) return isOnlyRestart(inner) ? [] : [formatPath(below)]
    return isRecord(inner) ? missingFields(inner, step.value, below) : []
  })
}

/** A restart also creates the maps around its annotation, where the manifest has none. */
function isOnlyRestart(inner: unknown): boolean {
  if (!isRecord(inner)) return false
  const names = Object.keys(inner).filter((name) => name !== '.')
  return names.length > 0 && names.every((name) => name === `f:${RESTARTED}` || isOnlyRestart(inner[name]))
}

interface Step {
  readonly name: string
  readonly value: unknown
}

/**
 * Returns where a step of FieldsV1 leads in the manifest: `f:` is a key, `k:` an item of a list by
 * its keys, `v:` an item that is a value (sigs.k8s.io/structured-merge-diff,
 * fieldpath/serialize-pe.go). Undefined for a step that names no field of its own.
 */
function stepOf(field: string, manifest: unknown): Step | undefined {
  if (field.startsWith('f:')) {
    const name = field.slice(2)
    return { name, value: isRecord(manifest) && Object.hasOwn(manifest, name) ? manifest[name] : undefined }
  }
  if (!Array.isArray(manifest)) return undefined
  // A list of another length is already a changed field, so an unknown item is not reported twice.
  const keys = field.startsWith('k:') ? parseObject(field.slice(2)) : undefined
  const index = keys === undefined ? -1 : manifest.findIndex((item) => isRecord(item) && hasKeys(item, keys))
  return index === -1 ? undefined : { name: `[${index}]`, value: manifest[index] }
}

/** True if an item has these keys. The API server adds a key's default, such as `protocol: TCP`. */
function hasKeys(item: Readonly<Record<string, unknown>>, keys: Readonly<Record<string, unknown>>): boolean {
  const entries = Object.entries(keys).filter(([key]) => item[key] !== undefined)
  return entries.length > 0 && entries.every(([key, value]) => isDeepStrictEqual(item[key], value))
}
