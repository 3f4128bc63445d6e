import type { CredentialProvider } from './credentials.ts'
import type { Transport } from './transport/transport.ts'

export interface RamTarget {
  readonly transport: Transport
  readonly endpoint: URL
  readonly credentials: CredentialProvider
}

export interface Tag {
  readonly key: string
  readonly value: string
}

export interface RamPolicy {
  readonly name: string
  readonly description: string
  /** Of the default version, as RAM keeps it: JSON in a string. */
  readonly document: string
  readonly defaultVersion: string
}

export interface RamRole {
  readonly name: string
  readonly arn: string
  readonly description: string
  /** The trust policy: JSON in a string. */
  readonly trust: string
}

export interface PolicyEntities {
  readonly roles: readonly string[]
  readonly users: readonly string[]
  readonly groups: readonly string[]
}

/** The RAM operations that the product uses, on custom policies unless said otherwise. All reject with NopassError as the transport does. */
export interface Ram {
  /** Undefined: there is none of this name. */
  getPolicy(name: string, signal?: AbortSignal): Promise<RamPolicy | undefined>
  /** One of the cloud's own policies; undefined: there is none of this name. */
  getSystemPolicy(name: string, signal?: AbortSignal): Promise<RamPolicy | undefined>
  createPolicy(
    policy: {
      readonly name: string
      readonly document: string
      readonly description: string
      readonly tags: readonly Tag[]
    },
    signal?: AbortSignal,
  ): Promise<void>
  /** A new default version; the oldest other one goes when five are there. */
  createPolicyVersion(name: string, document: string, signal?: AbortSignal): Promise<void>
  updatePolicyDescription(name: string, description: string, signal?: AbortSignal): Promise<void>
  deletePolicy(name: string, signal?: AbortSignal): Promise<void>
  /** Undefined: there is no such role. Its policies of both kinds. */
  listRolePolicies(role: string, signal?: AbortSignal): Promise<readonly AttachedPolicy[] | undefined>
  listPolicyEntities(name: string, signal?: AbortSignal): Promise<PolicyEntities>
  attachPolicy(policy: string, role: string, signal?: AbortSignal): Promise<void>
  detachPolicy(policy: string, role: string, signal?: AbortSignal): Promise<void>
  getRole(name: string, signal?: AbortSignal): Promise<RamRole | undefined>
  createRole(
    role: {
      readonly name: string
      readonly trust: string
      readonly description: string
      readonly tags: readonly Tag[]
    },
    signal?: AbortSignal,
  ): Promise<void>
  updateRole(
    role: { readonly name: string; readonly trust?: string; readonly description?: string },
    signal?: AbortSignal,
  ): Promise<void>
  deleteRole(name: string, signal?: AbortSignal): Promise<void>
  tag(kind: 'policy' | 'role', name: string, tags: readonly Tag[], signal?: AbortSignal): Promise<void>
  listTags(kind: 'policy' | 'role', name: string, signal?: AbortSignal): Promise<readonly Tag[]>
}

export interface AttachedPolicy {
  readonly name: string
  readonly custom: boolean
}
