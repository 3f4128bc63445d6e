import type { ConnectFlags } from '../program/connect-flags.ts'

export interface HelperFlags extends ConnectFlags {
  readonly config: string
  readonly secretsDir?: string
  readonly oidcTokenFile?: string
  readonly httpAddress?: string
  readonly statusAddress?: string
}
