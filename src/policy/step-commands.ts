import { shellWord } from '../lib/shell-word.ts'
import type { PolicyDocument } from './document.ts'
import { ownDescription } from './names.ts'
import type { PolicyStep } from './policy-target.ts'

/** The same steps as commands of Alibaba Cloud's CLI, for those who change RAM themselves; '' when there are none. */
export function stepCommands(steps: readonly PolicyStep[], purpose: string): string {
  return steps
    .map((step) => commandOf(step, ownDescription(purpose, 'members' in step ? step.members : [])))
    .join(' && ')
}

function commandOf(step: PolicyStep, description: string): string {
  switch (step.do) {
    case 'create-role':
      return ram('CreateRole', {
        RoleName: step.role,
        AssumeRolePolicyDocument: json(step.trust),
        Description: description,
      })
    case 'update-trust':
      return ram('UpdateRole', { RoleName: step.role, NewAssumeRolePolicyDocument: json(step.after) })
    case 'create-policy':
      return ram('CreatePolicy', {
        PolicyName: step.policy,
        PolicyDocument: json(step.document),
        Description: description,
      })
    case 'adopt-policy':
    case 'record-members':
      return ram('UpdatePolicyDescription', { PolicyName: step.policy, NewDescription: description })
    case 'update-policy':
      return ram('CreatePolicyVersion', {
        PolicyName: step.policy,
        PolicyDocument: json(step.after),
        SetAsDefault: 'true',
        RotateStrategy: 'DeleteOldestNonDefaultVersionWhenLimitExceeded',
      })
    case 'attach':
      return ram('AttachPolicyToRole', { PolicyType: 'Custom', PolicyName: step.policy, RoleName: step.role })
    case 'detach':
      return ram('DetachPolicyFromRole', { PolicyType: 'Custom', PolicyName: step.policy, RoleName: step.role })
    case 'delete-policy':
      return ram('DeletePolicy', { PolicyName: step.policy })
    case 'delete-role':
      return ram('DeleteRole', { RoleName: step.role })
  }
}

function ram(action: string, parameters: Readonly<Record<string, string>>): string {
  return [
    'aliyun ram',
    action,
    ...Object.entries(parameters).map(([key, value]) => `--${key} ${shellWord(value)}`),
  ].join(' ')
}

const json = (document: PolicyDocument): string => JSON.stringify(document)
