import type { ErrorCode } from '../../errors.ts'

export const EXIT = { ok: 0, failed: 1, usage: 2, differences: 3, interrupted: 130 } as const

const USAGE =
  /^(INPUT|YAML|SCHEMA|VALUES|CLUSTERS|SEED|IMPORT)_|^(SANDBOX_ARGUMENTS|HELPER_ARGUMENTS|HELPER_CONFIG_INVALID|POLICY_INPUT_INVALID|CLUSTER_UNKNOWN|RAM_MODE_CONFLICT|KUBECONFIG_MISSING|KUBECONFIG_REFUSED|KUBECONFIG_INVALID|SANDBOX_ABSENT)$/

/** The exit code of a failure: 2 for invalid input, 130 if the user interrupted it, else 1. */
export function exitCodeOf(code: ErrorCode): number {
  if (code === 'INTERRUPTED') return EXIT.interrupted
  return USAGE.test(code) ? EXIT.usage : EXIT.failed
}
