import type { ObjectMeta } from '../../kube/types.ts'

/** The parts of a Pod that a kubelet reads (core/v1). */
export interface Pod {
  readonly metadata: ObjectMeta & { readonly namespace: string; readonly deletionGracePeriodSeconds?: number }
  readonly spec: PodSpec
  readonly status?: PodStatus
}

interface PodSpec {
  readonly nodeName?: string
  readonly nodeSelector?: Readonly<Record<string, string>>
  readonly serviceAccountName?: string
  readonly restartPolicy?: 'Always' | 'OnFailure' | 'Never'
  readonly terminationGracePeriodSeconds?: number
  readonly securityContext?: SecurityContext
  readonly containers: readonly Container[]
  readonly volumes?: readonly Volume[]
  readonly tolerations?: readonly { key?: string; operator?: string; value?: string; effect?: string }[]
}

interface SecurityContext {
  readonly runAsUser?: number
  readonly runAsGroup?: number
}

export interface Container {
  readonly name: string
  readonly image: string
  readonly command?: readonly string[]
  readonly args?: readonly string[]
  readonly env?: readonly EnvVar[]
  readonly envFrom?: readonly { prefix?: string; configMapRef?: ObjectRef; secretRef?: ObjectRef }[]
  readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[]
  readonly volumeMounts?: readonly { name: string; mountPath: string; subPath?: string }[]
  readonly securityContext?: SecurityContext
  readonly startupProbe?: Probe
  readonly livenessProbe?: Probe
  readonly readinessProbe?: Probe
}

interface ObjectRef {
  readonly name: string
  readonly optional?: boolean
}

interface KeyRef extends ObjectRef {
  readonly key: string
}

export interface EnvVar {
  readonly name: string
  readonly value?: string
  readonly valueFrom?: {
    readonly fieldRef?: FieldRef
    readonly configMapKeyRef?: KeyRef
    readonly secretKeyRef?: KeyRef
  }
}

export interface FieldRef {
  readonly fieldPath: string
}

export interface Probe {
  readonly httpGet?: {
    readonly path?: string
    readonly port: number | string
    readonly host?: string
    readonly scheme?: 'HTTP' | 'HTTPS'
  }
  readonly initialDelaySeconds?: number
  readonly periodSeconds?: number
  readonly timeoutSeconds?: number
  readonly successThreshold?: number
  readonly failureThreshold?: number
}

export interface KeyToPath {
  readonly key: string
  readonly path: string
  readonly mode?: number
}

export interface DownwardItem {
  readonly path: string
  readonly mode?: number
  readonly fieldRef?: FieldRef
}

interface VolumeSource {
  readonly configMap?: ObjectRef & { readonly items?: readonly KeyToPath[]; readonly defaultMode?: number }
  readonly secret?: { readonly secretName: string; readonly optional?: boolean } & {
    readonly items?: readonly KeyToPath[]
    readonly defaultMode?: number
  }
  readonly downwardAPI?: { readonly items?: readonly DownwardItem[]; readonly defaultMode?: number }
  readonly projected?: { readonly sources?: readonly Projection[]; readonly defaultMode?: number }
  readonly emptyDir?: object
}

export interface Projection {
  readonly configMap?: ObjectRef & { readonly items?: readonly KeyToPath[] }
  readonly secret?: ObjectRef & { readonly items?: readonly KeyToPath[] }
  readonly downwardAPI?: { readonly items?: readonly DownwardItem[] }
  readonly serviceAccountToken?: TokenProjection
}

export interface TokenProjection {
  readonly path: string
  readonly audience?: string
  readonly expirationSeconds?: number
}

export interface Volume extends VolumeSource {
  readonly name: string
}

export interface PodCondition {
  readonly type: string
  readonly status: 'True' | 'False'
  readonly reason?: string
  readonly message?: string
  readonly lastTransitionTime?: string
}

export type ContainerState =
  | { readonly waiting: { readonly reason: string; readonly message?: string } }
  | { readonly running: { readonly startedAt: string } }
  | { readonly terminated: Terminated }

export interface Terminated {
  readonly exitCode: number
  readonly signal?: number
  readonly reason: 'Completed' | 'Error'
  readonly startedAt: string
  readonly finishedAt: string
  readonly containerID: string
}

export interface ContainerStatus {
  readonly name: string
  readonly image: string
  readonly imageID: string
  readonly containerID?: string
  readonly ready: boolean
  readonly started: boolean
  readonly restartCount: number
  readonly state: ContainerState
  readonly lastState: ContainerState | Record<string, never>
}

export interface PodStatus {
  readonly phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed'
  readonly conditions: readonly PodCondition[]
  readonly hostIP: string
  readonly hostIPs: readonly { ip: string }[]
  readonly podIP: string
  readonly podIPs: readonly { ip: string }[]
  readonly startTime: string
  readonly containerStatuses: readonly ContainerStatus[]
}
