import type { PolicyDocument } from './document.ts'

/** One policy with the roles that it is for, or the trust of a role, or both. */
export interface Grant {
  /** For whom, as a description says it: `cluster prod`. */
  readonly purpose: string
  readonly policy?: { readonly name: string; readonly document: PolicyDocument }
  /** A role that has to be made, with who may take it. */
  readonly role?: { readonly name: string; readonly trust: PolicyDocument }
  /** Roles that are there already. */
  readonly attachTo: readonly string[]
  /** The other account that the policy and the role belong to; undefined: that of the helper. */
  readonly otherAccount?: string
}

export interface Grants {
  readonly grants: readonly Grant[]
  /** What could not be said, and why. */
  readonly notes: readonly string[]
}
