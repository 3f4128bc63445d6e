/** The parts of Kubernetes objects that we read. */
export interface ManagedFieldsEntry {
  readonly manager?: string
  readonly operation?: 'Apply' | 'Update'
  readonly time?: string
  readonly fieldsV1?: unknown
  readonly subresource?: string
}

export interface ObjectMeta {
  readonly name: string
  readonly namespace?: string
  readonly uid: string
  readonly resourceVersion: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  readonly deletionTimestamp?: string
  readonly creationTimestamp?: string
  readonly managedFields?: readonly ManagedFieldsEntry[]
}

export interface KubeObject {
  readonly metadata: ObjectMeta
}

export interface KubeList<T> {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string }
  /** Null for an empty list of metadata. */
  readonly items: readonly T[] | null
}

/** `namespace/name`, or `name` for a cluster-scoped object. */
export function keyOf(meta: { readonly name: string; readonly namespace?: string }): string {
  return meta.namespace === undefined ? meta.name : `${meta.namespace}/${meta.name}`
}

/** Names in a path: `/api/v1/namespaces/<ns>/<plural>/<name>`. */
export function namespacedPath(prefix: string, namespace: string, plural: string, name?: string): string {
  const path = `${prefix}/namespaces/${encodeURIComponent(namespace)}/${plural}`
  return name === undefined ? path : `${path}/${encodeURIComponent(name)}`
}
