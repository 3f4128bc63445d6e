import type { Finding } from '../finding.ts'
import type { Observed } from '../observed.ts'

/** A lease is written within a second; tokens and leases suffer from minutes. */
const TOLERANCE_MS = 30_000

/** Whether the clocks of the helper's node, of the API server and of this machine agree. */
export function clockFindings({ release, lease, aheadMs = 0 }: Observed): readonly Finding[] {
  const here = Math.abs(aheadMs) > TOLERANCE_MS ? [skew('this machine', aheadMs, 'this machine', 'timedatectl')] : []
  if (release === undefined || !lease || lease.writtenAt === undefined || lease.renewedAt === 0) return here
  const helper = lease.renewedAt - lease.writtenAt
  if (Math.abs(helper) <= TOLERANCE_MS) return here
  const node = `node of ${lease.holder.split('_')[0]}`
  return [...here, skew(node, helper, "the helper's node", 'kubectl get nodes -o wide')]
}

function skew(subject: string, ms: number, whose: string, command: string): Finding {
  const size = `${Math.round(Math.abs(ms) / 1000)} s ${ms > 0 ? 'ahead of' : 'behind'}`
  return {
    id: 'CLOCK_SKEW',
    severity: 'warning',
    subject,
    message: `its clock is ${size} the API server's`,
    cause: 'The two write the same moment as different times.',
    fix: `Let NTP set the clock of ${whose}; expiry times are judged by it.`,
    command,
  }
}
