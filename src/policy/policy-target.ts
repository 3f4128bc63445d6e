import type { AttachedPolicy, PolicyEntities, RamPolicy, RamRole } from '../alibaba/ram.ts'
import type { Unverified } from '../alibaba/unverified.ts'
import type { ResolvedValues } from '../values/resolved-values.generated.ts'
import type { PolicyDocument, Statement } from './normal-form.ts'

/** What is wanted of RAM for one cluster, or for several that share a role. */
export interface PolicyTarget {
  readonly policyName: string
  /** Undefined: the helper needs no permission at all (only static registries); no policy is made. */
  readonly document: PolicyDocument | undefined
  /**
   * Keys of the clusters of this list that use a shared policy; recorded in its description. Undefined: the policy is one
   * cluster's own.
   */
  readonly members?: readonly string[] | undefined
  /** For whom, in the description: `cluster prod`. */
  readonly purpose: string
  /** Roles that the policy is attached to; with `trust` its role is added by itself. */
  readonly roles: readonly string[]
  readonly trust?: TrustTarget | undefined
  /** Take over a policy of our name that carries no mark. */
  readonly adopt: boolean
  /**
   * `widen`: what is there stays and what is wanted comes (before a deploy); `narrow`: exactly what is wanted (after
   * everything that shares it has been deployed and verified). docs/en/decisions.md#widen-narrow.
   */
  readonly phase: 'widen' | 'narrow'
  /**
   * With `narrow`: what becomes of the policy on roles that need it no more, such as those of an earlier identity, or on all
   * roles where no document is wanted. Undefined: they are not looked for.
   */
  readonly leftovers?: 'detach' | { readonly keep: string } | undefined
}

interface TrustTarget {
  readonly role: string
  readonly statement: Statement
  /** Make the role when it is missing: for the name that we choose, not for one that the user gave. */
  readonly create: boolean
  /**
   * Set where the statement could not be verified: the other candidates. What the role trusts stays in every phase, and
   * while it trusts one of these nothing is added.
   */
  readonly alternatives?: readonly Statement[] | undefined
}

/** What RAM has of it. */
export interface ObservedPolicy {
  readonly policy: (RamPolicy & { readonly ours: boolean }) | undefined
  /** Where leftovers are looked for: what the policy is attached to; undefined: unknown, RAM denied the list. */
  readonly entities?: PolicyEntities | undefined
  /** The second policy, beside a first one that has no room; read only where it may be there or is needed. */
  readonly next?: (RamPolicy & { readonly ours: boolean }) | undefined
  readonly nextEntities?: PolicyEntities | undefined
  /** By role: its policies; undefined: no such role. */
  readonly attached: ReadonlyMap<string, readonly AttachedPolicy[] | undefined>
  readonly trustRole: (RamRole & { readonly ours: boolean }) | undefined
}

/** One change, as data: what a plan shows and an apply does. */
export type PolicyStep =
  | { readonly do: 'create-role'; readonly role: string; readonly trust: PolicyDocument }
  | {
      readonly do: 'update-trust'
      readonly role: string
      readonly before: PolicyDocument
      readonly after: PolicyDocument
    }
  | {
      readonly do: 'create-policy'
      readonly policy: string
      readonly document: PolicyDocument
      readonly members?: readonly string[]
    }
  | { readonly do: 'record-members'; readonly policy: string; readonly members: readonly string[] }
  | { readonly do: 'adopt-policy'; readonly policy: string }
  | {
      readonly do: 'update-policy'
      readonly policy: string
      readonly before: PolicyDocument
      readonly after: PolicyDocument
    }
  | { readonly do: 'attach'; readonly policy: string; readonly role: string }
  | { readonly do: 'detach'; readonly policy: string; readonly role: string }
  | { readonly do: 'delete-policy'; readonly policy: string; readonly before: PolicyDocument }
  | { readonly do: 'delete-role'; readonly role: string }

/** What would change or was changed. Empty `steps`: nothing. */
export interface PolicyPlan {
  readonly steps: readonly PolicyStep[]
  /** Unified lines of all documents that change. */
  readonly diff: string
  /** What stays although it was asked to go, and why. */
  readonly kept: readonly string[]
  /** What was relied on, or left out, without being verified; absent: nothing. */
  readonly unverified?: readonly Unverified[]
}

/** The roles that the metadata service may give the helper, as far as they are named: of nodes, or on ECI of its Pod. */
export function namedRoles(
  identity: Pick<ResolvedValues['identity'], 'type' | 'workerRole'> | undefined,
  workerRoles: readonly string[],
): readonly string[] {
  const eciRole = identity?.type === 'worker-role' ? identity.workerRole.eciRoleName : undefined
  return eciRole ? [...new Set([...workerRoles, eciRole])] : workerRoles
}
