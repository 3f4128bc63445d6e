import type { CloudLook } from '../../doctor/cloud/cloud-facts.ts'
import { printable } from '../../printable.ts'

/** Whether and as which identity the cloud was read, for `-o json`. */
export function describeCloud(cloud: CloudLook): object {
  if (cloud.state === 'not-looked') return { looked: false, why: cloud.why, notes: [] }
  const { caller, accountId } = cloud.facts
  return { looked: true, caller, account: accountId, notes: cloud.notes }
}

/** The same as text. */
export function renderCloud(cloud: CloudLook): string {
  if (cloud.state === 'not-looked') return printable(`Alibaba Cloud itself was not looked at: ${cloud.why}.`)
  const notes = cloud.notes.map(({ what, why }) => printable(`  ${what}: ${why}`))
  return [
    printable(`Alibaba Cloud was read as ${cloud.facts.caller}${notes.length === 0 ? '' : '; not checked there:'}`),
    ...notes,
  ].join('\n')
}
