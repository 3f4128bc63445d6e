import type { AssumeRoleStep } from '../alibaba/assumed-role.ts'
import type { Network } from '../alibaba/endpoints.ts'
import type { DomainNetwork } from './registry-domains.ts'

/** What the token sources need of an entry of values' `registries`. */
export interface RegistryConfig {
  readonly name: string
  readonly edition: 'enterprise' | 'personal' | 'static'
  readonly instanceId?: string | undefined
  readonly instanceName?: string | undefined
  readonly region?: string | undefined
  readonly network?: DomainNetwork | undefined
  readonly apiNetwork?: Network | undefined
  readonly domains?: readonly string[] | undefined
  readonly expiresInHours?: number | null | undefined
  readonly assumeRole?: readonly AssumeRoleStep[] | undefined
}
