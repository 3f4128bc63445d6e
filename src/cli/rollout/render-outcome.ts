import { renderUnverified } from '../../alibaba/unverified.ts'
import { formatIds } from '../../errors.ts'
import { formatDuration } from '../../lib/format-duration.ts'
import { renderTable, wrapWords } from '../../lib/text.ts'
import { type ClusterResult, isFailure } from '../../rollout/cluster-result.ts'
import type { Settings } from '../../rollout/inputs/settings.ts'
import { describeOutputs } from '../../rollout/report/outputs.ts'
import { describeOverview, headOfPlan } from '../../rollout/report/overview.ts'
import { headline, timeline } from '../../rollout/report/summary.ts'
import type { RolloutOutcome } from '../../rollout/run/run-rollout.ts'
import type { CliPaint } from '../program/terminal.ts'
import { asFlags, quotedAsFlags, type RolloutMode } from './as-flags.ts'

/** Describes the outcome for `-o json`: the action's outputs, and all changes of a plan. */
export function describeOutcome(mode: RolloutMode, settings: Settings, outcome: RolloutOutcome): object {
  const { changed, failed, skipped } = describeOutputs(settings.selected, outcome.results)
  const { helm, durationMs, unverified } = outcome
  const results = outcome.results.map(({ unverified: _, steps: _steps, ramSteps: _made, ...rest }) => rest)
  return { mode, results, unverified, changed, failed, skipped, helm, durationMs }
}

/**
 * Renders the outcome as text: overviews of plans and notes, the timeline, the table, causes and
 * fixes, and the verdict.
 * @param withDiff prints the full text of a plan's changes first
 */
export function renderOutcome(
  mode: RolloutMode,
  { results, unverified, durationMs, helm }: RolloutOutcome,
  paint: CliPaint,
  withDiff = false,
): string {
  const colour = results.some(isFailure) ? paint.red : paint.green
  const blocks = [
    ...(withDiff ? results.flatMap((result) => planBlocks(result, paint)) : []),
    ...results.map((result) => clusterBlock(result, paint)),
    timeline(results, durationMs).join('\n'),
    renderTable(['cluster', 'wave', 'status', 'revision', 'time'], results.map(renderRow)),
    ...results.flatMap((result) => problemBlock(result, paint)),
    renderUnverified(unverified),
    colour(`${mode}: ${headline(results)}, ${formatDuration(durationMs)}${helm === null ? '' : `, helm ${helm}`}`),
  ]
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`
}

/** The width of a plan's lines, in characters. */
const WIDTH = 120

/** Renders what the table's row does not contain. Empty if there is nothing more. */
function clusterBlock(result: ClusterResult, paint: CliPaint): string {
  const { name, notes, overview, status } = result
  const isPlanned = overview !== undefined && (status === 'planned' || status === 'unchanged')
  const parts = describeOverview(result)
  const width = Math.max(0, ...parts.map(([part]) => part.length))
  const lines = parts.flatMap(([part, line], index) => {
    return wrapWords(line, WIDTH - width - 4).map((text, row) => {
      const isFirst = row === 0 && parts[index - 1]?.[0] !== part
      return `  ${(isFirst ? part : '').padEnd(width)}  ${row === 0 ? '' : '  '}${text}`
    })
  })
  if (!isPlanned && notes.length === 0) return ''
  const head = isPlanned ? `${paint.bold(name)}: ${headOfPlan(result)}` : paint.bold(name)
  return [head, ...lines, ...notes.map((note) => `  ${quotedAsFlags(note)}`)].join('\n')
}

function planBlocks({ name, plan = [] }: ClusterResult, paint: CliPaint): readonly string[] {
  return plan.map(({ title, change, diff }) => {
    const sign = { add: '+', remove: '-', change: '~' }[change]
    const lines = diff
      .trimEnd()
      .split('\n')
      .map((line) => {
        return line.startsWith('+') ? paint.green(line) : line.startsWith('-') ? paint.red(line) : line
      })
    return [paint.bold(`${sign} ${name}: ${title}`), ...lines].join('\n')
  })
}

function renderRow({ name, wave, status, phase, revision, startedMs, durationMs }: ClusterResult): readonly string[] {
  const { from, to } = revision
  const change = from === to ? `${to ?? '-'}` : `${from ?? '-'} -> ${to ?? '-'}`
  const isOpen = status === 'failed' || status === 'rolled-back' || status === 'cancelled'
  return [
    name,
    String(wave),
    isOpen ? `${status} in ${phase}` : status,
    change,
    startedMs === null ? '-' : formatDuration(durationMs),
  ]
}

function problemBlock({ name, error }: ClusterResult, paint: CliPaint): readonly string[] {
  if (error === undefined) return []
  const ids = formatIds(error)
  const what = `${paint.bold(name)}: ${paint.red(error.code)}: ${asFlags(error.message)}${ids ? ` (${ids})` : ''}`
  return [`${what}\n  fix: ${asFlags(error.hint)}`]
}
