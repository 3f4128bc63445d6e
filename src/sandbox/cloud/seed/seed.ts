import type { ClusterKind, PoolType } from '../cs/cluster-kinds.ts'

/** The initial accounts of an emulated cloud; the first is the main one. `seed-schema.ts` is the file's schema. */
export interface Seed {
  /** The region of the main endpoints; default: that of the first instance. */
  readonly region?: string
  /** The role of the main metadata endpoint; default: the first cluster's worker role. */
  readonly metadataRole?: string
  readonly accounts: readonly SeedAccount[]
}

export interface SeedAccount {
  readonly id: string
  /** For readers of the seed; the emulator does not use it. */
  readonly alias?: string
  /** Gives the account itself (`root`) an access key, which RAM does not restrict. */
  readonly rootAccessKey?: boolean
  readonly users: readonly SeedUser[]
  readonly roles?: readonly SeedRole[]
  /** Custom policies by name. */
  readonly policies?: Readonly<Record<string, SeedDocument>>
  readonly oidcProviders?: readonly SeedOidcProvider[]
  readonly instances?: readonly SeedInstance[]
  readonly clusters?: readonly SeedCluster[]
}

interface SeedDocument {
  readonly Version: '1'
  readonly Statement: readonly object[]
}

export interface SeedPolicies {
  readonly system?: readonly string[]
  readonly custom?: readonly string[]
}

interface SeedUser {
  readonly name: string
  /** The emulator prints this user's access key. */
  readonly administrator?: boolean
  readonly policies?: SeedPolicies
}

interface SeedRole {
  readonly name: string
  readonly description?: string
  readonly maxSessionSeconds?: number
  readonly tags?: Readonly<Record<string, string>>
  readonly trust: SeedDocument
  readonly policies?: SeedPolicies
}

interface SeedOidcProvider {
  readonly name: string
  readonly issuer: string
  readonly clientIds: readonly string[]
}

export interface SeedEndpoint {
  readonly enabled?: boolean
  readonly acl?: readonly string[]
  readonly domains: readonly string[]
  readonly customDomains?: readonly string[]
  readonly vpcs?: readonly string[]
}

export interface SeedInstance {
  /** Default: a random `cri-…`. Instances of the Personal Edition have none. */
  readonly id?: string
  readonly name: string
  readonly region: string
  readonly edition: 'enterprise' | 'personal'
  /** Default: a public and a VPC endpoint with the vendor's domains for name and region. */
  readonly endpoints?: { readonly internet?: SeedEndpoint; readonly vpc?: SeedEndpoint }
  /** Repository names by namespace. */
  readonly namespaces?: Readonly<Record<string, readonly string[]>>
}

interface SeedCluster {
  readonly id: string
  readonly name: string
  readonly region: string
  /** Default: managed. */
  readonly kind?: ClusterKind
  /** Serverless and registered clusters have none. */
  readonly workerRole?: string
  readonly nodePools?: readonly {
    readonly name: string
    /** Default: ess (ECS instances). */
    readonly type?: PoolType
    readonly workerRole?: string
  }[]
}
