import type { Dependent } from '../../migrate/remove/judge-ours.ts'
import { printable } from '../../printable.ts'

export interface LegacyReport {
  readonly dryRun: boolean
  readonly dependents: readonly Dependent[]
  readonly plan: readonly string[]
  readonly done: readonly string[]
  /** Left alone, because another tool applies the list. */
  readonly kept: readonly { readonly serviceAccount: string; readonly manager: string }[]
  /** Left alone, because something else uses it too. */
  readonly shared: readonly string[]
  readonly left: readonly string[]
}

/** The report for a person. */
export function renderLegacy(report: LegacyReport, program: string): string {
  const { dryRun, dependents, plan, done, kept, shared, left } = report
  if (plan.length === 0 && kept.length === 0 && dependents.length === 0)
    return "nothing of Alibaba's own helper is left\n"
  const keptLines = [
    ...kept.map(
      ({ serviceAccount, manager }) =>
        `kept ServiceAccount ${serviceAccount}: ${manager} applies its list; remove the old names from what it applies`,
    ),
    ...shared.map((line) => `kept ${line}`),
  ]
  if (dependents.length > 0) {
    const count = dependents.length === 1 ? '1 still depends' : `${dependents.length} still depend`
    return lines([
      `LEGACY_IN_USE: ${count} on the old helper; nothing was changed`,
      ...dependents.flatMap(({ subject, why, fix, command }) => [
        `${subject}: ${why}`,
        `  fix: ${fix}${command === undefined ? '' : ` ${command}`}`,
      ]),
      '',
      'When they no longer do, this is what is removed, in this order:',
      ...plan.map((line) => `  ${line}`),
      ...keptLines,
    ])
  }
  if (!dryRun) return lines([...done, ...keptLines, ...left.map((line) => `left: ${line}`)])
  return lines([
    'nothing depends on the old helper any more; this would be done, in this order:',
    ...plan.map((line) => `  ${line}`),
    ...keptLines,
    `nothing was changed; to do it: ${program} cleanup --legacy --yes …`,
  ])
}

function lines(all: readonly string[]): string {
  return `${all.map(printable).join('\n')}\n`
}
