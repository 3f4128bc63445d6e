import type { ObjectChange } from '../../helm/release/manifest-diff.ts'
import { stableJson } from '../../lib/json.ts'
import { sha256 } from '../../lib/text.ts'
import { grantKeys, type PolicyDocument, withoutGrants } from '../../policy/normal-form.ts'
import type { PolicyPlan, PolicyStep, PolicyTarget } from '../../policy/policy-target.ts'
import { nextPolicyName } from '../../policy/ram-names.ts'
import { describeStep } from '../../policy/steps.ts'
import type { Approval } from '../cluster/cluster-run.ts'
import type { DryRun } from '../release/dry-run.ts'

/**
 * A change of a cluster or of RAM, in the form in which it is compared with the approved changes.
 */
interface ApprovedStep {
  readonly title: string
  readonly hash: string
}

const stepOf = (title: string, ...content: readonly unknown[]): ApprovedStep => ({
  title,
  hash: sha256(stableJson([title, ...content])).slice(0, 32),
})

interface Changes {
  /** Changes of the release's objects and hooks. */
  readonly objects: readonly ObjectChange[]
  readonly dryRuns: readonly DryRun[]
  /** The status of the newest revision; undefined if there is no release. */
  readonly status: string | undefined
  readonly namespaceExists: boolean
  readonly ram: readonly { readonly target: PolicyTarget; readonly plan: PolicyPlan }[]
}

/**
 * Returns every change that an apply would make, compared with the state that was read. A change in
 * RAM is one grant or one attachment. Another cluster of the run, or an earlier attempt, may have
 * made some of these changes.
 */
export function approvedSteps(changes: Changes): readonly ApprovedStep[] {
  const { objects, dryRuns, status, namespaceExists, ram } = changes
  return [
    ...objects.map(({ title, change, diff }) => stepOf(title, change, diff)),
    ...dryRuns.flatMap(driftSteps),
    // A failed revision is rolled back before the other changes.
    ...(status === undefined || status === 'deployed' ? [] : [stepOf(`the ${status} release`)]),
    ...(namespaceExists ? [] : [stepOf('the namespace of the release')]),
    ...ram.flatMap(({ target, plan }) => plan.steps.flatMap((step) => ramSteps(step, target))),
  ]
}

/**
 * Returns what somebody changed in an object since the last deploy. An apply overwrites these
 * changes.
 */
function driftSteps({ object, drift, live }: DryRun): readonly ApprovedStep[] {
  if (drift !== 'differs' && drift !== 'absent') return []
  return [stepOf(`${object} (drift)`, drift, live ?? null)]
}

function ramSteps(step: PolicyStep, target: PolicyTarget): readonly ApprovedStep[] {
  const next = nextPolicyName(target.policyName)
  const isNext = 'policy' in step && step.policy === next
  // The second policy temporarily holds a part of the first, so its changes count as changes of the
  // first.
  const name = `policy ${'policy' in step && !isNext ? step.policy : target.policyName}`
  const grants = (sign: string, of: string, document: PolicyDocument): readonly ApprovedStep[] =>
    grantKeys(document).map((grant) => stepOf(`RAM: ${of}`, sign, grant))
  const difference = (of: string, before: PolicyDocument, after: PolicyDocument): readonly ApprovedStep[] => [
    ...grants('+', of, withoutGrants(after, before)),
    ...grants('-', of, withoutGrants(before, after)),
  ]
  const itself = isNext
    ? []
    : [stepOf(`RAM: ${step.do === 'record-members' ? `record of ${name}` : describeStep(step)}`)]
  switch (step.do) {
    case 'create-role':
      return [...itself, ...grants('+', `role ${step.role}`, step.trust)]
    case 'update-trust':
      return difference(`role ${step.role}`, step.before, step.after)
    case 'create-policy':
      return [...itself, ...grants('+', name, step.document)]
    case 'update-policy':
      return difference(name, step.before, step.after)
    case 'delete-policy': {
      const kept = target.document
      return [...itself, ...grants('-', name, kept === undefined ? step.before : withoutGrants(step.before, kept))]
    }
    default:
      return itself
  }
}

/**
 * Returns why this approval does not allow these changes. Undefined if all of these changes are
 * approved.
 */
export function exceedsApproval(
  current: { readonly digest: string; readonly steps: readonly ApprovedStep[] },
  approved: Approval,
): string | undefined {
  if (current.digest !== approved.digest) return 'would deploy something other than the approved plan'
  const known = new Set(approved.steps)
  const more = [...new Set(current.steps.filter(({ hash }) => !known.has(hash)).map(({ title }) => title))]
  if (more.length === 0) return undefined
  const shown = more.slice(0, 5).join(', ')
  return `would change more than the approved plan: ${shown}${more.length > 5 ? ' and more' : ''}`
}
