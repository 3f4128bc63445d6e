import type { Observed } from '../../doctor/observed.ts'
import { explainPending, isPending } from '../../helm/release/release-state.ts'
import { type ShellCommand, shell } from '../../lib/shell-command.ts'
import { pluralize, summarize } from '../../lib/text.ts'
import type { CheckRules, ReleaseFacts } from '../cluster-facts.ts'
import type { FleetFinding } from '../finding.ts'

/** Judges Helm's records of the release: pending or failed. */
export function releaseFindings({ history = [], name, namespace }: ReleaseFacts): readonly FleetFinding[] {
  const last = history.at(-1)
  const subject = `release ${namespace}/${name}`
  const show = shell`helm -n ${namespace} history ${name}`
  const found: FleetFinding[] = []
  if (last !== undefined && isPending(last)) {
    const { hint } = explainPending({ namespace, release: name, kubeconfig: '', context: undefined }, history)
    found.push({
      id: 'RELEASE_PENDING',
      severity: 'error',
      subject,
      message: `revision ${last.revision} is ${last.status} since ${last.updated}`,
      cause: 'A rollout is working on it now, or a rollout was interrupted.',
      fix: hint,
      command: show,
    })
  } else if (last !== undefined && (last.status === 'failed' || last.status === 'uninstalling')) {
    const good = history.findLast(({ status }) => status === 'deployed')
    found.push({
      id: 'RELEASE_FAILED',
      severity: 'error',
      subject,
      message: `revision ${last.revision} is ${last.status} since ${last.updated}`,
      cause:
        good === undefined
          ? 'The last change of the release failed, and no revision is deployed.'
          : `The last change of the release failed; revision ${good.revision} is still recorded as deployed.`,
      fix: 'Run the rollout again; its report names what failed.',
      command: show,
    })
  }
  return found
}

/**
 * Reports a release of another version: of the chart, or only of the helper, whose report has the
 * version `reported`.
 */
export function versionFindings(
  { history = [], deployed, name, namespace }: ReleaseFacts,
  { chart, version }: Pick<CheckRules, 'chart' | 'version'>,
  reported: string | undefined,
): readonly FleetFinding[] {
  if (chart === undefined || deployed === undefined) return []
  const found = {
    id: 'RELEASE_OTHER_VERSION',
    severity: 'warning',
    subject: `release ${namespace}/${name}`,
  } as const
  if (deployed.chart !== chart) {
    return [
      {
        ...found,
        message: `it has the chart ${deployed.chart}, and a rollout would install ${chart}`,
        cause: 'The last rollout to this cluster used another version of acr-nopass.',
        fix: 'Roll out this version, or check with the version that is installed.',
        command: shell`helm -n ${namespace} history ${name}`,
      },
    ]
  }
  // During an upgrade the old helper may still report.
  const isSettled = history.at(-1)?.status === 'deployed'
  if (!isSettled || version === undefined || reported === undefined || reported === version) return []
  return [
    {
      ...found,
      message: `its helper reports version ${reported}, and the chart is for ${version}`,
      cause: 'The values name another image, or a mirror has an old image under this tag.',
      fix: 'Correct `image` in the values, or mirror the image of this version again; then roll out.',
      command: shell`helm -n ${namespace} get values ${name}`,
    },
  ]
}

/** Reports live objects that differ from the release, and a release that differs from the list. */
export function driftFindings(release: ReleaseFacts, restore: ShellCommand | undefined): readonly FleetFinding[] {
  const { objects = [], values = [], name, namespace } = release
  const found: FleetFinding[] = []
  if (objects.length > 0) {
    const missing = objects.filter(({ change }) => change === 'missing').length
    const hasAdded = objects.some(({ added }) => added.length > 0)
    const parts = objects.map(({ object, change, fields, added }) => {
      return change === 'missing' ? `${object} (missing)` : `${object} (${summarize([...fields, ...added], 3)})`
    })
    found.push({
      id: 'OBJECTS_DRIFTED',
      severity: 'warning',
      subject: `release ${namespace}/${name}`,
      message: `${pluralize(objects.length, 'object')} in the cluster ${objects.length === 1 ? 'differs' : 'differ'} from the release: ${summarize(parts)}`,
      cause:
        missing === objects.length
          ? 'Somebody deleted what Helm created.'
          : 'Somebody changed what Helm created, and Helm does not notice that.',
      fix: `Restore the objects from the release, or change the values and roll out.${hasAdded ? ' Fields that another client added stay: remove them with `kubectl edit`.' : ''}`,
      command: restore,
      objects: objects.map(({ object }) => object),
    })
  }
  if (values.length > 0) {
    found.push({
      id: 'VALUES_DRIFTED',
      severity: 'warning',
      subject: `values of ${namespace}/${name}`,
      message: `the release has other values than the list: ${summarize(values)}`,
      cause: 'The release was changed outside of the list, or the list was changed and not rolled out yet.',
      fix: 'Run `acr-nopass plan` with the same list, which shows each difference; then roll out, or correct the list.',
      command: shell`helm -n ${namespace} get values ${name}`,
      objects: values,
    })
  }
  return found
}

/** How long a renewal may be late before it is reported (milliseconds). */
const LATE_MS = 5 * 60_000

/**
 * Reports credentials whose renewal is overdue and that expire within the horizon. A registry that
 * doctor reports already is skipped.
 */
export function renewalFindings(
  { release, now }: Pick<Observed, 'release' | 'now'>,
  { horizonMs }: Pick<CheckRules, 'horizonMs'>,
  isReported: (subject: string) => boolean,
): readonly FleetFinding[] {
  return (release?.status?.registries ?? []).flatMap(({ name, expiresAt, refreshAt, issuedAt }): FleetFinding[] => {
    const subject = `registry ${name}`
    const [expires, due] = [Date.parse(expiresAt ?? ''), Date.parse(refreshAt ?? '')]
    const isLate = due + LATE_MS < now && expires > now && expires <= now + horizonMs
    if (!isLate || isReported(subject)) return []
    return [
      {
        id: 'CREDENTIAL_NOT_RENEWED',
        severity: 'warning',
        subject,
        message: `its credential expires at ${expiresAt}, and the renewal that was due at ${refreshAt} did not happen`,
        cause: `The last credential is from ${issuedAt ?? 'an unknown time'}. The helper reports no failure, so it may not be running.`,
        fix: 'See the findings about the helper, then request a new credential.',
        command: shell`acr-nopass refresh`,
      },
    ]
  })
}
