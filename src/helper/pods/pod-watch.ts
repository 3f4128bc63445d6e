import { toNopassError } from '../../errors.ts'
import { toStatusError } from '../../installation/helper-status.ts'
import type { PodObject } from '../../kube/types.ts'
import { createReflector } from '../../kube/watch/reflector.ts'
import { sleep } from '../../lib/clock.ts'
import type { HelperConfig } from '../../values/generated/helper-config.ts'
import type { CachesOptions } from '../cluster/caches.ts'
import { joinReflectors } from '../cluster/join-reflectors.ts'
import type { EventReporter, Log } from '../report/event-reporter.ts'
import type { Metrics } from '../report/metrics.ts'
import type { ProblemStore } from '../report/problem-store.ts'
import { createEvictionPace, evictPod } from './evict-pod.ts'
import { type PodWithoutReference, problemOfPod, type Treatment } from './judge-pod.ts'
import { type PodView, viewPod } from './pod-view.ts'

export interface PodWatchOptions extends Pick<CachesOptions, 'client' | 'clock' | 'random' | 'features' | 'onProblem'> {
  readonly config: Pick<HelperConfig, 'scope' | 'secretName' | 'heal' | 'retire'>
  /** With scope `namespaces`: the namespaces whose Pods may be read. */
  readonly listedNamespaces: readonly string[]
  readonly judge: (pod: PodView) => PodWithoutReference | undefined
  /** True if this replica leads and its caches are complete. */
  readonly acts: () => boolean
  readonly log: Log
  readonly metrics: Metrics
  readonly events: EventReporter
  readonly problemStore: ProblemStore
}

const SWEEP_MS = 5_000

/**
 * Watches pending Pods. Reports Pods that cannot pull without our entry, and evicts them with
 * `heal`.
 */
export function createPodWatch(options: PodWatchOptions) {
  const { client, clock, config, problemStore, metrics, log } = options
  const scopes = config.scope === 'cluster' ? [''] : options.listedNamespaces.map((name) => `/namespaces/${name}`)
  const source = joinReflectors(
    scopes.map((scope) =>
      createReflector<PodObject, PodView>({
        ...options,
        path: `/api/v1${scope}/pods`,
        // Watch only pending Pods: a cluster may have 100,000 Pods, but a Pod that cannot pull is
        // pending.
        selector: { fieldSelector: 'status.phase=Pending' },
        transform: (pod) => viewPod(pod, config.secretName),
        onChange: () => undefined,
        onProblem: (error, wait) => options.onProblem('pods', error, wait),
      }),
    ),
    options.listedNamespaces,
  )
  const pace = createEvictionPace()
  const stopped = new AbortController()
  let shown: ReadonlySet<string> = new Set()

  function treatmentOf(pod: PodView, finding: PodWithoutReference): Treatment {
    if (!config.heal || config.retire || !finding.evictable) return 'left'
    return pace.isUnhelped(pod, clock.monotonic()) ? 'unhelped' : 'to-evict'
  }

  function report(withoutReference: ReadonlyMap<PodView, PodWithoutReference>): void {
    const keys = new Set<string>()
    for (const [pod, finding] of withoutReference) {
      const problem = problemOfPod(pod, finding, config.secretName, treatmentOf(pod, finding))
      const { namespace, name, uid, owner } = pod
      options.events.warn(
        { apiVersion: 'v1', kind: 'Pod', name, namespace, uid },
        'PullSecretMissing',
        `${problem.message}. ${problem.hint}`,
      )
      const object = owner ? `${owner.kind} ${owner.name}` : `Pod ${name}`
      const key = `pods of ${namespace}/${object}`
      if (!keys.has(key)) problemStore.set(key, { ...toStatusError(problem, clock.now()), namespace, object })
      keys.add(key)
    }
    for (const key of shown) if (!keys.has(key)) problemStore.clear(key)
    shown = keys
    metrics.podsWithoutReference.set(withoutReference.size)
  }

  async function evict(pod: PodView): Promise<void> {
    const pending = [...source.entries()].map(([, one]) => one)
    pace.begin(pod, pending, clock.monotonic())
    const { namespace, name, uid, owner } = pod
    const { outcome, retryAfterMs, error } = await evictPod(client, pod, stopped.signal)
    pace.note(pod, outcome, retryAfterMs, clock.monotonic())
    metrics.podsEvicted.inc({ outcome })
    const failure = error === undefined ? {} : { code: toNopassError(error).code }
    log.info(
      { namespace, pod: name, owner: `${owner?.kind} ${owner?.name}`, outcome, ...failure },
      'a Pod to be evicted',
    )
    if (outcome !== 'evicted') return
    const message = `Evicted (heal: true): it could not pull, because it was admitted without ${config.secretName}`
    options.events.warn({ apiVersion: 'v1', kind: 'Pod', name, namespace, uid }, 'PodEvicted', message)
  }

  async function sweep(): Promise<void> {
    const withoutReference = new Map<PodView, PodWithoutReference>()
    for (const [, pod] of source.entries()) {
      // Most pending Pods have no problem with an image.
      if (pod.failing.length === 0) continue
      const finding = options.judge(pod)
      if (finding !== undefined) withoutReference.set(pod, finding)
    }
    report(withoutReference)
    if (!config.heal || config.retire) return
    const evictable = [...withoutReference].filter(([, finding]) => finding.evictable).map(([pod]) => pod)
    for (const pod of pace.choose(evictable, clock.monotonic())) {
      if (stopped.signal.aborted || !options.acts()) return
      await evict(pod)
    }
  }

  async function sweepForever(signal: AbortSignal): Promise<void> {
    for (;;) {
      await sleep(clock, SWEEP_MS, signal)
      if (!source.synced || !options.acts()) continue
      await sweep().catch((error: unknown) => log.error({ error: String(error) }, 'Pods could not be read'))
    }
  }

  return {
    source,
    async run(signal: AbortSignal): Promise<void> {
      const until = AbortSignal.any([signal, stopped.signal])
      await Promise.all([
        source.run(signal),
        sweepForever(until).catch((error: unknown) => {
          if (!until.aborted) throw error
        }),
      ])
    },
    /** Stops reporting and evicting. */
    stop(): void {
      stopped.abort()
      metrics.podsWithoutReference.set(0)
    },
  }
}
