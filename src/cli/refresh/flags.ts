import type { ConnectFlags, ReleaseFlags } from '../program/connect-flags.ts'

export interface RefreshFlags extends ConnectFlags, ReleaseFlags {
  /** Go's form, such as `90s`. */
  readonly timeout: string
  /** False with --no-wait. */
  readonly wait: boolean
}
