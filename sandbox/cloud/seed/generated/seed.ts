// Generated from schemas/ by scripts/generate-values.ts. Do not edit.

/** The initial accounts of an emulated cloud; the first is the main one. */
export interface Seed {
  /** The region of the main endpoints; default: that of the first instance. */
  region?: string
  /** The role of the main metadata endpoint; default: the first cluster's worker role. */
  metadataRole?: string
  /** The SHA-1 fingerprints of the certificate authorities of an issuer's address, by the issuer. STS compares those of the OIDC provider with them; of an issuer that is not listed it compares nothing. */
  issuerChains?: {
    [k: string]: string[]
  }
  /** How many calls per second an account may make to a product; default: any number. */
  rates?: {
    Ram?: number
    Ims?: number
    Sts?: number
    CS?: number
    cr?: number
  }
  /** What session policies do instead of what the vendor documents; default: nothing. */
  sessionPolicyFault?: 'ignored' | 'ignored-by-registry' | 'ignored-for-oidc' | 'refused' | 'refused-by-registry'
  /** Whether the registry denies everybody a repository that does not exist, instead of responding with 404; default: false. */
  denyUnknownRepositories?: boolean
  accounts: SeedAccount[]
}
export interface SeedAccount {
  id: string
  /** For readers of the seed; the emulator does not use it. */
  alias?: string
  users: SeedUser[]
  roles?: SeedRole[]
  /** Custom policies by name. */
  policies?: {
    [k: string]: SeedDocument
  }
  /** Control policies of the resource directory by name, beside FullAliyunAccess; they limit all users and roles of the account. */
  controlPolicies?: {
    [k: string]: SeedDocument
  }
  oidcProviders?: SeedOidcProvider[]
  instances?: SeedInstance[]
  clusters?: SeedCluster[]
}
export interface SeedUser {
  name: string
  /** The emulator prints this user's access key. */
  administrator?: boolean
  policies?: SeedPolicies
}
export interface SeedPolicies {
  system?: string[]
  custom?: string[]
}
export interface SeedRole {
  name: string
  description?: string
  maxSessionSeconds?: number
  tags?: {
    [k: string]: string
  }
  trust: SeedDocument
  policies?: SeedPolicies
}
export interface SeedDocument {
  Version: '1'
  Statement: {
    [k: string]: unknown
  }[]
  [k: string]: unknown
}
export interface SeedOidcProvider {
  name: string
  issuer: string
  clientIds: string[]
  /** SHA-1 fingerprints of certificates; default: none. */
  fingerprints?: string[]
}
export interface SeedInstance {
  /** Default: a random `cri-…`. Instances of the Personal Edition have none. */
  id?: string
  name: string
  region: string
  edition: 'enterprise' | 'personal'
  /** Default: RUNNING. In any other state it issues no credentials. */
  status?: 'PENDING' | 'INIT_ERROR' | 'STARTING' | 'RUNNING' | 'STOPPING' | 'STOPPED' | 'DELETING'
  /** Default: a public and a VPC endpoint with the vendor's domains for name and region. */
  endpoints?: {
    internet?: SeedEndpoint
    vpc?: SeedEndpoint
  }
  /** Repository names by namespace. */
  namespaces?: {
    [k: string]: string[]
  }
  /** Repositories that anyone can pull without a login, as `namespace/repository`. */
  publicRepositories?: string[]
}
export interface SeedEndpoint {
  enabled?: boolean
  acl?: string[]
  domains: string[]
  customDomains?: string[]
  /** The linked VPCs, by their ids. */
  vpcs?: string[]
  /** More linked VPCs, about which something is unusual. */
  links?: SeedLinkedVpc[]
}
export interface SeedLinkedVpc {
  id: string
  /** Default: RUNNING. */
  status?: 'CREATING' | 'RUNNING'
  /** What ACR reports about the link, such as `NO_PRIVATE_ZONE_AUTHORIZED` or `PRIVATE_ZONE_CONFLICT_AT_<zone>`; default: nothing. */
  issue?: string
  /** Whether ACR's own DNS resolves the VPC domain there; default: only in the first VPC. */
  defaultAccess?: boolean
}
export interface SeedCluster {
  id: string
  name: string
  region: string
  /** Default: managed. */
  kind?: 'managed' | 'dedicated' | 'serverless' | 'edge' | 'lingjun' | 'acs' | 'registered'
  /** Serverless, ACS and registered clusters have none. */
  workerRole?: string
  nodePools?: {
    name: string
    /** Default: ess (ECS instances). */
    type?: 'ess' | 'edge' | 'lingjun'
    workerRole?: string
  }[]
  /** What ACK reports, such as stopped; default: running. */
  state?: string
  /** Names of installed add-ons, in addition to those of every cluster. */
  addons?: string[]
  /** The id of its VPC; default: the same VPC for all clusters. */
  vpc?: string
  /** The issuer of its RRSA tokens; default: RRSA is off. */
  rrsaIssuer?: string
  /** Whether the API server has a public address; default: true. */
  publicEndpoint?: boolean
  /** Users and roles whose kubeconfig has no rights in the cluster; all others are administrators. */
  unauthorized?: string[]
}
