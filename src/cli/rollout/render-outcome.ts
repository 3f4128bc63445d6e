import { renderUnverified } from '../../alibaba/unverified.ts'
import { formatIds } from '../../errors.ts'
import { formatDuration } from '../../lib/format-duration.ts'
import { renderTable } from '../../lib/text.ts'
import { type ClusterResult, isFailure } from '../../rollout/cluster-result.ts'
import type { Settings } from '../../rollout/inputs/settings.ts'
import { describeOutputs } from '../../rollout/report/outputs.ts'
import { headline, timeline } from '../../rollout/report/summary.ts'
import type { RolloutOutcome } from '../../rollout/run/run-rollout.ts'
import type { CliPaint } from '../program/terminal.ts'
import { asFlags, type RolloutMode } from './as-flags.ts'

/** The outcome for `-o json`: the action's outputs, and all changes of a plan. */
export function describeOutcome(mode: RolloutMode, settings: Settings, outcome: RolloutOutcome): object {
  const { changed, failed, skipped } = describeOutputs(settings.selected, outcome.results)
  const { helm, durationMs, unverified } = outcome
  const results = outcome.results.map(({ unverified: _, steps: _steps, ...rest }) => rest)
  return { mode, results, unverified, changed, failed, skipped, helm, durationMs }
}

/** The outcome as text: diffs of a plan, notes, timeline, then table, causes and fixes, verdict. */
export function renderOutcome(
  mode: RolloutMode,
  { results, unverified, durationMs, helm }: RolloutOutcome,
  paint: CliPaint,
): string {
  const colour = results.some(isFailure) ? paint.red : paint.green
  const blocks = [
    ...results.flatMap((result) => planBlocks(result, paint)),
    ...results.map(({ name, notes }) => [paint.bold(name), ...notes.map((note) => `  ${note}`)].join('\n')),
    timeline(results, durationMs).join('\n'),
    renderTable(['cluster', 'wave', 'status', 'revision', 'time'], results.map(row)),
    ...results.flatMap((result) => problemBlock(result, paint)),
    renderUnverified(unverified),
    colour(`${mode}: ${headline(results)}, ${formatDuration(durationMs)}${helm === null ? '' : `, helm ${helm}`}`),
  ]
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`
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

function row({ name, wave, status, phase, revision, startedMs, durationMs }: ClusterResult): readonly string[] {
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
