import { CONTENT_MANAGER, FIELD_MANAGER } from '../kube/names.ts'
import type { ManagedFieldsEntry } from '../kube/types.ts'

/** Who wrote the list of a ServiceAccount: the list is atomic, so its owner wrote all of it (decision 1). */
export interface ListOwner {
  readonly manager: string
  readonly operation: 'Apply' | 'Update'
}

type Fields = Readonly<Record<string, unknown>>

const CONTENT_LEAVES = [
  ['f:data', 'f:.dockerconfigjson'],
  ['f:type'],
  ['f:metadata', 'f:annotations', 'f:acr-nopass.io/content-hash'],
] as const

/**
 * Whether the content of a pull secret is still what we wrote last: any change by another writer takes the changed field out of
 * our entries (one for what was applied, one for what was patched). The annotations alone would lie (proofs §8).
 */
export function ownsContent(entries: readonly ManagedFieldsEntry[] | undefined): boolean {
  const ours = (entries ?? []).filter((entry) => isApplied(entry) || entry.manager === CONTENT_MANAGER)
  return CONTENT_LEAVES.every((leaf) => ours.some(({ fieldsV1 }) => hasField(fieldsV1, leaf)))
}

/** The keys of the labels that we applied and nobody changed since. An apply sets them anew, so that none can stay in it. */
export function appliedLabels(entries: readonly ManagedFieldsEntry[] | undefined): readonly string[] {
  return (entries ?? []).filter(isApplied).flatMap(({ fieldsV1 }) => {
    return Object.keys(fieldAt(fieldsV1, ['f:metadata', 'f:labels']) ?? {}).flatMap((key) =>
      key.startsWith('f:') ? [key.slice(2)] : [],
    )
  })
}

/** Another manager that owns a part of a Secret's data: who to name when ours was changed. */
export function otherContentManager(entries: readonly ManagedFieldsEntry[] | undefined): string | undefined {
  const others = entries?.filter(({ manager }) => manager !== FIELD_MANAGER && manager !== CONTENT_MANAGER)
  return others?.find(({ fieldsV1 }) => hasField(fieldsV1, ['f:data']))?.manager
}

/** The owner that decides: a foreign Apply before all (its next apply would fail on our change), else a foreign Update, else we. */
export function listOwner(entries: readonly ManagedFieldsEntry[] | undefined): ListOwner | undefined {
  const owners = (entries ?? [])
    .filter(({ fieldsV1 }) => hasField(fieldsV1, ['f:imagePullSecrets']))
    .map(({ manager = '', operation = 'Update' }) => ({ manager, operation }))
  const foreign = owners.filter(({ manager }) => manager !== FIELD_MANAGER)
  return foreign.find(({ operation }) => operation === 'Apply') ?? foreign[0] ?? owners[0]
}

function isApplied({ manager, operation }: ManagedFieldsEntry): boolean {
  return manager === FIELD_MANAGER && operation === 'Apply'
}

function hasField(fields: unknown, path: readonly string[]): boolean {
  return fieldAt(fields, path) !== undefined
}

function fieldAt(fields: unknown, path: readonly string[]): object | undefined {
  let at = fields
  for (const step of path) {
    if (typeof at !== 'object' || at === null) return undefined
    at = (at as Fields)[step]
  }
  return typeof at === 'object' && at !== null ? at : undefined
}
