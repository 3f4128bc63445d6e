import { NopassError } from '../../errors.ts'
import { type ShellCommand, shell } from '../../lib/shell-command.ts'
import { decideSteps } from '../../policy/decide-steps.ts'
import { narrowTrust } from '../../policy/judge-trust.ts'
import { addStatements, normalForm, parseDocument, sameDocument, unionDocuments } from '../../policy/normal-form.ts'
import type { PolicyStep } from '../../policy/policy-target.ts'
import { nextPolicyName } from '../../policy/ram-names.ts'
import { stepCommands } from '../../policy/steps.ts'
import type { RoleFacts } from './read-role.ts'
import type { WantedRole } from './wanted-roles.ts'

/** Prints the documents for comparison. Used if single commands cannot fix RAM. */
const PRINT = shell`acr-nopass policy -f values.yaml`

/**
 * Returns the commands that create a role with its policy. Without the callers that the role has to
 * trust, no role can be created, and a policy could not be attached to it.
 */
export function makeRole(wanted: WantedRole, facts: RoleFacts): ShellCommand {
  if (wanted.trust === undefined) return PRINT
  return commandsOf(wanted, () => [...trustSteps(wanted, facts), ...rightsSteps(wanted, facts, [])])
}

/** Returns the commands that add the missing trust and keep the existing trust. */
export function fixTrust(wanted: WantedRole, facts: RoleFacts): ShellCommand {
  return commandsOf(wanted, () => trustSteps(wanted, facts))
}

export function closeTrust(wanted: WantedRole, facts: RoleFacts): ShellCommand {
  return commandsOf(wanted, () => {
    const { trust } = wanted
    if (!trust || !facts.role) return []
    const before = parseDocument(facts.role.trust, wanted.name)
    return [{ do: 'update-trust', role: wanted.name, before, after: narrowTrust(before, trust) }]
  })
}

export function fixRights(wanted: WantedRole, facts: RoleFacts): ShellCommand {
  return commandsOf(wanted, () => rightsSteps(wanted, facts, facts.attached ?? []))
}

function commandsOf(wanted: WantedRole, decide: () => readonly PolicyStep[]): ShellCommand {
  try {
    // A policy with our name that another client wrote is only extended. It is not marked as ours.
    const steps = decide().filter((step) => step.do !== 'adopt-policy')
    return stepCommands(steps, `role ${wanted.name}`) ?? PRINT
  } catch (error) {
    // A document would be too large, for example. No command can fix this, so the documents are
    // printed.
    if (error instanceof NopassError) return PRINT
    throw error
  }
}

function trustSteps({ name, trust }: WantedRole, { role }: RoleFacts): readonly PolicyStep[] {
  if (trust === undefined) return []
  if (!role) return [{ do: 'create-role', role: name, trust: normalForm(trust) }]
  const before = parseDocument(role.trust, name)
  const after = (role.ours ? unionDocuments : addStatements)(before, trust)
  return sameDocument(before, after) ? [] : [{ do: 'update-trust', role: name, before, after }]
}

function rightsSteps(
  { name, document, what }: WantedRole,
  { policyName, policy }: RoleFacts,
  attached: NonNullable<RoleFacts['attached']>,
): readonly PolicyStep[] {
  if (document === undefined) return []
  const target = { policyName, document, purpose: what, roles: [name], adopt: true, phase: 'widen' } as const
  const steps = decideSteps(target, { policy, attached: new Map([[name, attached]]), trustRole: undefined })
  // A second policy next to a full policy is temporary, because only a rollout removes it again.
  const next = nextPolicyName(policyName)
  return steps.some((step) => 'policy' in step && step.policy === next) ? [] : steps
}
