import type { ResolvedValues } from '../values/resolved-values.generated.ts'

/** The roles that the metadata service may give the helper, as far as they are named: of nodes, or on ECI of its Pod. */
export function namedRoles(
  identity: Pick<ResolvedValues['identity'], 'type' | 'workerRole'> | undefined,
  workerRoles: readonly string[],
): readonly string[] {
  const eciRole = identity?.type === 'worker-role' ? identity.workerRole.eciRoleName : undefined
  return eciRole ? [...new Set([...workerRoles, eciRole])] : workerRoles
}
