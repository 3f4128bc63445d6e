import type { KubeObject } from '../../kube/types.ts'

/** Any object of Kubernetes, from the API server or from a file. */
export interface AnyObject extends KubeObject {
  readonly kind: string
  readonly [key: string]: unknown
}
