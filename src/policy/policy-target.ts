import type { Unverified } from '../alibaba/unverified.ts'
import type { ResolvedValues } from '../values/generated/resolved-values.ts'
import type { PolicyDocument, Statement } from './normal-form.ts'

/** The desired state of RAM for one cluster, or for several clusters that share a role. */
export interface PolicyTarget {
  readonly policyName: string
  /**
   * Undefined if the helper needs no permission (only static registries). No policy is created
   * then.
   */
  readonly document: PolicyDocument | undefined
  /**
   * Keys of this list's clusters that use a shared policy; the policy's description records them.
   * Undefined if the policy belongs to one cluster.
   */
  readonly members?: readonly string[] | undefined
  /** Text for the description, such as `cluster prod`. */
  readonly purpose: string
  /** Roles that the policy is attached to, in addition to the role of `trust`. */
  readonly roles: readonly string[]
  readonly trust?: TrustTarget | undefined
  /** If true, a policy that has our name but not our mark is taken over. */
  readonly adopt: boolean
  /**
   * `widen`: add what is needed (before a deploy). `narrow`: keep exactly what is needed (after
   * every cluster that shares the policy has been deployed and verified).
   * docs/en/decisions.md#widen-narrow.
   */
  readonly phase: 'widen' | 'narrow'
  /**
   * For `narrow` only: what happens to the policy on roles that no longer need it. Examples are
   * roles of an earlier identity, or all roles if no document is needed. If undefined, such roles
   * are not searched for.
   */
  readonly leftovers?: 'detach' | { readonly keep: string } | undefined
}

interface TrustTarget {
  readonly role: string
  readonly statements: readonly Statement[]
  /**
   * If true, a missing role is created: a role with our own name, or the role of limited
   * credentials that the values name (docs/en/decisions.md#limit-roles).
   */
  readonly create: boolean
  /**
   * Set if `statements` could not be verified or is not complete: the other statements that may be
   * right. No phase then removes what the role already trusts, and nothing is added while the role
   * trusts one of these statements.
   */
  readonly alternatives?: readonly Statement[] | undefined
}

interface DocumentChange {
  readonly before: PolicyDocument
  readonly after: PolicyDocument
}

/** One change: a plan shows it, an apply performs it. */
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
      /** The policy version that has the document `before`. */
      readonly version?: string | undefined
    } & DocumentChange)
  | { readonly do: 'attach' | 'detach'; readonly policy: string; readonly role: string }
  | { readonly do: 'delete-policy'; readonly policy: string; readonly before: PolicyDocument }
  | { readonly do: 'delete-role'; readonly role: string }

/** What would be changed, or what was changed. */
export interface PolicyPlan {
  readonly steps: readonly PolicyStep[]
  /** Unified diff of all documents that change. */
  readonly diff: string
  /** What is not removed, and why. */
  readonly kept: readonly string[]
  /** Facts that the plan relies on without verification. */
  readonly unverified?: readonly Unverified[]
}

/**
 * Returns the roles that the metadata service may give the helper. These are the named roles of the
 * nodes, or on ECI the role of the helper's Pod.
 */
export function namedRoles(
  identity: Pick<ResolvedValues['identity'], 'type' | 'workerRole'> | undefined,
  workerRoles: readonly string[],
): readonly string[] {
  const eciRole = identity?.type === 'worker-role' ? identity.workerRole.eciRoleName : undefined
  return eciRole ? [...new Set([...workerRoles, eciRole])] : workerRoles
}
