// Generated from schemas/ by scripts/generate-values.ts. Do not edit.

/** Password-free pulls of private images from Alibaba Cloud Container Registry. Only `registries` and `identity` have to be set. */
export interface ResolvedValues {
  /** Each entry is one Container Registry instance (or one login) whose images may be pulled in the target namespaces. */
  registries: ResolvedRegistry[]
  /** Exactly this identity is used; there is no fallback to another one. */
  identity: ResolvedIdentity
  /** Tells `network: auto` which registries are near: APIs in this region are called inside the VPC, all others over the public network. Empty means that everything counts as far away. */
  region: string
  /** Namespaces that get the pull secret, and ServiceAccounts that reference it. */
  targets: ResolvedTargets
  /** `any`: every Pod of a target, as a ServiceAccount's own list would. `acr`: only Pods that name an image in a Container Registry domain or in one of the `domains` here. */
  admissionImages: 'any' | 'acr'
  /** `enabled`: the API server itself refuses whatever the helper should never write (Kubernetes 1.30 or newer). `disabled`: RBAC alone limits it; write this only where the guard cannot be installed. */
  guard: 'enabled' | 'disabled'
  /** `cluster`: one ClusterRole, namespaces chosen by globs and selectors. `namespaces`: no ClusterRole; a Role in each namespace of `targets.namespaces.include`, which then holds plain names of namespaces that exist. A namespace that is taken off that list, or is not on it after a change from `cluster`, keeps its Secret and references, because the helper loses its rights there: label it `acr-nopass.io/skip=true` first, and wait until the Secret is empty. */
  scope: 'cluster' | 'namespaces'
  /** The one Secret that the helper owns in every target namespace. Choose a name that no other tool uses; a common one such as `regcred` needs `adopt: true`. Secrets and references of an earlier name stay until `acr-nopass cleanup --detach --secret-name` with that name removes them; Pods that still name it cannot pull any more when its credentials have expired. */
  secretName: string
  /** Takes over a Secret named `secretName` that another tool created. Without it such a Secret is reported and left alone. */
  adopt: boolean
  /** Detaches the pull secret everywhere and empties it, then idles. Set it and wait until the status reports `retired` before an uninstall by GitOps. */
  retire: boolean
  /** Plans, metrics and status as usual, but no write to any namespace. */
  dryRun: boolean
  /** Pods of a ReplicaSet (so of a Deployment), StatefulSet or DaemonSet that are stuck because they were created before the pull secret was attached are evicted, one per owner and minute; others, as with `watchPods`, are reported. Needs the right to list Pods and to evict. */
  heal: boolean
  /** Writes an Event on Pods that cannot pull because they lack the pull secret: created before it was attached, or with their own `imagePullSecrets`, which hide those of their ServiceAccount. Needs the right to list Pods. */
  watchPods: boolean
  /** Every new credential is tested at the registry's token endpoint; a refused one is held back while the credential in use is known to work and a tenth of its life is left; then it is used anyway, and reported. */
  verify: ResolvedVerify
  /** Paces rotations over many namespaces. New namespaces, and credentials that are expired or refused, are never paced. */
  refreshRate: number
  /** For tools that look for them, such as the image accelerator. */
  secretLabels: ResolvedLabels
  /** `auth`: what the kubelet needs. `full`: `username` and `password` beside it, for tools that read only those. */
  authFormat: 'auth' | 'full'
  /** `auto`: inside the VPC for the cluster's own `region`, public elsewhere. `vpc` and `public`: always that one. A registry may differ by its `apiNetwork`. */
  network: 'auto' | 'vpc' | 'public'
  /** For government clouds, private links and the sandbox. Always https, except for loopback addresses. */
  endpoints: ResolvedEndpoints
  /** One JSON line per event; no level ever logs a credential. */
  logLevel: 'debug' | 'info' | 'warn' | 'error'
  /** In the names of the chart's objects: the release `ci` with `pull` gives `ci-pull`. Labels and the objects outside the release's namespace keep theirs. Cannot change later, as `fullnameOverride`. Two aliases of the chart in one umbrella need two names; a chart does not see the values of the other, so this is not checked. */
  nameOverride: string
  /** Deployment, ServiceAccount, Lease, ConfigMaps. Choose it at the first installation: a change renames the ServiceAccount, which the role's trust policy names, and the Lease. The action and `acr-nopass apply` refuse it (`RELEASE_RENAMED`). `helm upgrade` does not: a chart finds objects of another name only by listing, and would then fail for every deployer without that right. */
  fullnameOverride: string
  /** Always created by the chart, because the guard is bound to it. */
  serviceAccount: ResolvedServiceAccount
  /** Whole manifests, rendered as templates. */
  extraObjects: ResolvedKubernetesObject[]
}
/** One Container Registry instance, or one login for a registry of any kind. */
export interface ResolvedRegistry {
  /** Unique; shown in status, metrics and logs. */
  name: string
  /** `enterprise`: an instance with an id `cri-…`. `personal`: the free instance of a region, made before 2024-09-09. `static`: any registry, with a user name and a password of your own, kept in a Secret (newer Personal Edition instances, `crpi-….personal.cr.aliyuncs.com`, too). */
  edition: 'enterprise' | 'personal' | 'static'
  /** As the console shows it; or set `instanceName`. */
  instanceId?: string
  /** Instead of `instanceId`; the helper looks the id up, which needs the right `cr:ListInstance`. */
  instanceName?: string
  /** May differ from the cluster's own. */
  region?: string
  /** `all`: the public and the VPC domain and its custom domains. `vpc` or `public`: only that one and the custom domains. */
  network: 'all' | 'vpc' | 'public'
  /** `auto` follows the global `network`. */
  apiNetwork: 'auto' | 'vpc' | 'public'
  /** Custom domains, or for `static` all of them: `host`, or `host/namespace` where two accounts share one domain. Only these and the registry's own domains ever get a credential. */
  domains: string[]
  /** What the RAM policy allows: `*`, or `namespace/repository` with `*` for any part. */
  repositories: string[]
  /** `role`: everything that the RAM role may pull, also through other entries. `repositories`: in each namespace only the `repositories` of the limited entries of this instance that target it. Enterprise only; it needs `identity.type: rrsa` or `assumeRole`. `role` is the default because the limit is not proven on a live account yet. */
  limit: 'role' | 'repositories'
  /** With `limit: repositories`: one existing repository of this entry, without a tag. The helper asks the registry whether credentials may pull it; without it the helper asks for an invented name, which decides less. */
  probe?: string
  /** Enterprise only; null leaves it to the registry (one hour, or the life of the session that requested it). The time that the registry returns counts. */
  expiresInHours: number | null
  /** For a registry of another account: the identity assumes the first role, that one the next. */
  assumeRole: ResolvedAssumeRole[]
  /** For `static`: a Secret in the release's namespace with the keys `username` and `password`. Changes are noticed. */
  existingSecret?: string
  /** Each key given here replaces that of the global `targets.namespaces`; the others stay. */
  targets?: ResolvedRegistryTargets
}
/** One step of a chain. */
export interface ResolvedAssumeRole {
  /** Its trust policy names the account or role before it in the chain. */
  roleArn: string
  /** If the role's trust policy requires one. */
  externalId?: string
  /** At most the role's own maximum. */
  durationSeconds: number
}
/** Replaces the global targets, key by key. */
export interface ResolvedRegistryTargets {
  /** Keys given here replace the global ones. */
  namespaces?: {
    /** Replaces `targets.namespaces.include` for this registry. */
    include?: string[]
    /** Replaces `targets.namespaces.exclude` for this registry. */
    exclude?: string[]
    /** Replaces `targets.namespaces.selector` for this registry. */
    selector?: ResolvedLabelSelector
  }
}
/** As in Kubernetes. */
export interface ResolvedLabelSelector {
  /** All of them. */
  matchLabels?: ResolvedLabels
  /** All of them. */
  matchExpressions?: ResolvedLabelExpression[]
}
/** Names and values of labels; values are strings. */
export interface ResolvedLabels {
  /** At most 63 letters, digits, `-`, `_`, `.`. Always a string: quote numbers and `true`. */
  [k: string]: string
}
/** As in Kubernetes. */
export interface ResolvedLabelExpression {
  /** `name` or `prefix/name`. */
  key: string
  /** `In` and `NotIn` need `values`; the others have none. */
  operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist'
  /** For `In` and `NotIn`. */
  values?: string[]
}
/** How the cloud is called. */
export interface ResolvedIdentity {
  /** `rrsa`: a RAM role for the helper's ServiceAccount alone (ACK managed, Serverless and Edge clusters; the best choice). `worker-role`: the role of the ECS node, or on ECI the role in `workerRole.eciRoleName`, by the metadata service. `access-key`: a key of a RAM user, kept in a Secret (clusters outside Alibaba Cloud). */
  type: 'rrsa' | 'worker-role' | 'access-key'
  /** The action and `acr-nopass apply` fill in both automatically; with Helm alone, both are needed. */
  rrsa?: {
    /** Its trust policy names the helper's ServiceAccount. */
    roleArn?: string
    /** Created by ACK when RRSA is enabled. */
    oidcProviderArn?: string
  }
  /** Uses the metadata service of the node, or of the Pod on ECI, version 2 (with a session token). */
  workerRole: {
    /** Name, not ARN, of a role that trusts ECS. For ACK Serverless clusters and virtual nodes, which have no worker role: the Pod gets the annotation `k8s.aliyun.com/eci-ram-role-name`. The helper must then run on ECI and uses no other role. */
    eciRoleName?: string
    /** Only for old nodes without version 2. */
    imdsV1: boolean
  }
  /** The key itself is never part of the values. */
  accessKey?: {
    /** In the release's namespace, with the keys `accessKeyId` and `accessKeySecret`. Changes are noticed. */
    existingSecret?: string
  }
}
/** Namespaces and ServiceAccounts. */
export interface ResolvedTargets {
  /** A namespace is a target when a name of `include` matches, none of `exclude` does, and `selector` matches its labels. The release's own namespace is always a target. */
  namespaces: {
    /** `*` matches any characters. In `scope: namespaces` plain names only. */
    include: string[]
    /** Wins over `include`. */
    exclude: string[]
    /** A Kubernetes label selector; empty matches every namespace. */
    selector: ResolvedLabelSelector
  }
  /** A convenience, not a boundary: anyone who may create Pods in a namespace may name the Secret. */
  serviceAccounts: {
    /** `*` matches any characters; plain names narrow the helper's rights to these, and entries that it added to others before stay: `exclude` those first to have them removed. */
    include: string[]
    /** Wins over `include`. */
    exclude: string[]
  }
}
/** By one login at the registry's token endpoint. */
export interface ResolvedVerify {
  /** Off: credentials are distributed without a test. */
  enabled: boolean
  /** Finds a credential that was revoked early: one login per registry. */
  interval: string
}
/** Addresses without a path. */
export interface ResolvedEndpoints {
  /** Sessions and roles. */
  sts?: string
  /** For every registry. */
  cr?: string
  /** Used by the action only. */
  cs?: string
  /** Used by the action only. */
  ram?: string
  /** For `identity.type: worker-role`. */
  imds?: string
  /** Instead of each registry's own domain; for the sandbox. */
  registry?: string
}
/** Name and annotations. */
export interface ResolvedServiceAccount {
  /** Empty means the full name of the release. The trust policy of an RRSA role names it. */
  name: string
  /** For tools that read them. */
  annotations: ResolvedAnnotations
  /** Extra ones. */
  labels: ResolvedLabels
}
/** Names and values of annotations; values are strings. */
export interface ResolvedAnnotations {
  [k: string]: string
}
/** A whole manifest. */
export interface ResolvedKubernetesObject {
  /** Such as `v1`. */
  apiVersion: string
  /** Such as `ConfigMap`. */
  kind: string
  [k: string]: unknown
}
