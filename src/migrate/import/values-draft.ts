import type { ResolvedAssumeRole, ResolvedRegistry } from '../../values/resolved-values.generated.ts'

/** What a person has to know of an import. */
export interface ImportNote {
  /**
   * `lost`: could not be carried over, and pulls may depend on it; `todo`: to be done before the installation; `changed`:
   * works, in another way; `dropped`: nothing that acr-nopass would need.
   */
  readonly kind: 'lost' | 'todo' | 'changed' | 'dropped'
  readonly text: string
}

/** A registry as a values file gives it: what has a default may be missing. */
export type GivenRegistry = Pick<ResolvedRegistry, 'name' | 'edition'> &
  Partial<Omit<ResolvedRegistry, 'assumeRole'>> & { readonly assumeRole?: readonly GivenRole[] }

export type GivenRole = Pick<ResolvedAssumeRole, 'roleArn'> & Partial<ResolvedAssumeRole>

/** A registry of the values to come, with the sentences that stand above it. */
export interface DraftRegistry {
  readonly values: GivenRegistry
  readonly comments: readonly string[]
}

export interface DraftTargets {
  readonly include: readonly string[]
  /** Undefined: the chart's own. */
  readonly exclude: readonly string[] | undefined
  readonly serviceAccounts: readonly string[]
  readonly comments: readonly string[]
}

export interface DraftIdentity {
  readonly values: {
    readonly type: 'rrsa' | 'worker-role' | 'access-key'
    readonly rrsa?: { readonly roleArn: string; readonly oidcProviderArn: string }
    readonly accessKey?: { readonly existingSecret: string }
  }
  readonly comments: readonly string[]
}

/** The values to come, before they are written. */
export interface ValuesDraft {
  readonly source: string
  readonly registries: readonly DraftRegistry[]
  readonly identity: DraftIdentity
  readonly region: string | undefined
  readonly targets: DraftTargets
  readonly attach: 'serviceAccounts' | 'both'
  /** False: the cluster is older than the guard's API. */
  readonly guard: boolean
}
