import type { Unverified } from '../alibaba/unverified.ts'
import { NopassError, toNopassError } from '../errors.ts'
import type { KubeClient } from '../kube/client.ts'
import { createLeaseElector } from '../kube/lease.ts'
import type { LeaseDurations } from '../kube/lease-record.ts'
import type { Clock } from '../lib/clock.ts'
import {
  type HelperStatus,
  readStatus,
  STATUS_KEY,
  type StatusObject,
  toStatusError,
} from '../release/helper-status.ts'
import { type LoadedConfig, loadConfig } from '../release/load-config.ts'
import type { HelperConfig } from '../values/helper-config.generated.ts'
import type { RegistryEntry } from './credentials/registry-state.ts'
import type { Log } from './log.ts'
import { createEventReporter } from './report/event-reporter.ts'
import { startHelperPages } from './report/helper-pages.ts'
import type { Metrics } from './report/metrics.ts'
import { followStatus, provenFingerprints, refreshRequestedAt } from './report/status-object.ts'
import { createStatusWriter } from './report/status-writer.ts'
import { createSession, type Session } from './session.ts'
import { watchFile } from './watch-file.ts'

export interface HelperOptions {
  readonly readConfig: () => Promise<string>
  readonly createEntries: (config: HelperConfig) => readonly RegistryEntry[]
  /** What is relied on and could not be verified, for the status. */
  readonly unverified: () => readonly Unverified[]
  readonly client: KubeClient
  readonly clock: Clock
  readonly cloud: { now(): number; skew(): number }
  readonly random: () => number
  /** Unique to the Pod: the lease's holder. */
  readonly identity: string
  readonly podName: string
  readonly version: string
  readonly log: Log
  readonly metrics: Metrics
  readonly httpAddress?: string | undefined
  readonly statusAddress?: string | undefined
  readonly leaseDurations?: LeaseDurations
  /** Called with the ports in use once both servers listen. */
  readonly onListen?: (ports: { readonly http?: number; readonly status?: number }) => void
}

const DRAIN_MS = 10_000

/**
 * The helper from start to end: follows, leads when it gets the lease, reloads its configuration; on the signal it is
 * unready, ends what is in flight, gives the lease back. Rejects with HELPER_CONFIG_INVALID at start, LEASE_LOST later.
 */
