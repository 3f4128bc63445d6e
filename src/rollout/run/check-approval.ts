import { hasCode, NopassError } from '../../errors.ts'
import { newRun, type RunContext, skippedResult } from '../cluster/cluster-run.ts'
import { type ClusterResult, describeError } from '../cluster-result.ts'
import { exceedsApproval } from '../deploy/approval.ts'
import { makePlan } from '../deploy/plan-cluster.ts'
import type { PreparedCluster } from '../inputs/prepare-cluster.ts'
import type { OpenCluster } from '../preflight/preflight-cluster.ts'
import { openCluster } from './open-cluster.ts'

/**
 * With an approved plan, only its changes may be made. Some of them may have been made already.
 * @throws PLAN_CHANGED
 */
export async function requireApproved(open: OpenCluster): Promise<void> {
  const { cluster, context } = open
  if (context.approved === undefined) return
  const approved = context.approved.get(cluster.name)
  const what = approved === undefined ? 'is not in the approved plan' : exceedsApproval(await makePlan(open), approved)
  if (what !== undefined) throw new NopassError('PLAN_CHANGED', `${cluster.name} ${what}`)
}

/**
 * Compares all clusters with the approved plan before anything is written, because the plan was
 * approved as a whole. A cluster that cannot be checked now fails later.
 * @returns undefined if the run may continue
 */
export async function refuseChangedPlan(
  clusters: readonly PreparedCluster[],
  context: RunContext,
  signal: AbortSignal,
): Promise<readonly ClusterResult[] | undefined> {
  if (context.approved === undefined) return undefined
  const reading = planContext(context)
  const errors = new Map<string, NopassError>()
  const left = [...clusters]
  const check = async (): Promise<void> => {
    for (let cluster = left.shift(); cluster !== undefined; cluster = left.shift()) {
      const { name } = cluster
      await openCluster({ cluster, context: reading, run: newRun(), signal }, requireApproved).catch((error) => {
        if (hasCode(error, 'PLAN_CHANGED')) errors.set(name, error)
      })
    }
  }
  await Promise.all(Array.from({ length: context.settings.inputs['max-parallel'] }, check))
  if (errors.size === 0) return undefined
  const names = [...errors.keys()].join(', ')
  return clusters.map((cluster) => {
    const error = errors.get(cluster.name)
    if (error === undefined) return skippedResult(cluster, `the plan of ${names} has changed; nothing was written`)
    context.report(cluster.name, `failed in preflight: ${error.code}`)
    return {
      ...skippedResult(cluster, ''),
      status: 'failed',
      phase: 'preflight',
      notes: [],
      error: describeError(error),
    }
  })
}

/**
 * Returns the context of a plan. Nothing is repaired. Its file names have a dot, so they differ
 * from every cluster's.
 */
export function planContext(context: RunContext): RunContext {
  const { settings, folder } = context
  return {
    ...context,
    settings: { ...settings, inputs: { ...settings.inputs, mode: 'plan' } },
    folder: { ...folder, write: (name, text) => folder.write(`approved.${name}`, text) },
    taken: new Map(),
    report: () => undefined,
  }
}
