import { findCauses } from '../../rollout/release-causes.ts'
import { count, type Finding, few } from './finding.ts'
import type { Observed, ReleaseFacts } from './observed.ts'

/** A leader renews its lease every 2 s; a clock of this machine may be off by some seconds. */
const LEASE_SILENCE_MS = 120_000

/** What is wrong with the release itself: its Pods, its leader, its configuration, and others that do the same work. */
export function releaseFindings(observed: Observed): readonly Finding[] {
  const { release } = observed
  if (release === undefined) return [notInstalled(observed), ...rivals(observed)]
  return [
    ...helperFindings(release, observed),
    ...configFindings(release),
    ...rivals(observed),
    ...problemFindings(release),
  ]
}

function notInstalled({ unread }: Observed): Finding {
  const blind = unread.some(({ what }) => what.startsWith('ConfigMaps'))
  return {
    id: 'NOT_INSTALLED',
    severity: 'error',
    subject: 'release',
    message: 'no release of acr-nopass was found',
    cause: blind
      ? 'You may not read ConfigMaps there.'
      : 'No ConfigMap carries the label app.kubernetes.io/name=acr-nopass.',
    cure: 'Install the chart; if it is installed, name it by --namespace and --release, and check --kube-context.',
    command: 'helm upgrade --install acr-nopass ./chart --namespace acr-nopass --create-namespace --values values.yaml',
  }
}

function helperFindings(release: ReleaseFacts, observed: Observed): readonly Finding[] {
  const { deployment, lease, now } = observed
  const { namespace, fullname, status } = release
  const subject = `helper ${namespace}/${fullname}`
  const describe = `kubectl -n ${namespace} describe deployment,pods -l app.kubernetes.io/instance=${release.name}`
  if (deployment === null || deployment?.wanted === 0) {
    const message = deployment === null ? 'its Deployment does not exist' : 'its Deployment is scaled to 0'
    const cause = deployment === null ? 'It was deleted, or never made.' : 'Somebody scaled it down.'
    const cure =
      deployment === null ? 'Install the release again.' : 'Scale it up: two replicas, one of which stands by.'
    const command =
      deployment === null ? undefined : `kubectl -n ${namespace} scale deployment ${fullname} --replicas=2`
    return [{ id: 'HELPER_DOWN', severity: 'error', subject, message, cause, cure, ...(command && { command }) }]
  }
  if (deployment !== undefined && deployment.available < deployment.wanted) {
    const isDown = deployment.available === 0
    const [first] = findCauses({
      pods: observed.helperPods ?? [],
      status: undefined,
      configHash: undefined,
      ramChanged: false,
    })
    return [
      {
        id: isDown ? 'HELPER_DOWN' : 'HELPER_DEGRADED',
        severity: isDown ? 'error' : 'warning',
        subject,
        message: `${deployment.available} of ${count(deployment.wanted, 'replica')} available`,
        cause: first?.error.message ?? 'Its Pods are not ready yet, or fit on no node.',
        cure: first?.error.hint ?? 'Look at the Events of its Pods.',
        command: describe,
      },
    ]
  }
  const findings: Finding[] = []
  if (lease === null || (lease && now - lease.renewedAt > LEASE_SILENCE_MS)) {
    const since = lease ? `${lease.holder || 'nobody'} renewed it last at ${iso(lease.renewedAt)}` : 'there is no Lease'
    findings.push({
      id: 'HELPER_LEADERLESS',
      severity: 'error',
      subject,
      message: 'no replica leads, so nothing is refreshed',
      cause: `Lease ${fullname}: ${since}.`,
      cure: 'Look at the log of its Pods; they say why they cannot take the lease.',
      command: `kubectl -n ${namespace} logs -l app.kubernetes.io/instance=${release.name} --tail=50`,
    })
  }
  if (status === undefined) {
    findings.push({
      id: 'HELPER_SILENT',
      severity: 'error',
      subject,
      message: 'it has not reported yet',
      cause: `ConfigMap ${fullname}-status has no report.`,
      cure: 'Right after an installation wait half a minute; else look at the log of its Pods.',
      command: `kubectl -n ${namespace} logs -l app.kubernetes.io/instance=${release.name} --tail=50`,
    })
  }
  return findings
}

