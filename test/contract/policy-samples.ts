import { type PolicyDocument, policyOf } from '../../src/policy/normal-form.ts'
import type { PolicyPlan, PolicyTarget } from '../../src/policy/policy-target.ts'
import { describeStep } from '../../src/policy/steps.ts'

/** The trust of a role for ECS instances. */
export const ECS_TRUST: object = {
  Version: '1',
  Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: ['ecs.aliyuncs.com'] } }],
}

/** A document that allows pulls from these repositories of one instance. */
export function pull(...repositories: string[]): PolicyDocument {
  const Resource = repositories.map((one) => `acs:cr:*:*:repository/cri-1/${one}`)
  return policyOf([{ Effect: 'Allow', Action: ['cr:PullRepository'], Resource }])
}

/** The target of one policy and one worker role, with changes. */
export function sampleTarget(policyName: string, role: string, changes: Partial<PolicyTarget> = {}): PolicyTarget {
  const rest = { purpose: 'cluster c1', roles: [role], adopt: false, phase: 'narrow' } as const
  return { policyName, document: pull('a'), ...rest, ...changes }
}

/** Returns the steps of a plan as they are printed. */
export function stepTexts(plan: PolicyPlan): string[] {
  return plan.steps.map(describeStep)
}
