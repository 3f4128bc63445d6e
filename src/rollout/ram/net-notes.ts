import { describeNetChanges } from '../../policy/net-changes.ts'
import { type ClusterResult, isFailure } from '../cluster-result.ts'
import { describeChange, NOTHING_IN_RAM } from './cluster-policy.ts'

/**
 * Replaces the notes for single steps by one note for each role and policy that the run changed,
 * because the same policy is widened before the deploy and narrowed after it.
 */
export function withNetNotes(result: ClusterResult): ClusterResult {
  const { ramSteps = [], notes } = result
  if (ramSteps.length === 0) return result
  const steps = new Set([...ramSteps.map(describeChange), NOTHING_IN_RAM])
  const net = describeNetChanges(ramSteps).map((line) => `RAM: ${line}`)
  const kept = isFailure(result) ? [KEPT] : []
  return { ...result, notes: [...net, ...kept, ...notes.filter((note) => !steps.has(note))] }
}

const KEPT = 'RAM: these permissions stay until a run succeeds, because a running helper may need them'
