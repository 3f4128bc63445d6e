import { MOST_VERSIONS } from '../../alibaba/ram.ts'
import type { Ahead } from '../cluster-check.ts'

/** Names the policies that have as many versions as RAM keeps. */
export function fullPolicies(versions: ReadonlyMap<string, number>): readonly Ahead[] {
  return [...versions]
    .filter(([, count]) => count >= MOST_VERSIONS)
    .map(([name, count]) => ({
      id: 'POLICY_FULL',
      message: `RAM policy ${name} has ${count} versions, the most that RAM keeps. The next change deletes the oldest version that is not in use.`,
    }))
}
