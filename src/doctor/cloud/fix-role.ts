import { NopassError } from '../../errors.ts'
import { decideSteps } from '../../policy/decide-steps.ts'
import { narrowTrust } from '../../policy/judge-trust.ts'
import { parseDocument } from '../../policy/normal-form.ts'
import type { ObservedPolicy, PolicyStep, PolicyTarget } from '../../policy/policy-target.ts'
import { nextPolicyName } from '../../policy/ram-names.ts'
import { stepCommands } from '../../policy/steps.ts'
import type { RoleFacts } from './cloud-facts.ts'
import type { WantedRole } from './wanted-roles.ts'

/** Prints the documents for comparison, if single commands cannot fix RAM. */
const PRINT = 'acr-nopass policy -f values.yaml'

/** The commands that create a role with its policy. */
export function makeRole(wanted: WantedRole, facts: RoleFacts): string {
  return commandsOf(wanted, () => [...trustSteps(wanted, facts), ...rightsSteps(wanted, facts, [])])
}

/** The commands that add the missing trust, and keep the existing one. */
export function fixTrust(wanted: WantedRole, facts: RoleFacts): string {
  return commandsOf(wanted, () => trustSteps(wanted, facts))
}

export function closeTrust(wanted: WantedRole, facts: RoleFacts): string {
  return commandsOf(wanted, () => {
    const { trust } = wanted
    if (!trust || !facts.role) return []
    const before = parseDocument(facts.role.trust, wanted.name)
    return [{ do: 'update-trust', role: wanted.name, before, after: narrowTrust(before, trust) }]
  })
}

export function fixRights(wanted: WantedRole, facts: RoleFacts): string {
  return commandsOf(wanted, () => rightsSteps(wanted, facts, facts.attached ?? []))
}

function commandsOf(wanted: WantedRole, decide: () => readonly PolicyStep[]): string {
  try {
    // A policy of our name that another client wrote is only extended, and not marked as ours.
    const steps = decide().filter((step) => step.do !== 'adopt-policy')
    return stepCommands(steps, `role ${wanted.name}`) || PRINT
  } catch (error) {
    // Such as a document that would be too large: then there is no command that could be right.
    if (error instanceof NopassError) return PRINT
    throw error
  }
}

/** As `apply` would do it, once for each statement that is wanted; what comes of all is one change of the role. */
function trustSteps({ name, trust, what }: WantedRole, { role }: RoleFacts): readonly PolicyStep[] {
  let found: ObservedPolicy['trustRole'] = role ?? undefined
  let last: PolicyStep | undefined
  for (const statement of trust?.Statement ?? []) {
    const observed = { policy: undefined, attached: new Map(), trustRole: found }
    const [step] = decideSteps(
      {
        ...COMMON,
        policyName: '',
        document: undefined,
        purpose: what,
        roles: [],
        trust: { role: name, statement, create: true },
      },
      observed,
    )
    if (step?.do !== 'create-role' && step?.do !== 'update-trust') continue
    const after = step.do === 'create-role' ? step.trust : step.after
    last = role
      ? { do: 'update-trust', role: name, before: parseDocument(role.trust, name), after }
      : { ...step, do: 'create-role', role: name, trust: after }
    found = { name, description: '', trust: JSON.stringify(after), ours: false }
  }
  return last === undefined ? [] : [last]
}

function rightsSteps(
  { name, document, what }: WantedRole,
  { policyName, policy }: RoleFacts,
  attached: NonNullable<RoleFacts['attached']>,
): readonly PolicyStep[] {
  if (document === undefined) return []
  const target: PolicyTarget = { ...COMMON, policyName, document, purpose: what, roles: [name] }
  const steps = decideSteps(target, { policy, attached: new Map([[name, attached]]), trustRole: undefined })
  // A second policy beside a full one is temporary: only a rollout removes it again.
  const next = nextPolicyName(policyName)
  return steps.some((step) => 'policy' in step && step.policy === next) ? [] : steps
}

const COMMON = { adopt: true, phase: 'widen' } as const
