import { toNopassError } from '../../errors.ts'
import { applyPolicy } from '../../policy/apply-policy.ts'
import type { PolicyPlan, PolicyStep, PolicyTarget } from '../../policy/policy-target.ts'
import { lockKeys, policyKey, type SharedTarget } from '../../policy/policy-targets.ts'
import { removePolicy } from '../../policy/remove-policy.ts'
import type { SettleOptions } from '../../policy/settle-steps.ts'
import type { RolledCluster, RunContext } from '../cluster/cluster-run.ts'
import { type ClusterResult, describeError, isFailure } from '../cluster-result.ts'
import {
  describeChange,
  describeKept,
  isAloneInCluster,
  maybeShared,
  mayLeave,
  unknownRoles,
} from './cluster-policy.ts'
import { mergeTargets } from './merge-targets.ts'
import { changedSince, type HistoryReader } from './other-deployers-since.ts'

/**
 * The last step in RAM: removes permissions that are no longer needed, after every cluster that
 * shares them was verified (docs/en/decisions.md#widen-narrow). After a failure, nothing is
 * removed, because a running helper may still need its permissions. In that case, this step only
 * restores what another run has overwritten since the deploy.
 * @param read called again right before each write that takes a permission away
 */
export async function narrowPolicies(
  results: readonly ClusterResult[],
  rolled: ReadonlyMap<string, RolledCluster>,
  context: RunContext,
  read: HistoryReader,
  signal: AbortSignal,
): Promise<readonly ClusterResult[]> {
  const failed = results.some(isFailure)
  const good = new Set(
    results
      .filter(({ name, status }) => (status === 'deployed' || status === 'unchanged') && rolled.get(name)?.verified)
      .map(({ name }) => name),
  )
  const unknown = rolled.size > 0 ? await unknownRoles(context, signal) : undefined
  const leftovers = leftoverRule()
  const targets = new Map([...rolled].map(([name, one]) => [name, one.targets]))
  const named = [...targets.values()].flat().map(policyKey)
  const optionsFor = (clusters: readonly string[], { onStep }: RamNotes): SettleOptions => ({
    signal,
    pause: context.pause,
    onStep,
    reasonToKeep: () => changedSince(clusters, (name) => rolled.get(name)?.revision, read),
  })
  const done = new Set<string>()
  const narrowed: ClusterResult[] = []
  for (const result of results) narrowed.push(await narrowOne(result))
  return narrowed

  async function narrowOne(result: ClusterResult): Promise<ClusterResult> {
    const { targets: own = [], former = [] } = rolled.get(result.name) ?? {}
    const cluster = context.prepared.find(({ name }) => name === result.name)
    const ended = result.status === 'deployed' || result.status === 'unchanged'
    if (!ended || own.length === 0 || cluster === undefined || signal.aborted) return result
    return withNotes(result, 'narrow', context, async (into) => {
      const { notes, addKept } = into
      const ram = context.cloud.ram(cluster.settings)
      for (const shared of own) {
        const { policyName } = shared.target
        const reason = reasonToKeep(shared)
        if (reason !== undefined && !failed) notes.push(`RAM: policy ${policyName} not narrowed: ${reason}`)
        const phase: PolicyTarget['phase'] = failed || reason !== undefined ? 'widen' : 'narrow'
        if (phase === 'narrow' && done.has(policyKey(shared))) continue
        if (phase === 'narrow') done.add(policyKey(shared))
        const target = {
          ...shared.target,
          ...mergeTargets(shared, targets),
          phase,
          ...leftoversOf(result.name, shared),
        }
        const options = optionsFor(shared.clusters, into)
        addKept(await context.ramLock(lockKeys(shared), () => applyPolicy(ram, target, options)))
      }
      for (const shared of failed ? [] : former) {
        if (named.includes(policyKey(shared)) || !isAloneInCluster(result.name, context.settings)) continue
        const members = shared.target.members && [...new Set([...rolled.values()].map(({ key }) => key))].sort()
        const target = { ...shared.target, members, leftovers }
        // Any cluster of the run may have needed a policy that was shared.
        const options = optionsFor(members === undefined ? shared.clusters : [...rolled.keys()], into)
        addKept(await context.ramLock(lockKeys(shared), () => applyPolicy(ram, target, options)))
      }
    })
  }

  /**
   * If a helper was not verified, it may still use an earlier identity, so roles keep their
   * policies.
   */
  function leftoverRule(): 'detach' | { readonly keep: string } {
    const waiting = context.settings.clusters.flatMap(({ name }) => (good.has(name) ? [] : [name]))
    if (waiting.length > 0) return { keep: `${waiting.join(', ')} not verified in this run` }
    const unseen = reasonOfUnseen([...rolled.keys()])
    if (unseen !== undefined) return { keep: unseen }
    return unknown === undefined ? 'detach' : { keep: unknown }
  }

  function leftoversOf(name: string, shared: SharedTarget): Pick<PolicyTarget, 'leftovers'> {
    // If two releases in one cluster share a policy, one release may need roles that the other does
    // not name.
    const users = named.filter((key) => key === policyKey(shared)).length
    const own = shared.target.members !== undefined || (users === 1 && isAloneInCluster(name, context.settings))
    return own && mayLeave(shared.target) ? { leftovers } : {}
  }

  function reasonToKeep(shared: SharedTarget): string | undefined {
    const { clusters } = shared
    const others = sharersOfTrust(shared, rolled)
    if (others.length > 0) return `${others.join(', ')} use role ${shared.target.trust?.role} too`
    const waiting = clusters.filter((name) => !good.has(name))
    if (waiting.length > 0) return `${waiting.join(', ')} not verified in this run`
    return reasonOfUnseen(clusters) ?? unknown
  }

  function reasonOfUnseen(names: readonly string[]): string | undefined {
    const unseen = names.filter((name) => rolled.get(name)?.alone === false)
    return unseen.length > 0 ? maybeShared(unseen) : undefined
  }
}

