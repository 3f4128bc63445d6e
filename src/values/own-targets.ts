import type { ResolvedRegistry } from './generated/resolved-values.ts'
import { matchesTarget } from './glob.ts'

/**
 * True if an entry's own targets include a namespace, by its name. The global targets say where
 * Secrets go, and do not bound a node (docs/en/decisions.md#node-lists).
 */
export function isForNamespace({ targets }: Pick<ResolvedRegistry, 'targets'>, namespace: string): boolean {
  const { include = ['*'], exclude = [] } = targets?.namespaces ?? {}
  return matchesTarget({ include, exclude }, namespace)
}
