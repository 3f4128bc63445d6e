import { count, type Finding, few } from '../finding.ts'
import type { Observed } from '../observed.ts'
import { applyAgain } from './fix-commands.ts'

/** What the helper's ServiceAccount may not do, of what its mode needs. */
export function rightsFindings({ release, missingRights = [] }: Observed): readonly Finding[] {
  if (release?.config === undefined || missingRights.length === 0) return []
  const { namespace, serviceAccount } = release.config.release
  return [
    {
      id: 'RIGHTS_MISSING',
      severity: 'error',
      subject: `ServiceAccount ${namespace}/${serviceAccount}`,
      message: `the helper lacks ${count(missingRights.length, 'right')}: it may not ${few(missingRights)}`,
      cause: 'A role or a binding of the release was deleted or changed, or the ServiceAccount is another one.',
      fix: 'The rights are a part of the chart: make its roles and bindings again as the release has them.',
      command: applyAgain(release),
    },
  ]
}
