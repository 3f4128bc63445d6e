import { accountFindings } from './checks/accounts.ts'
import { admissionFindings } from './checks/admission.ts'
import { cloudInstanceFindings } from './checks/cloud-instances.ts'
import { cloudRoleFindings } from './checks/cloud-roles.ts'
import { cloudProviderFindings, clusterIssuerFindings } from './checks/cluster-issuer.ts'
import { guardFindings } from './checks/guard.ts'
import { helperOffFindings } from './checks/helper-off.ts'
import { helperPodFindings, rightsFindings } from './checks/helper-pods.ts'
import { configFindings, installationFindings } from './checks/installation.ts'
import { clockFindings, leadershipFindings } from './checks/leadership.ts'
import { leftoverFindings } from './checks/leftovers.ts'
import { limitFindings } from './checks/limits.ts'
import { nodeFindings } from './checks/nodes.ts'
import { onePodFindings, podFindings } from './checks/pods.ts'
import { registryFindings } from './checks/registries.ts'
import { reportFindings } from './checks/report.ts'
import { rivalFindings } from './checks/rivals.ts'
import { secretFindings } from './checks/secrets.ts'
import { writeFindings } from './checks/writes.ts'
import { groupConsequences } from './consequences.ts'
import { type Draft, type Finding, type Found, sortFindings } from './finding.ts'
import type { Observed } from './observed.ts'

/** The checks, in the order of a pull. */
const CHECKS: readonly ((observed: Observed) => Found)[] = [
  installationFindings,
  leftoverFindings,
  onePodFindings,
  registryFindings,
  clusterIssuerFindings,
  cloudProviderFindings,
  cloudRoleFindings,
  cloudInstanceFindings,
  helperOffFindings,
  helperPodFindings,
  leadershipFindings,
  reportFindings,
  clockFindings,
  configFindings,
  rightsFindings,
  guardFindings,
  rivalFindings,
  writeFindings,
  nodeFindings,
  secretFindings,
  admissionFindings,
  accountFindings,
  podFindings,
  limitFindings,
]

/**
 * Returns all findings, the worst first. Each finding is followed by its likely consequences. Pure.
 */
export function diagnose(observed: Observed): readonly Finding[] {
  const found = sortFindings(CHECKS.flatMap((check) => check(observed)).map(complete))
  // The same problem can be found twice. The helper's status and the review of its rights report a
  // missing right. The helper's status and the cloud's own response report an absent instance. The
  // first finding is kept.
  const isRepeated = ({ id, subject }: Finding, index: number): boolean => {
    if (id !== 'RIGHTS_MISSING' && id !== 'INSTANCE_NOT_FOUND') return false
    return found
      .slice(0, index)
      .some((before) => before.id === id && (id === 'RIGHTS_MISSING' || before.subject === subject))
  }
  const once = found.filter((finding, index) => !isRepeated(finding, index))
  return groupConsequences(once, observed)
}

function complete({ id, severity = 'error', ...rest }: Draft): Finding {
  return { id, severity, ...rest }
}
