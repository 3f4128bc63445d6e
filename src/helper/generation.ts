import { createUnions, type Served, type Union } from '../acr/unions.ts'
import type { Unverified } from '../alibaba/unverified.ts'
import { toNopassError } from '../errors.ts'
import type { HelperStatus } from '../installation/helper-status.ts'
import { durationMs, type LoadedConfig } from '../installation/load-config.ts'
import { createTargets } from '../installation/targets.ts'
import { createCredentialGroups } from './credentials/credential-groups.ts'
import { createCredentialLog } from './credentials/credential-log.ts'
import { type CredentialManagerOptions, createCredentialManager } from './credentials/credential-manager.ts'
import { createFirstRound } from './credentials/first-round.ts'
import { EMPTY_LOG, inForce, type LogState, newest } from './credentials/log-step.ts'
import { neededUnions } from './credentials/needed-unions.ts'
import {
  type Credential,
  type RegistryEntries,
  type RegistryState,
  renamed,
  sameLogin,
} from './credentials/registry-state.ts'
import { plan } from './plan/plan.ts'
import { judgePod } from './pods/judge-pod.ts'
import { createPodWatch } from './pods/pod-watch.ts'
import type { EventReporter, Log } from './report/event-reporter.ts'
import type { Metrics } from './report/metrics.ts'
import { createProblemStore } from './report/problem-store.ts'
import { createRefreshReporter, forgetRefreshes } from './report/refresh-reporter.ts'
import { buildStatus } from './report/status-report.ts'
import { type ControllerOptions, createController } from './writes/controller.ts'
import { createControllerObserver } from './writes/controller-observer.ts'

export interface GenerationOptions
  extends Pick<CredentialManagerOptions, 'carried'>,
    Pick<ControllerOptions, 'client' | 'clock' | 'cloudNow' | 'cloudAtLeast' | 'random' | 'features' | 'isLeader'> {
  readonly loaded: LoadedConfig
  readonly entries: RegistryEntries
  /** The log of the previous generation, after a reload. */
  readonly carriedLog: LogState | undefined
  readonly leader: () => string
  readonly version: string
  /** Returns the undocumented behavior that was relied on. */
  readonly unverified: () => readonly Unverified[]
  readonly log: Log
  readonly metrics: Metrics
  readonly events: EventReporter
  /** Called after a change that the status may show. */
  readonly onChange: () => void
  /** Called when the caches are complete: only then are the needed credentials known. */
  readonly onSynced: () => void
}

export type Generation = ReturnType<typeof createGeneration>

