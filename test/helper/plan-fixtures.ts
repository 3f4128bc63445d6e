import {
  buildCredentialGroup,
  type CredentialGroup,
  type CredentialGroups,
  createCredentialGroups,
} from '../../src/helper/credentials/credential-groups.ts'
import type { LiveToken } from '../../src/helper/credentials/registry-state.ts'
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

/** A configuration as rendered by the chart, with the keys of a test. */
export function config(more: Partial<Record<keyof HelperConfig, unknown>> = {}): HelperConfig {
  const base = {
    registries: [{ name: 'prod', edition: 'enterprise', instanceId: 'cri-abcdefgh12345678', region: 'cn-hangzhou' }],
    identity: { type: 'worker-role' },
    attach: 'serviceAccounts',
    release: { name: 'r', namespace: 'home', fullname: 'r', serviceAccount: 'r', lease: 'r', status: 'r-status' },
  }
  return loadConfig(JSON.stringify({ ...base, ...more })).config
}

export function live(name: string, password = `${name}-password`, more: Partial<LiveToken['token']> = {}): LiveToken {
  const token = {
    username: 'cr_temp_user',
    password,
    issuedAt: NOW,
    expiresAt: NOW + HOUR,
    domains: [`${name}.example.com`],
    ...more,
  }
  return { name, fingerprint: `fp-${name}`, token, refreshAt: NOW + 0.65 * HOUR }
}

export const OPTIONS = { secretName: 'acr-nopass', instance: 'home.r', secretLabels: {}, authFormat: 'auth' } as const

export function group(...tokens: LiveToken[]): CredentialGroup {
  return buildCredentialGroup(tokens.map(({ name }) => name).join(','), tokens, OPTIONS)
}

export function namespace(name: string, more: Partial<NamespaceView> = {}): NamespaceView {
  return { name, uid: `uid-${name}`, resourceVersion: '1', labels: {}, optedOut: false, terminating: false, ...more }
}

export function secret(content: CredentialGroup, more: Partial<SecretView> = {}): SecretView {
  return {
    uid: 'uid-secret',
    resourceVersion: '7',
    ours: true,
    intact: true,
    labelled: true,
    hash: content.hash,
    registries: content.registries,
    issuedAt: content.registries.map(() => NOW),
    expiresAt: NOW + HOUR,
    noted: true,
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
  readonly tokens?: readonly LiveToken[]
  readonly namespaces?: readonly NamespaceView[]
  readonly secrets?: Readonly<Record<string, SecretView>>
  readonly accounts?: readonly ServiceAccountView[]
  readonly removals?: readonly number[]
  readonly attachedUnseen?: boolean
  readonly losses?: readonly number[]
  readonly unreadable?: boolean
  readonly cloudNow?: number
  readonly now?: number
}

/** Creates a plan's context from views. */
export function context(fixture: Fixture): PlanContext & { readonly groups: CredentialGroups } {
  const settings = fixture.config ?? config()
  const { namespaces = [namespace('shop')], secrets = {}, accounts = [], tokens = [live('prod')] } = fixture
  const observed: ClusterView = {
    namespace: (name) => namespaces.find((one) => one.name === name),
    secret: (name) => secrets[name],
    serviceAccount: (namespace, name) => accounts.find((one) => one.namespace === namespace && one.name === name),
    serviceAccountsIn: (namespace) => accounts.filter((one) => one.namespace === namespace),
    namespaces: () => namespaces,
    removals: () => fixture.removals ?? [],
    losses: () => fixture.losses ?? [],
    unreadable: () => fixture.unreadable ?? false,
    attachedUnseen: () => fixture.attachedUnseen ?? false,
  }
  const groups = createCredentialGroups((name) => tokens.find((one) => one.name === name), OPTIONS)
  return {
    observed,
    targets: createTargets(settings),
    groups,
    config: settings,
    now: fixture.now ?? 0,
    cloudNow: fixture.cloudNow ?? NOW,
  }
}

export function decide(fixture: Fixture, serviceAccount?: string): PlannedAction | undefined {
  return planKey(context(fixture), { namespace: 'shop', ...(serviceAccount === undefined ? {} : { serviceAccount }) })
}
