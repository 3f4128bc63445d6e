import { accountFindings } from './checks/accounts.ts'
import { admissionFindings } from './checks/admission.ts'
import { clockFindings } from './checks/clock.ts'
import { configFindings } from './checks/config.ts'
import { guardFindings } from './checks/guard.ts'
import { helperPodFindings } from './checks/helper-pods.ts'
import { installationFindings } from './checks/installation.ts'
import { leadershipFindings } from './checks/leadership.ts'
import { onePodFindings } from './checks/one-pod.ts'
import { podFindings } from './checks/pods.ts'
import { registryFindings } from './checks/registries.ts'
import { rightsFindings } from './checks/rights.ts'
import { rivalFindings } from './checks/rivals.ts'
import { secretFindings } from './checks/secrets.ts'
import { writeFindings } from './checks/writes.ts'
import { type Finding, sortFindings } from './finding.ts'
import type { Observed } from './observed.ts'

/** In the order in which a pull needs what they look at. */
const CHECKS: readonly ((observed: Observed) => readonly Finding[])[] = [
  installationFindings,
  onePodFindings,
  registryFindings,
  helperPodFindings,
  leadershipFindings,
  clockFindings,
  configFindings,
  rightsFindings,
  guardFindings,
  rivalFindings,
  writeFindings,
  secretFindings,
  admissionFindings,
  accountFindings,
  podFindings,
]

/** Everything that a person should know of what was observed, worst first. Pure. */
export function diagnose(observed: Observed): readonly Finding[] {
  const found = sortFindings(CHECKS.flatMap((check) => check(observed)))
  // Two ways to see one thing: the helper tells of a refused write, and the review of its rights says why.
  const isRepeated = (finding: Finding, index: number): boolean =>
    finding.id === 'RIGHTS_MISSING' && found.findIndex(({ id }) => id === finding.id) < index
  return found.filter((finding, index) => !isRepeated(finding, index))
}
