import type { Helm } from '../helm/obtain/find-helm.ts'
import type { KeyedLock } from '../lib/keyed-lock.ts'
import type { CloudAccess } from './connect/cloud-access.ts'
import type { PreparedCluster } from './inputs/prepare-cluster.ts'
import type { Settings } from './inputs/settings.ts'
import type { RamList } from './ram/ram-list.ts'
import type { RunFolder } from './run-folder.ts'

/** Shared by all clusters of one run. */
export interface RunContext {
  readonly settings: Settings
  readonly prepared: readonly PreparedCluster[]
  readonly helm: Helm
  readonly folder: RunFolder
  readonly cloud: CloudAccess
  readonly ramList: RamList
  /** Serializes this run's writes to the same role or policy. */
  readonly ramLock: KeyedLock
  /** `<kube-system UID> <namespace>/<release>` -> the entry that has it: two entries must not be one. */
  readonly taken: Map<string, string>
  readonly mask: (secret: string) => void
  readonly report: (cluster: string, line: string) => void
  /** Milliseconds since the run began. */
  readonly elapsed: () => number
  /** Epoch milliseconds. */
  readonly now: () => number
  /** Identifies the run in the description of a revision. */
  readonly runName: string
  /** For `apply`: digests of an approved plan by cluster. */
  readonly approved: ReadonlyMap<string, string> | undefined
}
