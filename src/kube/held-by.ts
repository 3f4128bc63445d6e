import type { KubeObject } from './types.ts'

/** Why an object is still there after it was deleted; undefined: it is not. */
export function heldBy({ metadata }: Partial<KubeObject>): string | undefined {
  const { finalizers = [] } = (metadata ?? {}) as { readonly finalizers?: readonly string[] }
  return finalizers.length === 0 ? undefined : `it stays until its finalizers are removed (${finalizers.join(', ')})`
}
