import { FIELD_MANAGER } from './names.ts'
import type { ManagedFieldsEntry } from './types.ts'

/** The owner of a ServiceAccount's list, which is atomic, so one owner wrote all of it (docs/en/decisions.md#field-ownership). */
export interface ListOwner {
  readonly manager: string
  readonly operation: 'Apply' | 'Update'
}

/**
 * The manager of all fields that an object without managed fields had at its first apply
 * (apimachinery, util/managedfields/internal/skipnonapplied.go).
 */
const NO_RECORD = 'before-first-apply'

type Fields = Readonly<Record<string, unknown>>

/** The relevant owner: a foreign Apply first, because its next apply would conflict with our change, then a foreign Update, then ours. */
export function listOwner(entries: readonly ManagedFieldsEntry[] | undefined): ListOwner | undefined {
  const owners = (entries ?? [])
    .filter(({ manager, fieldsV1 }) => manager !== NO_RECORD && hasField(fieldsV1, ['f:imagePullSecrets']))
    .map(({ manager = '', operation = 'Update' }) => ({ manager, operation }))
  const foreign = owners.filter(({ manager }) => manager !== FIELD_MANAGER)
  return foreign.find(({ operation }) => operation === 'Apply') ?? foreign[0] ?? owners[0]
}

/** Whether a manager's fields hold the one at `path`. */
export function hasField(fields: unknown, path: readonly string[]): boolean {
  return fieldAt(fields, path) !== undefined
}

export function fieldAt(fields: unknown, path: readonly string[]): object | undefined {
  let at = fields
  for (const step of path) {
    if (typeof at !== 'object' || at === null) return undefined
    at = (at as Fields)[step]
  }
  return typeof at === 'object' && at !== null ? at : undefined
}
