// Generated from schemas/ by scripts/generate-values.ts. Do not edit.
import type { ResolvedValues } from './resolved-values.ts'

/** What the chart writes into the key `config.yaml` of its ConfigMap, defaults filled in. */
export interface HelperConfig extends Omit<ResolvedValues, 'nameOverride' | 'fullnameOverride' | 'serviceAccount' | 'extraObjects' | 'node' | 'caBundle'> {
  /** Decided when the chart was rendered. */
  attach: 'admission' | 'serviceAccounts' | 'both'
  /** Names of the release and of the objects that the chart made for the helper. */
  release: {
    /** As given to Helm. */
    name: string
    /** Where the helper runs. */
    namespace: string
    /** Prefix of the names of all objects of the chart. */
    fullname: string
    /** Of the helper. */
    serviceAccount: string
    /** By which replicas elect a leader. */
    lease: string
    /** Where the helper reports. */
    status: string
  }
}
