import type { DomainNetwork } from '../acr/registry-domains.ts'

/**
 * The inputs of a login, named as in the action and in the flags of the command line. A text that
 * was not given is empty.
 */
export interface LoginInputs {
  /** An instance id, or one of its domains. */
  readonly registry: string
  readonly region: string
  readonly 'values-files': readonly string[]
  readonly values: string
  /** Names of entries of the values; empty: all. */
  readonly registries: readonly string[]
  /** Empty: the repositories of the entry, or with `registry` all repositories. */
  readonly repositories: readonly string[]
  readonly push: boolean
  readonly 'create-repositories': boolean
  readonly network: DomainNetwork
  readonly config: 'merge' | 'isolated'
  /** A duration in Go's format. */
  readonly 'min-life': string
  /** 0: ACR's own lifetime, or that of the entry. */
  readonly 'expires-in-hours': number
  readonly 'role-to-assume': string
  readonly 'oidc-provider-arn': string
  readonly 'session-duration': number
  readonly 'role-session-name': string
  readonly audience: string
  readonly endpoints: string
}
