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

/** Names an object, for example in a manifest. */
export interface ObjectReference {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  /** Undefined if the object is cluster-scoped, or the context gives its namespace. */
  readonly namespace?: string | undefined
}

export interface PodOwner {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  readonly uid: string
}

export interface PodObject extends KubeObject {
  readonly metadata: KubeObject['metadata'] & {
    readonly ownerReferences?: readonly (PodOwner & { readonly controller?: boolean })[]
  }
  readonly spec: {
    readonly nodeName?: string
    readonly serviceAccountName?: string
    readonly imagePullSecrets?: readonly { readonly name?: string }[]
    readonly initContainers?: readonly ContainerSpec[]
    readonly containers: readonly ContainerSpec[]
    readonly ephemeralContainers?: readonly ContainerSpec[]
    readonly volumes?: readonly {
      readonly name: string
      readonly image?: { readonly reference?: string; readonly pullPolicy?: string }
    }[]
  }
  readonly status?: {
    readonly phase?: string
    /** The reason of the phase, such as `Evicted`. */
    readonly reason?: string
    readonly conditions?: readonly {
      readonly type: string
      readonly status: string
      readonly message?: string
      readonly lastTransitionTime?: string
    }[]
    readonly initContainerStatuses?: readonly ContainerStatus[]
    readonly containerStatuses?: readonly ContainerStatus[]
    readonly ephemeralContainerStatuses?: readonly ContainerStatus[]
  }
}

interface ContainerSpec {
  readonly name: string
  readonly image?: string
  readonly imagePullPolicy?: string
  /** `Always` for an init container that keeps running beside the other containers. */
  readonly restartPolicy?: string
  readonly volumeMounts?: readonly { readonly name: string }[]
}

export interface ContainerStatus {
  readonly name: string
  readonly image?: string
  /** Empty until the image was pulled. */
  readonly imageID?: string
  /** Empty until the container was created. */
  readonly containerID?: string
  readonly ready?: boolean
  /** True if the container runs and its startup probe, if it has one, has succeeded. */
  readonly started?: boolean | null
  readonly restartCount?: number
  readonly state?: {
    readonly waiting?: { readonly reason?: string; readonly message?: string }
    readonly running?: { readonly startedAt?: string | null }
    readonly terminated?: {
      readonly exitCode: number
      readonly message?: string
      readonly finishedAt?: string | null
    }
  }
  readonly lastState?: { readonly terminated?: { readonly exitCode: number; readonly message?: string } }
}

export interface KubeList<T> {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string }
  /** Null for an empty list as metadata only. */
  readonly items: readonly T[] | null
}

/** Returns `namespace/name`, or `name` for a cluster-scoped object. */
export function keyOf(meta: { readonly name: string; readonly namespace?: string }): string {
  return meta.namespace === undefined ? meta.name : `${meta.namespace}/${meta.name}`
}

/** True if all containers of the Pod have ended for good. */
export function hasFinished({ status }: Pick<PodObject, 'status'>): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed'
}

/** True if the Pod will not pull any more. */
export function isOver(pod: PodObject): boolean {
  return hasFinished(pod) || pod.metadata.deletionTimestamp !== undefined
}

/** Formats labels for the API's `labelSelector`. */
export function selectorText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',')
}

/** Returns the path `/api/v1/namespaces/<ns>/<plural>/<name>`, with encoded names. */
export function namespacedPath(prefix: string, namespace: string, plural: string, name?: string): string {
  const path = `${prefix}/namespaces/${encodeURIComponent(namespace)}/${plural}`
  return name === undefined ? path : `${path}/${encodeURIComponent(name)}`
}

/** Returns the path of an API version: `/api/v1`, `/apis/apps/v1`. */
export function apiRoot(apiVersion: string): string {
  return apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
}
