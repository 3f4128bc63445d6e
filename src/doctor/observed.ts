import type { ManifestResult } from '../acr/query-manifest.ts'
import type { ReleaseFacts } from '../release/find-release.ts'
import type { HelperPod } from '../release/helper-pod.ts'
import type { NamespaceView, SecretView, ServiceAccountView } from '../release/object-views.ts'
import type { Unread } from '../release/reader.ts'
import type { CloudSnapshot } from './cloud/inspect-cloud.ts'

export interface DeploymentFacts {
  readonly wanted: number
  readonly available: number
  /** Why no Pod can be created: a quota, Pod Security, a webhook. */
  readonly refusal?: string
}

export interface LeaseFacts {
  readonly holder: string
  /** Epoch milliseconds on the clock of the holder's node. */
  readonly renewedAt: number
  /** The same write on the API server's clock, in whole seconds. */
  readonly writtenAt?: number
}

/** The admission policies through which Pods get the reference. */
export interface AdmissionFacts {
  /** The server has the kind MutatingAdmissionPolicy in v1 (Kubernetes 1.36). */
  readonly canMutate: boolean
  /** The server has the kind ValidatingAdmissionPolicy in v1 (Kubernetes 1.30). */
  readonly canGuard: boolean
  /** Names of the release's policies of both kinds that have their binding. */
  readonly bound: readonly string[] | undefined
  /** The result of a dry run of a Pod; undefined: not tried. */
  readonly tried: 'referenced' | 'unreferenced' | undefined
}

export interface ContainerFacts {
  /** Of the container; `volume x` for an image volume. */
  readonly name: string
  readonly image: string
  readonly pullPolicy?: string
  readonly running?: boolean
  /** Why it waits, such as `ImagePullBackOff`. */
  readonly waiting?: string
  /** The node's message. */
  readonly detail?: string
}

/** A Pod, reduced to what decides whether it can pull. */
export interface PodFacts {
  readonly namespace: string
  readonly name: string
  readonly serviceAccount: string
  /** Names of its pull secrets. */
  readonly references: readonly string[]
  readonly optedOut: boolean
  /** `ReplicaSet/web-5d9`; undefined for a Pod on its own. */
  readonly owner: string | undefined
  readonly node?: string
  readonly containers: readonly ContainerFacts[]
}

/** The node of the requested Pod. */
export interface NodeFacts {
  readonly name: string
  /** Of the kubelet, such as `v1.36.3`. */
  readonly version: string
  /** `linux/amd64`. */
  readonly platform: string
  /** The kubelet's `imagePullCredentialsVerificationPolicy`; undefined: not readable. */
  readonly cachePolicy: string | undefined
}

/** What was also read for one Pod. */
export interface PodFocus {
  readonly pod: PodFacts
  /** Undefined: not readable; `null`: the Pod has none yet. */
  readonly node: NodeFacts | null | undefined
  /** The registry's own responses, by image; empty without the user's consent. */
  readonly responses: ReadonlyMap<string, ManifestResult>
}

/** What was read of a cluster. Missing parts could not be read, or there is no release; `null`: it is not there. */
export interface Observed {
  /** Epoch milliseconds, by the API server's clock where it is known. */
  readonly now: number
  /** How far this machine's clock is ahead of the API server's, milliseconds; undefined: not known. */
  readonly aheadMs?: number | undefined
  readonly server: string
  readonly kubernetes?: string | undefined
  /** Undefined: none was found. */
  readonly release?: ReleaseFacts | undefined
  readonly others: readonly ReleaseFacts[]
  readonly addons: readonly string[]
  readonly deployment?: DeploymentFacts | null | undefined
  readonly helperPods?: readonly HelperPod[] | undefined
  readonly lease?: LeaseFacts | null | undefined
  readonly namespaces?: readonly NamespaceView[] | undefined
  /** By namespace. */
  readonly secrets?: ReadonlyMap<string, SecretView> | undefined
  readonly accounts?: readonly ServiceAccountView[] | undefined
  /** Those that wait for an image, and those that lack the reference. */
  readonly pods?: readonly PodFacts[] | undefined
  readonly admission?: AdmissionFacts | undefined
  /** What the helper's ServiceAccount may not do of what it needs. */
  readonly missingRights?: readonly string[] | undefined
  /** What the cloud itself says, read with the user's own credentials. */
  readonly cloud: CloudSnapshot
  /** Of the cluster's ServiceAccount tokens. */
  readonly issuer?: string | undefined
  /** Only where one Pod was requested: then the lists above hold what concerns it. */
  readonly focus?: PodFocus | undefined
  readonly unread: readonly Unread[]
}
