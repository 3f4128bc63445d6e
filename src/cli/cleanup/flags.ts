import type { ConnectFlags, ReleaseFlags } from '../program/connect-flags.ts'

export interface CleanupFlags extends ConnectFlags, ReleaseFlags {
  readonly detach?: boolean
  readonly all?: boolean
  readonly legacy?: boolean
  readonly yes?: boolean
  readonly secretName?: string
  readonly dryRun?: boolean
  readonly confirm?: string
}
