import type { Unverified } from '../alibaba/unverified.ts'
import { NopassError, toNopassError } from '../errors.ts'
import {
  type HelperStatus,
  handledRefreshOf,
  refreshRequestedAt,
  STATUS_KEY,
  type StatusObject,
  toStatusError,
} from '../installation/helper-status.ts'
import { type LoadedConfig, loadConfig } from '../installation/load-config.ts'
import { parseStatus } from '../installation/read-report.ts'
import type { KubeCall, KubeClient } from '../kube/client.ts'
import { createLeaseElector } from '../kube/lease.ts'
import type { LeaseDurations } from '../kube/lease-record.ts'
import { shell } from '../lib/shell-command.ts'
import type { HelperConfig } from '../values/generated/helper-config.ts'
import type { RegistryEntry } from './credentials/registry-state.ts'
import { earlierRequest, type Noticed } from './credentials/rotation-request.ts'
import { createGeneration, type Generation } from './generation.ts'
import { createEventReporter, type Log } from './report/event-reporter.ts'
import { type HelperPagesOptions, startHelperPages } from './report/helper-pages.ts'
import { createStatusWriter, followStatus, provenFingerprints } from './report/status-object.ts'
import { watchFile } from './watch-file.ts'

export interface HelperOptions
  extends Pick<HelperPagesOptions, 'clock' | 'podName' | 'version' | 'metrics' | 'httpAddress' | 'statusAddress'> {
  readonly readConfig: () => Promise<string>
  readonly createEntries: (config: HelperConfig) => readonly RegistryEntry[]
  /** What is relied on and could not be verified, for the status. */
  readonly unverified: () => readonly Unverified[]
  readonly client: KubeClient
  readonly cloud: { now(): number; skew(): number }
  readonly random: () => number
  /** Unique to the Pod: the lease's holder. */
  readonly identity: string
  readonly log: Log
  readonly leaseDurations?: LeaseDurations
  /** Called with the ports in use once both servers listen. */
  readonly onListen?: (ports: { readonly http?: number; readonly status?: number }) => void
}

const DRAIN_MS = 10_000
/** How many requests for new credentials are recognized when they show up again. */
const REMEMBERED_REQUESTS = 100

/**
 * Runs the helper: it follows, leads when it acquires the lease, and reloads its configuration. On the signal it becomes unready,
 * finishes the writes in flight and releases the lease.
 * @throws HELPER_CONFIG_INVALID at start, LEASE_LOST later
 */
