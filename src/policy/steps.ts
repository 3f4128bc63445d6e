import { FILE_HEADERS_ONLY, formatPatch, structuredPatch } from 'diff'
import { type Ram, ROTATE } from '../alibaba/ram.ts'
import type { Parameters } from '../alibaba/transport/signature.ts'
import type { Unverified } from '../alibaba/unverified.ts'
import { hasCode } from '../errors.ts'
import { shellWord } from '../lib/text.ts'
import { normalForm, type PolicyDocument } from './normal-form.ts'
import type { PolicyPlan, PolicyStep } from './policy-target.ts'
import { OWNER_TAG, ownDescription } from './ram-names.ts'

/** An operation of RAM and its parameters, which are also the options of Alibaba Cloud's CLI. */
type RamCall = readonly [action: string, parameters: Parameters]

interface StepKind<Step> {
  describe(step: Step): string
  /** One call; adopting takes two. */
  calls(step: Step, description: string): readonly RamCall[]
}

/** Lists are JSON in a parameter. */
const TAGS = JSON.stringify([{ Key: OWNER_TAG.key, Value: OWNER_TAG.value }])

const json = (document: PolicyDocument): string => JSON.stringify(document)

const describePolicy = (PolicyName: string, NewDescription: string): RamCall => {
  return ['UpdatePolicyDescription', { PolicyName, NewDescription }]
}

const STEPS: { readonly [Kind in PolicyStep['do']]: StepKind<Extract<PolicyStep, { do: Kind }>> } = {
  'create-role': {
    describe: ({ role }) => `create role ${role}`,
    calls: ({ role, trust }, Description) => [
      ['CreateRole', { RoleName: role, AssumeRolePolicyDocument: json(trust), Description }],
    ],
  },
  'update-trust': {
    describe: ({ role }) => `update the trust policy of role ${role}`,
    calls: ({ role, after }) => [['UpdateRole', { RoleName: role, NewAssumeRolePolicyDocument: json(after) }]],
  },
  'create-policy': {
    describe: ({ policy }) => `create policy ${policy}`,
    calls: ({ policy, document }, Description) => [
      ['CreatePolicy', { PolicyName: policy, PolicyDocument: json(document), Description }],
    ],
  },
  'adopt-policy': {
    describe: ({ policy }) => `mark policy ${policy} as managed by acr-nopass`,
    calls: ({ policy }, description) => [
      ['TagResources', { ResourceType: 'policy', ResourceNames: JSON.stringify([policy]), Tag: TAGS }],
      describePolicy(policy, description),
    ],
  },
  'record-members': {
    describe: ({ policy, members }) => `record who uses policy ${policy}: ${members.join(', ')}`,
    calls: ({ policy }, description) => [describePolicy(policy, description)],
  },
  'update-policy': {
    describe: ({ policy }) => `update policy ${policy}`,
    calls: ({ policy, after }) => {
      const version = { PolicyDocument: json(after), SetAsDefault: true, RotateStrategy: ROTATE }
      return [['CreatePolicyVersion', { PolicyName: policy, ...version }]]
    },
  },
  attach: {
    describe: ({ policy, role }) => `attach policy ${policy} to role ${role}`,
    calls: ({ policy, role }) => [['AttachPolicyToRole', { PolicyType: 'Custom', PolicyName: policy, RoleName: role }]],
  },
  detach: {
    describe: ({ policy, role }) => `detach policy ${policy} from role ${role}`,
    calls: ({ policy, role }) => [
      ['DetachPolicyFromRole', { PolicyType: 'Custom', PolicyName: policy, RoleName: role }],
    ],
  },
  'delete-policy': {
    describe: ({ policy }) => `delete policy ${policy}`,
    calls: ({ policy }) => [['DeletePolicy', { PolicyName: policy, CascadingDelete: true }]],
  },
  'delete-role': {
    describe: ({ role }) => `delete role ${role}`,
    calls: ({ role }) => [['DeleteRole', { RoleName: role }]],
  },
}

// Each kind has its own step type, which TypeScript cannot infer from the key.
const kindOf = (step: PolicyStep): StepKind<PolicyStep> => STEPS[step.do] as StepKind<PolicyStep>

const callsOf = (step: PolicyStep, purpose: string): readonly RamCall[] =>
  kindOf(step).calls(step, ownDescription(purpose, 'members' in step ? step.members : []))

export function describeStep(step: PolicyStep): string {
  return kindOf(step).describe(step)
}

/**
 * Performs a step. Whether creating with a tag also needs `ram:TagResources` is undocumented. A denial is therefore followed by
 * one attempt without the tag, which is returned: the description has the mark too.
 */
export async function performStep(
  ram: Ram,
  step: PolicyStep,
  purpose: string,
  signal?: AbortSignal,
): Promise<Unverified | undefined> {
  const isCreation = step.do === 'create-role' || step.do === 'create-policy'
  for (const [action, parameters] of callsOf(step, purpose)) {
    try {
      await ram.change(action, { ...parameters, ...(isCreation && { Tag: TAGS }) }, signal)
    } catch (error) {
      if (!isCreation || !hasCode(error, 'CLOUD_DENIED')) throw error
      await ram.change(action, parameters, signal)
      return { id: 'TAGS_DENIED', subject: step.do === 'create-role' ? `role ${step.role}` : `policy ${step.policy}` }
    }
  }
  return undefined
}

/** The steps as commands of Alibaba Cloud's CLI, for users who change RAM themselves; '' without steps. */
export function stepCommands(steps: readonly PolicyStep[], purpose: string): string {
  return steps
    .flatMap((step) => callsOf(step, purpose))
    .map(([action, parameters]) => {
      const options = Object.entries(parameters).map(([key, value]) => `--${key} ${shellWord(String(value))}`)
      return ['aliyun ram', action, ...options].join(' ')
    })
    .join(' && ')
}

export function planOf(
  steps: readonly PolicyStep[],
  kept: readonly string[] = [],
  unverified: readonly Unverified[] = [],
): PolicyPlan {
  return { steps, diff: steps.map(diffOf).join(''), kept, ...(unverified.length > 0 && { unverified }) }
}

function diffOf(step: PolicyStep): string {
  const before = 'before' in step ? step.before : undefined
  const created = 'document' in step ? step.document : 'trust' in step ? step.trust : undefined
  const after = 'after' in step ? step.after : created
  const name = 'policy' in step ? `policy ${step.policy}` : `trust policy of role ${step.role}`
  return diffDocuments(before, after, name)
}

/** Unified diff of two documents' normal forms; empty if they are equal. */
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
