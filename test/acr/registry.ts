import type { RegistryConfig } from '../../src/acr/registry-config.ts'

/** An Enterprise registry with the given changes. */
export function registry(changes: Partial<RegistryConfig> = {}): RegistryConfig {
  return {
    name: 'prod',
    edition: 'enterprise',
    instanceId: 'cri-1',
    region: 'cn-hangzhou',
    network: 'all',
    apiNetwork: 'auto',
    domains: [],
    expiresInHours: null,
    limit: 'role',
    assumeRole: [],
    ...changes,
  }
}
