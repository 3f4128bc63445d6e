import { registryShape } from '../../src/acr/registry-config.ts'
import {
  buildCredentialGroup,
  type CredentialGroup,
  type CredentialGroups,
  createCredentialGroups,
  type GroupEntry,
} from '../../src/helper/credentials/credential-groups.ts'
import { EMPTY_LOG, type Logged, type LogState } from '../../src/helper/credentials/log-step.ts'
import { initialState, type RegistryEntry, type RegistryState } from '../../src/helper/credentials/registry-state.ts'
import type { PlannedAction } from '../../src/helper/plan/actions.ts'
import { planKey } from '../../src/helper/plan/plan.ts'
import type { ClusterView, PlanContext } from '../../src/helper/plan/plan-context.ts'
import { loadConfig } from '../../src/installation/load-config.ts'
import type { NamespaceView, SecretView, ServiceAccountView } from '../../src/installation/object-views.ts'
import { createTargets } from '../../src/installation/targets.ts'
import type { ListOwner } from '../../src/kube/managed-fields.ts'
import type { HelperConfig } from '../../src/values/generated/helper-config.ts'

const HOUR = 3_600_000
export const NOW: number = Date.parse('2026-01-01T00:00:00Z')

/** A configuration as the chart renders it, with the keys of a test. */
export function config(more: Partial<Record<keyof HelperConfig, unknown>> = {}): HelperConfig {
  const base = {
    registries: [{ name: 'prod', edition: 'enterprise', instanceId: 'cri-abcdefgh12345678', region: 'cn-hangzhou' }],
    identity: { type: 'worker-role' },
    attach: 'serviceAccounts',
    release: { name: 'r', namespace: 'home', fullname: 'r', serviceAccount: 'r', lease: 'r', status: 'r-status' },
  }
  return loadConfig(JSON.stringify({ ...base, ...more })).config
}

/** UID of the helper's own copy in which the numbers were assigned. */
export const LOG = 'uid-log'

/** A credential with the number 5 in the log. */
export function live(
  name: string,
  password = `${name}-password`,
  more: Partial<Logged['token']> & { readonly number?: number } = {},
): Logged {
  const { number = 5, ...times } = more
  const token = {
    username: 'cr_temp_user',
    password,
    issuedAt: NOW,
    expiresAt: NOW + HOUR,
    domains: [`${name}.example.com`],
    ...times,
  }
  return { name, fingerprint: `fp-${name}`, shape: SHAPE, token, refreshAt: NOW + 0.65 * HOUR, number }
}

const SHAPE = registryShape({ network: 'public', domains: [], expiresInHours: null })

export const OPTIONS = { secretName: 'acr-nopass', instance: 'home.r', secretLabels: {}, authFormat: 'auth' } as const

export function group(...entries: GroupEntry[]): CredentialGroup {
  return buildCredentialGroup(entries.map(({ name }) => name).join(','), entries, LOG, OPTIONS)
}

export function namespace(name: string, more: Partial<NamespaceView> = {}): NamespaceView {
  return { name, uid: `uid-${name}`, resourceVersion: '1', labels: {}, optedOut: false, terminating: false, ...more }
}

export function secret(
  content: Pick<CredentialGroup, 'hash' | 'registries' | 'note'>,
  more: Partial<SecretView> = {},
): SecretView {
  return {
    uid: 'uid-secret',
    resourceVersion: '7',
    ours: true,
    intact: true,
    labelled: true,
    hash: content.hash,
    registries: content.registries,
    expiresAt: NOW + HOUR,
    note: content.note,
    otherManager: undefined,
    ...more,
  }
}

export function account(list: readonly string[], more: Partial<ServiceAccountView> = {}): ServiceAccountView {
  const base = { namespace: 'shop', name: 'default', uid: 'uid-sa', resourceVersion: '9', optedOut: false }
  return { ...base, list, owner: undefined, ...more }
}

export const owner = (manager: string, operation: ListOwner['operation'] = 'Update'): ListOwner => ({
  manager,
  operation,
})

export interface Fixture {
  readonly config?: HelperConfig
  /** The credentials in the log. */
  readonly tokens?: readonly Logged[]
  /** The log of credentials. By default it contains exactly `tokens`. */
  readonly log?: Partial<LogState>
  /** The registries whose credential this replica obtained as the leader. */
  readonly fresh?: readonly string[]
  /** The registries whose last request failed. */
  readonly failing?: readonly string[]
  /**
   * Whether the helper's own copy was read for this version of the Secret, or when it may be read.
   */
  readonly logRead?: string | number
  readonly namespaces?: readonly NamespaceView[]
  readonly secrets?: Readonly<Record<string, SecretView>>
  readonly accounts?: readonly ServiceAccountView[]
  readonly removals?: readonly number[]
  readonly attachedUnseen?: boolean
  readonly losses?: readonly number[]
  /** All namespaces, or one. */
  readonly unreadable?: boolean | string
  readonly cloudNow?: number
  readonly cloudAtLeast?: number
  readonly now?: number
}

/** Creates a plan's context from views. */
export function context(fixture: Fixture): PlanContext & { readonly groups: CredentialGroups } {
  const settings = fixture.config ?? config()
  const {
    namespaces = [namespace('shop')],
    secrets = {},
    accounts = [],
    tokens = [live('prod')],
    fresh = [],
    failing = [],
    logRead,
  } = fixture
  const observed: ClusterView = {
    namespace: (name) => namespaces.find((one) => one.name === name),
    secret: (name) => secrets[name],
    serviceAccount: (namespace, name) => accounts.find((one) => one.namespace === namespace && one.name === name),
    serviceAccountsIn: (namespace) => accounts.filter((one) => one.namespace === namespace),
    namespaces: () => namespaces,
    removals: () => fixture.removals ?? [],
    losses: () => fixture.losses ?? [],
    logReadFor: (_namespace, resourceVersion) =>
      logRead === resourceVersion || { notBefore: typeof logRead === 'number' ? logRead : -Infinity },
    unreadable: (name) => fixture.unreadable === true || fixture.unreadable === name,
    attachedUnseen: () => fixture.attachedUnseen ?? false,
  }
  const log: LogState = {
    ...EMPTY_LOG,
    copy: { uid: LOG, resourceVersion: '3' },
    uid: LOG,
    last: 5,
    logged: new Map(tokens.map((one) => [one.name, one])),
    ...fixture.log,
  }
  const stateOf = (name: string): RegistryState => {
    const found = log.pending.get(name) ?? log.logged.get(name)
    const entry = { name, source: { key: `fp-${name}` } } as RegistryEntry
    return {
      ...initialState(entry, undefined),
      live: found,
      isFresh: fresh.includes(name),
      failures: failing.includes(name) ? 1 : 0,
    }
  }
  const names = settings.registries.map(({ name }) => name)
  const groups = createCredentialGroups({ log: () => log, names: () => names, stateOf }, OPTIONS)
  return {
    observed,
    targets: createTargets(settings),
    groups,
    config: settings,
    now: fixture.now ?? 0,
    cloudNow: fixture.cloudNow ?? NOW,
    cloudAtLeast: fixture.cloudAtLeast ?? fixture.cloudNow ?? NOW,
  }
}

export function decide(fixture: Fixture, serviceAccount?: string): PlannedAction | undefined {
  return planKey(context(fixture), { namespace: 'shop', ...(serviceAccount === undefined ? {} : { serviceAccount }) })
}
