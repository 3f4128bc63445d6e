import type { HelperPod } from '../../installation/helper-pod.ts'
import { type ShellCommand, shell } from '../../lib/shell-command.ts'
import type { Draft, Found } from '../finding.ts'
import type { Observed } from '../observed.ts'
import { applyAgain, logsCommand } from './fix-commands.ts'

/** A leader renews its lease every 2 s, and this machine's clock may be off by some seconds. */
const LEASE_SILENCE_MS = 120_000

/** Reports whether one of the running replicas leads and writes its report. */
export function leadershipFindings({ release, deployment, helperPods, lease, now }: Observed): Found {
  if (release === undefined || deployment === null || deployment?.wanted === 0) return []
  if (release.config?.helper.enabled === false) return []
  const isDegraded = deployment !== undefined && deployment.available < deployment.wanted
  // Without a running Pod no replica can lead. HELPER_DOWN already reports this.
  if (isDegraded && !helperPods?.some(isRunning)) return []
  const { namespace, fullname, status, unreadableStatus, hasStatusObject } = release
  const subject = `helper ${namespace}/${fullname}`
  const findings: Draft[] = []
  const isSilent = lease && isLeaderless(lease, now, helperPods)
  if (lease === null || isSilent) {
    const since = lease
      ? `${lease.holder || 'no replica'} renewed it last at ${iso(lease.renewedAt)}`
      : 'there is no Lease'
    findings.push({
      id: 'HELPER_LEADERLESS',
      subject,
      message: 'no replica is the leader, so nothing is refreshed',
      cause: `Lease ${fullname}: ${since}.`,
      fix: lease
        ? 'Read the log of the Pods: LEASE_REFUSED shows why no Pod can acquire the Lease, and the fix. If the log has no LEASE_REFUSED, restart the Pods.'
        : 'Wait half a minute: the helper creates the Lease. If it does not, recreate the Lease and the Role from the release.',
      command: lease ? logsCommand(release) : applyAgain(release),
    })
  }
  if (status === undefined && unreadableStatus.length === 0 && !isDegraded) {
    findings.push({
      id: 'HELPER_SILENT',
      subject,
      message: 'it has not reported yet',
      ...(hasStatusObject
        ? {
            cause: `ConfigMap ${fullname}-status has no report.`,
            fix: "Right after an installation, wait half a minute. Otherwise read the log of the helper's Pods.",
            command: logsCommand(release),
          }
        : {
            cause: `ConfigMap ${fullname}-status was deleted, and the helper is not allowed to create it.`,
            fix: 'Recreate it from the release.',
            command: applyAgain(release),
          }),
    })
  }
  return findings
}

/**
 * The lease's time of renewal comes from another machine's clock. If the API server's time of that
 * write is known, only that time counts. A time in the future proves nothing, so then the holder
 * must be a Pod of the helper.
 */
function isLeaderless(
  { holder, renewedAt, writtenAt }: NonNullable<Observed['lease']>,
  now: number,
  helperPods: Observed['helperPods'],
): boolean {
  if (writtenAt !== undefined) return now - writtenAt > LEASE_SILENCE_MS
  if (renewedAt <= now + TOLERANCE_MS) return now - renewedAt > LEASE_SILENCE_MS
  return helperPods !== undefined && !helperPods.some(({ name }) => name === holder.split('_')[0])
}

/**
 * True if the Pod's process runs. A replica without the right to acquire the Lease runs, but is not
 * ready.
 */
function isRunning({ waiting, unscheduled, exitCode }: HelperPod): boolean {
  return waiting === undefined && !unscheduled && exitCode === undefined
}

function iso(at: number): string {
  return at > 0 ? new Date(at).toISOString() : 'an unknown time'
}

/**
 * The API server stores a renewal within a second. Tokens and leases fail only when a clock is
 * minutes off.
 */
const TOLERANCE_MS = 30_000

/** Reports if the clocks of the helper's node, the API server and this machine differ. */
export function clockFindings({ release, lease, aheadMs = 0 }: Observed): Found {
  const here =
    Math.abs(aheadMs) > TOLERANCE_MS ? [describeSkew('this machine', aheadMs, 'this machine', shell`timedatectl`)] : []
  if (release === undefined || !lease || lease.writtenAt === undefined || lease.renewedAt === 0) return here
  const helper = lease.renewedAt - lease.writtenAt
  if (Math.abs(helper) <= TOLERANCE_MS) return here
  const node = `node of ${lease.holder.split('_')[0]}`
  return [...here, describeSkew(node, helper, "the helper's node", shell`kubectl get nodes -o wide`)]
}

function describeSkew(subject: string, ms: number, whose: string, command: ShellCommand): Draft {
  const size = `${Math.round(Math.abs(ms) / 1000)} s ${ms > 0 ? 'ahead of' : 'behind'}`
  return {
    id: 'CLOCK_SKEW',
    severity: 'warning',
    subject,
    message: `its clock is ${size} the API server's`,
    cause: 'The two clocks record the same moment as different times.',
    fix: `Set the clock of ${whose} by NTP: expiry times are compared with that clock.`,
    command,
  }
}
