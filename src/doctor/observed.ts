import type { ManifestResult } from '../acr/query-manifest.ts'
import type { ReleaseFacts } from '../release/find-release.ts'
import type { NamespaceView, SecretView, ServiceAccountView } from '../release/object-views.ts'
import type { Unread } from '../release/reader.ts'
import type { CloudSnapshot } from './cloud/inspect-cloud.ts'
import type { describePod } from './read/pod-facts.ts'
import type { HelperFacts } from './read/read-helper.ts'

/** A Pod, reduced to what decides whether it can pull. */
export type PodFacts = ReturnType<typeof describePod>
export type ContainerFacts = PodFacts['containers'][number]

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
export interface Observed extends Partial<HelperFacts> {
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
  readonly namespaces?: readonly NamespaceView[] | undefined
  /** By namespace. */
  readonly secrets?: ReadonlyMap<string, SecretView> | undefined
  readonly accounts?: readonly ServiceAccountView[] | undefined
  /** Those that wait for an image, and those that lack the reference. */
  readonly pods?: readonly PodFacts[] | undefined
  /** What the cloud itself says, read with the user's own credentials. */
  readonly cloud: CloudSnapshot
  /** Only where one Pod was requested: then the lists above hold what concerns it. */
  readonly focus?: PodFocus | undefined
  readonly unread: readonly Unread[]
}
