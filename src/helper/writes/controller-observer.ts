import type { NopassError } from '../../errors.ts'
import type { WriteAction } from '../plan/actions.ts'
import type { QueueObserver } from './work-queue.ts'
import type { FailureVerdict } from './write-failure.ts'

/** What the controller tells of its work: to metrics, log, Events and status. Keys: `namespace` or `namespace/serviceaccount`. */
export interface ControllerObserver {
  readonly queue: QueueObserver
  /** All caches are complete for the first time. */
  synced(): void
  /** Something in the caches changed. */
  changed(): void
  /** An object was seen for the first time, after the start. */
  appeared(key: string): void
  /** Another writer removed our entry, or changed or deleted the pull secret. */
  lost(key: string): void
  wrote(key: string, action: WriteAction): void
  failed(key: string, action: WriteAction, verdict: FailureVerdict, error: unknown): void
  problem(key: string, problem: NopassError): void
  solved(key: string): void
  /** The vendor's add-on serves a target of ours; undefined: none any more. */
  rival(key: string | undefined, problem?: NopassError): void
  watchBroke(resource: string, error: unknown, retryInMs: number): void
}
