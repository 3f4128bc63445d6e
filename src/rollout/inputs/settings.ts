import type { Product } from '../../alibaba/transport/endpoints.ts'
import type { ExpectedIdentity } from '../../kube/read/cluster-identity.ts'
import type { ClusterEntry } from '../../values/generated/clusters.ts'
import type { MapNode, SourceFile } from '../../values/yaml/yaml-node.ts'
import type { Inputs } from './input-table.ts'

/** One layer of values. Layers are in the order in which helm merges them. */
export interface ValuesLayer {
  /** The layer's name in messages: the file's name, or `values` for the inline layer. */
  readonly name: string
  /** The text that helm gets. */
  readonly text: string
  /** Where errors point: the text itself, or the place in the clusters list that holds the text. */
  readonly source: SourceFile | MapNode
}

/** How a cluster is reached. The ambient kubeconfig is never used. */
export type ClusterAccessSettings =
  | { readonly kind: 'ack'; readonly clusterId: string; readonly region: string; readonly privateEndpoint: boolean }
  | { readonly kind: 'kubeconfig-file'; readonly file: string; readonly context: string | undefined }
  | {
      readonly kind: 'kubeconfig-text'
      readonly text: string
      readonly from: string
      readonly context: string | undefined
    }

/** One cluster of the list, merged with the inputs for all clusters. */
type EntryKeys = 'name' | 'wave' | 'environment' | 'account' | 'deployRole' | 'oidcProviderArn' | 'coexist'

export interface ClusterSettings extends Readonly<Pick<ClusterEntry, EntryKeys>> {
  readonly access: ClusterAccessSettings
  readonly namespace: string
  readonly release: string
  readonly layers: readonly ValuesLayer[]
  /** Empty if the roles are found through ACK. */
  readonly workerRoles: readonly string[]
  readonly expect: ExpectedIdentity
}

export interface ChartSettings {
  /** A folder, an archive, or `oci://…`. */
  readonly reference: string
  readonly version: string | undefined
  /**
   * True for our chart: our schema validates its values, and the helper's status verifies the
   * deploy.
   */
  readonly ours: boolean
  /**
   * Name and version (`name-version`) of this version's chart. Its templates make no `lookup` in
   * the cluster.
   */
  readonly bundled: string | undefined
  /**
   * The values.yaml of our chart in a folder, which may be of another version. If undefined, the
   * defaults of our schema are used.
   */
  readonly defaults: SourceFile | undefined
}

export interface Settings {
  readonly inputs: Inputs
  /** The whole list. Entries that are not selected have no values and no kubeconfig. */
  readonly clusters: readonly ClusterSettings[]
  /** The entries to work on: all of the list if the input `cluster` is absent. */
  readonly selected: readonly ClusterSettings[]
  readonly chart: ChartSettings
  readonly endpoints: Readonly<Partial<Record<Product, string>>>
}
