import type { Unverified } from '../alibaba/unverified.ts'
import type { ErrorDetails, NopassError } from '../errors.ts'
import type { ObjectChange } from '../helm/release/manifest-diff.ts'
import type { PolicyStep } from '../policy/policy-target.ts'
import { printable, printableLines } from '../printable.ts'

export type ClusterStatus =
  | 'deployed'
  | 'unchanged'
  | 'rolled-back'
  | 'failed'
  | 'skipped'
  | 'cancelled'
  | 'planned'
  | 'uninstalled'

export interface ResultError extends Pick<NopassError, 'message' | 'hint'>, Pick<ErrorDetails, 'reason' | 'requestId'> {
  readonly code: string
}

/**
 * What a plan says at a glance; each field holds lines for people. `plan` has the full text of
 * every change.
 */
export interface PlanOverview {
  /** One line for each role and policy. */
  readonly ram: readonly string[]
  readonly kubernetes: readonly string[]
  /** What an apply verifies after the deploy, or why it verifies nothing. */
  readonly verify: string
}

/** The progress of a cluster's work, which becomes its result. */
export interface ClusterRun {
  phase: Phase
  /** Helm revisions before and after; null: none. */
  revision: { readonly from: number | null; readonly to: number | null }
  chart: string | null
  ramChanged?: true
  plan?: readonly ObjectChange[]
  /** The plan at a glance. */
  overview?: PlanOverview
  /** The changes that were made in RAM, in order. */
  ramSteps?: readonly PolicyStep[]
  /** Of the plan, for comparison by an apply with that plan. */
  digest?: string
  /** Hashes of the plan's changes, for the same. */
  steps?: readonly string[]
  /** Notes, such as `RAM policy widened`. */
  readonly notes: string[]
  /**
   * What was relied on without being verified. Shown once for all clusters (`collectUnverified`).
   */
  readonly unverified: Unverified[]
}

/** The result of one cluster, small enough for an output (well under 1 KB without `plan`). */
export interface ClusterResult extends Readonly<Omit<ClusterRun, 'notes' | 'unverified'>> {
  readonly name: string
  readonly wave: number
  readonly status: ClusterStatus
  /** Milliseconds since the rollout began; null: never started. */
  readonly startedMs: number | null
  readonly durationMs: number
  readonly notes: readonly string[]
  readonly unverified?: readonly Unverified[]
  readonly error?: ResultError
}

export function describeError({ code, message, hint, reason, requestId }: NopassError): ResultError {
  return { code, message, hint, reason, requestId }
}

/** Makes the notes and the plan printable, which contain foreign text; the error already is. */
export function printableResult(result: ClusterResult): ClusterResult {
  return {
    ...result,
    chart: result.chart === null ? null : printable(result.chart),
    notes: result.notes.map(printable),
    ...(result.overview && { overview: printableOverview(result.overview) }),
    ...(result.plan && {
      plan: result.plan.map(({ title, change, diff }) => {
        return { title: printable(title), change, diff: printableLines(diff) }
      }),
    }),
  }
}

function printableOverview({ ram, kubernetes, verify }: PlanOverview): PlanOverview {
  return { ram: ram.map(printable), kubernetes: kubernetes.map(printable), verify: printable(verify) }
}

export function isFailure({ status }: Pick<ClusterResult, 'status'>): boolean {
  return status === 'failed' || status === 'rolled-back'
}

/** The phases of a cluster in order; a result contains the one in which it ended. */
export type Phase = 'validate' | 'connect' | 'preflight' | 'policy' | 'deploy' | 'verify' | 'narrow' | 'uninstall'

/** Whether the cluster may have been changed before a failure in this phase. */
export function isAfterFirstWrite(phase: Phase): boolean {
  return !(phase === 'validate' || phase === 'connect' || phase === 'preflight')
}
