import { NopassError } from '../../errors.ts'
import type { StopMark } from '../../installation/stop-mark.ts'
import { unlessStatus } from '../../kube/api-error.ts'
import { type KubeClient, MERGE_PATCH } from '../../kube/client.ts'
import { createLeaseElector } from '../../kube/lease.ts'
import type { Lease, LeaseDurations } from '../../kube/lease-record.ts'
import { NODE_STOP_ANNOTATION } from '../../kube/names.ts'
import { namespacedPath } from '../../kube/types.ts'
import { type Clock, sleep } from '../../lib/clock.ts'

export interface TurnOptions {
  readonly client: KubeClient
  readonly clock: Clock
  readonly random: () => number
  readonly namespace: string
  /** The name of the Lease. */
  readonly name: string
  /** The name of the node: a new Pod of the same node continues its turn. */
  readonly node: string
  readonly onProblem: (error: unknown) => void
  readonly durations?: LeaseDurations
}

export type Turns = ReturnType<typeof createTurns>

/**
 * A node that vanishes in its turn keeps it for ten minutes. The turn outlives a restart of the API
 * server, which the change may cause where one process is both.
 */
const DURATIONS: LeaseDurations = { leaseMs: 600_000, renewDeadlineMs: 60_000, retryMs: 10_000 }
const RETRY_MS = 5_000

/** Nodes take turns by a Lease, so that one node at a time is changed. */
export function createTurns(options: TurnOptions) {
  const { client, clock, random, namespace, name, node, onProblem, durations = DURATIONS } = options
  const path = namespacedPath('/apis/coordination.k8s.io/v1', namespace, 'leases', name)

  return {
    /** Returns the annotation that stops changes. A Lease that is missing is created in `take`. */
    async readStop(signal: AbortSignal): Promise<string | undefined> {
      const lease = await unlessStatus(client.request<Lease>({ method: 'GET', path }, signal), 404)
      return lease?.metadata.annotations?.[NODE_STOP_ANNOTATION]
    },

    /**
     * Writes the mark that stops changes. Does not give up, because the next node would fail too.
     */
    async writeStop(mark: StopMark, signal: AbortSignal): Promise<void> {
      const body = { metadata: { annotations: { [NODE_STOP_ANNOTATION]: JSON.stringify(mark) } } }
      for (;;) {
        try {
          await client.request({ method: 'PATCH', path, body, contentType: MERGE_PATCH }, signal)
          return
        } catch (error) {
          onProblem(error)
          await sleep(clock, RETRY_MS, signal)
        }
      }
    },

    /**
     * Waits for this node's turn and does the work in it. After an abort, a turn that has begun
     * ends with its work. Rejects after an abort in both cases.
     */
    async take(work: () => Promise<void>, signal: AbortSignal): Promise<void> {
      const stop = new AbortController()
      let done: Promise<void> | undefined
      const giveUp = (): void => {
        if (done === undefined) stop.abort(signal.reason)
      }
      signal.addEventListener('abort', giveUp)
      if (signal.aborted) giveUp()
      const elector = createLeaseElector({
        client,
        clock,
        random,
        namespace,
        name,
        identity: node,
        durations,
        onAcquired() {
          done ??= work().finally(() => stop.abort())
        },
        onProblem,
        onCreated: () => undefined,
        onMissing: (isMissing) =>
          isMissing &&
          onProblem(new NopassError('LEASE_MISSING', `the Lease ${name} does not exist and cannot be created`)),
        onRefused: (error) => error && onProblem(error),
        onRewound: () => undefined,
      })
      try {
        // While the API server is away the turn lapses here, but no other node may take it yet.
        while ((await elector.run(stop.signal)) === 'lost');
      } finally {
        signal.removeEventListener('abort', giveUp)
      }
      await done
      signal.throwIfAborted()
    },
  }
}
