import { foldPodFindings } from '../../doctor/pod/fold-pod-findings.ts'
import { capped, cell, takeFitting } from '../../rollout/report/summary.ts'
import type { ClusterCheck } from '../cluster-check.ts'
import type { ClusterFinding, ClusterState } from '../finding.ts'
import { describeCells } from './cells.ts'
import { headline, sortChecks } from './verdict.ts'

const MARKS: Readonly<Record<ClusterState, string>> = {
  failed: '❌',
  unread: '❔',
  drifted: '✏️',
  warning: '⚠️',
  healthy: '✅',
}

/**
 * Renders the job summary as Markdown: the table with failures first, then the findings of each
 * cluster.
 */
export function renderCheckSummary(checks: readonly ClusterCheck[], now: number = Date.now()): string {
  const sorted = sortChecks(checks)
  const head = [
    `### acr-nopass check: ${headline(checks)}`,
    '',
    '| | cluster | state | release | Kubernetes | helper | registries | namespaces | why |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    ...takeFitting(
      sorted.map((check) => row(check, now)),
      (left) => `| | ${left} more clusters were left out | | | | | | | |`,
    ),
    '',
  ]
  return capped(head.join('\n'), sorted.flatMap(renderCluster))
}

function row(check: ClusterCheck, now: number): string {
  const { release, kubernetes, helper, registries, coverage, why } = describeCells(check, now)
  const cells = [check.name, check.state, release, kubernetes, helper, registries, coverage, why]
  return `| ${MARKS[check.state]} | ${cells.map(cell).join(' | ')} |`
}

function renderCluster({ name, findings, unread, ahead }: ClusterCheck): readonly string[] {
  const lines = [
    ...foldPodFindings(findings).map(renderFinding),
    ...unread.map(({ what, why }) => `- not read: ${cell(what)}: ${cell(why)}`),
    ...ahead.map(({ message }) => `- will change by itself: ${cell(message)}`),
  ]
  return lines.length === 0 ? [] : [[`**${cell(name)}**`, '', ...lines, ''].join('\n')]
}

function renderFinding({ id, severity, subject, message, fix, command, causedBy }: ClusterFinding): string {
  const head = `${severity} ${id} **${cell(subject)}**: ${cell(message)}`
  if (causedBy !== undefined) return `  - ${head} (likely follows from ${causedBy}: fix that first)`
  const call = command === undefined ? '' : ` \`${cell(command.replaceAll('`', ''))}\``
  return `- ${head} **Fix:** ${cell(fix)}${call}`
}
