import { type KubeClient, METADATA_ONLY } from './client.ts'
import { hasField } from './managed-fields.ts'
import type { KubeObject, ManagedFieldsEntry } from './types.ts'

/**
 * Field managers of tools that keep objects as declared in their own sources; the source for each name is in
 * `test/kube/declared-by.test.ts`.
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

/** The tool that declares the field at `path`; undefined: none is recorded. */
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

/** The object as a list had it; where that came without a record of its writers, as the API server has it. Of Secrets metadata only. */
export async function withWriters<T extends KubeObject>(
  client: KubeClient,
  path: string,
  object: T,
  signal: AbortSignal,
): Promise<T> {
  if ((object.metadata.managedFields ?? []).length > 0) return object
  const metadata = path.includes('/secrets/') ? { accept: METADATA_ONLY } : {}
  return client.request<T>({ method: 'GET', path, ...metadata }, signal)
}

/** Why an object is still there after it was deleted; undefined: it is not. */
export function heldBy({ metadata }: Partial<KubeObject>): string | undefined {
  const { finalizers = [] } = (metadata ?? {}) as { readonly finalizers?: readonly string[] }
  return finalizers.length === 0 ? undefined : `it stays until its finalizers are removed (${finalizers.join(', ')})`
}