export async function runHelper(options: HelperOptions, signal: AbortSignal): Promise<void> {
  const { clock, log, metrics, random } = options
  const client = leaderWrites(options.client, () => elector.isLeader())
  const text = await options.readConfig()
  const first = loadConfig(text)
  const { release } = first.config
  const inside = new AbortController()
  const features = { watchList: true }
  const events = createEventReporter({ client, clock, log, instance: options.podName, signal: inside.signal })
  let statusRead = false
  let proven: ReadonlySet<string> = new Set()
  let reported: HelperStatus | undefined
  let rotation: Noticed | undefined
  /** After a restore of etcd, and from a stale watch cache, the value of an earlier request shows up again. */
  const knownRequests: number[] = []
  let ready = false
  let refusal: NopassError | undefined
  let generation: Generation
  let generationStop = new AbortController()

  const elector = createLeaseElector({
    ...options,
    namespace: release.namespace,
    name: release.lease,
    durations: options.leaseDurations,
    onAcquired() {
      log.info({ lease: release.lease }, 'leading')
      metrics.leader.set({ name: release.lease }, 1)
      lead()
    },
    onProblem: (error) => log.debug({ code: toNopassError(error).code }, 'the Lease could not be read or written'),
    onRewound() {
      generation.rewind()
      statusWriter.rewind()
    },
    onCreated: () => log.info({ lease: release.lease }, 'the lease did not exist and was created'),
    onMissing(missing) {
      const { code, message, hint } = leaseMissing(release)
      if (missing) log.error({ code, lease: release.lease }, `${message}. ${hint}`)
      else log.info({ lease: release.lease }, 'the lease exists again')
    },
    onRefused(error) {
      refusal = error && leaseRefused(release, error)
      if (refusal === undefined) log.info({ lease: release.lease }, 'the lease can be acquired again')
      else log.error({ code: refusal.code, lease: release.lease }, `${refusal.message}. ${refusal.hint}`)
    },
  })
  const statusObject = { client, clock, random, namespace: release.namespace, name: release.status }
  const statusWriter = createStatusWriter({
    ...statusObject,
    build: () => generation.report(),
    busy: () => generation.busy,
    // Before the status was read it would be replaced by one that knows of no request.
    mayWrite: () => elector.isLeader() && generation.controller.caches.synced && statusRead,
    onProblem: (error) => log.warn({ code: toNopassError(error).code }, 'the status could not be written'),
  })

  function open(loaded: LoadedConfig, before?: Generation): Generation {
    return createGeneration({
      ...options,
      loaded,
      entries: options.createEntries(loaded.config),
      carried: new Map(before?.states.map((state) => [state.name, state])),
      client,
      cloudNow: options.cloud.now,
      features,
      isLeader: elector.isLeader,
      leader: () => elector.holder ?? '',
      events,
      onChange: () => statusWriter.touch(),
    })
  }

  function begin(opened: Generation): void {
    generation = opened
    generationStop = new AbortController()
    opened
      .run(generationStop.signal)
      .catch((error: unknown) => log.error({ error: String(error) }, 'the caches stopped'))
  }

  function lead(): void {
    const leading = generation
    leading.lead(generationStop.signal).then(
      () => {
        if (rotation !== undefined) {
          leading.rotate(earlierRequest(rotation, handledRefreshOf(reported), clock.monotonic(), options.cloud))
        }
        statusWriter.touch()
      },
      (error: unknown) => log.error({ code: toNopassError(error).code }, 'the take-over failed'),
    )
  }

  function onStatus(object: StatusObject): void {
    reported = parseStatus(object)
    statusWriter.observe(object.data?.[STATUS_KEY])
    const isFirst = !statusRead
    if (isFirst) {
      statusRead = true
      proven = provenFingerprints(reported)
      generation.prove(unproven())
      statusWriter.touch()
    }
    const at = refreshRequestedAt(object)
    if (at === undefined || knownRequests.includes(at)) return
    knownRequests.push(at)
    if (knownRequests.length > REMEMBERED_REQUESTS) knownRequests.shift()
    const noticedAt = clock.monotonic()
    rotation = { at, noticedAt, isNew: !isFirst, led: elector.isLeader() }
    if (!elector.isLeader()) return
    // It may have been handled, which shows only after our own copy was read.
    if (isFirst) lead()
    // It was asked for just now, so every credential is older.
    else generation.rotate({ at, olderThan: Number.POSITIVE_INFINITY, noticedAt })
  }

  const unproven = (): readonly string[] =>
    (generation.retires ? [] : generation.states)
      .filter(({ live, fingerprint }) => !live && !proven.has(fingerprint))
      .map(({ name }) => name)

  async function reload(next: string): Promise<void> {
    try {
      const loaded = loadConfig(next)
      const isForNewPods = needsNewPod(loaded.config.identity, first.config.identity)
      // A retiring helper needs no credential, and the new Pods may never start.
      if (isForNewPods && !loaded.config.retire) {
        log.info({ configHash: loaded.hash }, 'the configuration needs a new Pod; this one keeps its own')
        return
      }
      const before = generation
      // The new generation is created first, because an error in it must not end the one that works.
      const opened = open(loaded, before)
      await before.drain(DRAIN_MS)
      if (inside.signal.aborted) return
      generationStop.abort()
      begin(opened)
      log.info({ configHash: loaded.hash }, 'the configuration was reloaded')
      if (statusRead && !isForNewPods) generation.prove(unproven())
      if (elector.isLeader()) lead()
    } catch (error) {
      const { code, message } = toNopassError(error)
      log.error({ code }, `the last good configuration stays in use: ${message}`)
    }
  }

  generation = open(first)
  begin(generation)
  log.info({ version: options.version, configHash: first.hash, attach: first.config.attach }, 'started')
  const pages = await startHelperPages({
    ...options,
    generation: () => generation,
    // The leader's status is more complete than what a follower knows.
    report() {
      const status = elector.isLeader() ? generation.report() : (reported ?? generation.report())
      const unable = elector.missing ? leaseMissing(release) : refusal
      if (unable === undefined) return status
      const problem = { ...toStatusError(unable, clock.now()), object: `Lease ${release.lease}` }
      return { ...status, problems: [problem, ...status.problems] }
    },
    readiness: () => ({
      stopping: signal.aborted,
      leaseMissing: elector.missing,
      leaseRefused: elector.refused,
      synced: ready || generation.controller.caches.synced,
      statusRead: ready || statusRead,
      unproven: ready ? [] : unproven(),
    }),
    onReady: () => {
      ready = true
    },
    isLeader: elector.isLeader,
    lease: release.lease,
  })
  options.onListen?.(pages.ports)
  const followed = followStatus(
    {
      ...statusObject,
      onObject: onStatus,
      onProblem: (error) => log.debug({ code: toNopassError(error).code }, 'the status could not be read'),
    },
    inside.signal,
  )
  const watched = watchFile(options.readConfig, text, clock, reload, inside.signal)

  // The lease is kept until the last writes are done.
  const leaseStop = new AbortController()
  const onSignal = (): void => {
    log.info({}, 'stopping')
    inside.abort()
    statusWriter.stop()
    void generation.drain(DRAIN_MS).finally(() => leaseStop.abort())
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
    await generation.drain(0)
    generationStop.abort()
    await Promise.all([followed, watched, pages.close()])
    log.info({}, 'stopped')
  }
}

/** A write that waited for a connection is not sent once the lease is lost. */
function leaderWrites(client: KubeClient, isLeader: () => boolean): KubeClient {
  return {
    ...client,
    request: <T>(call: KubeCall, signal?: AbortSignal) =>
      client.request<T>(call.method === 'GET' ? call : { ...call, maySend: isLeader }, signal),
  }
}

/** Whether it is another key or ECI role. A Pod with the old one would report the new configuration as proven. */
function needsNewPod(next: HelperConfig['identity'], own: HelperConfig['identity']): boolean {
  const [secret, role] = [own.accessKey?.existingSecret, own.workerRole?.eciRoleName]
  return next.type === own.type && (next.accessKey?.existingSecret !== secret || next.workerRole?.eciRoleName !== role)
}

function leaseMissing({ namespace, lease }: HelperConfig['release']): NopassError {
  return new NopassError(
    'LEASE_MISSING',
    `the Lease ${namespace}/${lease} does not exist and cannot be created, so no replica can become the leader`,
  )
}

function leaseRefused({ namespace, lease }: HelperConfig['release'], cause: NopassError): NopassError {
  const message = `the Lease ${namespace}/${lease} cannot be acquired, so this replica cannot lead: ${cause.message}`
  const remove = shell`kubectl -n ${namespace} delete lease ${lease}`
  const hint = `The message names what refuses it: restore the rights from the release, or exempt the Lease. Else delete it, and the helper creates it within a minute: ${remove}`
  return new NopassError('LEASE_REFUSED', message, { cause, reason: cause.reason, hint })
}
