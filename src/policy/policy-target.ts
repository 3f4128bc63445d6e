import type { Unverified } from '../alibaba/unverified.ts'
import type { ResolvedValues } from '../values/resolved-values.generated.ts'
import type { PolicyDocument, Statement } from './normal-form.ts'

/** The desired state of RAM for one cluster, or for several that share a role. */
export interface PolicyTarget {
  readonly policyName: string
  /**
   * Undefined: the helper needs no permission (only static registries), so no policy is created.
   */
  readonly document: PolicyDocument | undefined
  /**
   * Keys of this list's clusters that use a shared policy, recorded in its description. Undefined:
   * the policy belongs to one cluster.
   */
  readonly members?: readonly string[] | undefined
  /** For the description: `cluster prod`. */
  readonly purpose: string
  /** Roles that the policy is attached to, in addition to that of `trust`. */
  readonly roles: readonly string[]
  readonly trust?: TrustTarget | undefined
  /** Take over a policy of our name that has no mark. */
  readonly adopt: boolean
  /**
   * `widen`: add what is needed (before a deploy); `narrow`: exactly what is needed (after
   * everything that shares it has been deployed and verified). docs/en/decisions.md#widen-narrow.
   */
  readonly phase: 'widen' | 'narrow'
  /**
   * With `narrow`: what happens to the policy on roles that no longer need it, such as those of an
   * earlier identity, or on all roles if no document is needed. Undefined: such roles are not
   * searched for.
   */
  readonly leftovers?: 'detach' | { readonly keep: string } | undefined
}

interface TrustTarget {
  readonly role: string
  readonly statement: Statement
  /** Create a missing role: only with our own name, not with one that the user gave. */
  readonly create: boolean
  /**
   * The other candidates, if the statement could not be verified. What the role trusts stays in
   * every phase, and nothing is added while it trusts one of them.
   */
  readonly alternatives?: readonly Statement[] | undefined
}

interface DocumentChange {
  readonly before: PolicyDocument
  readonly after: PolicyDocument
}

/** One change, as a plan shows and an apply performs it. */
export type PolicyStep =
  | { readonly do: 'create-role'; readonly role: string; readonly trust: PolicyDocument }
  | ({ readonly do: 'update-trust'; readonly role: string } & DocumentChange)
  | {
      readonly do: 'create-policy'
      readonly policy: string
      readonly document: PolicyDocument
      readonly members?: readonly string[]
    }
  | { readonly do: 'record-members'; readonly policy: string; readonly members: readonly string[] }
  | { readonly do: 'adopt-policy'; readonly policy: string }
  | ({
      readonly do: 'update-policy'
      readonly policy: string
      /** The version that has the document `before`. */
      readonly version?: string | undefined
    } & DocumentChange)
  | { readonly do: 'attach' | 'detach'; readonly policy: string; readonly role: string }
  | { readonly do: 'delete-policy'; readonly policy: string; readonly before: PolicyDocument }
  | { readonly do: 'delete-role'; readonly role: string }

/** What would change, or was changed. */
export interface PolicyPlan {
  readonly steps: readonly PolicyStep[]
  /** Unified diff of all documents that change. */
  readonly diff: string
  /** What is not removed, and why. */
  readonly kept: readonly string[]
  /** What was relied on without being verified. */
  readonly unverified?: readonly Unverified[]
}

/**
 * The roles that the metadata service may give the helper: the named ones of nodes, or on ECI that
 * of its Pod.
 */
export function namedRoles(
  identity: Pick<ResolvedValues['identity'], 'type' | 'workerRole'> | undefined,
  workerRoles: readonly string[],
): readonly string[] {
  const eciRole = identity?.type === 'worker-role' ? identity.workerRole.eciRoleName : undefined
  return eciRole ? [...new Set([...workerRoles, eciRole])] : workerRoles
}
