import { createTransforms } from '../../installation/object-views.ts'
import type { Targets } from '../../installation/targets.ts'
import type { KubeObject } from '../../kube/types.ts'
import { sleep } from '../../lib/clock.ts'
import type { HelperConfig } from '../../values/generated/helper-config.ts'
import { type CachesOptions, createCaches } from '../cluster/caches.ts'
import { createObservedCluster } from '../cluster/observed-cluster.ts'
import type { CredentialGroups } from '../credentials/credential-groups.ts'
import type { CopyVersion, Logged } from '../credentials/log-step.ts'
import { isWrite, type PlannedAction, untilOf, type WriteAction, type WriteReason } from '../plan/actions.ts'
import { formatPlanKey, type PlanKey, parsePlanKey, plan, planKey } from '../plan/plan.ts'
import type { PlanContext } from '../plan/plan-context.ts'
import { createChangeHandlers } from './change-handlers.ts'
import type { ControllerObserver } from './controller-observer.ts'
import { isUndone, problemOfDecision, problemOfWrite } from './decision-problem.ts'
import { createPlanRunner, type Steps } from './plan-runner.ts'
import { createRivalAddon } from './rival-addon.ts'
import { createUndoneWrites } from './undone-writes.ts'
import { createWorkQueue, type Lane, type WorkOutcome } from './work-queue.ts'
import { createWriter } from './writer.ts'

export interface ControllerOptions
  extends Pick<CachesOptions, 'client' | 'clock' | 'random' | 'features' | 'onRewound'> {
  readonly config: HelperConfig
  readonly targets: Targets
  readonly groups: CredentialGroups
  /** Whether a write may be started now. */
  readonly isLeader: () => boolean
  /** Epoch milliseconds on the cloud's clock. */
  readonly cloudNow: () => number
  readonly observer: ControllerObserver
  /**
   * Epoch milliseconds by the earlier of two clocks, until the cloud has answered
   * (docs/en/decisions.md#cloud-clock).
   */
  readonly cloudAtLeast: () => number
  /** The log of credentials, which is the helper's own copy. */
  readonly log: {
    /** Reads the helper's own copy. Returns false if it cannot be read. */
    read(signal: AbortSignal): Promise<boolean>
    /** Called after the helper's own copy was written. */
    written(version: CopyVersion, logged: readonly Logged[]): void
    /**
     * Called after a write of the helper's own copy was refused because the copy had changed, or
     * was changed by a policy or webhook.
     */
    conflict(): void
  }
  /** Called before a change in this namespace is planned. */
  readonly onPlan: (namespace: string) => void
  /** Called when a Secret has credentials of these registries that the log does not have. */
  readonly onUnlogged: (registries: readonly string[]) => void
}

/**
 * More than 16 writes at a time would only queue in the API server
 * (docs/en/decisions.md#in-flight).
 */
const CONCURRENCY = 16
/**
 * After this many conflicts in a row, the helper reads the object itself: etcd may have been
 * restored from a backup.
 */
const CONFLICTS = 5
/**
 * The helper's own copy is read at most once in this time for the same namespace, because anyone
 * who may write in a namespace can cause the read.
 */
const LOG_PAUSE_MS = 60_000
const NOW: Lane = { lane: 'now' }
/** Reasons of writes that are not urgent, because the present Secret works. */
const ROTATIONS: ReadonlySet<WriteReason> = new Set(['rotated', 'relabelled', 'shrunk'])

