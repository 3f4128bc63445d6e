import { type Finding, pluralize, type Severity } from '../../doctor/finding.ts'
import { printable } from '../../printable.ts'
import type { Unread } from '../../release/reader.ts'
import type { CliPaint } from '../program/paint.ts'

/** One finding as text. */
export function renderFinding(finding: Finding, paint: CliPaint): string {
  const colour: Readonly<Record<Severity, (text: string) => string>> = {
    error: paint.red,
    warning: paint.yellow,
    info: paint.dim,
  }
  return [
    `${colour[finding.severity](finding.severity)} ${finding.id} ${paint.bold(printable(finding.subject))}: ${printable(finding.message)}`,
    `  cause: ${printable(finding.cause)}`,
    `  fix: ${printable(finding.fix)}`,
    ...(finding.command === undefined ? [] : [`  $ ${printable(finding.command)}`]),
  ].join('\n')
}

/** What could not be read, and why; '': nothing. */
export function renderUnread(unread: readonly Unread[]): string {
  if (unread.length === 0) return ''
  return [
    'not checked, because it could not be read:',
    ...unread.map(({ what, why }) => printable(`  ${what}: ${why}`)),
  ].join('\n')
}

/** `false` with an error; `null` if there is none but not everything could be read. */
export function judgeHealth(findings: readonly Finding[], unread: number): boolean | null {
  if (findings.some(({ severity }) => severity === 'error')) return false
  return unread === 0 ? true : null
}

/** The last line. */
export function renderVerdict(findings: readonly Finding[], unread: number, paint: CliPaint): string {
  const of = (severity: Severity): number => findings.filter((finding) => finding.severity === severity).length
  const [errors, warnings] = [of('error'), of('warning')]
  if (errors > 0) return paint.red(`${pluralize(errors, 'error')}, ${pluralize(warnings, 'warning')}`)
  const where = unread === 0 ? '' : ' in what could be read'
  if (warnings > 0) return paint.yellow(`no error${where}, ${pluralize(warnings, 'warning')}`)
  return unread === 0 ? paint.green('all is well') : paint.yellow(`nothing wrong${where}`)
}