/**
 * Returns other clusters of this run with the same role. Narrowing the role's trust to one cluster
 * would lock the others out.
 */
function sharersOfTrust(shared: SharedTarget, rolled: ReadonlyMap<string, RolledCluster>): readonly string[] {
  const roleOf = ({ accountId, target }: SharedTarget): string | undefined =>
    target.trust && `${accountId} ${target.trust.role.toLowerCase()}`
  const role = roleOf(shared)
  if (role === undefined) return []
  return [...rolled].flatMap(([name, { targets }]) => {
    return !shared.clusters.includes(name) && targets.some((one) => roleOf(one) === role) ? [name] : []
  })
}

/**
 * Removes our policies from RAM, after the work on all clusters. A shared policy is removed only if
 * this run uninstalled all of its clusters. A policy is removed only while none of its clusters has
 * a release again.
 */
export async function removePolicies(
  results: readonly ClusterResult[],
  targets: ReadonlyMap<string, readonly SharedTarget[]>,
  context: RunContext,
  read: HistoryReader,
  signal: AbortSignal,
): Promise<readonly ClusterResult[]> {
  // A cluster without targets still has another acr-nopass, which may need the same policies.
  const gone = new Set(
    results.filter(({ name, status }) => status === 'uninstalled' && targets.has(name)).map(({ name }) => name),
  )
  const done = new Set<string>()
  const cleaned: ClusterResult[] = []
  for (const result of results) {
    const cluster = context.prepared.find(({ name }) => name === result.name)
    const own = targets.get(result.name) ?? []
    if (cluster === undefined || !gone.has(result.name) || own.length === 0 || signal.aborted) {
      cleaned.push(result)
      continue
    }
    const remove = async ({ notes, onStep, addKept }: RamNotes): Promise<void> => {
      // The other clusters with the role of a shared policy are known only if their roles are
      // known.
      const unknown = own.some(({ target }) => target.members !== undefined)
        ? [...(await context.ramList(signal)).unknown.keys()]
        : []
      const ram = context.cloud.ram(cluster.settings)
      for (const shared of own) {
        const others = shared.clusters.filter((name) => !gone.has(name))
        if (others.length > 0) {
          notes.push(`RAM: kept policy ${shared.target.policyName}: ${others.join(', ')} may still need it`)
        } else if (shared.target.members !== undefined && unknown.length > 0) {
          notes.push(
            `RAM: kept policy ${shared.target.policyName}: the worker roles of ${unknown.join(', ')} are unknown`,
          )
        } else if (!done.has(policyKey(shared))) {
          done.add(policyKey(shared))
          const reasonToKeep = () => changedSince(shared.clusters, () => undefined, read)
          addKept(
            await context.ramLock(lockKeys(shared), () =>
              removePolicy(
                ram,
                { ...shared.target, ...mergeTargets(shared, targets) },
                { signal, pause: context.pause, onStep, reasonToKeep },
              ),
            ),
          )
        }
      }
    }
    cleaned.push(await withNotes(result, 'uninstall', context, remove))
  }
  return cleaned
}

/** The notes of the work on RAM. */
interface RamNotes {
  readonly notes: string[]
  /** Called for each change as it is made, so that a later error hides no change. */
  readonly onStep: (step: PolicyStep) => void
  readonly addKept: (done: PolicyPlan) => void
}

/** Adds the notes to the result. An error makes the result a failed one. */
async function withNotes(
  result: ClusterResult,
  phase: ClusterResult['phase'],
  context: RunContext,
  work: (into: RamNotes) => Promise<void>,
): Promise<ClusterResult> {
  const notes: string[] = []
  const steps: PolicyStep[] = []
  const onStep = (step: PolicyStep): void => {
    steps.push(step)
    notes.push(describeChange(step))
  }
  const addKept = (done: PolicyPlan): void => void notes.push(...describeKept(done))
  const error = await work({ notes, onStep, addKept }).then(() => undefined, toNopassError)
  for (const note of notes) context.report(result.name, note)
  const all = {
    ...result,
    notes: [...result.notes, ...notes],
    ...(steps.length > 0 && { ramChanged: true as const, ramSteps: [...(result.ramSteps ?? []), ...steps] }),
  }
  return error === undefined ? all : { ...all, status: 'failed', phase, error: describeError(error) }
}
