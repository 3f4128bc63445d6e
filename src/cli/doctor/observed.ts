import type { HelperStatus } from '../../acr/helper-status.ts'
import type { NamespaceView, SecretView, ServiceAccountView } from '../../helper/views.ts'
import type { PodView } from '../../rollout/release-causes.ts'
import type { HelperConfig } from '../../values/helper-config.generated.ts'

/** Something that the caller has no right to read, so that nothing can be said about it. */
export interface Unread {
  /** As a sentence begins: `Pods of all namespaces`. */
  readonly what: string
  readonly why: string
}

export interface ReleaseName {
  readonly namespace: string
  readonly name: string
}

/** The release's objects by which the helper is told what to do and reports. */
export interface ReleaseFacts extends ReleaseName {
  /** Prefix of the names of the release's objects. */
  readonly fullname: string
  /** Undefined: there is none, or it breaks its schema (then `configError`). */
  readonly config: HelperConfig | undefined
  readonly configHash: string | undefined
  readonly configError: string | undefined
  /** Undefined: the helper has not reported. */
  readonly status: HelperStatus | undefined
}

export interface DeploymentFacts {
  readonly wanted: number
  readonly available: number
}

export interface LeaseFacts {
  readonly holder: string
  /** Epoch milliseconds. */
  readonly renewedAt: number
}

export interface ContainerFacts {
  readonly image: string
  /** Why it waits, such as `ImagePullBackOff`. */
  readonly waiting?: string
  /** The node's own words. */
  readonly detail?: string
}

/** A Pod, reduced to what tells whether it can pull. */
export interface PodFacts {
  readonly namespace: string
  readonly name: string
  readonly serviceAccount: string
  /** Names of its pull secrets. */
  readonly references: readonly string[]
  readonly optedOut: boolean
  /** `ReplicaSet/web-5d9`; undefined for a Pod on its own. */
  readonly owner: string | undefined
  readonly containers: readonly ContainerFacts[]
}

/** What was read of a cluster. Undefined parts could not be read; `null`: it is not there. */
export interface Observed {
  /** Epoch milliseconds. */
  readonly now: number
  readonly server: string
  readonly kubernetes: string | undefined
  /** Undefined: none was found. */
  readonly release: ReleaseFacts | undefined
  readonly others: readonly ReleaseName[]
  readonly addons: readonly string[]
  readonly deployment: DeploymentFacts | null | undefined
  readonly helperPods: readonly PodView[] | undefined
  readonly lease: LeaseFacts | null | undefined
  readonly namespaces: readonly NamespaceView[] | undefined
  /** By namespace. */
  readonly secrets: ReadonlyMap<string, SecretView> | undefined
  readonly accounts: readonly ServiceAccountView[] | undefined
  /** Those that wait for an image, and those that lack the reference. */
  readonly pods: readonly PodFacts[] | undefined
  /** Names of the admission policies that add the reference, when each has its binding. */
  readonly podPolicies: readonly string[] | undefined
  readonly unread: readonly Unread[]
}
