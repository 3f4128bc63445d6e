import type { Product } from '../../alibaba/transport/endpoints.ts'
import type { ExpectedIdentity } from '../../kube/read/cluster-identity.ts'
import type { ClusterEntry } from '../../values/clusters.generated.ts'
import type { MapNode, SourceFile } from '../../values/yaml/yaml-node.ts'
import type { Inputs } from './input-table.ts'

/** One layer of values, in the order in which helm merges them. */
export interface ValuesLayer {
  /** Its name in messages: the file, or `values` for the inline one. */
  readonly name: string
  /** The text that helm gets. */
  readonly text: string
  /** Where errors point: the text itself, or the place in the clusters list that holds it. */
  readonly source: SourceFile | MapNode
}

/** How a cluster is reached; never by the ambient kubeconfig. */
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
  /** Empty: found through ACK. */
  readonly workerRoles: readonly string[]
  readonly expect: ExpectedIdentity
}

export interface ChartSettings {
  /** Folder, archive, or `oci://…`. */
  readonly reference: string
  readonly version: string | undefined
  /**
   * Our chart: values are validated by our schema, and the deploy is verified through the helper's
   * status.
   */
  readonly ours: boolean
  /**
   * `name-version` of the chart of this version, whose templates are known to make no `lookup` in
   * the cluster.
   */
  readonly bundled: string | undefined
  /**
   * values.yaml of our chart in a folder, which may be of another version; undefined: the defaults
   * of our schema.
   */
  readonly defaults: SourceFile | undefined
}

export interface Settings {
  readonly inputs: Inputs
  /** The whole list. Entries that are not selected have no values and no kubeconfig. */
  readonly clusters: readonly ClusterSettings[]
  /** The entries to work on; all of the list without the input `cluster`. */
  readonly selected: readonly ClusterSettings[]
  readonly chart: ChartSettings
  readonly endpoints: Readonly<Partial<Record<Product, string>>>
}
