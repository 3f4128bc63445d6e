/** What a cluster goes through, in this order; a result names the one in which it ended. */
export const PHASES = ['validate', 'connect', 'preflight', 'policy', 'deploy', 'verify', 'narrow'] as const

export type Phase = (typeof PHASES)[number] | 'uninstall'

/** Whether something of the cluster may have been written when a failure came in this phase. */
export function isAfterFirstWrite(phase: Phase): boolean {
  return !(phase === 'validate' || phase === 'connect' || phase === 'preflight')
}
