import type { PolicyStep } from './policy-target.ts'

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
