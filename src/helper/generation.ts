import type { Unverified } from '../alibaba/unverified.ts'
import { toNopassError } from '../errors.ts'
import type { HelperStatus } from '../installation/helper-status.ts'
import { durationMs, type LoadedConfig } from '../installation/load-config.ts'
import { createTargets } from '../installation/targets.ts'
import { createCredentialGroups } from './credentials/credential-groups.ts'
import { type CredentialManagerOptions, createCredentialManager } from './credentials/credential-manager.ts'
import { createFirstRound } from './credentials/first-round.ts'
import type { RegistryState } from './credentials/registry-state.ts'
import { restoreTokens } from './credentials/restore-tokens.ts'
import { plan } from './plan/plan.ts'
import { judgePod } from './pods/judge-pod.ts'
import { createPodWatch } from './pods/pod-watch.ts'
import type { EventReporter, Log } from './report/event-reporter.ts'
import type { Metrics } from './report/metrics.ts'
import { createProblemStore } from './report/problem-store.ts'
import { createRefreshReporter } from './report/refresh-reporter.ts'
import { buildStatus } from './report/status-report.ts'
import { type ControllerOptions, createController } from './writes/controller.ts'
import { createControllerObserver } from './writes/controller-observer.ts'

export interface GenerationOptions
  extends Pick<CredentialManagerOptions, 'entries' | 'carried'>,
    Pick<ControllerOptions, 'client' | 'clock' | 'cloudNow' | 'random' | 'features' | 'isLeader'> {
  readonly loaded: LoadedConfig
  readonly leader: () => string
  readonly version: string
  /** Undocumented behavior that is relied on. */
  readonly unverified: () => readonly Unverified[]
  readonly log: Log
  readonly metrics: Metrics
  readonly events: EventReporter
  /** Something that the status shows may have changed. */
  readonly onChange: () => void
}

export type Generation = ReturnType<typeof createGeneration>

/** The helper's work under one configuration; a reload creates the next generation. */
export function createGeneration(options: GenerationOptions) {
  const { loaded, client, clock, log } = options
  const { config } = loaded
  const { secretName, authFormat, secretLabels, release } = config
  const instance = `${release.namespace}.${release.name}`
  const ownCopy = {
    client,
    clock,
    namespace: release.namespace,
    secretName,
    instance,
    onFailure: (error: unknown) =>
      log.warn({ code: toNopassError(error).code }, 'the credentials in use could not be read back'),
  }
  const reportRefresh = createRefreshReporter({ ...options, release })
  const problemStore = createProblemStore(options.onChange)
  const targets = createTargets(config)
  const groups = createCredentialGroups(
    // Undefined before the first round is over, so that no Secret is written with only some of the registries.
    (name) => (firstRound.over ? manager.entryOf(name) : undefined),
    { secretName, instance, secretLabels, authFormat },
  )
  const firstRound = createFirstRound(clock, () => {
    groups.reset()
    controller.planAll()
  })
  const observer = createControllerObserver({
    ...options,
    problemStore,
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
          judge: (pod) => judgePod(pod, controller.context(), (name) => manager.entryOf(name)?.token.domains ?? []),
          acts: () => options.isLeader() && controller.caches.synced,
          onProblem: observer.watchFailed,
        })
      : undefined

  const manager = createCredentialManager({
    ...options,
    verifyIntervalMs: config.verify.enabled ? durationMs(config.verify.interval) : 0,
    together: (registry) => targets.registriesBeside(registry, controller.context().observed.namespaces()),
    onTokens(states) {
      groups.reset()
      if (firstRound.over) controller.rotate(states)
    },
    onChange(event) {
      reportRefresh(event)
      firstRound.settled(event.state.name)
      options.onChange()
    },
  })

  function rewind(): void {
    log.warn({}, 'the API server returned to an older state (etcd was restored): everything is read again')
    controller.caches.rewind()
    pods?.source.rewind()
  }

  let leading: Promise<void> | undefined
  async function startLeading(signal: AbortSignal): Promise<void> {
    if (config.retire) {
      // A retiring helper needs no credential.
      if (!signal.aborted) firstRound.begin([])
      return
    }
    const restored = await restoreTokens(ownCopy, signal)
    for (const live of restored ?? []) manager.adopt(live)
    if (signal.aborted) return
    // A token that a follower fetched may be older than those in the Secrets; a static login's file may be newer than both.
    const isDoubtful = ({ live }: RegistryState): boolean =>
      live?.token.expiresAt === null ? live.origin !== undefined : restored === undefined && live?.origin === 'proof'
    const namesOf = (states: readonly RegistryState[]): string[] => states.map(({ name }) => name)
    const doubtful = namesOf(manager.states.filter(isDoubtful))
    firstRound.begin([...namesOf(manager.states.filter(({ live }) => live === undefined)), ...doubtful])
    manager.start()
    manager.refresh(doubtful)
    manager.replaceOutdated()
  }

  return {
    controller,
    /** With `watchPods` or `heal`. */
    pods,
    get states() {
      return manager.states
    },
    /** It needs no credential, and refreshes none. */
    retires: config.retire,
    report: (): HelperStatus =>
      buildStatus({
        version: options.version,
        now: clock.now(),
        leader: options.leader(),
        config,
        configHash: loaded.hash,
        registries: manager.states,
        handled: manager.handled,
        complete: controller.caches.synced,
        decisions: plan(controller.context()),
        problems: problemStore.newest(20),
        unverified: options.unverified(),
      }),
    /** Watches the cluster; writes nothing before `lead`. */
    async run(signal: AbortSignal): Promise<void> {
      await Promise.all([controller.run(signal), pods?.run(signal)])
    },
    /** Restores the credentials from our own copy and starts to write; a second call returns the same promise. */
    lead(signal: AbortSignal): Promise<void> {
      leading ??= startLeading(signal)
      return leading
    },
    /** Requests one token of each of these, while another replica leads. */
    prove: manager.prove,
    /** The API server's versions went back (etcd was restored): reads everything again. */
    rewind,
    rotate: manager.rotate,
    /** Whether work is in progress that a reader of the status would wait for. */
    get busy() {
      return !firstRound.over || manager.holding || !controller.idle || !controller.caches.synced
    },
    async drain(limitMs: number): Promise<void> {
      firstRound.stop()
      pods?.stop()
      manager.stop()
      await controller.drain(limitMs)
    },
  }
}