/** Reconciles one key at a time: plans it from the caches and performs the planned write. */
export function createController(options: ControllerOptions) {
  const { config, targets, groups, clock, observer } = options
  const { secretName, secretLabels } = config
  const instance = `${config.release.namespace}.${config.release.name}`
  const transforms = createTransforms({ instance, secretLabels, secretName, namespaceLabels: targets.namespaceLabels })
  const caches = createCaches({
    ...options,
    listedNamespaces: targets.listedNamespaces,
    transforms,
    onSynced: observer.synced,
    onProblem: observer.watchFailed,
  })
  const observed = createObservedCluster(caches, secretName)
  const writer = createWriter({ ...options, caches, transforms, secretName })
  /**
   * The namespaces whose Secret had newer credentials than this replica. For each: when the
   * helper's own copy was read for that reason, and for which version of the Secret.
   */
  const logReads = new Map<string, { readonly resourceVersion: string; readonly at: number }>()
  const stop = new AbortController()
  const world = { observed: { ...observed, logReadFor }, targets, groups, config }
  const ownNamespace = config.release.namespace
  const undone = createUndoneWrites(clock, options.random, (group) => groups.byKey(group)?.hash)
  const rival = createRivalAddon(secretName, observer.rival)
  const queue = createWorkQueue({
    clock,
    random: options.random,
    concurrency: CONCURRENCY,
    handler: handle,
    observer: observer.queue,
  })
  const plans = createPlanRunner(clock)
  caches.handle(createChangeHandlers({ ...options, caches, observed, queueNow: (key) => queue.add(key, NOW) }))

  function context(): PlanContext {
    return { ...world, now: clock.monotonic(), cloudNow: options.cloudNow(), cloudAtLeast: options.cloudAtLeast() }
  }

  function logReadFor(namespace: string, resourceVersion: string): true | { readonly notBefore: number } {
    const last = logReads.get(namespace)
    if (last === undefined) return { notBefore: Number.NEGATIVE_INFINITY }
    return last.resourceVersion === resourceVersion || { notBefore: last.at + LOG_PAUSE_MS }
  }

  function handle(key: string, failures: number): WorkOutcome | Promise<WorkOutcome> {
    // A follower only fills its caches. When it becomes the leader, it plans every key.
    if (!options.isLeader()) return 'done'
    return handleKey(key, failures)
  }

  function handleKey(key: string, failures: number): WorkOutcome | Promise<WorkOutcome> {
    const planned = parsePlanKey(key)
    options.onPlan(planned.namespace)
    const decision = planKey(context(), planned)
    if (decision === undefined) {
      if (!observed.unreadable(planned.namespace)) observer.solved(key)
      rival.note(key, undefined)
      undone.forget(key)
      return 'done'
    }
    note(key, planned, decision)
    if (decision.kind === 'wait' && decision.ask === 'log') return readLog(key, planned.namespace, failures)
    const until = untilOf(decision)
    if (until !== undefined) return { retry: Math.max(0, until - clock.monotonic()) }
    if (!isWrite(decision)) {
      undone.forget(key)
      return 'done'
    }
    const pause = undone.pause(key, decision)
    if (pause > 0) return { retry: pause }
    // A namespace that is read by polling may be minutes old. Read it again, because a removal must
    // not act on old labels.
    const confirmed = isRemoval(decision) ? caches.confirm(planned.namespace, stop.signal) : undefined
    if (confirmed === undefined) return perform(key, decision, failures)
    return confirmed.then((isKnown) => {
      if (!isKnown) return { retry: 'backoff' }
      return options.isLeader() ? handleKey(key, failures) : 'done'
    })
  }

  async function readLog(key: string, namespace: string, failures: number): Promise<WorkOutcome> {
    const { resourceVersion = '' } = observed.secret(namespace) ?? {}
    if (!(await options.log.read(stop.signal))) return { retry: 'backoff' }
    if (namespace !== ownNamespace) logReads.set(namespace, { resourceVersion, at: clock.monotonic() })
    return handle(key, failures)
  }

  /** True if the write removes our entry from a list, or a registry from a Secret. */
  function isRemoval(decision: WriteAction): boolean {
    if (decision.kind !== 'writeSecret') return decision.kind === 'detach'
    const next = groups.byKey(decision.group)?.registries ?? []
    return observed.secret(decision.namespace)?.registries.some((name) => !next.includes(name)) === true
  }

  async function perform(key: string, action: WriteAction, failures: number): Promise<WorkOutcome> {
    if (action.kind === 'attach') observed.noteAttach(key)
    const content = action.kind === 'writeSecret' ? groups.byKey(action.group) : undefined
    const result = await writer.write(action, stop.signal)
    const logged = key === ownNamespace ? content?.logged : undefined
    if (result.ok) {
      observer.wrote(key, action)
      undone.forget(key)
      const { uid, resourceVersion } = result.stored
      if (logged !== undefined) options.log.written({ uid, resourceVersion }, logged)
      return 'done'
    }
    const { verdict, error } = result
    if (logged !== undefined && (verdict.outcome === 'conflict' || isUndone(error))) options.log.conflict()
    observer.failed(key, action, verdict, error)
    const isPersistent = verdict.outcome === 'conflict' && failures % CONFLICTS === CONFLICTS - 1
    // While all caches are being read again, another restart would only delay them.
    if (isPersistent && !isReadAgain(action) && (await writer.isRewound(action, stop.signal)) && !isReadAgain(action))
      options.onRewound()
    const problem = problemOfWrite(action, error, { outcome: verdict.outcome, failures, secretName })
    if (problem) observer.problem(key, problem)
    if (isUndone(error)) return { retry: undone.note(key, action) }
    if (verdict.slowDownMs > 0) queue.slowDown(verdict.slowDownMs)
    return verdict.retry === 'never' ? 'done' : { retry: verdict.retry }
  }

  function isReadAgain(action: WriteAction): boolean {
    if (action.kind === 'writeSecret') return caches.secrets.isOutdated(`${action.namespace}/${secretName}`)
    return caches.serviceAccounts?.isOutdated(`${action.namespace}/${action.serviceAccount}`) === true
  }

  function note(key: string, planned: PlanKey, decision: PlannedAction): void {
    const { namespace, serviceAccount } = planned
    if (serviceAccount !== undefined) {
      const served = decision.kind === 'current' || decision.kind === 'attach'
      rival.note(key, served ? observed.serviceAccount(namespace, serviceAccount)?.list : undefined)
    }
    const question = decision.kind === 'wait' ? decision.ask : undefined
    if (typeof question === 'object') options.onUnlogged(question.renew)
    const problem = problemOfDecision(planned, decision, secretName)
    if (problem) observer.problem(key, problem)
    else if (!isWrite(decision)) observer.solved(key)
  }

  function* planEverything(): Steps {
    let turn = 0
    for (const { key, decision } of plan(context())) {
      const text = formatPlanKey(key)
      if (key.serviceAccount === undefined) turn += 1
      note(text, key, decision)
      enqueue(text, decision, turn)
      yield
    }
  }

  function* planSecrets(): Steps {
    let count = 0
    for (const { name } of observed.namespaces()) {
      const decision = planKey(context(), { namespace: name })
      if (decision === undefined) continue
      if (isWrite(decision)) count += 1
      enqueue(name, decision, count)
      yield
    }
  }

  /** New objects and repairs come first. Rotations are ordered by expiry. */
  function laneOf(decision: WriteAction, turn: number): Lane {
    // A namespace's Secret and its references get the same deadline, so that the first namespaces
    // are complete early.
    if (decision.kind !== 'writeSecret' || !ROTATIONS.has(decision.reason)) return { lane: 'later', deadline: turn }
    return { lane: 'later', deadline: observed.secret(decision.namespace)?.expiresAt ?? 0 }
  }

  /**
   * Queues writes, and decisions that have to be planned again later. The helper's own copy goes
   * before all other keys.
   */
  function enqueue(key: string, decision: PlannedAction, turn: number): void {
    if (!isWrite(decision)) {
      if (untilOf(decision) !== undefined || (decision.kind === 'wait' && decision.ask === 'log')) queue.add(key, NOW)
    } else queue.add(key, key === ownNamespace ? NOW : laneOf(decision, turn))
  }

  return {
    caches,
    /** The context of the plan, which the status uses too. */
    context,
    /** Number of waiting keys. */
    get depth() {
      return queue.depth
    },
    /** True if no key is waiting or being processed. */
    get idle() {
      return plans.idle && queue.depth === 0 && queue.active === 0
    },
    /**
     * Plans every key again and queues the writes. Call when this replica becomes the leader, and
     * when all credentials are available.
     */
    planAll(): void {
      if (caches.synced && options.isLeader()) plans.add(planEverything())
    },
    /** Plans all Secrets again after a credential changed. */
    rotate(): void {
      if (caches.synced && options.isLeader()) plans.add(planSecrets())
    },
    /**
     * Puts the helper's own copy that was just read into the cache, because it is newer than what
     * the watch delivered.
     */
    noteOwnCopy(secret: KubeObject | undefined): void {
      if (secret !== undefined) caches.secrets.put(`${ownNamespace}/${secretName}`, transforms.secret(secret))
    },
    /** Plans the helper's own copy again. Call when there are credentials to log. */
    writeLog(): void {
      if (caches.synced && options.isLeader()) queue.add(ownNamespace, NOW)
    },
    run: caches.run,
    /**
     * Starts no more writes. Resolves when the writes in flight have finished, or were aborted
     * after `limitMs`.
     */
    async drain(limitMs: number): Promise<void> {
      plans.stop()
      // A second call with a shorter limit aborts the first.
      await Promise.race([queue.stop(), sleep(clock, limitMs, stop.signal).catch(() => undefined)])
      stop.abort()
    },
  }
}
