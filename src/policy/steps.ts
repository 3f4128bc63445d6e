import { FILE_HEADERS_ONLY, formatPatch, structuredPatch } from 'diff'
import { type Ram, type RamChange, ROTATE, ramChange } from '../alibaba/ram.ts'
import type { Unverified } from '../alibaba/unverified.ts'
import { hasCode } from '../errors.ts'
import { isRecord } from '../lib/json.ts'
import { inOrder, quoted, type ShellCommand, shell, shellWords } from '../lib/shell-command.ts'
import { normalForm, type PolicyDocument } from './normal-form.ts'
import type { PolicyPlan, PolicyStep } from './policy-target.ts'
import { OWNER_TAG, ownDescription } from './ram-names.ts'

/** The parameter is a list as JSON. */
const TAGS = JSON.stringify([{ Key: OWNER_TAG.key, Value: OWNER_TAG.value }])

/**
 * Describes a step, and returns its calls: one, or two to adopt a policy. The parameters are also
 * the options of Alibaba Cloud's CLI.
 */
function stepOf(step: PolicyStep, description: string): readonly [title: string, ...calls: RamChange[]] {
  const attached = { PolicyType: 'Custom', PolicyName: 'policy' in step ? step.policy : '' }
  const { PolicyName } = attached
  const RoleName = 'role' in step ? step.role : ''
  const describe = ramChange('UpdatePolicyDescription', { PolicyName, NewDescription: description })
  switch (step.do) {
    case 'create-role': {
      const trust = { AssumeRolePolicyDocument: JSON.stringify(step.trust), Description: description }
      return [`create role ${RoleName}`, ramChange('CreateRole', { RoleName, ...trust })]
    }
    case 'update-trust': {
      const trust = { NewAssumeRolePolicyDocument: JSON.stringify(step.after) }
      return [`update the trust policy of role ${RoleName}`, ramChange('UpdateRole', { RoleName, ...trust })]
    }
    case 'create-policy': {
      const content = { PolicyDocument: JSON.stringify(step.document), Description: description }
      return [`create policy ${PolicyName}`, ramChange('CreatePolicy', { PolicyName, ...content })]
    }
    case 'adopt-policy': {
      const tags = { ResourceType: 'policy', ResourceNames: JSON.stringify([PolicyName]), Tag: TAGS }
      return [`mark policy ${PolicyName} as managed by acr-nopass`, ramChange('TagResources', tags), describe]
    }
    case 'record-members':
      return [`record who uses policy ${PolicyName}: ${step.members.join(', ')}`, describe]
    case 'update-policy': {
      const version = { PolicyDocument: JSON.stringify(step.after), SetAsDefault: true, RotateStrategy: ROTATE }
      return [`update policy ${PolicyName}`, ramChange('CreatePolicyVersion', { PolicyName, ...version })]
    }
    case 'attach':
      return [
        `attach policy ${PolicyName} to role ${RoleName}`,
        ramChange('AttachPolicyToRole', { ...attached, RoleName }),
      ]
    case 'detach':
      return [
        `detach policy ${PolicyName} from role ${RoleName}`,
        ramChange('DetachPolicyFromRole', { ...attached, RoleName }),
      ]
    case 'delete-policy':
      return [`delete policy ${PolicyName}`, ramChange('DeletePolicy', { PolicyName, CascadingDelete: true })]
    case 'delete-role':
      return [`delete role ${RoleName}`, ramChange('DeleteRole', { RoleName })]
  }
}

function callsOf(step: PolicyStep, purpose: string): readonly RamChange[] {
  const [, ...calls] = stepOf(step, ownDescription(purpose, 'members' in step ? step.members : []))
  return calls
}

export function describeStep(step: PolicyStep): string {
  return stepOf(step, '')[0]
}

/**
 * Performs a step. It is undocumented whether creating with a tag also needs `ram:TagResources`.
 * After a denial, one attempt therefore follows without the tag, because the description has the
 * mark too. `note` reports the missing tag; `version` is the new version of an updated policy.
 */
export async function performStep(
  ram: Ram,
  step: PolicyStep,
  purpose: string,
  signal?: AbortSignal,
): Promise<{ readonly note?: Unverified; readonly version?: string }> {
  const isCreation = step.do === 'create-role' || step.do === 'create-policy'
  let version: string | undefined
  for (const [action, parameters] of callsOf(step, purpose)) {
    try {
      version = versionOf(await ram.change(action, { ...parameters, ...(isCreation && { Tag: TAGS }) }, signal))
    } catch (error) {
      if (!isCreation || !hasCode(error, 'CLOUD_DENIED')) throw error
      await ram.change(action, parameters, signal)
      const subject = step.do === 'create-role' ? `role ${step.role}` : `policy ${step.policy}`
      return { note: { id: 'TAGS_DENIED', subject } }
    }
  }
  return version === undefined ? {} : { version }
}

/** Reads `VersionId` in the response of CreatePolicyVersion. */
function versionOf(response: unknown): string | undefined {
  const version = isRecord(response) ? response.PolicyVersion : undefined
  const id = isRecord(version) ? version.VersionId : undefined
  return typeof id === 'string' ? id : undefined
}

/**
 * Prints the steps as commands of Alibaba Cloud's CLI, for users who change RAM themselves.
 * Undefined if there are no steps, or if a step cannot be a command.
 */
export function stepCommands(steps: readonly PolicyStep[], purpose: string): ShellCommand | undefined {
  return inOrder(
    steps
      .flatMap((step) => callsOf(step, purpose))
      .map(([action, parameters]) => {
        const options = Object.entries(parameters).reduce(
          (before, [key, value]) => shellWords`${before} --${key} ${quoted(String(value))}`,
          shellWords``,
        )
        return shell`aliyun ram ${action}${options}`
      }),
  )
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

/** Returns a unified diff of two documents' normal forms; empty if they are equal. */
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
