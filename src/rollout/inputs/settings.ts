import type { Product } from '../../alibaba/transport/endpoints.ts'
import type { ExpectedIdentity } from '../../release/cluster-reads.ts'
import type { MapNode, SourceFile } from '../../values/yaml/yaml-node.ts'
import type { Inputs } from './inputs.ts'

/** One layer of values, in the order in which helm merges them. */
export interface ValuesLayer {
  /** As messages name it: the file, or `values` for an inline one. */
  readonly name: string
  /** What helm gets. */
  readonly text: string
  /** What errors point into: the text itself, or the place in the clusters list that holds it. */
  readonly source: SourceFile | MapNode
}

/** How a cluster is reached. The ambient kubeconfig is none of the ways. */
export type ClusterAccessSettings =
  | { readonly kind: 'ack'; readonly clusterId: string; readonly region: string; readonly privateEndpoint: boolean }
  | { readonly kind: 'kubeconfig-file'; readonly file: string; readonly context: string | undefined }
  | {
      readonly kind: 'kubeconfig-text'
      readonly text: string
      readonly from: string
      readonly context: string | undefined
    }

/** One cluster of the list, with everything that the inputs said for all. */
export interface ClusterSettings {
  readonly name: string
  readonly wave: number
  readonly environment: string | undefined
  readonly access: ClusterAccessSettings
  readonly namespace: string
  readonly release: string
  readonly layers: readonly ValuesLayer[]
  /** Empty: found through ACK. */
  readonly workerRoles: readonly string[]
  readonly account: string | undefined
  readonly deployRole: string | undefined
  readonly oidcProviderArn: string | undefined
  readonly expect: ExpectedIdentity
  readonly coexist: boolean
}

export interface ChartSettings {
  /** Folder, archive, or `oci://…`. */
  readonly reference: string
  readonly version: string | undefined
  /** Ours: validated by our schema too, and verified through the helper's report. */
  readonly ours: boolean
  /** `name-version` of the chart that belongs to this very version, which is known to look at nothing in the cluster. */
  readonly bundled: string | undefined
  /** values.yaml of our chart in a folder, which may be of another version; else its defaults are those of our schema. */
  readonly defaults: SourceFile | undefined
}

/** Everything that a rollout is told. */
export interface Settings {
  readonly inputs: Inputs
  /** The whole list. Of an entry that is not selected only what the list itself says: no values, no kubeconfig. */
  readonly clusters: readonly ClusterSettings[]
  /** The entries to work on; all of the list without the input `cluster`. */
  readonly selected: readonly ClusterSettings[]
  readonly chart: ChartSettings
  readonly endpoints: Readonly<Partial<Record<Product, string>>>
}
