import { declaredBy } from '../../kube/declared-by.ts'
import type { LegacyPart } from './legacy-facts.ts'
import { LEGACY_NAMESPACE } from './legacy-names.ts'
import type { AnyObject } from './workload.ts'

const CLUSTER_SCOPED: readonly string[] = ['ClusterRole', 'ClusterRoleBinding', 'MutatingWebhookConfiguration']

/** An object to delete; its path consists of `api` and `plural`. */
export function part({ kind, metadata }: AnyObject, api: string, plural: string): LegacyPart {
  const isWide = CLUSTER_SCOPED.includes(kind)
  const { namespace = LEGACY_NAMESPACE, ...rest } = metadata
  const folder = isWide ? api : `${api}/namespaces/${encodeURIComponent(namespace)}`
  const path = `${folder}/${plural}/${encodeURIComponent(metadata.name)}`
  // The 2018 manifest writes a namespace into its ClusterRoleBinding, which means nothing.
  return { kind, path, metadata: isWide ? rest : { ...rest, namespace } }
}

/** A tool that would recreate the object, unlike the `kubectl apply` of the vendor's documents. */
export function gitOpsTool({ metadata }: AnyObject, path: readonly string[]): string | undefined {
  return declaredBy(metadata.managedFields, path, ['kubectl', 'kubectl-client-side-apply'])
}
