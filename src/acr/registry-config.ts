import type { ResolvedRegistry } from '../values/resolved-values.generated.ts'

/** What the token sources need of an entry of values' `registries`. */
export type RegistryConfig = Readonly<
  Pick<
    ResolvedRegistry,
    | 'name'
    | 'edition'
    | 'instanceId'
    | 'instanceName'
    | 'region'
    | 'network'
    | 'apiNetwork'
    | 'domains'
    | 'expiresInHours'
    | 'assumeRole'
  >
>
