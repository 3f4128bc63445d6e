/** Codes of RAM policies and roles. */
export const POLICY_CODES = {
  POLICY_NOT_OURS: {
    what: 'A policy of the name that we would use exists and does not carry our mark.',
    cure: 'Look at it; adopt-policy: true makes it ours, else rename or delete it.',
  },
  POLICY_TOO_LARGE: {
    what: 'The policy document is larger than RAM allows.',
    cure: 'Name fewer repositories (a namespace with /* instead of single ones), or use ram-scope: all.',
  },
  POLICY_UNREADABLE: {
    what: 'A document in RAM is not a policy that we can read.',
    cure: 'Repair or delete it in the RAM console.',
  },
  POLICY_INPUT_INVALID: {
    what: 'A policy cannot be made of what was given.',
    cure: 'See the message.',
  },
  POLICY_ROLE_MISSING: {
    what: 'A RAM role that the policy is for does not exist.',
    cure: 'Check the name of the worker role, or of the role in identity.rrsa.roleArn.',
  },
  POLICY_LIMIT: {
    what: 'The account, or the role, has as many policies as RAM allows.',
    cure: 'Detach or delete policies that nobody needs (10 custom policies a role), or ask Alibaba Cloud for a higher quota.',
  },
  POLICY_UNSETTLED: {
    what: 'The policy kept changing, or RAM kept failing, while it was applied.',
    cure: 'See who else changes it, then run again: every step that was done stays.',
  },
} as const
