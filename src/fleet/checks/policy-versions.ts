import { MOST_VERSIONS } from '../../alibaba/ram.ts'
import type { CloudSnapshot } from '../../doctor/cloud/inspect-cloud.ts'
import type { Ahead } from '../cluster-check.ts'

/** Names our policies that have as many versions as RAM keeps. */
export function fullPolicies(cloud: CloudSnapshot): readonly Ahead[] {
  if (cloud.state !== 'looked') return []
  const counts = new Map(
    [...cloud.facts.roles.values()].map(({ policyName, policy }) => [policyName, policy?.versions]),
  )
  return [...counts].flatMap(([name, count = 0]) =>
    count < MOST_VERSIONS
      ? []
      : {
          id: 'POLICY_FULL',
          message: `RAM policy ${name} has ${count} versions, the most that RAM keeps. The next change deletes the oldest version that is not in use.`,
        },
  )
}
