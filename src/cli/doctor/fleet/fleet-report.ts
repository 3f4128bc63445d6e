import { foldPodFindings } from '../../../doctor/pod/fold-pod-findings.ts'
import type { ClusterCheck } from '../../../fleet/cluster-check.ts'
import type { ClusterState } from '../../../fleet/finding.ts'
import { describeCells } from '../../../fleet/report/cells.ts'
import { headline, sortChecks } from '../../../fleet/report/verdict.ts'
import { renderTable } from '../../../lib/text.ts'
import { printable } from '../../../printable.ts'
import type { CliPaint } from '../../program/terminal.ts'
import { renderFinding } from '../report.ts'

/** The longest reason in the table. The findings below it are complete. */
const LONGEST = 80

/** Renders the table of all clusters, the worst first, then the findings of each. */
export function renderFleet(checks: readonly ClusterCheck[], paint: CliPaint, now: number = Date.now()): string {
  const sorted = sortChecks(checks)
  const blocks = [tableOf(sorted, now), ...sorted.flatMap((check) => blockOf(check, paint)), verdictOf(checks, paint)]
  return `${blocks.join('\n\n')}\n`
}

function tableOf(checks: readonly ClusterCheck[], now: number): string {
  const rows = checks.map((check) => {
    const { release, kubernetes, helper, registries, coverage, why } = describeCells(check, now)
    const cells = [release, kubernetes, helper, registries, coverage].map((cell) => cell || '-')
    return [check.state, check.name, ...cells, why.length > LONGEST ? `${why.slice(0, LONGEST - 1)}…` : why]
  })
  return renderTable(['state', 'cluster', 'release', 'kubernetes', 'helper', 'registries', 'namespaces', 'why'], rows)
}

/** Renders the findings of a cluster, what could not be read, and what will change. */
function blockOf(check: ClusterCheck, paint: CliPaint): readonly string[] {
  const { name, state, findings, unread, ahead, cloud } = check
  const isWithoutCloud = cloud !== null && !cloud.read && state !== 'healthy'
  const lines = [
    ...foldPodFindings(findings).map((finding) => renderFinding(finding, paint)),
    ...(unread.length > 0 && state !== 'unread' ? ['not read, so not known:'] : []),
    ...(state === 'unread' && unread.length > 0 ? ['not read, so this cluster is not healthy:'] : []),
    ...unread.map(({ what, why }) => printable(`  ${what}: ${why}`)),
    ...(isWithoutCloud ? [printable(`RAM was not read: ${cloud.why}`)] : []),
    ...(ahead.length > 0 ? ['will change by itself:', ...ahead.map(({ message }) => printable(`  ${message}`))] : []),
  ]
  return lines.length === 0
    ? []
    : [[`${paint.bold(printable(name))}: ${colour(state, paint)(state)}`, ...lines].join('\n')]
}

function colour(state: ClusterState, paint: CliPaint): (text: string) => string {
  if (state === 'failed') return paint.red
  return state === 'healthy' ? paint.green : paint.yellow
}

function verdictOf(checks: readonly ClusterCheck[], paint: CliPaint): string {
  const [worst] = sortChecks(checks)
  return worst === undefined ? '' : colour(worst.state, paint)(headline(checks))
}
