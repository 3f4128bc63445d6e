import { FILE_HEADERS_ONLY, formatPatch, structuredPatch } from 'diff'
import { type Ram, ROTATE, type Tag } from '../alibaba/ram.ts'
import type { Unverified } from '../alibaba/unverified.ts'
import { hasCode } from '../errors.ts'
import { shellWord } from '../lib/text.ts'
import { documentText, normalForm, type PolicyDocument } from './normal-form.ts'
import type { PolicyPlan, PolicyStep } from './policy-target.ts'
import { OWNER_TAG, ownDescription } from './ram-names.ts'

interface StepContext {
  readonly ram: Ram
  /** The description of a role or policy that the step creates or marks. */
  readonly description: string
  /** Of what the step creates. */
  readonly tags: readonly Tag[]
  readonly signal: AbortSignal | undefined
}

interface StepKind<Step> {
  describe(step: Step): string
  perform(step: Step, context: StepContext): Promise<void>
  /** The step as a command of Alibaba Cloud's CLI. */
  command(step: Step, description: string): string
}

const STEPS: { readonly [Kind in PolicyStep['do']]: StepKind<Extract<PolicyStep, { do: Kind }>> } = {
  'create-role': {
    describe: ({ role }) => `create role ${role}`,
    perform: ({ role, trust }, { ram, description, tags, signal }) =>
      ram.createRole({ name: role, trust: json(trust), description, tags }, signal),
    command: ({ role, trust }, description) =>
      command('CreateRole', {
        RoleName: role,
        AssumeRolePolicyDocument: json(trust),
        Description: description,
      }),
  },
  'update-trust': {
    describe: ({ role }) => `update the trust policy of role ${role}`,
    perform: ({ role, after }, { ram, signal }) => ram.updateRole({ name: role, trust: json(after) }, signal),
    command: ({ role, after }) => command('UpdateRole', { RoleName: role, NewAssumeRolePolicyDocument: json(after) }),
  },
  'create-policy': {
    describe: ({ policy }) => `create policy ${policy}`,
    perform: async ({ policy, document }, { ram, description, tags, signal }) => {
      const text = documentText(document, `policy ${policy}`)
      return ram.createPolicy({ name: policy, document: text, description, tags }, signal)
    },
    command: ({ policy, document }, description) =>
      command('CreatePolicy', { PolicyName: policy, PolicyDocument: json(document), Description: description }),
  },
  'adopt-policy': {
    describe: ({ policy }) => `mark policy ${policy} as managed by acr-nopass`,
    perform: async ({ policy }, { ram, description, signal }) => {
      await ram.tag('policy', policy, [OWNER_TAG], signal)
      await ram.updatePolicyDescription(policy, description, signal)
    },
    command: ({ policy }, description) =>
      command('UpdatePolicyDescription', { PolicyName: policy, NewDescription: description }),
  },
  'record-members': {
    describe: ({ policy, members }) => `record who uses policy ${policy}: ${members.join(', ')}`,
    perform: ({ policy }, { ram, description, signal }) => ram.updatePolicyDescription(policy, description, signal),
    command: ({ policy }, description) =>
      command('UpdatePolicyDescription', { PolicyName: policy, NewDescription: description }),
  },
  'update-policy': {
    describe: ({ policy }) => `update policy ${policy}`,
    perform: async ({ policy, after }, { ram, signal }) =>
      ram.createPolicyVersion(policy, documentText(after, `policy ${policy}`), signal),
    command: ({ policy, after }) =>
      command('CreatePolicyVersion', {
        PolicyName: policy,
        PolicyDocument: json(after),
        SetAsDefault: 'true',
        RotateStrategy: ROTATE,
      }),
  },
  attach: {
    describe: ({ policy, role }) => `attach policy ${policy} to role ${role}`,
    perform: ({ policy, role }, { ram, signal }) => ram.attachPolicy(policy, role, signal),
    command: ({ policy, role }) =>
      command('AttachPolicyToRole', { PolicyType: 'Custom', PolicyName: policy, RoleName: role }),
  },
  detach: {
    describe: ({ policy, role }) => `detach policy ${policy} from role ${role}`,
    perform: ({ policy, role }, { ram, signal }) => ram.detachPolicy(policy, role, signal),
    command: ({ policy, role }) =>
      command('DetachPolicyFromRole', { PolicyType: 'Custom', PolicyName: policy, RoleName: role }),
  },
  'delete-policy': {
    describe: ({ policy }) => `delete policy ${policy}`,
    perform: ({ policy }, { ram, signal }) => ram.deletePolicy(policy, signal),
    command: ({ policy }) => command('DeletePolicy', { PolicyName: policy, CascadingDelete: 'true' }),
  },
  'delete-role': {
    describe: ({ role }) => `delete role ${role}`,
    perform: ({ role }, { ram, signal }) => ram.deleteRole(role, signal),
    command: ({ role }) => command('DeleteRole', { RoleName: role }),
  },
}

// Each kind has its own step type, which TypeScript cannot infer from the key.
const kindOf = (step: PolicyStep): StepKind<PolicyStep> => STEPS[step.do] as StepKind<PolicyStep>

const descriptionOf = (step: PolicyStep, purpose: string): string =>
  ownDescription(purpose, 'members' in step ? step.members : [])

export function describeStep(step: PolicyStep): string {
  return kindOf(step).describe(step)
}

/**
 * Performs a step by one call; adopting takes two. Whether creating with a tag also needs `ram:TagResources` is undocumented. A denial
 * is therefore followed by one attempt without the tag, which is returned: the description has the mark too.
 */
export async function performStep(
  ram: Ram,
  step: PolicyStep,
  purpose: string,
  signal?: AbortSignal,
): Promise<Unverified | undefined> {
  const context = { ram, description: descriptionOf(step, purpose), signal }
  try {
    await kindOf(step).perform(step, { ...context, tags: [OWNER_TAG] })
    return undefined
  } catch (error) {
    const isCreation = step.do === 'create-role' || step.do === 'create-policy'
    if (!isCreation || !hasCode(error, 'CLOUD_DENIED')) throw error
    await kindOf(step).perform(step, { ...context, tags: [] })
    return { id: 'TAGS_DENIED', subject: step.do === 'create-role' ? `role ${step.role}` : `policy ${step.policy}` }
  }
}

/** The steps as commands of Alibaba Cloud's CLI, for users who change RAM themselves; '' without steps. */
export function stepCommands(steps: readonly PolicyStep[], purpose: string): string {
  return steps.map((step) => kindOf(step).command(step, descriptionOf(step, purpose))).join(' && ')
}

function command(action: string, parameters: Readonly<Record<string, string>>): string {
  return [
    'aliyun ram',
    action,
    ...Object.entries(parameters).map(([key, value]) => `--${key} ${shellWord(value)}`),
  ].join(' ')
}

const json = (document: PolicyDocument): string => JSON.stringify(document)

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
