import type { PolicyDocument } from './normal-form.ts'

/** A policy with the roles that need it, or a role with its trust policy, or policy and role. */
export interface Grant {
  /** Text for the description, such as `cluster prod`. */
  readonly purpose: string
  readonly policy?: { readonly name: string; readonly document: PolicyDocument }
  /** The role to create. */
  readonly role?: { readonly name: string; readonly trust: PolicyDocument }
  /** Existing roles that the policy is attached to. */
  readonly attachTo: readonly string[]
  /** The account of the policy and the role, unless it is the helper's account. */
  readonly otherAccount?: string
}
