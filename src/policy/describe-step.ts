import type { Unverified } from '../alibaba/unverified.ts'
import type { PolicyDocument } from './document.ts'
import type { PolicyPlan, PolicyStep } from './policy-target.ts'
import { diffDocuments } from './text-diff.ts'

/** One line for a person. */
export function describeStep(step: PolicyStep): string {
  switch (step.do) {
    case 'create-role':
      return `create role ${step.role}`
    case 'update-trust':
      return `update the trust policy of role ${step.role}`
    case 'create-policy':
      return `create policy ${step.policy}`
    case 'adopt-policy':
      return `mark policy ${step.policy} as managed by acr-nopass`
    case 'record-members':
      return `record who uses policy ${step.policy}: ${step.members.join(', ')}`
    case 'update-policy':
      return `update policy ${step.policy}`
    case 'attach':
      return `attach policy ${step.policy} to role ${step.role}`
    case 'detach':
      return `detach policy ${step.policy} from role ${step.role}`
    case 'delete-policy':
      return `delete policy ${step.policy}`
    case 'delete-role':
      return `delete role ${step.role}`
  }
}

/** A plan of these steps, with the difference of their documents. */
export function planOf(
  steps: readonly PolicyStep[],
  kept: readonly string[] = [],
  unverified: readonly Unverified[] = [],
): PolicyPlan {
  return { steps, diff: steps.map(diffOf).join(''), kept, ...(unverified.length > 0 && { unverified }) }
}

function diffOf(step: PolicyStep): string {
  const [before, after] = documentsOf(step)
  const name = 'policy' in step ? `policy ${step.policy}` : `trust policy of role ${step.role}`
  return diffDocuments(before, after, name)
}

function documentsOf(step: PolicyStep): [PolicyDocument | undefined, PolicyDocument | undefined] {
  switch (step.do) {
    case 'create-role':
      return [undefined, step.trust]
    case 'create-policy':
      return [undefined, step.document]
    case 'update-trust':
    case 'update-policy':
      return [step.before, step.after]
    case 'delete-policy':
      return [step.before, undefined]
    default:
      return [undefined, undefined]
  }
}
