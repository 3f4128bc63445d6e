import { get, type KubeCaller, METADATA_ONLY } from './client.ts'
import { CONTENT_MANAGER, FIELD_MANAGER } from './names.ts'
import type { KubeObject, ManagedFieldsEntry } from './types.ts'

/**
 * The field manager that owns a ServiceAccount's list. The list is atomic, so one manager wrote all
 * of it (docs/en/decisions.md#field-ownership).
 */
export interface ListOwner {
  readonly manager: string
  readonly operation: 'Apply' | 'Update'
}

/**
 * The manager of all fields of an object that had no managed fields at its first apply
 * (apimachinery, util/managedfields/internal/skipnonapplied.go).
 */
const NO_RECORD = 'before-first-apply'

type Fields = Readonly<Record<string, unknown>>

/**
 * Returns the owner that matters most. A foreign Apply comes first, because its next apply would
 * conflict with our change. A foreign Update comes second, our own entry last.
 */
export function listOwner(entries: readonly ManagedFieldsEntry[] | undefined): ListOwner | undefined {
  const owners = (entries ?? [])
    .filter(({ manager, fieldsV1 }) => manager !== NO_RECORD && hasField(fieldsV1, ['f:imagePullSecrets']))
    .map(({ manager = '', operation = 'Update' }) => ({ manager, operation }))
  const foreign = owners.filter(({ manager }) => manager !== FIELD_MANAGER)
  return foreign.find(({ operation }) => operation === 'Apply') ?? foreign[0] ?? owners[0]
}

/** True if a manager's fields include the field at `path`. */
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

/**
 * Field managers of tools that keep objects as declared in their own sources; the source for each
 * name is in `test/kube/managed-fields.test.ts`.
 */
export const DECLARING_MANAGERS: readonly string[] = [
  'argocd-controller',
  'kustomize-controller',
  'helm-controller',
  'helm',
  'Terraform',
  'HashiCorp',
  'kubectl-client-side-apply',
]

/** Returns the tool that declares the field at `path`, or undefined if none is recorded. */
export function declaredBy(
  entries: readonly ManagedFieldsEntry[] | undefined,
  path: readonly string[],
  own: readonly string[] = [],
): string | undefined {
  const found = (entries ?? []).find(({ manager = '', operation, fieldsV1 }) => {
    const declares = operation === 'Apply' || DECLARING_MANAGERS.includes(manager)
    return declares && !own.includes(manager) && hasField(fieldsV1, path)
  })
  return found?.manager
}

/**
 * Returns the object with the record of its writers. If a list had removed the record, the object
 * is read again, a Secret as metadata only.
 */
export async function withWriters<T extends KubeObject>(caller: KubeCaller, path: string, object: T): Promise<T> {
  if ((object.metadata.managedFields ?? []).length > 0) return object
  const accept = path.includes('/secrets/') ? METADATA_ONLY : undefined
  return get<T>(caller, path, { accept })
}

/** Returns why an object still exists after it was deleted, or undefined if it is gone. */
export function heldBy({ metadata }: Partial<KubeObject>): string | undefined {
  const { finalizers = [] } = (metadata ?? {}) as { readonly finalizers?: readonly string[] }
  return finalizers.length === 0 ? undefined : `it stays until its finalizers are removed (${finalizers.join(', ')})`
}

const CONTENT_LEAVES = [
  ['f:data', 'f:.dockerconfigjson'],
  ['f:type'],
  ['f:metadata', 'f:annotations', 'f:acr-nopass.io/content-hash'],
] as const

/**
 * True if the content of a pull Secret is still what we wrote. A change by another writer removes
 * the field from our entries (one entry for applied fields, one for patched fields).
 * (docs/en/decisions.md#field-ownership)
 */
export function ownsContent(entries: readonly ManagedFieldsEntry[] | undefined): boolean {
  const ours = (entries ?? []).filter((entry) => isApplied(entry) || entry.manager === CONTENT_MANAGER)
  return CONTENT_LEAVES.every((leaf) => ours.some(({ fieldsV1 }) => hasField(fieldsV1, leaf)))
}

/** Returns the keys of the labels that we applied and still own. */
export function appliedLabels(entries: readonly ManagedFieldsEntry[] | undefined): readonly string[] {
  return (entries ?? []).filter(isApplied).flatMap(({ fieldsV1 }) => {
    return Object.keys(fieldAt(fieldsV1, ['f:metadata', 'f:labels']) ?? {}).flatMap((key) =>
      key.startsWith('f:') ? [key.slice(2)] : [],
    )
  })
}

/**
 * Returns another manager that owns a part of a Secret's data, for messages about changed content.
 */
export function otherContentManager(entries: readonly ManagedFieldsEntry[] | undefined): string | undefined {
  const others = entries?.filter(({ manager }) => manager !== FIELD_MANAGER && manager !== CONTENT_MANAGER)
  return others?.find(({ fieldsV1 }) => hasField(fieldsV1, ['f:data']))?.manager
}

function isApplied({ manager, operation }: ManagedFieldsEntry): boolean {
  return manager === FIELD_MANAGER && operation === 'Apply'
}
