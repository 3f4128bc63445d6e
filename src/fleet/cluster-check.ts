import type { CoverageStatus } from '../installation/helper-status.ts'
import type { Unread } from '../kube/read/reader.ts'
import type { AckCluster, ObjectDrift } from './cluster-facts.ts'
import type { ClusterFinding, ClusterState } from './finding.ts'

/**
 * The result of one cluster, as the JSON has it (schemas/fleet-check.schema.json). Null: not read,
 * not compared, or absent; `unread` and `findings` say which.
 */
export interface ClusterCheck {
  readonly name: string
  readonly state: ClusterState
  readonly ack: AckCluster | null
  readonly server: string | null
  readonly kubernetes: string | null
  /** Null: there is no record of a release. */
  readonly release: {
    readonly namespace: string
    readonly name: string
    /** Name and version of the deployed chart. */
    readonly chart: string | null
    readonly expectedChart: string | null
    readonly revision: number | null
    readonly status: string | null
    readonly updated: string | null
  } | null
  readonly drift: {
    /** Live objects that differ from the release. */
    readonly objects: readonly ObjectDrift[] | null
    /** Keys of the values that differ from the list's. */
    readonly values: readonly string[] | null
  }
  readonly helper: {
    readonly version: string | null
    readonly leader: string | null
    readonly replicas: {
      readonly wanted: number
      readonly available: number
      /** Null: the Deployment is not available. */
      readonly since: string | null
    } | null
    readonly reportedAt: string | null
    readonly attach: string | null
  } | null
  /** Nodes with a kubelet. Null: not read, or the values have no registry that a node can use. */
  readonly nodes: {
    readonly total: number
    /** Nodes whose kubelet has the configuration for the registries, or has called the program. */
    readonly withPlugin: number
    /** Nodes of which this is not known. */
    readonly unknown: number
  } | null
  readonly registries: readonly RegistryCheck[] | null
  readonly namespaces: CoverageStatus | null
  readonly serviceAccounts: CoverageStatus | null
  readonly cloud: {
    readonly read: boolean
    readonly why: string | null
    readonly account: string | null
    readonly roles: readonly {
      readonly name: string | null
      readonly exists: boolean | null
      readonly policy: string
      readonly attached: boolean | null
      /** Versions of that policy. */
      readonly versions: number | null
    }[]
  } | null
  /** What will change without anybody changing acr-nopass. */
  readonly ahead: readonly Ahead[]
  /** The worst first; a consequence follows its cause. */
  readonly findings: readonly ClusterFinding[]
  readonly unread: readonly Unread[]
}

export interface RegistryCheck {
  readonly name: string
  readonly edition: string
  readonly state: string
  /** When the credential was last renewed. */
  readonly issuedAt: string | null
  readonly expiresAt: string | null
  readonly refreshAt: string | null
  /** Whether the registry accepted the login. */
  readonly login: string
  /** Whether the credential has all rights of its role. Null: a static login. */
  readonly rights: 'role' | 'limited' | null
  readonly width: string | null
}

/** Something that will change without anybody changing acr-nopass. */
export interface Ahead {
  readonly id: 'ATTACH_SWITCHES' | 'KUBERNETES_LEAVES' | 'KUBERNETES_NEWER' | 'POLICY_FULL'
  readonly message: string
}
