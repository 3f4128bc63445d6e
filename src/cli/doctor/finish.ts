import { type Finding, reaches } from '../../doctor/finding.ts'
import { EXIT } from '../program/exit-codes.ts'
import type { CliHost, CommonFlags } from '../program/host.ts'
import type { DoctorFlags } from './flags.ts'

/** Writes the report in the asked form; the exit code by the worst finding. */
export function finish(
  findings: readonly Finding[],
  flags: DoctorFlags & CommonFlags,
  host: CliHost,
  report: { readonly unread: number; readonly json: () => object; readonly text: () => string },
): number {
  host.stdout.write(flags.output === 'json' ? `${JSON.stringify(report.json(), null, 2)}\n` : report.text())
  const { failOn = 'error' } = flags
  const failed = failOn === 'unread' ? report.unread > 0 || reaches(findings, 'error') : reaches(findings, failOn)
  return failed ? EXIT.failed : EXIT.ok
}
