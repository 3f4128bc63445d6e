import { foldPodFindings } from '../../doctor/pod/fold-pod-findings.ts'
import { capped, cell, takeFitting } from '../../rollout/report/summary.ts'
import type { ClusterCheck } from '../cluster-check.ts'
import type { ClusterFinding, ClusterState } from '../finding.ts'
import { describeCells } from './cells.ts'
import { describeDifferences, describeStates } from './describe-change.ts'
import type { Change } from './since.ts'
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
 * cluster. With `change`, only the clusters that changed, and first of all what changed.
 */
export function renderCheckSummary(
  checks: readonly ClusterCheck[],
  change: Change | undefined,
  now: number = Date.now(),
): string {
  const changed = change?.clusters.map(({ name }) => name)
  const shown = sortChecks(checks.filter(({ name }) => changed?.includes(name) ?? true))
  const title = `### acr-nopass check: ${headline(checks)}`
  const since = change === undefined ? [] : ['', sinceText(change), ...renderChange(change)]
  if (shown.length === 0) return `${[title, ...since].join('\n')}\n`
  const head = [
    title,
    ...since,
    '',
    '| | cluster | state | release | Kubernetes | helper | registries | namespaces | why |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    ...takeFitting(
      shown.map((check) => row(check, now)),
      (left) => `| | ${left} more clusters were left out | | | | | | | |`,
    ),
    '',
  ]
  return capped(head.join('\n'), shown.flatMap(renderCluster))
}

function sinceText({ checkedAt, clusters }: Change): string {
  if (checkedAt === null) return 'There is no earlier check, so everything is new.'
  return clusters.length === 0 ? `Nothing changed since ${cell(checkedAt)}.` : `Changed since ${cell(checkedAt)}:`
}

/** Returns a list of what changed. Without an earlier check, everything below the list is new. */
function renderChange({ checkedAt, clusters }: Change): readonly string[] {
  if (checkedAt === null || clusters.length === 0) return []
  const blocks = clusters.map((one) => {
    const differences = describeDifferences(one).map(({ kind, text }) => `  - ${kind}: ${cell(text)}`)
    return [`- **${cell(one.name)}**: ${cell(describeStates(one))}`, ...differences].join('\n')
  })
  return ['', ...takeFitting(blocks, (left) => `- ${left} more clusters were left out`)]
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
