import type { IdentityType } from '../../init/decide-identity.ts'

export interface InitFlags {
  readonly cluster?: readonly string[]
  readonly instance?: readonly string[]
  readonly repositories?: string
  readonly identity?: IdentityType
  readonly region?: readonly string[]
  readonly workflow?: boolean
  readonly to?: string
  readonly yes?: boolean
  readonly dryRun?: boolean
  readonly endpoints?: string
}
