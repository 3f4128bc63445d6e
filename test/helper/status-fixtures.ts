import type { HelperStatus, RegistryStatus, StatusError } from '../../src/installation/helper-status.ts'

const NOW: number = Date.parse('2026-01-01T12:00:00Z')

function at(minutes: number): string {
  return new Date(NOW + minutes * 60_000).toISOString()
}

export function registry(name: string, more: Partial<RegistryStatus> = {}): RegistryStatus {
  return {
    name,
    edition: 'enterprise',
    instanceId: 'cri-abcdefgh12345678',
    region: 'cn-hangzhou',
    fingerprint: 'f',
    domains: ['prod-registry.cn-hangzhou.cr.aliyuncs.com'],
    state: 'live',
    issuedAt: at(-15),
    expiresAt: at(45),
    refreshAt: at(24),
    verified: 'accepted',
    ...more,
  }
}

export function status(more: Partial<HelperStatus> = {}): HelperStatus {
  return {
    version: '1.2.3',
    updatedAt: at(-1),
    leader: 'helper-a_1',
    configHash: '0123456789abcdef',
    secretName: 'acr-nopass',
    attach: 'serviceAccounts',
    retired: false,
    registries: [registry('prod')],
    namespaces: { total: 5, current: 3, pending: 0, skipped: { 'not-targeted': 2 } },
    problems: [],
    ...more,
  }
}

export const denied: StatusError = {
  code: 'CLOUD_DENIED',
  reason: 'NoPermission',
  message: 'RAM refuses cr:GetAuthorizationToken',
  fix: 'Run `acr-nopass policy` and apply what it prints.',
  at: at(-90),
}
