import type { ReleaseFacts } from '../../../src/installation/find-release.ts'
import type { HelperStatus, RegistryStatus } from '../../../src/installation/helper-status.ts'
import type { NamespaceView, SecretView } from '../../../src/installation/object-views.ts'
import { createTargets } from '../../../src/installation/targets.ts'
import type { ConfiguredInstance } from '../../../src/migrate/remove/find-uncovered.ts'
import type { OurSide } from '../../../src/migrate/remove/our-side.ts'
import type { PodAdmission } from '../../../src/migrate/remove/pod-admission.ts'
import type { HelperConfig } from '../../../src/values/generated/helper-config.ts'

/** Epoch milliseconds. */
export const NOW: number = Date.parse('2026-11-25T12:00:00Z')
export const SECRET: string = 'acr-nopass'
export const HOST: string = 'shop-registry.cn-hangzhou.cr.aliyuncs.com'
export const IMAGE: string = `${HOST}/shop/web:1`
const CONFIG = {
  registries: [{ name: 'shop' }],
  targets: {
    namespaces: { include: ['default', 'shop'], exclude: [], selector: {} },
    serviceAccounts: { include: ['*'], exclude: ['builder'] },
  },
  retire: false,
  verify: { enabled: true },
  release: { namespace: 'acr-nopass', name: 'acr-nopass' },
} as unknown as HelperConfig

export function release(
  change: Partial<HelperConfig> = {},
  state: 'live' | 'failing' = 'live',
  more: Partial<RegistryStatus> = {},
): ReleaseFacts {
  const registries = [{ name: 'shop', edition: 'enterprise', instanceId: 'cri-shop', state, domains: [HOST], ...more }]
  const status = { registries, configHash: 'h' } as unknown as HelperStatus
  const config = { ...CONFIG, ...change }
  const name = { namespace: 'acr-nopass', name: 'acr-nopass', fullname: 'acr-nopass', helmRelease: undefined }
  return {
    ...name,
    evidence: 'proven',
    config,
    status,
    configHash: 'h',
    configError: undefined,
    unreadableStatus: [],
    hasStatusObject: true,
  }
}

export function secret(change: Partial<SecretView> = {}): SecretView {
  const expiresAt = NOW + 30 * 60_000
  const base = {
    uid: 'u',
    resourceVersion: '1',
    ours: true,
    intact: true,
    labelled: true,
    hash: 'h',
    note: '',
    otherManager: undefined,
  }
  return { ...base, registries: ['shop'], expiresAt, ...change }
}

export function ours(change: Partial<OurSide> = {}): OurSide {
  const view = (name: string): NamespaceView => ({
    name,
    uid: name,
    resourceVersion: '1',
    labels: {},
    optedOut: false,
    terminating: false,
  })
  return {
    now: NOW,
    release: release(),
    toName: undefined,
    isReleaseUnread: false,
    secretName: SECRET,
    targets: createTargets(CONFIG),
    available: 2,
    namespaces: new Map(['default', 'shop', 'other'].map((name) => [name, view(name)])),
    secrets: new Map([
      ['default', secret()],
      ['shop', secret()],
    ]),
    admission: undefined,
    ...change,
  }
}

/** The admission policy reaches the Pods of all namespaces that acr-nopass targets. */
export const ADMITTED: PodAdmission = {
  tried: new Map([
    ['default', 'referenced'],
    ['shop', 'referenced'],
  ]),
  elsewhere: { is: 'unknown', why: 'nothing was tried' },
  includesImage: undefined,
}

/** An entry of the old helper's configuration for the Personal Edition of a region. */
export function configuredEntry(): ConfiguredInstance {
  return {
    place: 'acr-registry-info[0]',
    instanceId: undefined,
    region: 'cn-hangzhou',
    domains: [],
    assumeRole: undefined,
  }
}
