import type { Union } from '../../acr/unions.ts'
import type { Unverified } from '../../alibaba/unverified.ts'
import {
  type CoverageStatus,
  type HelperStatus,
  LIMIT_NOT_ASKED,
  type LimitStatus,
  type RegistryStatus,
} from '../../installation/helper-status.ts'
import type { HelperConfig } from '../../values/generated/helper-config.ts'
import type { RegistryState } from '../credentials/registry-state.ts'
import type { PlannedAction } from '../plan/actions.ts'
import type { PlanKey } from '../plan/plan.ts'
import type { Problem } from './problem-store.ts'

export interface ReportInput {
  readonly version: string
  readonly now: number
  readonly leader: string
  readonly config: HelperConfig
  readonly configHash: string
  readonly registries: readonly RegistryState[]
  /** The unions by the names of their credentials. */
  readonly unions?: ReadonlyMap<string, Union>
  /** The last request for new credentials that was handled. */
  readonly handled?: number | undefined
  /** Whether the caches are complete. */
  readonly complete: boolean
  readonly decisions: Iterable<{ readonly key: PlanKey; readonly decision: PlannedAction }>
  readonly problems: readonly Problem[]
  readonly unverified?: readonly Unverified[]
}

const PROBLEM_LIMIT = 20

/**
 * Builds the helper's report (src/installation/helper-status.ts) from the current state and plan.
 */
export function buildStatus(input: ReportInput): HelperStatus {
  const { config } = input
  const namespaces = createCount()
  const serviceAccounts = createCount()
  for (const { key, decision } of input.decisions) {
    ;(key.serviceAccount === undefined ? namespaces : serviceAccounts).add(decision)
  }
  const attaches = config.attach !== 'admission'
  const pending = namespaces.result().pending + serviceAccounts.result().pending
  return {
    version: input.version,
    updatedAt: new Date(input.now).toISOString(),
    leader: input.leader,
    configHash: input.configHash,
    secretName: config.secretName,
    attach: config.attach,
    retired: config.retire && input.complete && pending === 0,
    registries: input.registries.map((state) => describeRegistry(state, config, input.unions?.get(state.name))),
    lastHandledRefresh: input.handled === undefined ? '' : new Date(input.handled).toISOString(),
    namespaces: namespaces.result(),
    ...(attaches ? { serviceAccounts: serviceAccounts.result() } : {}),
    ...(input.unverified?.length ? { unverified: input.unverified } : {}),
    problems: input.problems.slice(0, PROBLEM_LIMIT),
  }
}

function describeRegistry(state: RegistryState, config: HelperConfig, union: Union | undefined): RegistryStatus {
  const values = union?.values ?? config.registries.find(({ name }) => name === state.name)
  const { live, error } = state
  const time = (name: string, at: number | null | undefined): Record<string, string> =>
    at === null || at === undefined ? {} : { [name]: new Date(at).toISOString() }
  return {
    name: state.name,
    edition: values?.edition ?? 'static',
    ...(values?.instanceId === undefined ? {} : { instanceId: values.instanceId }),
    ...(values?.region === undefined ? {} : { region: values.region }),
    fingerprint: state.fingerprint,
    domains: live?.token.domains ?? [],
    state: error !== undefined ? (live ? 'failing' : 'pending') : live ? 'live' : 'pending',
    ...time('issuedAt', live?.token.issuedAt),
    ...time('expiresAt', live?.token.expiresAt),
    ...time('refreshAt', live?.refreshAt),
    verified: state.verified,
    ...(union && { limit: limitOf(union, state) }),
    ...(error === undefined ? {} : { error, ...time('triedAt', state.triedAt) }),
  }
}

function limitOf({ entries, repositories }: Union, { granted, measured }: RegistryState): LimitStatus {
  const isGranted = granted?.grant === 'granted'
  const { width, reason: ofWidth } = measured?.answer ?? { width: 'not-checked', reason: LIMIT_NOT_ASKED }
  // One reason is enough: whether the credential is too wide is not known either, if it is not
  // known whether it may pull its own list.
  const reason = isGranted ? ofWidth : (granted?.detail ?? LIMIT_NOT_ASKED)
  return { entries, repositories, granted: isGranted ? 'granted' : 'unknown', width, reason }
}

function createCount(): { add(decision: PlannedAction): void; result(): CoverageStatus } {
  let [total, current, pending] = [0, 0, 0]
  const skipped: Record<string, number> = {}
  return {
    add(decision) {
      total += 1
      if (decision.kind === 'current') current += 1
      else if (decision.kind === 'skip' || decision.kind === 'none') {
        const reason = decision.kind === 'skip' ? decision.reason : 'retired'
        skipped[reason] = (skipped[reason] ?? 0) + 1
      } else pending += 1
    },
    result: () => ({ total, current, pending, skipped }),
  }
}
