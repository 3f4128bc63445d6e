import { type ErrorCode, NopassError } from '../../errors.ts'
import type { ResolvedAssumeRole, ResolvedRegistry } from '../../values/resolved-values.generated.ts'

export interface ImportNote {
  /**
   * `lost`: could not be converted, and pulls may depend on it; `todo`: needed before the installation; `changed`: works
   * differently; `dropped`: not needed by acr-nopass.
   */
  readonly kind: 'lost' | 'todo' | 'changed' | 'dropped'
  readonly text: string
}

/** Collects what a person has to know, and why there can be no values. */
export class ImportLog {
  readonly notes: ImportNote[] = []
  readonly errors: NopassError[] = []

  note(kind: ImportNote['kind'], text: string): void {
    this.notes.push({ kind, text })
  }

  fail(code: ErrorCode, message: string, hint?: string): undefined {
    this.errors.push(new NopassError(code, message, { hint }))
  }
}

/** A registry of a values file, in which keys with defaults may be missing. */
export type GivenRegistry = Pick<ResolvedRegistry, 'name' | 'edition'> &
  Partial<Omit<ResolvedRegistry, 'assumeRole'>> & { readonly assumeRole?: readonly GivenRole[] }

export type GivenRole = Pick<ResolvedAssumeRole, 'roleArn'> & Partial<ResolvedAssumeRole>

/** A registry of the draft, with the comments above it. */
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

/** The values before they are rendered. */
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
