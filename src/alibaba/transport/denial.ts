import { isRecord, type JsonObject } from '../../lib/json.ts'

/**
 * Why RAM denied a call: the field `AccessDeniedDetail` of a response. The field and its values are
 * documented with the operations of many products
 * (https://www.alibabacloud.com/help/en/ram/support/how-to-troubleshoot-an-access-denied-error).
 */
export interface Denial {
  /** The missing permission by the cloud's name, such as `ram:GetPolicy`. */
  readonly action: string | undefined
  /** The caller without the permission: `demo:session`, or the ID of a user. */
  readonly principal: string | undefined
  /** The kind of the policy that decided, such as `ControlPolicy`. */
  readonly policyType: string | undefined
  /** True if a statement with `Deny` decided. False if no statement allows the call. */
  readonly isExplicit: boolean
}

/**
 * Reads the denial in a response. `readWord` returns undefined for anything but a short harmless
 * word. CS writes the field in lower case.
 */
export function readDenial(
  body: JsonObject | undefined,
  readWord: (value: unknown) => string | undefined,
): Denial | undefined {
  const detail = body?.AccessDeniedDetail ?? body?.accessDeniedDetail
  if (!isRecord(detail)) return undefined
  return {
    action: readWord(detail.AuthAction),
    principal: readWord(detail.AuthPrincipalDisplayName),
    policyType: readWord(detail.PolicyType),
    isExplicit: detail.NoPermissionType === 'ExplicitDeny',
  }
}

/**
 * Describes what denied the call, and the fix if the general fix does not help. `permission` is
 * used if the cloud does not name the permission.
 */
export function describeDenial(
  denial: Denial | undefined,
  permission: string | undefined,
): { readonly why: string; readonly fix?: string } {
  const action = denial?.action ?? permission
  if (action === undefined) return { why: '' }
  const who = denial?.principal ?? 'the caller'
  const guardrail = GUARDRAILS.get(denial?.policyType)
  if (guardrail !== undefined) return { why: `${guardrail.what} denies ${action} to ${who}`, fix: guardrail.fix }
  if (denial?.isExplicit === true && denial.policyType !== 'AssumeRolePolicy') {
    return { why: `a statement with Deny in a policy of ${who} denies ${action}`, fix: EXPLICIT_FIX }
  }
  return { why: `${who} lacks the permission ${action}` }
}

const EXPLICIT_FIX =
  'A Deny overrides every Allow, so another policy does not help: change that statement in RAM, or use another identity.'

/** Kinds of policies that no policy of the identity can override. */
const GUARDRAILS: ReadonlyMap<string | undefined, { readonly what: string; readonly fix: string }> = new Map([
  [
    'ControlPolicy',
    {
      what: 'a control policy of the resource directory (ControlPolicy)',
      fix: 'A control policy limits all users and roles of the account, and no policy of the account overrides it. Ask the administrators of the resource directory to allow the action (Resource Management, Control Policies).',
    },
  ],
  [
    'SessionPolicy',
    {
      what: 'the policy of the session (SessionPolicy)',
      fix: 'Whoever assumed the role passed a policy that limits the session (`Policy` of AssumeRole). Allow the action there, or assume the role without it.',
    },
  ],
])

const FIXES: ReadonlySet<string> = new Set([EXPLICIT_FIX, ...[...GUARDRAILS.values()].map(({ fix }) => fix)])

/** True if an error reports a denial that no other policy of the identity can override. */
export function isFixOfGuardrail(fix: string): boolean {
  return FIXES.has(fix)
}
