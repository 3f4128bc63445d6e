import type { Clock } from '../../lib/clock.ts'
import type { Generation } from '../generation.ts'
import { type Page, servePages } from './http-server.ts'
import { type Metrics, QUEUE } from './metrics.ts'

export interface HelperPagesOptions {
  readonly clock: Clock
  readonly cloud: { skew(): number }
  readonly metrics: Metrics
  readonly version: string
  readonly httpAddress?: string | undefined
  readonly generation: () => Generation
  readonly readiness: () => ReadinessInput
  readonly onReady: () => void
  readonly isLeader: () => boolean
  readonly lease: string
}

/** Serves probes and metrics. */
export async function startHelperPages(options: HelperPagesOptions) {
  const { clock, metrics } = options
  const sources = () => {
    const { controller, pods } = options.generation()
    const { namespaces, secrets, serviceAccounts } = controller.caches
    return {
      namespaces,
      secrets,
      ...(serviceAccounts && { serviceaccounts: serviceAccounts }),
      ...(pods && { pods: pods.source }),
    }
  }
  const health = (): Page => {
    const activities = Object.values(sources()).map(({ lastActivity }) => lastActivity)
    return verdictPage(checkHealth(clock.monotonic(), activities))
  }
  const ready = (): Page => {
    const verdict = checkReadiness(options.readiness())
    if (verdict.ok) options.onReady()
    return verdictPage(verdict)
  }
  const scrape = async (): Promise<Page> => {
    collect(options, sources())
    return { type: metrics.registry.contentType, body: await metrics.registry.metrics() }
  }
  if (options.httpAddress === undefined) return undefined
  return servePages(options.httpAddress, { '/healthz': health, '/readyz': ready, '/metrics': scrape })
}

function verdictPage({ ok, detail }: HealthReport): Page {
  return { status: ok ? 200 : 503, type: 'text/plain', body: `${detail}\n` }
}

/** Sets the gauges that are computed only for a scrape. */
function collect(
  options: HelperPagesOptions,
  sources: Readonly<Record<string, { readonly lastProgress: number } | undefined>>,
): void {
  const { clock, metrics } = options
  const generation = options.generation()
  for (const [resource, source] of Object.entries(sources)) {
    if (source) metrics.watchProgress.set({ resource }, (clock.monotonic() - source.lastProgress) / 1000)
  }
  metrics.clockSkew.set(options.cloud.skew() / 1000)
  metrics.buildInfo.set({ version: options.version }, 1)
  metrics.leader.set({ name: options.lease }, options.isLeader() ? 1 : 0)
  metrics.queue.depth.set({ name: QUEUE }, generation.controller.depth)
  collectState(options, generation)
}

/**
 * Sets the gauges that only the leader reports, because a follower's incomplete view would raise
 * alerts.
 */
function collectState({ metrics, isLeader }: HelperPagesOptions, generation: Generation): void {
  const { tokenExpiry, loginRefused, credentialTooWide, secrets, serviceAccounts: accounts } = metrics
  for (const gauge of [tokenExpiry, loginRefused, credentialTooWide, secrets, accounts]) gauge.reset()
  if (!isLeader()) return
  for (const { name: registry, live, kept, verified, error, measured } of generation.retires ? [] : generation.states) {
    const isRefused = verified === 'refused' || error?.code === 'REGISTRY_LOGIN_REFUSED'
    metrics.loginRefused.set({ registry }, isRefused ? 1 : 0)
    const { width = 'not-checked' } = measured?.answer ?? {}
    if (width !== 'not-checked') metrics.credentialTooWide.set({ registry }, width === 'too-wide' ? 1 : 0)
    const expiresAt = (live ?? kept)?.token.expiresAt ?? null
    if (expiresAt !== null) metrics.tokenExpiry.set({ registry }, expiresAt / 1000)
  }
  const { namespaces, serviceAccounts } = generation.report()
  for (const [gauge, coverage] of [
    [metrics.secrets, namespaces],
    [metrics.serviceAccounts, serviceAccounts],
  ] as const) {
    if (coverage === undefined) continue
    const skipped = Object.values(coverage.skipped).reduce((sum, count) => sum + count, 0)
    gauge.set({ state: 'current' }, coverage.current)
    gauge.set({ state: 'pending' }, coverage.pending)
    gauge.set({ state: 'skipped' }, skipped)
  }
}

/** `ok`, or why the process should be replaced. */
export type HealthReport = { readonly ok: boolean; readonly detail: string }

/**
 * Every watch is reopened after at most 10 minutes. A watch without any attempt in 11 minutes is
 * stuck.
 */
const STUCK_MS = 11 * 60_000

/**
 * Liveness: passes unless a watch is stuck. `activities`: when each watch was last tried, monotonic
 * milliseconds. An API server that is down does not fail liveness.
 */
export function checkHealth(now: number, activities: readonly number[]): HealthReport {
  const stuck = activities.filter((at) => now - at > STUCK_MS).length
  return stuck === 0 ? { ok: true, detail: 'ok' } : { ok: false, detail: `${stuck} watches are stuck` }
}

export interface ReadinessInput {
  readonly stopping: boolean
  /** No replica can lead. Only this field and `leaseRefused` are not latched. */
  readonly leaseMissing: boolean
  /** The API server refuses to let this replica take the lease. */
  readonly leaseRefused: boolean
  readonly synced: boolean
  readonly statusRead: boolean
  /** Registries whose new configuration or identity is not verified yet. */
  readonly unproven: readonly string[]
}

/**
 * Readiness (docs/en/decisions.md#readiness). The caller latches the result: a ready Pod becomes
 * unready only by a shutdown, or by a lease that is missing or refused.
 */
export function checkReadiness(input: ReadinessInput): HealthReport {
  if (input.stopping) return { ok: false, detail: 'stopping' }
  if (input.leaseMissing) return { ok: false, detail: 'the lease does not exist' }
  if (input.leaseRefused) return { ok: false, detail: 'the API server refuses to let this replica take the lease' }
  if (!input.synced) return { ok: false, detail: 'the caches are not complete yet' }
  if (!input.statusRead) return { ok: false, detail: 'the status has not been read yet' }
  if (input.unproven.length > 0) return { ok: false, detail: `no token yet for ${input.unproven.join(', ')}` }
  return { ok: true, detail: 'ok' }
}
