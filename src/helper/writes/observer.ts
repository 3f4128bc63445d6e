import type { NopassError } from '../../errors.ts'
import type { WriteAction } from '../plan/actions.ts'
import type { FailureVerdict } from './decision-problem.ts'
import type { QueueObserver } from './work-queue.ts'

/** The controller's callbacks for metrics, log, Events and status. Keys: `namespace` or `namespace/serviceaccount`. */
export interface ControllerObserver {
  readonly queue: QueueObserver
  /** All caches are complete for the first time. */
  synced(): void
  /** Something in the caches changed. */
  changed(): void
  /** An object appeared after the caches were complete. */
  appeared(key: string): void
  /** Another writer removed our entry, or changed or deleted the pull secret. */
  lost(key: string): void
  wrote(key: string, action: WriteAction): void
  failed(key: string, action: WriteAction, verdict: FailureVerdict, error: unknown): void
  problem(key: string, problem: NopassError): void
  solved(key: string): void
  /** The vendor's add-on also serves one of our targets; undefined: no longer. */
  rival(key: string | undefined, problem?: NopassError): void
  watchFailed(resource: string, error: unknown, retryInMs: number): void
}
