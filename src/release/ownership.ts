import { fieldAt, hasField } from '../kube/managed-fields.ts'
import { CONTENT_MANAGER, FIELD_MANAGER } from '../kube/names.ts'
import type { ManagedFieldsEntry } from '../kube/types.ts'

const CONTENT_LEAVES = [
  ['f:data', 'f:.dockerconfigjson'],
  ['f:type'],
  ['f:metadata', 'f:annotations', 'f:acr-nopass.io/content-hash'],
] as const

/**
 * Whether the content of a pull secret is still what we wrote: a change by another writer removes the field from our entries
 * (one for applied fields, one for patched ones). (docs/en/decisions.md#field-ownership)
 */
export function ownsContent(entries: readonly ManagedFieldsEntry[] | undefined): boolean {
  const ours = (entries ?? []).filter((entry) => isApplied(entry) || entry.manager === CONTENT_MANAGER)
  return CONTENT_LEAVES.every((leaf) => ours.some(({ fieldsV1 }) => hasField(fieldsV1, leaf)))
}

/** The keys of the labels that we applied and still own. */
export function appliedLabels(entries: readonly ManagedFieldsEntry[] | undefined): readonly string[] {
  return (entries ?? []).filter(isApplied).flatMap(({ fieldsV1 }) => {
    return Object.keys(fieldAt(fieldsV1, ['f:metadata', 'f:labels']) ?? {}).flatMap((key) =>
      key.startsWith('f:') ? [key.slice(2)] : [],
    )
  })
}

/** Another manager that owns a part of a Secret's data, for messages about changed content. */
export function otherContentManager(entries: readonly ManagedFieldsEntry[] | undefined): string | undefined {
  const others = entries?.filter(({ manager }) => manager !== FIELD_MANAGER && manager !== CONTENT_MANAGER)
  return others?.find(({ fieldsV1 }) => hasField(fieldsV1, ['f:data']))?.manager
}

function isApplied({ manager, operation }: ManagedFieldsEntry): boolean {
  return manager === FIELD_MANAGER && operation === 'Apply'
}
