import type { HelperStatus, RegistryStatus } from '../../src/installation/helper-status.ts'

/** One registry as a helper reports it. */
export function reportedRegistry(name: string, more: Partial<RegistryStatus> = {}): RegistryStatus {
  return { name, edition: 'enterprise', fingerprint: 'f', domains: [], state: 'live', verified: 'accepted', ...more }
}

/** A complete report of a helper. */
export function helperReport(registries: readonly RegistryStatus[], more: Partial<HelperStatus> = {}): HelperStatus {
  return {
    version: '1.0.0',
    updatedAt: '2026-11-27T09:59:00Z',
    leader: 'acr-nopass-1_x',
    configHash: 'h',
    secretName: 'acr',
    attach: 'both',
    retired: false,
    registries,
    namespaces: { total: 1, current: 1, pending: 0, skipped: {} },
    problems: [],
    ...more,
  }
}
