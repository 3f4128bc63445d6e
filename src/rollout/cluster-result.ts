import type { Unverified } from '../alibaba/unverified.ts'
import type { ErrorDetails, ErrorPlace, NopassError } from '../errors.ts'
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
  /** In a values file. */
  readonly place?: Pick<ErrorPlace, 'file' | 'line' | 'column'>
}

/**
 * The overview of a plan. Each field holds lines for people. `plan` has the full text of every
 * change.
 */
export interface PlanOverview {
  /** One line for each role and policy. */
  readonly ram: readonly string[]
  readonly kubernetes: readonly string[]
  /** What an apply verifies after the deploy, or why it verifies nothing. */
  readonly verify: string
}

/** The progress of a cluster's work. It becomes the cluster's result. */
export interface ClusterRun {
  phase: Phase
  /** Helm revisions before and after. Null means that there is no release. */
  revision: { readonly from: number | null; readonly to: number | null }
  chart: string | null
  ramChanged?: true
  plan?: readonly ObjectChange[]
  /** The overview of the plan. */
  overview?: PlanOverview
  /** The changes that were made in RAM, in order. */
  ramSteps?: readonly PolicyStep[]
  /** The hash of the plan's desired state. An apply with that plan compares it. */
  digest?: string
  /** Hashes of the plan's changes. An apply with that plan compares them. */
  steps?: readonly string[]
  /** Notes, such as `RAM policy widened`. */
  readonly notes: string[]
  /**
   * Facts that the work relied on without verification. Shown once for all clusters
   * (`collectUnverified`).
   */
  readonly unverified: Unverified[]
}

/** The result of one cluster, small enough for an output (well under 1 KB without `plan`). */
export interface ClusterResult extends Readonly<Omit<ClusterRun, 'notes' | 'unverified'>> {
  readonly name: string
  readonly wave: number
  readonly status: ClusterStatus
  /**
   * Milliseconds from the start of the rollout to the start of the cluster's work; null if it never
   * started.
   */
  readonly startedMs: number | null
  readonly durationMs: number
  readonly notes: readonly string[]
  readonly unverified?: readonly Unverified[]
  readonly error?: ResultError
}

export function describeError({ code, message, hint, reason, requestId, place }: NopassError): ResultError {
  const { cluster: _cluster, namespace: _namespace, file, ...position } = place
  const inFile = file !== undefined && { place: { ...position, file: printable(file) } }
  return { code, message, hint, reason, requestId, ...inFile }
}

/**
 * Makes the notes and the plan printable, because they contain foreign text. The error is already
 * printable.
 */
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

/** The phases of a cluster's work, in order. A result contains the last phase that was reached. */
export type Phase = 'validate' | 'connect' | 'preflight' | 'policy' | 'deploy' | 'verify' | 'narrow' | 'uninstall'
