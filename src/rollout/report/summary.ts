import { describeFact, type UnverifiedFact } from '../../alibaba/unverified.ts'
import { formatIds, formatPlace, type NopassError } from '../../errors.ts'
import { formatDuration } from '../../lib/format-duration.ts'
import { printable, printableLines } from '../../printable.ts'
import { type ClusterResult, type ClusterStatus, isFailure } from '../cluster-result.ts'
import { describeOverview, headOfPlan } from './overview.ts'

/** GitHub drops a summary of more than 1 MiB. */
const CAP_BYTES = 900 * 1024
/** The limit for each part: the table, the fixes, the overviews and the timeline. */
const PART_BYTES = 250 * 1024
/** The limit for the diffs of one cluster. */
const DIFF_BYTES = 600 * 1024

const MARKS: Readonly<Record<ClusterStatus, string>> = {
  failed: '❌',
  'rolled-back': '↩️',
  cancelled: '⏹️',
  skipped: '⏭️',
  planned: '📝',
  deployed: '✅',
  uninstalled: '🧹',
  unchanged: '➖',
}

/** Worst status first. */
const ORDER: readonly ClusterStatus[] = Object.keys(MARKS) as ClusterStatus[]

export interface SummaryInput {
  readonly mode: string
  readonly results: readonly ClusterResult[]
  readonly durationMs: number
  readonly helm: string | null
  readonly unverified?: readonly UnverifiedFact[]
  /** For a validation: what it did not check, and why. */
  readonly unchecked?: string | undefined
}

/**
 * Renders the job summary as Markdown: verdict, table with failures first, fixes, overviews of
 * plans, timeline, folded notes and diffs.
 */
export function renderSummary(input: SummaryInput): string {
  const sorted = input.results.toSorted((a, b) => ORDER.indexOf(a.status) - ORDER.indexOf(b.status) || a.wave - b.wave)
  if (input.results.length === 0) {
    const valid = `### acr-nopass ${input.mode}: valid`
    return input.unchecked === undefined
      ? `${valid}\n`
      : `${valid}, as far as it was checked\n\n${cell(input.unchecked)}\n`
  }
  const head = [
    `### acr-nopass ${input.mode}: ${headline(input.results)}`,
    '',
    '| | cluster | wave | status | revision | time | why |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...takeFitting(sorted.map(row), (left) => `| | ${left} more clusters were left out | | | | | |`),
    '',
    ...takeFitting(sorted.flatMap(fix), (left) => `> ${left} more were left out\n`),
    ...takeFitting(sorted.flatMap(overviewBlock), (left) => `${left} more plans were left out\n`),
    ...timelineBlock(input),
  ]
  const folds = [...unverifiedFold(input), ...sorted.flatMap((result) => [...noteFold(result), ...planFold(result)])]
  return capped(head.join('\n'), folds)
}

/** Renders the summary of a run that failed because of its values. */
export function renderErrors(mode: string, errors: readonly NopassError[]): string {
  const rows = errors.map((error) => {
    const place = formatPlace(error.place)
    return `| ${cell(place)} | ${error.code} | ${cell(error.message)} | ${cell(error.hint)} |`
  })
  const count = errors.length === 1 ? '1 error' : `${errors.length} errors`
  const wasInterrupted = errors.some(({ code }) => code === 'INTERRUPTED')
  const head = [
    `### ${['acr-nopass', mode].filter(Boolean).join(' ')}: ${wasInterrupted ? 'interrupted' : `${count}, nothing was started`}`,
    '',
    '| place | code | what | fix |',
    '| --- | --- | --- | --- |',
  ]
  return capped(head.join('\n'), rows)
}

export function headline(results: readonly ClusterResult[]): string {
  const counts = ORDER.map((status) => [status, results.filter((result) => result.status === status).length] as const)
  const parts = counts.filter(([, count]) => count > 0).map(([status, count]) => `${count} ${status}`)
  return parts.join(', ')
}

function row(result: ClusterResult): string {
  const { from, to } = result.revision
  const revision = from === to ? `${to ?? '–'}` : `${from ?? '–'} → ${to ?? '–'}`
  const status =
    isFailure(result) || result.status === 'cancelled' ? `**${result.status}** in ${result.phase}` : result.status
  const why = result.error
    ? `${result.error.code}: ${result.error.message}${result.error.reason ? ` (${result.error.reason})` : ''}`
    : result.status === 'skipped'
      ? (result.notes[0] ?? '')
      : ''
  const time = result.startedMs === null ? '–' : formatDuration(result.durationMs)
  return `| ${MARKS[result.status]} | ${cell(result.name)} | ${result.wave} | ${status} | ${revision} | ${time} | ${cell(why)} |`
}

function fix({ name, error }: ClusterResult): readonly string[] {
  if (!error) return []
  const ids = formatIds(error)
  return [`> **${cell(name)}** ${error.code}${ids ? ` (${cell(ids)})` : ''} **Fix:** ${cell(error.hint)}\n`]
}