/** Creates what works under one configuration. A reload creates the next generation. */
export function createGeneration(options: GenerationOptions) {
  const { loaded, client, clock } = options
  const { config } = loaded
  const { secretName, authFormat, secretLabels, release } = config
  const instance = `${release.namespace}.${release.name}`
  const reportRefresh = createRefreshReporter({ ...options, release })
  const problemStore = createProblemStore(options.onChange)
  const targets = createTargets(config)
  const unions = createUnions(config)
  /** The unions that some namespace needs, by name. Empty without limited entries. */
  let needed: ReadonlyMap<string, Union> = new Map()
  /** The names of unions that may replace a union without a credential. */
  let spare: ReadonlySet<string> = new Set()
  const entries = new Map(options.entries.unlimited.map((entry) => [entry.name, entry]))
  const synced = Promise.withResolvers<void>()
  let isLeading = false
  const log = createCredentialLog({
    client,
    clock,
    namespace: release.namespace,
    secretName,
    instance,
    carried: config.retire ? undefined : options.carriedLog,
    rename: (credentials) => renamed(credentials, [...entries.values()]),
    isNeeded: (name) => entries.has(name) || spare.has(name),
    onRead: (secret) => controller.noteOwnCopy(secret),
    onFound: (credentials) => manager.found(credentials),
    onChange: distribute,
    onStuck: (isStuck) => observer.logStuck(isStuck),
    onFailure: (error) =>
      options.log.warn({ code: toNopassError(error).code }, 'the credentials in use could not be read back'),
  })
  const groups = createCredentialGroups(
    {
      // The log is empty until the first round is over, so that no Secret is written with only some
      // of its registries.
      log: () => (firstRound.over ? log.state : EMPTY_LOG),
      names,
      stateOf: (name) => manager.stateOf(name),
      serve,
      servedBy: (name) => needed.get(name)?.entries ?? [name],
    },
    { secretName, instance, secretLabels, authFormat },
  )
  const firstRound = createFirstRound(clock, distribute)
  /** What was planned so far. `waiting`: the first complete plan waits until the log is written. */
  let served: 'nothing' | 'waiting' | 'everything' = 'nothing'
  /** The credentials that are needed, in the order of the log. */
  function names(): readonly string[] {
    const home = controller.context().observed.namespace(release.namespace)
    return unions.any ? unions.order(needed, home ? [...targets.listsOf([home])].flat() : []) : [...entries.keys()]
  }
  /**
   * Returns the credentials of a namespace. While the request for a union fails, the namespace gets
   * the credential of a narrower union, preferably with the entries that are `present` in its
   * Secret.
   */
  function serve(registries: readonly string[], present: readonly string[]): readonly Served[] {
    return unions.of(registries).map((one) => {
      if (one.union === undefined || isInForce(one.union) || !manager.isFailing(one.credential)) return one
      const union = unions.narrower(one.union, present).find(isInForce)
      return union === undefined ? one : { credential: union.name, entries: union.entries, union }
    })
  }
  /** Requests the unions that only this namespace needs. */
  function serveNamespace(name: string): void {
    const namespace = unions.any ? controller.context().observed.namespace(name) : undefined
    if (namespace === undefined) return
    const wanted = [...targets.listsOf([namespace])].flatMap(unions.of).flatMap(({ union }) => union ?? [])
    if (wanted.some((union) => !needed.has(union.name))) need([...needed.values(), ...wanted])
  }
  const isInForce = ({ name }: Union): boolean => inForce(log.state, name) !== undefined
  /** Sets the needed unions. */
  function need(next: readonly Union[]): void {
    needed = unions.unite(next)
    const added = [...needed.values()].filter(({ name }) => !entries.has(name)).map(options.entries.of)
    for (const entry of added) entries.set(entry.name, entry)
    manager.add(added)
  }
  /**
   * Computes the needed unions from the present namespaces. Drops all other unions, except those
   * that replace a union without a credential.
   */
  function observeNeeds(): void {
    if (!unions.any || !controller.caches.synced || config.retire) return
    const { observed } = controller.context()
    const next = neededUnions(unions, {
      places: [...observed.namespaces()].flatMap((namespace) => {
        const present = observed.secret(namespace.name)?.registries ?? []
        return [...targets.listsOf([namespace])].map((list) => ({ entries: list, present }))
      }),
      isInForce,
      isKnown: ({ name }) => newest(log.state, name) !== undefined,
      isFailing: ({ name }) => manager.isFailing(name),
    })
    spare = next.spare
    need(next.needed)
    for (const { name, union } of [...entries.values()]) {
      if (union === undefined || needed.has(name)) continue
      entries.delete(name)
      manager.drop(name)
      forgetRefreshes(options.metrics, name)
    }
    log.send({ type: 'needed', names: [...entries.keys()] })
  }
  /** Queues the write of the log, and the writes of Secrets whose credentials are in force. */
  function distribute(): void {
    // A follower keeps the unions that it had at its start, because it proves these.
    if (isLeading) observeNeeds()
    groups.reset()
    if (!firstRound.over || !controller.caches.synced) return
    log.open()
    const isLogging = log.state.pending.size > 0 && !log.state.isStuck
    if (log.state.pending.size > 0) controller.writeLog()
    if (served !== 'everything') {
      if (isLogging) served = 'waiting'
      else serveAll()
    } else if (!isLogging) {
      controller.rotate()
    }
  }
  function serveAll(): void {
    served = 'everything'
    controller.planAll()
  }
  const observer = createControllerObserver({
    ...options,
    problemStore,
    ownNamespace: release.namespace,
    onSynced: () => {
      options.log.info({ namespaces: [...controller.caches.namespaces.entries()].length }, 'the caches are complete')
      // Write the references now, because they do not depend on credentials.
      controller.planAll()
      observeNeeds()
      distribute()
      synced.resolve()
      options.onSynced()
      options.onChange()
    },
  })
  const controller = createController({
    ...options,
    config,
    targets,
    groups,
    observer,
    log: {
      read: log.read,
      written(version, logged) {
        log.send({ type: 'written', version, logged })
        distribute()
      },
      conflict: () => log.send({ type: 'conflict' }),
    },
    onPlan: serveNamespace,
    onUnlogged: (registries) => manager.renewUnlogged(registries),
    onRewound: rewind,
  })
  const pods =
    config.watchPods || config.heal
      ? createPodWatch({
          ...options,
          config,
          problemStore,
          listedNamespaces: targets.listedNamespaces,
          judge: (pod) =>
            judgePod(pod, controller.context(), (registries) =>
              unions.of(registries).flatMap(({ credential }) => inForce(log.state, credential)?.token.domains ?? []),
            ),
          acts: () => options.isLeader() && controller.caches.synced,
          onProblem: observer.watchFailed,
        })
      : undefined

  const manager = createCredentialManager({
    ...options,
    verifyIntervalMs: config.verify.enabled ? durationMs(config.verify.interval) : 0,
    entries: options.entries.unlimited,
    together: (name) => unions.beside(name, targets.listsOf(controller.context().observed.namespaces())),
    onDue() {
      if (isLeading) observeNeeds()
    },
    onAnswered: (name) => firstRound.settled(name),
    onTokens(states) {
      log.obtained(states.flatMap(({ live, kept }) => live ?? kept ?? []))
    },
    onChange(event) {
      // Namespaces of a failing union may get another union now, and unions may have been dropped.
      if (event.kind === 'failed' && unions.any) {
        groups.reset()
        controller.writeLog()
      }
      reportRefresh(event)
      options.onChange()
    },
    onMeasured(registry, { width, reason }) {
      const code = 'CREDENTIAL_TOO_WIDE'
      const what = 'the registry lets a limited credential pull a repository of another list'
      if (width === 'too-wide') options.log.warn({ registry, code, reason }, what)
      options.onChange()
    },
  })

  function rewind(): void {
    options.log.warn({}, 'the API server returned to an older state (etcd was restored): everything is read again')
    controller.caches.rewind()
    pods?.source.rewind()
  }

  let leading: Promise<void> | undefined
  async function startLeading(signal: AbortSignal): Promise<void> {
    // Reset the metric, because its value is from before a reload.
    observer.logStuck(false)
    if (config.retire) {
      // A retiring helper needs no credential.
      if (!signal.aborted) firstRound.begin([])
      return
    }
    if (unions.any) await synced.promise
    if (signal.aborted) return
    observeNeeds()
    await log.readFirst(signal)
    if (signal.aborted) return
    observeNeeds()
    isLeading = true
    manager.lead((name) => newest(log.state, name))
    // Log the credentials that this replica obtained before a reload and has not logged yet.
    const isLogged = ({ name, token }: Credential): boolean => {
      const known = newest(log.state, name)
      return known !== undefined && sameLogin(known.token, token)
    }
    const unlogged = manager.states.flatMap(({ live, kept }) => live ?? kept ?? []).filter((one) => !isLogged(one))
    if (unlogged.length > 0) log.obtained(unlogged)
    const isAwaited = ({ live, isFresh }: RegistryState): boolean =>
      live === undefined || (live.token.expiresAt === null && !isFresh)
    firstRound.begin(manager.states.filter(isAwaited).map(({ name }) => name))
  }

  return {
    controller,
    /** Defined with `watchPods` or `heal`. */
    pods,
    get states() {
      return manager.states
    },
    get log() {
      return log.state
    },
    /**
     * True if this generation only retires the helper. It then needs no credential and refreshes
     * none.
     */
    retires: config.retire,
    /**
     * Returns the registries for which no replica has obtained a token. `isProven`: whether another
     * replica has obtained one. The labels of namespaces decide which entries a union has. A union
     * counts as proven once its entries are proven, so that no label keeps a new Pod unready.
     */
    unproven(isProven: (fingerprint: string) => boolean): readonly string[] {
      if (config.retire) return []
      const isOpen = (state: RegistryState): boolean => !state.live && !state.isProven && !isProven(state.fingerprint)
      const served = ({ name }: RegistryState): readonly string[] => needed.get(name)?.entries ?? []
      const proven = new Set(manager.states.filter((state) => !isOpen(state)).flatMap(served))
      const isCovered = (entries: readonly string[]): boolean =>
        entries.length > 0 && entries.every((entry) => proven.has(entry))
      return manager.states.filter((state) => isOpen(state) && !isCovered(served(state))).map(({ name }) => name)
    },
    report: (): HelperStatus =>
      buildStatus({
        version: options.version,
        now: clock.now(),
        leader: options.leader(),
        config,
        configHash: loaded.hash,
        registries: manager.states,
        unions: needed,
        handled: manager.handled,
        complete: controller.caches.synced,
        decisions: plan(controller.context()),
        problems: problemStore.newest(20),
        unverified: options.unverified(),
      }),
    /** Watches the cluster. Writes nothing before `lead` is called. */
    async run(signal: AbortSignal): Promise<void> {
      await Promise.all([controller.run(signal), pods?.run(signal)])
    },
    /**
     * Restores the credentials from our own copy and starts to write. A second call returns the
     * same promise.
     */
    lead(signal: AbortSignal): Promise<void> {
      leading ??= startLeading(signal)
      return leading
    },
    /** Requests one token for each of these registries, while another replica leads. */
    prove: manager.prove,
    /**
     * Reads everything again, because etcd was restored and the API server's versions went back.
     */
    rewind,
    rotate: manager.rotate,
    /** True while work is in progress whose result a reader of the status waits for. */
    get busy() {
      return (
        !firstRound.over || manager.holding || served === 'waiting' || !controller.idle || !controller.caches.synced
      )
    },
    async drain(limitMs: number): Promise<void> {
      firstRound.stop()
      log.stop()
      pods?.stop()
      manager.stop()
      await controller.drain(limitMs)
    },
  }
}
