import { createRam } from '../../alibaba/ram.ts'
import { type CloudSources, createCloudReader } from '../../doctor/cloud/cloud-reader.ts'
import type { CloudSnapshot } from '../../doctor/cloud/inspect-cloud.ts'

/** How many versions our policies have, by name. */
export type PolicyVersions = ReadonlyMap<string, number>

/** What was read of the cloud. */
export interface CloudReading {
  readonly snapshot: CloudSnapshot
  readonly versions: PolicyVersions
}

/**
 * Counts the versions of the roles' own policies. What could not be read is added to the notes of
 * the returned snapshot.
 */
export async function countVersions(
  snapshot: CloudSnapshot,
  sources: CloudSources,
  signal: AbortSignal,
): Promise<CloudReading> {
  const versions = new Map<string, number>()
  if (snapshot.state !== 'looked') return { snapshot, versions }
  const reader = createCloudReader(sources, signal)
  const ram = createRam(reader.at('ram'))
  const names = [...snapshot.facts.roles.values()].flatMap(({ policy }) => policy?.name ?? [])
  await Promise.all(
    [...new Set(names)].map(async (name) => {
      const count = await reader.attempt(`versions of policy ${name}`, 'ram:ListPolicyVersions', () =>
        ram.countPolicyVersions(name),
      )
      if (count !== undefined) versions.set(name, count)
    }),
  )
  return { snapshot: { ...snapshot, notes: [...snapshot.notes, ...reader.notes] }, versions }
}
