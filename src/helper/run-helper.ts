import type { CloudClock } from '../alibaba/transport/cloud-clock.ts'
import type { Unverified } from '../alibaba/unverified.ts'
import { toNopassError } from '../errors.ts'
import { type LoadedConfig, loadConfig } from '../installation/load-config.ts'
import type { KubeCall, KubeClient } from '../kube/client.ts'
import type { LeaseDurations } from '../kube/lease-record.ts'
import type { HelperConfig } from '../values/generated/helper-config.ts'
import type { RegistryEntries } from './credentials/registry-state.ts'
import { createGeneration, type Generation } from './generation.ts'
import { createGenerations, DRAIN_MS } from './generations.ts'
import { createLeadership } from './leadership.ts'
import { createEventReporter, type Log } from './report/event-reporter.ts'
import { type HelperPagesOptions, startHelperPages } from './report/helper-pages.ts'
import { createStatusExchange } from './report/status-exchange.ts'
import { watchFile } from './watch-file.ts'

export interface HelperOptions extends Pick<HelperPagesOptions, 'clock' | 'version' | 'metrics' | 'httpAddress'> {
  readonly podName: string
  readonly readConfig: () => Promise<string>
  readonly createEntries: (config: HelperConfig) => RegistryEntries
  /** Returns the undocumented behavior that was relied on, for the status. */
  readonly unverified: () => readonly Unverified[]
  readonly client: KubeClient
  readonly cloud: Pick<CloudClock, 'now' | 'atLeast' | 'skew'>
  readonly random: () => number
  /** The holder of the lease; unique to the Pod. */
  readonly identity: string
  readonly log: Log
  readonly leaseDurations?: LeaseDurations
  /** Called with the port of the probes and metrics, once it is open. */
  readonly onListen?: (port: number | undefined) => void
}

/**
 * Runs the helper. It follows until it acquires the lease, then leads, and reloads its
 * configuration at any time. When the signal aborts, the helper becomes unready, finishes the
 * writes in flight and releases the lease.
 * @throws HELPER_CONFIG_INVALID at start, LEASE_LOST later
 */
export async function runHelper(options: HelperOptions, signal: AbortSignal): Promise<void> {
  const { clock, log, cloud } = options
  const text = await options.readConfig()
  const first = loadConfig(text)
  const { release } = first.config
  const inside = new AbortController()
  const features = { watchList: true }
  let ready = false

  const leadership = createLeadership({
    ...options,
    release,
    durations: options.leaseDurations,
    onAcquired: lead,
    onRewound() {
      generations.current.rewind()
      status.rewind()
    },
  })
  const { isLeader } = leadership
  const client = leaderWrites(options.client, isLeader)
  const events = createEventReporter({ client, clock, log, instance: options.podName, signal: inside.signal })
  const status = createStatusExchange({
    ...options,
    client,
    namespace: release.namespace,
    name: release.status,
    isLeader,
    build: () => generations.current.report(),
    busy: () => generations.current.busy,
    mayWrite: () => generations.current.controller.caches.synced,
    onRead: () => generations.current.prove(unproven()),
    onRequest: (request) => generations.current.rotate(request),
    onFirstRequest: lead,
  })
  const generations = createGenerations({
    first,
    open,
    log,
    isStopped: () => inside.signal.aborted,
    onReloaded(isForNewPods) {
      if (status.isRead && !isForNewPods) generations.current.prove(unproven())
      if (isLeader()) lead()
    },
  })

  function open(loaded: LoadedConfig, before?: Generation): Generation {
    return createGeneration({
      ...options,
      loaded,
      entries: options.createEntries(loaded.config),
      carried: new Map(before?.states.map((state) => [state.name, state])),
      carriedLog: before?.log,
      client,
      cloudNow: cloud.now,
      cloudAtLeast: cloud.atLeast,
      features,
      isLeader,
      leader: () => leadership.holder,
      events,
      onChange: () => status.touch(),
      onSynced() {
        if (status.isRead) generations.current.prove(unproven())
      },
    })
  }

  function lead(): void {
    generations.lead().then(
      (leading) => {
        const request = status.earlierRequest()
        if (request !== undefined) leading.rotate(request)
        status.touch()
      },
      (error: unknown) => log.error({ code: toNopassError(error).code }, 'the take-over failed'),
    )
  }

  const unproven = (): readonly string[] => generations.current.unproven(status.isProven)

  generations.begin()
  log.info({ version: options.version, configHash: first.hash, attach: first.config.attach }, 'started')
  const pages = await startHelperPages({
    ...options,
    generation: () => generations.current,
    readiness: () => ({
      stopping: signal.aborted,
      leaseMissing: leadership.missing,
      leaseRefused: leadership.refused,
      synced: ready || generations.current.controller.caches.synced,
      statusRead: ready || status.isRead,
      unproven: ready ? [] : unproven(),
    }),
    onReady: () => {
      ready = true
    },
    isLeader,
    lease: release.lease,
  })
  options.onListen?.(pages?.port)
  const followed = status.follow(inside.signal)
  const watched = watchFile(options.readConfig, text, clock, generations.reload, inside.signal)

  // Keep the lease until the last writes are done.
  const leaseStop = new AbortController()
  const onSignal = (): void => {
    log.info({}, 'stopping')
    inside.abort()
    status.stop()
    void generations.current.drain(DRAIN_MS).finally(() => leaseStop.abort())
  }
  if (signal.aborted) onSignal()
  else signal.addEventListener('abort', onSignal, { once: true })
  try {
    await leadership.run(leaseStop.signal, signal)
  } finally {
    signal.removeEventListener('abort', onSignal)
    inside.abort()
    status.stop()
    await generations.current.drain(0)
    generations.stop()
    await Promise.all([followed, watched, pages?.close()])
    log.info({}, 'stopped')
  }
}

/**
 * Returns a client that sends no write after the lease is lost, not even a write that waited for a
 * connection.
 */
function leaderWrites(client: KubeClient, isLeader: () => boolean): KubeClient {
  return {
    ...client,
    request: <T>(call: KubeCall, signal?: AbortSignal) =>
      client.request<T>(call.method === 'GET' ? call : { ...call, maySend: isLeader }, signal),
  }
}
