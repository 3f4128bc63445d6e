import type { RunningImage } from '../acr/limited-images.ts'
import type { ManifestResult } from '../acr/query-manifest.ts'
import type { ErrorCode } from '../errors.ts'
import type { ReleaseFacts } from '../installation/find-release.ts'
import type { NamespaceView, ServiceAccountView } from '../installation/object-views.ts'
import type { ReadSecret } from '../installation/read-pull-secrets.ts'
import type { Unread } from '../kube/read/reader.ts'
import type { CloudSnapshot } from './cloud/inspect-cloud.ts'
import type { HelperFacts } from './read/read-helper.ts'
import type { Leftover } from './read/read-leftovers.ts'

/**
 * The facts about a container or an image volume of a Pod that decide whether its image can be
 * pulled.
 */
export interface ContainerFacts {
  /** The container's name; `volume x` for an image volume. */
  readonly name: string
  readonly image: string
  readonly pullPolicy?: string
  readonly running?: true
  /** When the container started or ended, in epoch milliseconds. */
  readonly since?: number
  /** True for an ephemeral container, which somebody added to a running Pod. */
  readonly added?: true
  /** When containers were last added, in epoch milliseconds. */
  readonly addedAt?: number
  /**
   * The other containers wait until this init container has ended or, as a sidecar, has started.
   */
  readonly blocks?: true
  /** The container ran and ended. */
  readonly ended?: true
  /**
   * The runtime created the container: the status is waiting without a reason (kubelet_pods.go,
   * convertToAPIContainerStatuses).
   */
  readonly created?: true
  /** Why the container waits, such as `ImagePullBackOff`, and the node's message. */
  readonly waiting?: string
  readonly detail?: string
  /** When the message was recorded, in epoch milliseconds. Known only from an Event. */
  readonly saidAt?: number
  /** The image volume for which the container waits. */
  readonly waitsFor?: string
}

/** The facts about a Pod that decide whether its images can be pulled. */
export interface PodFacts {
  readonly namespace: string
  readonly name: string
  /** The UID in the Pod's Events, which for a static Pod is not the mirror Pod's UID. */
  readonly uid: string
  /** Epoch milliseconds. */
  readonly createdAt?: number
  /** When the Pod got its node, in epoch milliseconds. */
  readonly scheduledAt?: number
  readonly serviceAccount: string
  readonly references: readonly string[]
  readonly optedOut: boolean
  /** `ReplicaSet/web-5d9`; undefined without a controller. */
  readonly owner?: string | undefined
  /** A deleted Pod is created again by its controller. */
  readonly isReplaced: boolean
  /** The node creates the Pod from a file. */
  readonly isStatic?: true
  readonly node?: string
  /** Why the Pod has ended, such as `Succeeded` or `Failed: Evicted`. */
  readonly over?: string
  /** The Pod's condition says that its sandbox exists. */
  readonly hasSandbox?: true
  /** The node's message about the sandbox that it cannot create. */
  readonly sandboxTrouble?: string
  /**
   * The reason and the message of the Pod's newest warning, as long as none of its images was
   * pulled.
   */
  readonly lastWarning?: string
  readonly containers: readonly ContainerFacts[]
}

/** The node of the requested Pod. */
export interface NodeFacts {
  readonly name: string
  /** The kubelet's version, such as `v1.36.3`. */
  readonly version: string
  /** `linux/amd64`; undefined: a virtual node does not report it. */
  readonly platform: string | undefined
  /** The kubelet's `imagePullCredentialsVerificationPolicy`; undefined: not readable. */
  readonly cachePolicy: string | undefined
}

/** A failure of our program that a kubelet logged. */
export interface NodeFailure {
  /**
   * A code of our errors. `program`: the program cannot run. `audience`: the API server refuses the
   * token of the ServiceAccount. `other`: anything else.
   */
  readonly kind: ErrorCode | 'program' | 'audience' | 'other'
  readonly message: string
  /** The fix that our program printed. */
  readonly fix?: string
  /** Without tag and digest. */
  readonly image?: string
  /** `namespace/name`. Absent unless the kubelet passes tokens of ServiceAccounts. */
  readonly pod?: string
}

