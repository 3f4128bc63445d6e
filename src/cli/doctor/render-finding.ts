import { printable } from '../../printable.ts'
import type { CliPaint } from '../paint.ts'
import { count, type Finding, type Severity } from './finding.ts'
import type { Unread } from './unread.ts'

/** One finding as a person reads it. */
export function renderFinding(finding: Finding, paint: CliPaint): string {
  const colour: Readonly<Record<Severity, (text: string) => string>> = {
    error: paint.red,
    warning: paint.yellow,
    info: paint.dim,
  }
  return [
    `${colour[finding.severity](finding.severity)} ${finding.id} ${paint.bold(printable(finding.subject))}: ${printable(finding.message)}`,
    `  cause: ${printable(finding.cause)}`,
    `  cure: ${printable(finding.cure)}`,
    ...(finding.command === undefined ? [] : [`  $ ${printable(finding.command)}`]),
  ].join('\n')
}

/** What the caller has no right to read; '' when there is nothing. */
export function renderUnread(unread: readonly Unread[]): string {
  if (unread.length === 0) return ''
  return [
    'not checked, for you may not read them:',
    ...unread.map(({ what, why }) => printable(`  ${what}: ${why}`)),
  ].join('\n')
}

/** The last line. */
export function renderVerdict(findings: readonly Finding[], paint: CliPaint): string {
  const of = (severity: Severity): number => findings.filter((finding) => finding.severity === severity).length
  const [errors, warnings] = [of('error'), of('warning')]
  if (errors > 0) return paint.red(`${count(errors, 'error')}, ${count(warnings, 'warning')}`)
  return warnings > 0 ? paint.yellow(`no error, ${count(warnings, 'warning')}`) : paint.green('all is well')
}
