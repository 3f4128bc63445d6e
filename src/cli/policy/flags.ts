import type { GrantOptions } from '../../policy/helper-grants.ts'

export interface PolicyFlags extends GrantOptions {
  readonly file?: readonly string[]
  readonly clustersFile?: string
  readonly ackClusterId?: string
  readonly namespace?: string
  readonly release?: string
  readonly ram?: string
  readonly workerRole?: readonly string[]
  readonly ci?: boolean
  readonly adopt?: boolean
  readonly cleanup?: boolean
  readonly github?: string
  readonly subject?: readonly string[]
  readonly oldSubject?: boolean
  readonly ownerId?: string
  readonly repositoryId?: string
  readonly only?: 'policy' | 'trust'
  readonly format?: 'json' | 'terraform'
}
