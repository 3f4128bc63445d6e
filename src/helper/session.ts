import type { Unverified } from '../alibaba/unverified.ts'
import { toNopassError } from '../errors.ts'
import { KubeApiError } from '../kube/api-error.ts'
import type { KubeClient } from '../kube/client.ts'
import type { ServerFeatures } from '../kube/watch/reflector.ts'
import { type Clock, sleep } from '../lib/clock.ts'
import type { HelperStatus } from '../release/helper-status.ts'
import { durationMs, type LoadedConfig } from '../release/load-config.ts'
import { createTargets } from '../release/targets.ts'
import { createCredentialGroups } from './credentials/credential-groups.ts'
import { createCredentialManager } from './credentials/credential-manager.ts'
import { createFirstRound } from './credentials/first-round.ts'
import type { RegistryEntry, RegistryState } from './credentials/registry-state.ts'
import { restoreTokens } from './credentials/restore-tokens.ts'
import type { RefreshEvent } from './credentials/token-refresher.ts'
import type { Log } from './log.ts'
import { plan } from './plan/plan.ts'
import { createPodSurroundings } from './pods/judge-pod.ts'
import { createPodWatch, type PodWatch } from './pods/pod-watch.ts'
import type { EventReporter } from './report/event-reporter.ts'
import type { Metrics } from './report/metrics.ts'
import { createProblemStore } from './report/problem-store.ts'
import { createSessionObserver } from './report/session-observer.ts'
import { buildStatus } from './report/status-report.ts'
import { type Controller, createController } from './writes/controller.ts'

export interface SessionOptions {
  readonly loaded: LoadedConfig
  readonly entries: readonly RegistryEntry[]
  /** Of the session before a reload. */
  readonly carried: ReadonlyMap<string, RegistryState>
  readonly client: KubeClient
  readonly clock: Clock
  readonly cloudNow: () => number
  readonly random: () => number
  readonly features: ServerFeatures
  readonly holds: () => boolean
  readonly leader: () => string
  readonly version: string
  /** What is relied on and could not be verified. */
  readonly unverified: () => readonly Unverified[]
  readonly log: Log
  readonly metrics: Metrics
  readonly events: EventReporter
  /** Something that the status shows may have changed. */
  readonly onChange: () => void
}

/** The helper's work under one configuration. */
export interface Session {
  readonly controller: Controller
  /** With `watchPods` or `heal`. */
  readonly pods: PodWatch | undefined
  readonly states: readonly RegistryState[]
  report(): HelperStatus
  /** Follows the cluster; writes nothing before `lead`. */
  run(signal: AbortSignal): Promise<void>
  /** Takes the credentials out of our own copy and begins to write; a second call waits for the first. */
  lead(signal: AbortSignal): Promise<void>
  /** Asks once for a token of each of these, though we do not lead. */
  prove(registries: readonly string[]): void
  /** Rotates what was issued before that time, epoch milliseconds; `registries`: only these. */
  refreshOlderThan(time: number, registries?: readonly string[]): void
  /** The API server's versions went back (etcd was restored): reads everything again. */
  rewind(): void
  /** Work is under way that a reader of the status would wait for. */
  readonly busy: boolean
  drain(limitMs: number): Promise<void>
}

const EVENT_AFTER_FAILURES = 3
/** Half a minute in all: while the API server does not answer, nothing could be written either. */
const RESTORE_PAUSES_MS = [200, 500, 1_000, 2_000, 5_000, 10_000, 10_000]

