import { existsSync } from 'node:fs'
import type { Run } from '../../process/run.ts'
import { firstValue } from '../../process/take-back.ts'

/** What a kubelet sets for the whole machine when it starts. */
export const CHANGED_SYSCTLS: readonly string[] = [
  'vm/overcommit_memory',
  'vm/panic_on_oom',
  'kernel/panic',
  'kernel/panic_on_oops',
  'kernel/keys/root_maxkeys',
  'kernel/keys/root_maxbytes',
]

/** Writes their values down, so that the end of the run restores them. */
export function recordSysctls(run: Run): void {
  for (const name of CHANGED_SYSCTLS) {
    const path = `/proc/sys/${name}`
    if (existsSync(path)) run.record({ kind: 'sysctl', path, value: firstValue(path, run.ledger) })
  }
}
