import { FILE_HEADERS_ONLY, formatPatch, structuredPatch } from 'diff'
import type { Unverified } from '../alibaba/unverified.ts'
import { normalForm, type PolicyDocument } from './normal-form.ts'
import type { PolicyPlan, PolicyStep } from './policy-target.ts'

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

/** The difference of two documents as a person reads it: unified lines of their normal forms; empty when equal. */
export function diffDocuments(
  before: PolicyDocument | undefined,
  after: PolicyDocument | undefined,
  name: string,
): string {
  const title = (document: PolicyDocument | undefined): string => (document === undefined ? '(absent)' : name)
  const text = (document: PolicyDocument | undefined): string =>
    document === undefined ? '' : `${JSON.stringify(normalForm(document), null, 2)}\n`
  const patch = structuredPatch(title(before), title(after), text(before), text(after), undefined, undefined, {
    context: 3,
  })
  return patch.hunks.length === 0 ? '' : formatPatch(patch, FILE_HEADERS_ONLY)
}
