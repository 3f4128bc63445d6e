import type { NopassError } from '../../errors.ts'

/** One instance in the add-on's configuration, its texts trimmed and its form checked. */
export interface AddonEntry {
  /** `acr-registry-info[1]`, for messages. */
  readonly place: string
  /** Undefined: the Personal Edition of a region. */
  readonly instanceId: string | undefined
  /** Undefined: the cluster's own. */
  readonly region: string | undefined
  /** Lower case, without scheme. Empty: all of the instance. */
  readonly domains: readonly string[]
  readonly assumeRole: string | undefined
  /** Seconds; undefined: the default. */
  readonly duration: number | undefined
  readonly rrsaRole: string | undefined
  readonly rrsaProvider: string | undefined
  /** Tells one AccessKey from another; nothing can be read back from it. */
  readonly keyFingerprint: string | undefined
}

/** What the add-on was told, from whichever form. */
export interface AddonSettings {
  /** `ConfigMap kube-system/acr-configuration` or a file. */
  readonly source: string
  /** Empty: the account's own Personal Edition. */
  readonly entries: readonly AddonEntry[]
  /** Globs of registries, as the add-on of 2019 took them: `shop-registry.*.cr.aliyuncs.com`. */
  readonly patterns: readonly string[]
  /** Undefined: all. */
  readonly namespaces: readonly string[] | undefined
  /** Undefined: all. */
  readonly serviceAccounts: readonly string[] | undefined
  readonly rrsa: boolean
  readonly webhook: boolean
  /** What nothing has to be done for. */
  readonly dropped: readonly string[]
  /** Keys that no document of the add-on knows. */
  readonly unknown: readonly string[]
}

export interface ReadSettings {
  /** Undefined when there is any error. */
  readonly settings: AddonSettings | undefined
  readonly errors: readonly NopassError[]
}