/** A node, and what its kubelet reports about the program that it asks for logins. */
export interface PluginNode {
  readonly name: string
  /** The kubelet's version, such as `v1.36.3`. */
  readonly version: string
  /** Nodes of one pool should have the same configuration. */
  readonly pool: string
  /** A node without a kubelet. */
  readonly isVirtual?: true
  /** The kubelet has stopped reporting to the API server. */
  readonly isSilent?: true
  /**
   * The kubelet's configuration. `ours`: the configuration for the release's registries; `other`:
   * another configuration, which may contain ours; `none`. Undefined: not known, see `why`.
   */
  readonly config: 'ours' | 'other' | 'none' | undefined
  readonly why?: string
  /** Whose role pulls, by the configuration. */
  readonly identity?: 'service-account' | 'worker-role'
  /** How often the kubelet called our program since it started, and how often that failed. */
  readonly calls: number
  readonly errors: number
  /** How far the node's clock is ahead of the API server's, in milliseconds. */
  readonly aheadMs?: number
  /**
   * Failures within the last hour, the newest last. Undefined: the kubelet's log is not readable.
   */
  readonly failures?: readonly NodeFailure[]
}

/** What is known of the nodes that pull without a Secret. */
export interface PluginFacts {
  readonly nodes: readonly PluginNode[]
  /** How many nodes were not read. */
  readonly more: number
  /** The images for which a kubelet with our configuration calls the program. */
  readonly matchImages: readonly string[]
  /**
   * True if the chart lets nodes request tokens of ServiceAccounts for STS. Undefined: not
   * readable.
   */
  readonly grantsTokens: boolean | undefined
  /** Whether nodes may request these tokens. Undefined: not reviewed. */
  readonly mayRequestTokens: boolean | undefined
}

/** Facts that are read only for one requested Pod. */
export interface PodFocus {
  readonly pod: PodFacts
  /** Undefined: not readable; `null`: the Pod has no node yet. */
  readonly node: NodeFacts | null | undefined
  /** The registry's own responses, by image. Empty without the user's consent. */
  readonly responses: ReadonlyMap<string, ManifestResult>
}

/**
 * What was read of a cluster. A missing part could not be read, or there is no release. `null`: the
 * object does not exist.
 */
export interface Observed extends Partial<HelperFacts> {
  /** Epoch milliseconds, by the API server's clock if that is known. */
  readonly now: number
  /**
   * How far this machine's clock is ahead of the API server's, in milliseconds; undefined: not
   * known.
   */
  readonly aheadMs?: number | undefined
  readonly server: string
  readonly kubernetes?: string | undefined
  /** Undefined: no release was found. */
  readonly release?: ReleaseFacts | undefined
  readonly others: readonly ReleaseFacts[]
  readonly addons: readonly string[]
  /** Pull secrets of releases that are not installed; undefined: not readable. */
  readonly leftovers?: readonly Leftover[] | undefined
  readonly namespaces?: readonly NamespaceView[] | undefined
  /** By namespace. */
  readonly secrets?: ReadonlyMap<string, ReadSecret> | undefined
  readonly accounts?: readonly ServiceAccountView[] | undefined
  /** Pods that wait for an image, and Pods without the reference. */
  readonly pods?: readonly PodFacts[] | undefined
  /**
   * Images that nodes have for Pods which are not over, each once per namespace. Read only if a
   * registry is limited.
   */
  readonly images?: readonly RunningImage[] | undefined
  /** Nodes that may pull without a Secret; undefined: not readable, or no registry allows it. */
  readonly plugins?: PluginFacts | undefined
  /** What the cloud itself reports, read with the user's own credentials. */
  readonly cloud: CloudSnapshot
  /**
   * Set only if one Pod was requested. Then the lists above contain only what concerns this Pod.
   */
  readonly focus?: PodFocus | undefined
  readonly unread: readonly Unread[]
}