export async function runHelper(options: HelperOptions, signal: AbortSignal): Promise<void> {
  const { client, clock, log, metrics, random } = options
  const text = await options.readConfig()
  const first = loadConfig(text)
  const { release } = first.config
  const inside = new AbortController()
  const features = { watchList: true }
  const events = createEventReporter({ client, clock, log, instance: options.podName, signal: inside.signal })
  let statusRead = false
  let proven: ReadonlySet<string> = new Set()
  let reported: HelperStatus | undefined
  let rotationRequest: number | undefined
  let ready = false
  let session: Session
  let sessionStop = new AbortController()

  const elector = createLeaseElector({
    client,
    clock,
    random,
    namespace: release.namespace,
    name: release.lease,
    identity: options.identity,
    ...(options.leaseDurations === undefined ? {} : { durations: options.leaseDurations }),
    onAcquired() {
      log.info({ lease: release.lease }, 'leading')
      metrics.leader.set({ name: release.lease }, 1)
      lead()
    },
    onProblem: (error) => log.debug({ code: toNopassError(error).code }, 'the lease could not be read or written'),
    onRewound: () => session.rewind(),
    onMissing(missing) {
      const { code, message, hint } = leaseMissing(release)
      if (missing) log.error({ code, lease: release.lease }, `${message}. ${hint}`)
      else log.info({ lease: release.lease }, 'the lease exists again')
    },
  })
  const statusWriter = createStatusWriter({
    client,
    clock,
    namespace: release.namespace,
    name: release.status,
    build: () => session.report(),
    busy: () => session.busy,
    mayWrite: () => elector.holds() && session.controller.caches.synced,
    onProblem: (error) => log.warn({ code: toNopassError(error).code }, 'the status could not be written'),
  })

  function open(loaded: LoadedConfig, before?: Session): Session {
    const entries = options.createEntries(loaded.config)
    const carried = new Map(before?.states.map((state) => [state.name, state]))
    return createSession({
      loaded,
      entries,
      carried,
      client,
      clock,
      cloudNow: options.cloud.now,
      random,
      features,
      holds: elector.holds,
      leader: () => elector.holder ?? '',
      version: options.version,
      unverified: options.unverified,
      log,
      metrics,
      events,
      onChange: () => statusWriter.touch(),
    })
  }

  function begin(opened: Session): void {
    session = opened
    sessionStop = new AbortController()
    opened.run(sessionStop.signal).catch((error: unknown) => log.error({ error: String(error) }, 'the caches stopped'))
  }

  function lead(): void {
    const leading = session
    leading.lead(sessionStop.signal).then(
      () => {
        if (rotationRequest !== undefined) leading.refreshOlderThan(onCloudClock(rotationRequest))
        statusWriter.touch()
      },
      (error: unknown) => log.error({ code: toNopassError(error).code }, 'the take-over failed'),
    )
  }

  function onStatus(object: StatusObject): void {
    reported = readStatus(object)
    statusWriter.observe(object.data?.[STATUS_KEY])
    if (!statusRead) {
      statusRead = true
      proven = provenFingerprints(reported)
      session.prove(unproven())
    }
    const requested = refreshRequestedAt(object)
    if (requested === undefined || requested === rotationRequest) return
    rotationRequest = requested
    if (elector.holds()) session.refreshOlderThan(onCloudClock(requested))
  }

  /**
   * A request carries the API server's time, and credentials count on the cloud's clock, which may be ahead. A clock of this machine that is
   * ahead of both has no say: it would make what is old look new.
   */
  const onCloudClock = (time: number): number => time - Math.min(0, options.cloud.skew())

  const unproven = (): readonly string[] =>
    session.states.filter(({ live, fingerprint }) => !live && !proven.has(fingerprint)).map(({ name }) => name)

  async function reload(next: string): Promise<void> {
    try {
      const loaded = loadConfig(next)
      const before = session
      // What cannot be created must not end what works, so the new one is complete first. Nothing runs in it yet.
      const opened = open(loaded, before)
      await before.drain(DRAIN_MS)
      if (inside.signal.aborted) return
      sessionStop.abort()
      begin(opened)
      log.info({ configHash: loaded.hash }, 'the configuration was read again')
      if (statusRead) session.prove(unproven())
      if (elector.holds()) lead()
    } catch (error) {
      const { code, message } = toNopassError(error)
      log.error({ code }, `the last good configuration stays: ${message}`)
    }
  }

  session = open(first)
  begin(session)
  log.info({ version: options.version, configHash: first.hash, attach: first.config.attach }, 'started')
  const pages = await startHelperPages({
    ...options,
    session: () => session,
    // A follower knows less than the leader wrote down.
    report() {
      const status = elector.holds() ? session.report() : (reported ?? session.report())
      if (!elector.missing) return status
      const problem = { ...toStatusError(leaseMissing(release), clock.now()), object: `Lease ${release.lease}` }
      return { ...status, problems: [problem, ...status.problems] }
    },
    readiness: () => ({
      stopping: signal.aborted,
      leaseMissing: elector.missing,
      synced: ready || session.controller.caches.synced,
      statusRead: ready || statusRead,
      unproven: ready ? [] : unproven(),
    }),
    onReady: () => {
      ready = true
    },
    leads: elector.holds,
    lease: release.lease,
  })
  options.onListen?.(pages.ports)
  const followed = followStatus(
    {
      client,
      clock,
      random,
      namespace: release.namespace,
      name: release.status,
      onObject: onStatus,
      onProblem: (error) => log.debug({ code: toNopassError(error).code }, 'the status could not be read'),
    },
    inside.signal,
  )
  const watched = watchFile(options.readConfig, text, clock, reload, inside.signal)

  // The lease outlives the signal by the time that the last writes take.
  const leaseStop = new AbortController()
  const onSignal = (): void => {
    log.info({}, 'stopping')
    inside.abort()
    statusWriter.stop()
    void session.drain(DRAIN_MS).finally(() => leaseStop.abort())
  }
  if (signal.aborted) onSignal()
  else signal.addEventListener('abort', onSignal, { once: true })
  try {
    const end = await elector.run(leaseStop.signal)
    if (end === 'lost' && !signal.aborted) throw new NopassError('LEASE_LOST', `the lease ${release.lease} was lost`)
  } finally {
    signal.removeEventListener('abort', onSignal)
    metrics.leader.set({ name: release.lease }, 0)
    inside.abort()
    statusWriter.stop()
    await session.drain(0)
    sessionStop.abort()
    await Promise.all([followed, watched, pages.close()])
    log.info({}, 'stopped')
  }
}

function leaseMissing({ namespace, lease }: HelperConfig['release']): NopassError {
  return new NopassError('LEASE_MISSING', `the Lease ${namespace}/${lease} does not exist, so no replica can lead`)
}
