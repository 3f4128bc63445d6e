import type { Finding } from '../finding.ts'
import type { Observed } from '../observed.ts'
import { applyAgain, isAliased, readLog } from './fix-commands.ts'

/** Notable settings in the configuration. */
export function configFindings({ release }: Observed): readonly Finding[] {
  if (release === undefined) return []
  const { namespace, name, fullname, config, configHash, configError, status } = release
  const subject = `configuration ${namespace}/${fullname}`
  const findings: Finding[] = []
  if (configError !== undefined) {
    findings.push({
      id: 'CONFIG_UNREADABLE',
      severity: 'error',
      subject,
      message: 'the helper cannot use it and continues with the last good one',
      cause: configError,
      fix: 'Put back what the release has; then check the values with `acr-nopass validate`, and upgrade.',
      command: applyAgain(release),
    })
  } else if (status !== undefined && configHash !== undefined && status.configHash !== configHash) {
    findings.push({
      id: 'CONFIG_PENDING',
      severity: 'warning',
      subject,
      message: 'the helper still reports an older one',
      cause: 'A changed ConfigMap reaches a Pod within about a minute; then the helper reads it again.',
      fix: 'Run doctor again in a minute; if it stays, look at the log of the helper.',
      command: readLog(release),
    })
  }
  if (config?.retire) {
    findings.push({
      id: 'RETIRING',
      severity: 'info',
      subject,
      message: status?.retired ? 'everything was removed' : 'the helper removes what it wrote',
      cause: '`retire: true` is set.',
      ...(!status?.retired
        ? { fix: 'Wait until this reports that everything was removed.', command: readLog(release) }
        : isAliased(release)
          ? { fix: 'Take the dependency out of the umbrella chart now, and upgrade its release.' }
          : { fix: 'Uninstall the release now.', command: `helm -n ${namespace} uninstall ${name}` }),
    })
  }
  if (config?.dryRun) {
    findings.push({
      id: 'DRY_RUN',
      severity: 'warning',
      subject,
      message: 'the helper only says what it would do',
      cause: '`dryRun: true` is set.',
      fix: 'Set `dryRun: false` in the values when you like what you see in its log, and upgrade.',
      command: readLog(release),
    })
  }
  return findings
}
