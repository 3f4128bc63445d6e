import { SEVERITY_RANK, type Severity } from '../doctor/finding.ts'
import type { ClusterFinding, FleetFinding } from './finding.ts'

/** Findings of doctor that explain why nothing renews a credential. */
const NO_HELPER: readonly string[] = ['HELPER_DOWN', 'HELPER_LEADERLESS', 'HELPER_SILENT']

/**
 * Adds the findings of the fleet to doctor's, which are grouped already: each consequence follows
 * its cause. The worst groups come first.
 */
export function groupFindings(
  doctor: readonly ClusterFinding[],
  fleet: readonly FleetFinding[],
): readonly ClusterFinding[] {
  const groups: ClusterFinding[][] = []
  for (const finding of doctor) {
    if (finding.causedBy === undefined || groups.length === 0) groups.push([finding])
    else groups.at(-1)?.push(finding)
  }
  for (const finding of fleet) addFinding(groups, finding)
  return groups.toSorted((a, b) => rankOf(a) - rankOf(b)).flat()
}

function addFinding(groups: ClusterFinding[][], finding: FleetFinding): void {
  const down = groups.findIndex(([root]) => root?.id === 'HELPER_DOWN')
  const [root, ...rest] = groups[down] ?? []
  if (root !== undefined && changedDeployment(finding)) {
    groups[down] = [finding, { ...root, causedBy: finding.id }, ...rest]
    return
  }
  const silent = groups.find((group) => group.some(({ id }) => NO_HELPER.includes(id)))
  const cause = silent?.find(({ id }) => NO_HELPER.includes(id))
  if (silent && cause && finding.id === 'CREDENTIAL_NOT_RENEWED') silent.push({ ...finding, causedBy: cause.id })
  else groups.push([finding])
}

/** True if the helper's Deployment is not as the release has it, which explains that it is down. */
function changedDeployment({ id, objects = [] }: FleetFinding): boolean {
  return id === 'OBJECTS_DRIFTED' && objects.some((object) => object.startsWith('Deployment '))
}

const rankOf = (group: readonly { readonly severity: Severity }[]): number =>
  Math.min(...group.map(({ severity }) => SEVERITY_RANK[severity]))
