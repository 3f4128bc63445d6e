/** Codes of RAM policies and roles. */
export const POLICY_CODES = {
  POLICY_NOT_OURS: {
    what: 'A policy of the name that acr-nopass would use exists and does not have its mark.',
    fix: 'Review it; then set adopt-policy: true to take it over, or rename or delete it.',
  },
  POLICY_TOO_LARGE: {
    what: 'The policy document is larger than RAM allows.',
    fix: 'Name fewer repositories (a namespace with /* instead of single ones), or use ram-scope: all.',
  },
  POLICY_UNREADABLE: {
    what: 'A document in RAM is not a readable policy.',
    fix: 'Repair or delete it in the RAM console.',
  },
  POLICY_INPUT_INVALID: {
    what: 'The given input does not make a policy.',
    fix: 'See the message.',
  },
  POLICY_ROLE_MISSING: {
    what: 'A RAM role that the policy is for does not exist.',
    fix: 'Check the name of the worker role, or of the role in identity.rrsa.roleArn.',
  },
  POLICY_LIMIT: {
    what: 'The account, or the role, has as many policies as RAM allows.',
    fix: 'Detach or delete unused policies (10 custom policies per role), or ask Alibaba Cloud for a higher quota.',
  },
  POLICY_UNSETTLED: {
    what: 'The policy kept changing, or RAM kept failing, while it was applied.',
    fix: 'Find out what else changes it, then run again: completed steps are kept.',
  },
} as const
