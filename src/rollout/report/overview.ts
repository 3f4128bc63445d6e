import type { ClusterResult } from '../cluster-result.ts'

/** Returns the lines of a plan's overview, each with its heading. Empty without a plan. */
export function describeOverview({ overview, status }: ClusterResult): readonly (readonly [string, string])[] {
  if (overview === undefined || status === 'unchanged') return []
  const { ram, kubernetes, verify } = overview
  return [
    ...ram.map((line) => ['RAM', line] as const),
    ...kubernetes.map((line) => ['Kubernetes', line] as const),
    ['then verified', verify],
  ]
}

/** Returns what an apply would do with the release. */
export function headOfPlan({ status, revision, chart, overview }: ClusterResult): string {
  if (status === 'unchanged') return 'nothing would change'
  const release = chart ?? 'the release'
  if (overview?.kubernetes.length === 0) return `would change RAM only; ${release} stays as it is`
  if (revision.from === null) return `would install ${release}`
  return `would upgrade revision ${revision.from} to ${release}`
}
