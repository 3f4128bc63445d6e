import type { ConnectFlags } from '../program/connect-flags.ts'

export interface ImportFlags extends ConnectFlags {
  readonly file?: readonly string[]
  readonly region?: string
  readonly namespace: string
  readonly release: string
  readonly to?: string
  readonly force?: boolean
}
