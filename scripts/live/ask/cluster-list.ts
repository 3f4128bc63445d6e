import { type ClusterSummary, clusterPages } from '../../../src/alibaba/cs.ts'
import { no, notAnswered, type Verdict, yes } from '../evidence.ts'
import { targetOf } from '../live-deps.ts'
import type { Stage } from '../stage.ts'

/**
 * Lists the account's clusters at the endpoint of one region, and at that of another region if one
 * is named. An account with clusters in one region only decides nothing.
 */
export async function askClusterList({ deps, options, signal }: Stage): Promise<Verdict> {
  const { region, otherRegion } = options
  const listAt = async (where: string): Promise<readonly ClusterSummary[]> => {
    const clusters: ClusterSummary[] = []
    const target = targetOf(deps, 'cs', deps.caller, { region: where, signal })
    for await (const page of clusterPages(target)) clusters.push(...page)
    return clusters
  }
  const here = await listAt(region)
  const there = otherRegion === undefined ? [] : await listAt(otherRegion)
  const known = new Set(here.map(({ clusterId }) => clusterId))
  const facts = {
    listed: here.length,
    ofOtherRegions: here.filter((cluster) => cluster.region !== region).length,
    missing: there.filter(({ clusterId }) => !known.has(clusterId)).length,
  }
  if (facts.missing > 0) return no("the other region's endpoint lists clusters that the first one does not list", facts)
  if (facts.ofOtherRegions > 0) return yes('the endpoint of one region lists clusters of other regions', facts)
  return notAnswered(
    otherRegion === undefined
      ? 'the list has clusters of one region only: name another region that has a cluster with --other-region'
      : 'no endpoint lists a cluster of another region',
    facts,
  )
}
