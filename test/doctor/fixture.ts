import { createHash } from 'node:crypto'
import { stringify } from 'yaml'
import type { Observed, PodFacts } from '../../src/doctor/observed.ts'
import type { AdmissionFacts } from '../../src/doctor/read/read-admission.ts'
import type { ReleaseFacts } from '../../src/installation/find-release.ts'
import type { HelperStatus, RegistryStatus } from '../../src/installation/helper-status.ts'
import { loadConfig } from '../../src/installation/load-config.ts'
import type { NamespaceView, SecretView, ServiceAccountView } from '../../src/installation/object-views.ts'

export const NOW: number = Date.parse('2026-03-01T12:00:00Z')
export const HOST: string = 'demo-registry.cn-hangzhou.cr.aliyuncs.com'
export const IMAGE: string = `${HOST}/team/app:1`

const at = (minutes: number): string => new Date(NOW + minutes * 60_000).toISOString()

export function registry(change: Partial<RegistryStatus> = {}): RegistryStatus {
  return {
    name: 'demo',
    edition: 'enterprise',
    instanceId: 'cri-abc123',
    region: 'cn-hangzhou',
    fingerprint: 'f',
    domains: [HOST],
    state: 'live',
    issuedAt: at(-20),
    expiresAt: at(40),
    refreshAt: at(20),
    verified: 'accepted',
    ...change,
  }
}

export function failure(code = 'CLOUD_DENIED'): NonNullable<RegistryStatus['error']> {
  return { code, reason: 'NoPermission', message: 'the role may not do it', fix: 'let it', at: at(-1) }
}

export function namespace(name: string, change: Partial<NamespaceView> = {}): NamespaceView {
  return { uid: `uid-${name}`, resourceVersion: '1', name, labels: {}, optedOut: false, terminating: false, ...change }
}

export function secret(change: Partial<SecretView> = {}): SecretView {
  return {
    uid: 'u',
    resourceVersion: '1',
    ours: true,
    intact: true,
    labelled: true,
    hash: 'h',
    registries: ['demo'],
    expiresAt: NOW + 40 * 60_000,
    note: '',
    otherManager: undefined,
    ...change,
  }
}

export function account(where: string, name = 'default', change: Partial<ServiceAccountView> = {}): ServiceAccountView {
  const list = ['acr-nopass']
  const owner = { manager: 'acr-nopass', operation: 'Update' } as const
  return { uid: 'u', resourceVersion: '1', namespace: where, name, list, owner, optedOut: false, ...change }
}

/** An API server with everything that the release needs, in every mode. */
export function admission(change: Partial<AdmissionFacts> = {}): AdmissionFacts {
  const name = 'acr-nopass.acr-nopass.acr-nopass'
  const bound = [
    name,
    `${name}.secrets`,
    `${name}.serviceaccounts`,
    `${name}.events`,
    `${name}.leases`,
    `${name}.configmaps`,
  ]
  return { canMutate: true, canGuard: true, bound, tried: undefined, guard: [], accepted: [], ...change }
}

/** A Pod that waits for its image and has the reference. */
export function stuckPod(
  change: Partial<PodFacts> & { readonly image?: string; readonly detail?: string; readonly waiting?: string } = {},
): PodFacts {
  const { image = IMAGE, detail = '', waiting = 'ImagePullBackOff', ...rest } = change
  return {
    namespace: 'shop',
    name: 'web-1',
    uid: 'uid-web-1',
    serviceAccount: 'default',
    references: ['acr-nopass'],
    optedOut: false,
    owner: 'ReplicaSet/web',
    isReplaced: !('owner' in rest),
    node: 'n1',
    containers: [{ name: 'app', image, waiting, detail }],
    ...rest,
  }
}

interface FixtureChange extends Partial<Omit<Observed, 'release'>> {
  readonly config?: Readonly<Record<string, unknown>>
  readonly registries?: readonly RegistryStatus[]
  readonly status?: Partial<HelperStatus> | null
  readonly release?: Partial<ReleaseFacts> | null
}

/** A cluster without problems, except for the given change. */
export function fixture(change: FixtureChange = {}): Observed {
  const { config = {}, registries = [registry()], status, release, ...rest } = change
  const loaded = loadConfig(
    stringify({
      registries: [{ name: 'demo', edition: 'enterprise', instanceId: 'cri-abc123', region: 'cn-hangzhou' }],
      identity: { type: 'worker-role' },
      attach: 'serviceAccounts',
      release: {
        name: 'acr-nopass',
        namespace: 'acr-nopass',
        fullname: 'acr-nopass',
        serviceAccount: 'acr-nopass',
        lease: 'acr-nopass',
        status: 'acr-nopass-status',
      },
      ...config,
    }),
  )
  const report: HelperStatus = {
    version: '0.1.0',
    updatedAt: at(-1),
    leader: 'acr-nopass-1_x',
    configHash: loaded.hash,
    secretName: loaded.config.secretName,
    attach: loaded.config.attach,
    retired: false,
    registries,
    namespaces: { total: 2, current: 2, pending: 0, skipped: {} },
    problems: [],
    ...status,
  }
  const facts: ReleaseFacts = {
    namespace: 'acr-nopass',
    name: 'acr-nopass',
    evidence: 'proven',
    fullname: 'acr-nopass',
    helmRelease: 'acr-nopass',
    config: loaded.config,
    configHash: loaded.hash,
    configError: undefined,
    status: status === null ? undefined : report,
    unreadableStatus: [],
    hasStatusObject: true,
    ...release,
  }
  const lease: NonNullable<Observed['lease']> = { holder: 'acr-nopass-1_x', renewedAt: NOW - 2000 }
  return {
    now: NOW,
    aheadMs: 0,
    server: 'https://127.0.0.1:6443',
    kubernetes: 'v1.37.2',
    release: release === null ? undefined : facts,
    others: [],
    addons: [],
    deployment: { wanted: 2, available: 2 },
    helperPods: [],
    lease,
    namespaces: [namespace('acr-nopass'), namespace('shop'), namespace('kube-system')],
    secrets: new Map(['acr-nopass', 'shop'].map((name) => [name, secret()])),
    accounts: [account('acr-nopass'), account('shop'), account('kube-system', 'default', { list: [] })],
    pods: [],
    admission: admission(),
    missingRights: [],
    excessRights: [],
    cloud: { state: 'not-inspected', why: 'not requested' },
    issuer: undefined,
    focus: undefined,
    unread: [],
    ...rest,
  }
}

/** A limited entry of the instance that the namespaces with this name get. */
export function limitedEntry(name: string, include: readonly string[], more: object = {}): object {
  const instance = { edition: 'enterprise', instanceId: 'cri-abc123', region: 'cn-hangzhou' }
  const limit = { limit: 'repositories', repositories: [`${name}/*`], targets: { namespaces: { include } } }
  return { name, ...instance, ...limit, ...more }
}

/** The report of the credential that serves these limited entries. */
export function limitedRegistry(
  entries: readonly [string, ...string[]],
  first: string,
  change: Partial<RegistryStatus> = {},
): RegistryStatus {
  const repositories = entries.map((entry) => `${entry}/*`).toSorted()
  const hash = createHash('sha256').update(JSON.stringify(repositories)).digest('hex').slice(0, 8)
  const limit = { entries, repositories, granted: 'granted', width: 'limited', reason: 'HTTP 401' } as const
  return registry({ name: `${first}.${hash}`, limit, ...change })
}
