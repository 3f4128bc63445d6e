import { keyOf } from '../../kube/types.ts'
import { shell } from '../../lib/shell-command.ts'
import { summarize } from '../../lib/text.ts'
import type { Draft, Found } from '../finding.ts'
import type { Observed } from '../observed.ts'
import { applyAgain, CHART, isAliased, logsCommand } from './fix-commands.ts'

/** Reports that no release exists, or that the caller may not read any release. */
export function installationFindings({ release, others, unread }: Observed): Found {
  if (release !== undefined) return []
  if (unread.some(({ what }) => what.startsWith('ConfigMaps'))) {
    return {
      id: 'RELEASE_UNREADABLE',
      severity: 'warning',
      subject: 'release',
      message: 'you lack the right to search for a release of acr-nopass',
      cause: 'You lack the right to list ConfigMaps.',
      fix: 'Pass its namespace with --namespace, or request the right to list ConfigMaps in it.',
      command: shell`kubectl auth can-i list configmaps --namespace acr-nopass`,
    }
  }
  const [first] = others.filter(({ evidence }) => evidence !== 'proven')
  const proven = others.filter(({ evidence }) => evidence === 'proven')
  if (first !== undefined && proven.length === 0) {
    return {
      id: 'NOT_INSTALLED',
      subject: 'release',
      message: `ConfigMaps have the labels of ${summarize(others.map(keyOf))}, but may not belong to a release of acr-nopass`,
      cause: `Anyone who may create ConfigMaps may set these labels; ${first.why}.`,
      fix: 'If this is your release (`scope: namespaces` without the guard), pass --namespace and --release; otherwise install the chart.',
      command: shell`kubectl get configmaps --namespace ${first.namespace} -l app.kubernetes.io/name=acr-nopass`,
    }
  }
  return {
    id: 'NOT_INSTALLED',
    subject: 'release',
    message: 'no release of acr-nopass was found',
    cause:
      proven.length > 0
        ? `No release has the names that you passed; installed here: ${summarize(proven.map(keyOf))}.`
        : 'No ConfigMap carries the label app.kubernetes.io/name=acr-nopass.',
    fix: 'Install the chart. If the chart is installed, pass --namespace and --release, and check --context.',
    command: shell`helm upgrade --install acr-nopass ${CHART} --namespace acr-nopass --create-namespace --values values.yaml`,
  }
}

export function configFindings({ release }: Observed): Found {
  if (release === undefined) return []
  const { namespace, name, fullname, config, configHash, configError, status } = release
  const subject = `configuration ${namespace}/${fullname}`
  const findings: Draft[] = []
  if (configError !== undefined) {
    findings.push({
      id: 'CONFIG_UNREADABLE',
      subject,
      message: 'the helper cannot use this configuration, and continues with the last good one',
      cause: configError,
      fix: 'Restore the ConfigMap from the release; then check the values with `acr-nopass validate`, and upgrade.',
      command: applyAgain(release),
    })
  } else if (status !== undefined && configHash !== undefined && status.configHash !== configHash) {
    findings.push({
      id: 'CONFIG_PENDING',
      severity: 'warning',
      health: 'unknown',
      subject,
      message: 'the helper still reports an older configuration',
      cause: 'A changed ConfigMap reaches a Pod within about a minute; the helper then reads it again.',
      fix: 'Run doctor again in a minute. If the finding remains, read the log of the helper.',
      command: logsCommand(release),
    })
  }
  // Without a helper the chart writes `retire: true`, so that a helper that ends writes nothing.
  if (config?.retire && config.helper.enabled) {
    findings.push({
      id: 'RETIRING',
      severity: 'info',
      subject,
      message: status?.retired ? 'everything was removed' : 'the helper removes what it wrote',
      cause: '`retire: true` is set.',
      ...(!status?.retired
        ? { fix: 'Wait until doctor reports that everything was removed.', command: logsCommand(release) }
        : release.evidence !== 'proven'
          ? // The release's record may contain a tenant's hooks.
            { fix: 'Uninstall the release now, if the release is yours.' }
          : isAliased(release)
            ? {
                fix: 'Remove the dependency from the umbrella chart now, and upgrade the release of the umbrella chart.',
              }
            : { fix: 'Uninstall the release now.', command: shell`helm -n ${namespace} uninstall ${name}` }),
    })
  }
  return findings
}
