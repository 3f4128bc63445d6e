import type { InstanceEndpoint, LinkedVpc } from '../../alibaba/cr.ts'
import type { OidcProvider } from '../../alibaba/ims.ts'
import type { AttachedPolicy, RamPolicy, RamRole } from '../../alibaba/ram.ts'
import type { Unread } from '../../release/reader.ts'
import type { HelperConfig } from '../../values/helper-config.generated.ts'

/** What was read from Alibaba Cloud, or why not. */
export type CloudSnapshot =
  | { readonly state: 'not-inspected'; readonly why: string }
  | { readonly state: 'looked'; readonly facts: CloudFacts; readonly notes: readonly Unread[] }

export interface CloudFacts {
  /** The caller's ARN and account. */
  readonly caller: string
  readonly accountId: string
  readonly place: ClusterPlace
  /** RAM roles of the nodes; empty where the identity is another one, or they are not known. */
  readonly workerRoles: readonly string[]
  /** The issuers of the cluster's tokens in ACK; empty: not needed, or unknown. */
  readonly issuers: readonly string[]
  /** By ARN in lower case. */
  readonly roles: ReadonlyMap<string, RoleFacts>
  /** Undefined: not readable, or not needed; `null`: absent. */
  readonly oidcProvider: OidcProvider | null | undefined
  /** By the name of the registry. */
  readonly instances: ReadonlyMap<string, InstanceFacts>
}

/** The location of the cluster, as far as known. */
export interface ClusterPlace {
  /** In ACK. */
  readonly clusterId: string | undefined
  readonly accountId: string | undefined
  readonly region: string
  readonly vpcId: string | undefined
  readonly vswitchId: string | undefined
  /** Identifies the cluster's policy and role; empty: unknown. */
  readonly key: string
}

/** A role; undefined parts could not be read. */
export interface RoleFacts {
  /** `null`: the role does not exist. */
  readonly role: (RamRole & { readonly ours: boolean }) | null | undefined
  /** With their documents, as RAM keeps them. */
  readonly attached: readonly (AttachedPolicy & { readonly document: string })[] | undefined
  /** Our policy for it, by its name; undefined: there is none, or it could not be read. */
  readonly policyName: string
  readonly policy: (RamPolicy & { readonly ours: boolean }) | undefined
}

export interface InstanceFacts {
  readonly instanceId: string
  /** `null`: there is none, neither in the region of values nor in that of the cluster. */
  readonly found: { readonly instanceId: string; readonly region: string; readonly status: string } | null | undefined
  readonly endpoints: readonly InstanceEndpoint[] | undefined
  readonly vpcs: readonly LinkedVpc[] | undefined
}

/** An instance with everything that is checked. */
export interface KnownInstance {
  readonly registry: HelperConfig['registries'][number]
  readonly facts: InstanceFacts
  readonly found: NonNullable<InstanceFacts['found']>
  readonly place: CloudFacts['place']
  /** Hosts of the images of Pods. */
  readonly hosts: ReadonlySet<string>
}
