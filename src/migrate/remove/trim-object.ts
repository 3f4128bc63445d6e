import { createShare } from '../../lib/json.ts'
import { isPartOfHelper } from './helper-parts.ts'
import type { AnyObject, Workload } from './legacy-facts.ts'
import { controllerOf, DESCRIBED, describeWorkload, groupOf, oldNames } from './workload.ts'

/** Groups of bindings and webhook configurations. */
const NO_WORKLOADS: readonly string[] = ['rbac.authorization.k8s.io', 'admissionregistration.k8s.io']

/**
 * Reduces objects while lists are read, because a cluster may have 20,000 ReplicaSets or custom objects. Of an object with a
 * template only the description is kept, with equal parts shared.
 */
export function createTrim(): (object: AnyObject) => AnyObject {
  const share = createShare(5_000)
  return (object) => {
    const { apiVersion, kind, metadata } = object
    const { name, namespace, uid, resourceVersion } = metadata
    const isAccount = kind === 'ServiceAccount' && groupOf(object) === ''
    if (isAccount && oldNames({ ...object, metadata: undefined }).length > 0) return object
    if (isPartOfHelper(object)) return object
    if (isAccount || NO_WORKLOADS.includes(groupOf(object))) {
      const kept = { name, namespace, uid, resourceVersion } as AnyObject['metadata']
      return isAccount ? { apiVersion, kind, metadata: kept } : { ...object, metadata: kept }
    }
    const described = describeWorkload(object).map((workload): Workload => {
      const { owner, references, uses, images, serviceAccount } = workload
      return {
        ...workload,
        namespace: share(workload.namespace),
        serviceAccount: share(serviceAccount),
        references: share(references),
        uses: share(uses),
        images: share(images),
        owner: share(owner),
      }
    })
    const owner = kind === 'ReplicaSet' ? share(controllerOf(metadata)) : undefined
    const kept = { name, namespace: share(namespace), ...(owner && { ownerReferences: [owner] }) }
    return {
      apiVersion: share(apiVersion),
      kind,
      metadata: kept as unknown as AnyObject['metadata'],
      [DESCRIBED]: described,
    }
  }
}