function configFindings({ namespace, fullname, config, configHash, configError, status }: ReleaseFacts): Finding[] {
  const subject = `configuration ${namespace}/${fullname}`
  const findings: Finding[] = []
  if (configError !== undefined) {
    findings.push({
      id: 'CONFIG_UNREADABLE',
      severity: 'error',
      subject,
      message: 'the helper cannot use it and goes on with the last good one',
      cause: configError,
      cure: 'Check the values with `acr-nopass validate`, and upgrade the release.',
    })
  } else if (status !== undefined && configHash !== undefined && status.configHash !== configHash) {
    findings.push({
      id: 'CONFIG_PENDING',
      severity: 'warning',
      subject,
      message: 'the helper still reports an older one',
      cause: 'A changed ConfigMap reaches a Pod within about a minute; then the helper reads it again.',
      cure: 'Run doctor again in a minute; if it stays, look at the log of the helper.',
    })
  }
  if (config?.retire) {
    findings.push({
      id: 'RETIRING',
      severity: 'info',
      subject,
      message: status?.retired ? 'everything was taken back' : 'the helper takes everything back',
      cause: '`retire: true` is set.',
      cure: status?.retired ? 'Uninstall the release now.' : 'Wait until this says that everything was taken back.',
    })
  }
  if (config?.dryRun) {
    findings.push({
      id: 'DRY_RUN',
      severity: 'warning',
      subject,
      message: 'the helper only says what it would do',
      cause: '`dryRun: true` is set.',
      cure: 'Set `dryRun: false` when you like what you see in its log.',
    })
  }
  return findings
}

function rivals({ others, addons, release }: Observed): readonly Finding[] {
  const names = others.map(({ namespace, name }) => `${namespace}/${name}`)
  const findings: Finding[] = []
  if (names.length > 0) {
    findings.push({
      id: 'RIVAL_RELEASE',
      severity: 'warning',
      subject: count(names.length, 'other release'),
      message: `acr-nopass also works here as ${few(names)}`,
      cause: 'Two releases with one secretName and the same namespaces write the same objects.',
      cure: 'Uninstall one of them, or keep their targets and secretName apart.',
      command: `acr-nopass doctor --namespace ${others[0]?.namespace} --release ${others[0]?.name}`,
    })
  }
  for (const addon of addons) {
    findings.push({
      id: 'RIVAL_ADDON',
      severity: 'warning',
      subject: `add-on ${addon}`,
      message: "the vendor's credential helper works here too",
      cause: 'Both write imagePullSecrets of the same ServiceAccounts; older versions of it overwrite the list.',
      cure:
        release === undefined
          ? 'Uninstall it when acr-nopass is installed.'
          : 'Uninstall the add-on in the ACK console.',
    })
  }
  return findings
}

/** What is found here by itself, and better. */
const SEEN_ELSEWHERE = ['FOREIGN_SECRET', 'FOREIGN_LIST']

function problemFindings({ status }: ReleaseFacts): readonly Finding[] {
  const problems = (status?.problems ?? []).filter(({ code }) => !SEEN_ELSEWHERE.includes(code))
  return problems.map(({ code, reason, message, cure, namespace, object, at }) => ({
    id: 'HELPER_PROBLEM',
    severity: 'warning',
    subject: object ?? (namespace === undefined ? 'helper' : `namespace ${namespace}`),
    message,
    cause: `The helper reported ${code}${reason === undefined ? '' : ` (${reason})`} at ${at}.`,
    cure,
    ...(namespace === undefined ? {} : { objects: [namespace] }),
  }))
}

function iso(at: number): string {
  return Number.isFinite(at) ? new Date(at).toISOString() : 'an unknown time'
}