export function createSession(options: SessionOptions): Session {
  const { loaded, entries, clock, log, metrics } = options
  const { config } = loaded
  const { secretName, authFormat, secretLabels, release } = config
  const instance = `${release.namespace}.${release.name}`
  const own = { apiVersion: 'apps/v1', kind: 'Deployment', name: release.fullname, namespace: release.namespace }
  const problemStore = createProblemStore(options.onChange)
  const targets = createTargets(config)
  const groups = createCredentialGroups(
    // Before the first round is over nothing is known, so nothing is written with a part of the registries.
    (name) => (firstRound.over ? manager.entryOf(name) : undefined),
    { secretName, instance, secretLabels, authFormat },
  )
  const firstRound = createFirstRound(clock, () => {
    groups.reset()
    controller.planAll()
  })
  const observer = createSessionObserver({
    clock,
    log,
    metrics,
    events: options.events,
    problemStore,
    leads: options.holds,
    onChange: options.onChange,
    onSynced: () => {
      log.info({ namespaces: [...controller.caches.namespaces.entries()].length }, 'the caches are complete')
      controller.planAll()
      options.onChange()
    },
  })
  const controller = createController({
    ...options,
    config,
    targets,
    groups,
    observer,
    states: () => manager.states,
    onNewer: (registries) => manager.replaceOlder(registries),
    onRewound: rewind,
  })
  const pods =
    config.watchPods || config.heal
      ? createPodWatch({
          ...options,
          config,
          problemStore,
          listedNamespaces: targets.listedNamespaces,
          surroundingsOf: createPodSurroundings(
            () => controller.context(),
            (registry) => manager.entryOf(registry)?.token.domains ?? [],
          ),
          acts: () => options.holds() && controller.caches.synced,
          onProblem: observer.watchBroke,
        })
      : undefined

  const manager = createCredentialManager({
    entries,
    carried: options.carried,
    clock,
    cloudNow: options.cloudNow,
    random: options.random,
    verifyIntervalMs: config.verify.enabled ? durationMs(config.verify.interval) : 0,
    together: (registry) => targets.registriesBeside(registry, controller.context().observed.namespaces()),
    onTokens(states) {
      groups.reset()
      if (firstRound.over) controller.rotate(states)
    },
    onChange: noteRefresh,
  })

  function noteRefresh(event: RefreshEvent): void {
    const { state } = event
    const { name: registry, live } = state
    metrics.refreshes.inc({ registry, result: event.kind })
    const { expiresAt = null } = live?.token ?? {}
    if (event.kind === 'failed') {
      const { code, reason, requestId, message, hint } = toNopassError(event.error)
      log.warn({ registry, code, reason, requestId, failures: state.failures }, `no new credential: ${message}`)
      // A hiccup is no news for a person.
      if (state.failures >= EVENT_AFTER_FAILURES && options.holds()) {
        options.events.warn(own, 'TokenFailing', `registry ${registry}: ${message}. ${hint}`)
      }
    } else if (event.kind === 'refused') {
      const { code, message, hint } = toNopassError(event.error)
      log.warn({ registry, code, expiresAt }, `a new credential is in use although ${message}`)
      if (options.holds()) options.events.warn(own, 'TokenFailing', `registry ${registry}: ${message}. ${hint}`)
    } else if (event.kind !== 'unchanged') {
      log.info({ registry, expiresAt, verified: state.verified }, `the credential is ${event.kind}`)
    }
    firstRound.settled(registry)
    options.onChange()
  }

  function rewind(): void {
    log.warn({}, 'the API server went back to an older state (etcd was restored): everything is read again')
    controller.caches.rewind()
    pods?.source.rewind()
  }

  /** Reads back what the Secrets hold; false: that is not known. */
  async function restore(signal: AbortSignal): Promise<boolean> {
    for (const pause of [...RESTORE_PAUSES_MS, undefined]) {
      try {
        const found = await restoreTokens(
          { client: options.client, namespace: release.namespace, secretName, instance },
          signal,
        )
        for (const live of found) manager.adopt(live)
        return true
      } catch (error) {
        if (signal.aborted) return false
        log.warn({ code: toNopassError(error).code }, 'the credentials in use could not be read back')
        const isRefused = error instanceof KubeApiError && error.status === 403
        if (pause === undefined || isRefused) return false
        await sleep(clock, pause, signal).catch(() => undefined)
      }
    }
    return false
  }

  let leading: Promise<void> | undefined
  async function takeOver(signal: AbortSignal): Promise<void> {
    const restored = config.retire || (await restore(signal))
    if (signal.aborted) return
    // What a follower fetched as a proof may be older than what the Secrets hold; a static login's file may be newer than both.
    const doubtful = manager.states.filter(
      ({ live }) =>
        (!restored && live?.origin === 'proof') || (live?.token.expiresAt === null && live.origin !== undefined),
    )
    const unknown = [...manager.states.filter(({ live }) => live === undefined), ...doubtful].map(({ name }) => name)
    // Taking back needs no credential.
    firstRound.begin(config.retire ? [] : unknown)
    if (config.retire) return
    manager.start()
    manager.refreshOlderThan(
      Number.POSITIVE_INFINITY,
      doubtful.map(({ name }) => name),
    )
    manager.replaceOutdated()
  }

  return {
    controller,
    pods,
    get states() {
      return manager.states
    },
    report: () =>
      buildStatus({
        version: options.version,
        now: clock.now(),
        leader: options.leader(),
        config,
        configHash: loaded.hash,
        registries: manager.states,
        complete: controller.caches.synced,
        decisions: plan(controller.context()),
        problems: problemStore.newest(20),
        unverified: options.unverified(),
      }),
    async run(signal) {
      await Promise.all([controller.run(signal), pods?.run(signal)])
    },
    lead(signal) {
      leading ??= takeOver(signal)
      return leading
    },
    prove: manager.prove,
    rewind,
    refreshOlderThan: manager.refreshOlderThan,
    get busy() {
      return !firstRound.over || manager.holding || !controller.idle || !controller.caches.synced
    },
    async drain(limitMs) {
      firstRound.stop()
      pods?.stop()
      manager.stop()
      await controller.drain(limitMs)
    },
  }
}
