export interface PolicyFlags {
  readonly file?: readonly string[]
  readonly clustersFile?: string
  readonly ackClusterId?: string
  readonly namespace?: string
  readonly release?: string
  readonly serviceAccount?: string
  readonly ram?: string
  readonly ramScope?: 'instance' | 'all'
  readonly accountId?: string
  readonly workerRole?: readonly string[]
  readonly roleArn?: string
  readonly issuer?: string
  readonly oidcProviderArn?: string
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
