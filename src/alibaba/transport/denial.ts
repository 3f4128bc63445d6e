import { isRecord, type JsonObject } from '../../lib/json.ts'

/**
 * Why RAM denied a call: the field `AccessDeniedDetail` of a response. The field and its values are
 * documented with the operations of many products
 * (https://www.alibabacloud.com/help/en/ram/support/how-to-troubleshoot-an-access-denied-error).
 */
export interface Denial {
  /** The missing permission, as the cloud names it: `ram:GetPolicy`. */
  readonly action: string | undefined
  /** The caller that lacks it: `demo:session`, or the id of a user. */
  readonly principal: string | undefined
  /** The kind of the policy that decided, such as `ControlPolicy`. */
  readonly policyType: string | undefined
  /** A statement with `Deny` decided; otherwise no statement allows the call. */
  readonly isExplicit: boolean
}

/**
 * `readWord` returns undefined for what is not a short harmless word. CS writes the field in lower
 * case.
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
 * What denied the call, and the fix where the general one does not help; `permission` names it
 * where the cloud does not.
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

/** Policies that no policy of the identity can override. */
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

/** Whether the fix of an error is for a denial that another policy of the identity does not end. */
export function isFixOfGuardrail(fix: string): boolean {
  return FIXES.has(fix)
}