function timelineBlock({ results, durationMs, helm }: SummaryInput): readonly string[] {
  if (results.every(({ startedMs }) => startedMs === null)) return []
  const lines = timeline(results, durationMs)
  const shown = takeFitting(lines, (left) => `${left} more lines were left out`)
  const total = [`${formatDuration(durationMs)} in all${helm ? `, helm ${helm}` : ''}`, '']
  return lines.length === 0 ? total : ['```text', ...shown, '```', ...total]
}

function unverifiedFold({ unverified = [] }: SummaryInput): readonly string[] {
  if (unverified.length === 0) return []
  const lines = unverified.map((fact) => `- ${cell(describeFact(fact))}`).join('\n')
  return [`<details><summary>assumed, but not verified</summary>\n\n${lines}\n\n</details>`]
}

function noteFold({ name, notes, chart }: ClusterResult): readonly string[] {
  const lines = [...(chart ? [`chart ${chart}`] : []), ...notes]
  if (lines.length === 0) return []
  return [
    `<details><summary>${escapeHtml(printable(name))}: what was done and observed</summary>\n\n${lines.map((line) => `- ${cell(line)}`).join('\n')}\n\n</details>`,
  ]
}

function overviewBlock(result: ClusterResult): readonly string[] {
  const lines = describeOverview(result)
  if (lines.length === 0) return []
  const items = lines.map(([part, line]) => `- ${part}: ${cell(line)}`)
  return [[`**${cell(result.name)}** ${cell(headOfPlan(result))}`, '', ...items, ''].join('\n')]
}

/** Renders all changes of a cluster. Each change is folded. */
function planFold({ name, plan = [] }: ClusterResult): readonly string[] {
  if (plan.length === 0) return []
  const diffs = plan.map(({ title, change, diff }) => {
    const sign = change === 'add' ? '+' : change === 'remove' ? '-' : '~'
    const fence = '`'.repeat(Math.max(3, longestTicks(diff) + 1))
    return `<details><summary>${escapeHtml(printable(`${sign} ${title}`))}</summary>\n\n${fence}diff\n${printableLines(diff)}\n${fence}\n\n</details>`
  })
  const rest = (left: number): string => `${left} more changes were left out: a summary holds at most 1 MiB.`
  const shown = takeFitting(diffs, rest, DIFF_BYTES)
  const title = escapeHtml(printable(`${name}: the full text of the changes`))
  return [`<details><summary>${title}</summary>\n\n${shown.join('\n')}\n\n</details>`]
}

/** Joins the head with as many blocks as a summary may hold. */
export function capped(head: string, blocks: readonly string[]): string {
  const rest = (left: number): string => `\n${left} more blocks were left out: a summary holds at most 1 MiB.`
  return `${[head, ...takeFitting(blocks, rest, CAP_BYTES - Buffer.byteLength(head))].join('\n')}\n`
}

/**
 * Returns the complete lines or blocks that fit, worst first. The others are only counted. One that
 * is too long leaves out itself alone, because a cluster may have made it.
 */
export function takeFitting(
  lines: readonly string[],
  rest: (left: number) => string,
  room = PART_BYTES,
): readonly string[] {
  let bytes = 0
  const shown = lines.filter((line) => {
    const size = Buffer.byteLength(line) + 1
    if (bytes + size > room) return false
    bytes += size
    return true
  })
  return shown.length === lines.length ? lines : [...shown, rest(lines.length - shown.length)]
}

function longestTicks(text: string): number {
  return text.match(/`+/g)?.reduce((longest, { length }) => Math.max(longest, length), 0) ?? 0
}

/**
 * Returns one line that cannot end a table cell, begin a tag, or show a link or an image under
 * another name. Words in backticks become code.
 */
export function cell(text: string): string {
  const parts = printable(text.trim()).split(/(`[^`]+`)/)
  return parts
    .map((part, index) => (index % 2 === 1 ? part : escapeHtml(part).replaceAll(/[[\]`\\]/g, '\\$&')))
    .join('')
    .replaceAll('|', '\\|')
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

const WIDTH = 40

/**
 * Renders one line per started cluster, by wave, with its time span to scale. Empty for a single
 * cluster, which can be compared with nothing.
 */
export function timeline(results: readonly ClusterResult[], totalMs: number): readonly string[] {
  const started = results.filter(({ startedMs }) => startedMs !== null)
  if (started.length < 2) return []
  const sorted = started.toSorted((a, b) => a.wave - b.wave || (a.startedMs ?? 0) - (b.startedMs ?? 0))
  const nameWidth = Math.min(40, Math.max(0, ...sorted.map(({ name }) => name.length)))
  const scale = WIDTH / Math.max(1, totalMs)
  return sorted.map(({ name, wave, startedMs, durationMs, status }) => {
    const begin = Math.min(WIDTH - 1, Math.floor((startedMs ?? 0) * scale))
    const length = Math.max(1, Math.min(WIDTH - begin, Math.round(durationMs * scale)))
    const bar = `${'·'.repeat(begin)}${'█'.repeat(length)}`.padEnd(WIDTH, '·')
    const title = name.length > 40 ? `${name.slice(0, 39)}…` : name.padEnd(nameWidth)
    return `wave ${String(wave).padStart(2)}  ${title}  ${bar}  ${formatDuration(durationMs).padStart(11)}  ${status}`
  })
}
