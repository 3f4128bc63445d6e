import type { RegistryStatus } from '../../installation/helper-status.ts'
import { shell } from '../../lib/shell-command.ts'
import { summarize } from '../../lib/text.ts'
import type { Found } from '../finding.ts'
import type { Observed } from '../observed.ts'

/**
 * Reports parts of the helper's report that cannot be read. The other checks have no facts about
 * those parts.
 */
export function reportFindings({ release }: Observed): Found {
  if (release === undefined) return []
  const { namespace, fullname, status, unreadableStatus } = release
  const unreadable = [...unreadableStatus, ...missingTimes(status?.registries ?? [])]
  if (unreadable.length === 0) return []
  const places = summarize(unreadable)
  return {
    id: 'STATUS_UNREADABLE',
    severity: 'warning',
    health: 'unknown',
    subject: `report ${namespace}/${fullname}-status`,
    message:
      status === undefined
        ? `the helper's report cannot be read, so the state of registries and problems is unknown: ${places}`
        : `parts of the helper's report cannot be read: ${places}`,
    cause: 'Another client changed the ConfigMap, or the helper is newer than this program.',
    fix: 'Run the version of acr-nopass that the helper has. If the versions are the same, find the other writer, and restart the helper, which then writes a complete report.',
    command: shell`kubectl -n ${namespace} get configmap ${fullname}-status -o yaml --show-managed-fields`,
  }
}

/**
 * Names the tokens in use without the time at which they expire. Only a fixed login has no such
 * time.
 */
function missingTimes(registries: readonly RegistryStatus[]): readonly string[] {
  return registries
    .filter(({ state, edition, expiresAt }) => state === 'live' && edition !== 'static' && expiresAt === undefined)
    .map(({ name }) => `expiresAt of registry ${name}`)
}
