import type { ManifestResult } from '../acr/query-manifest.ts'
import type { ReleaseFacts } from '../installation/find-release.ts'
import type { NamespaceView, ServiceAccountView } from '../installation/object-views.ts'
import type { ReadSecret } from '../installation/read-pull-secrets.ts'
import type { Unread } from '../kube/read/reader.ts'
import type { CloudSnapshot } from './cloud/inspect-cloud.ts'
import type { HelperFacts } from './read/read-helper.ts'
import type { Leftover } from './read/read-leftovers.ts'

/** A container or an image volume of a Pod, reduced to what decides whether it can pull. */
export interface ContainerFacts {
  /** Of the container; `volume x` for an image volume. */
  readonly name: string
  readonly image: string
  readonly pullPolicy?: string
  readonly running?: true
  /** When it began to run, or ended, epoch milliseconds. */
  readonly since?: number
  /** An ephemeral container, which somebody adds to a Pod that runs. */
  readonly added?: true
  /** The others wait until this init container has ended, or as a sidecar has started. */
  readonly blocks?: true
  /** It ran, and ended. */
  readonly ended?: true
  /**
   * The runtime created it: a waiting container without a reason (kubelet_pods.go,
   * convertToAPIContainerStatuses).
   */
  readonly created?: true
  /** Why it waits, such as `ImagePullBackOff`, and the node's message. */
  readonly waiting?: string
  readonly detail?: string
  /** When the message was recorded, epoch milliseconds, where an Event tells. */
  readonly saidAt?: number
  /** The image volume for which it waits. */
  readonly waitsFor?: string
}

/** A Pod, reduced to what decides whether it can pull. */
export interface PodFacts {
  readonly namespace: string
  readonly name: string
  /** The one that its Events have. */
  readonly uid: string
  /** Epoch milliseconds. */
  readonly createdAt?: number
  readonly serviceAccount: string
  readonly references: readonly string[]
  readonly optedOut: boolean
  /** `ReplicaSet/web-5d9`; undefined for a Pod on its own. */
  readonly owner?: string | undefined
  /** Its controller creates it again when it is deleted. */
  readonly isReplaced: boolean
  /** From a file of its node. */
  readonly isStatic?: true
  readonly node?: string
  /** Why it is over, such as `Succeeded` or `Failed: Evicted`. */
  readonly over?: string
  /** Its sandbox is there, by the Pod's condition. */
  readonly hasSandbox?: true
  /** The node's message about the sandbox that it cannot create. */
  readonly sandboxTrouble?: string
  /** The reason and the message of its newest warning, while nothing of it was pulled. */
  readonly lastWarning?: string
  readonly containers: readonly ContainerFacts[]
}

/** The node of the requested Pod. */
export interface NodeFacts {
  readonly name: string
  /** Of the kubelet, such as `v1.36.3`. */
  readonly version: string
  /** `linux/amd64`; undefined: a virtual node that does not tell. */
  readonly platform: string | undefined
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

/**
 * What was read of a cluster. Missing parts could not be read, or there is no release; `null`: it
 * is not there.
 */
export interface Observed extends Partial<HelperFacts> {
  /** Epoch milliseconds, by the API server's clock where it is known. */
  readonly now: number
  /**
   * How far this machine's clock is ahead of the API server's, milliseconds; undefined: not known.
   */
  readonly aheadMs?: number | undefined
  readonly server: string
  readonly kubernetes?: string | undefined
  /** Undefined: none was found. */
  readonly release?: ReleaseFacts | undefined
  readonly others: readonly ReleaseFacts[]
  readonly addons: readonly string[]
  /** Pull secrets of releases that are not installed; undefined: not readable. */
  readonly leftovers?: readonly Leftover[] | undefined
  readonly namespaces?: readonly NamespaceView[] | undefined
  /** By namespace. */
  readonly secrets?: ReadonlyMap<string, ReadSecret> | undefined
  readonly accounts?: readonly ServiceAccountView[] | undefined
  /** Those that wait for an image, and those that lack the reference. */
  readonly pods?: readonly PodFacts[] | undefined
  /** What the cloud itself says, read with the user's own credentials. */
  readonly cloud: CloudSnapshot
  /** Only where one Pod was requested: then the lists above hold what concerns it. */
  readonly focus?: PodFocus | undefined
  readonly unread: readonly Unread[]
}
