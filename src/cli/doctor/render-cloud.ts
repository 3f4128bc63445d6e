import type { CloudSnapshot } from '../../doctor/cloud/cloud-facts.ts'
import { printable } from '../../printable.ts'

/** Whether and as which identity the cloud was read, for `-o json`. */
export function describeCloud(cloud: CloudSnapshot): object {
  if (cloud.state === 'not-inspected') return { looked: false, why: cloud.why, notes: [] }
  const { caller, accountId } = cloud.facts
  return { looked: true, caller, account: accountId, notes: cloud.notes }
}

/** The same as text. */
export function renderCloud(cloud: CloudSnapshot): string {
  if (cloud.state === 'not-inspected') return printable(`Alibaba Cloud itself was not looked at: ${cloud.why}.`)
  const notes = cloud.notes.map(({ what, why }) => printable(`  ${what}: ${why}`))
  return [
    printable(`Alibaba Cloud was read as ${cloud.facts.caller}${notes.length === 0 ? '' : '; not checked there:'}`),
    ...notes,
  ].join('\n')
}
