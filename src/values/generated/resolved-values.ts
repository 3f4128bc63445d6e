// Generated from schemas/ by scripts/generate-values.ts. Do not edit.

/** Password-free pulls of private images from Alibaba Cloud Container Registry. Only `registries` and `identity` have to be set. */
export interface ResolvedValues {
  /** Each entry is one Container Registry instance, or one login. Pods in the target namespaces can pull its images. */
  registries: ResolvedRegistry[]
  /** The helper uses this identity only, and never falls back to another identity. */
  identity: ResolvedIdentity
  /** With `network: auto`, the helper calls APIs in this region inside the VPC, and all other APIs over the public network. If empty, it calls all APIs over the public network. */
  region: string
  /** Namespaces that get the pull secret, and ServiceAccounts that reference it. */
  targets: ResolvedTargets
  /** `any`: every Pod in a target namespace, as with the list of a ServiceAccount. `acr`: only Pods with an image from a Container Registry domain or from `domains` of a registry. */
  admissionImages: 'any' | 'acr'
  /** `enabled`: the API server refuses every write that the helper should never make (Kubernetes 1.30 or newer). `disabled`: only RBAC limits the helper. Use `disabled` only if the cluster does not support the guard. */
  guard: 'enabled' | 'disabled'
  /** `cluster`: one ClusterRole; globs and selectors choose the namespaces. `namespaces`: no ClusterRole, but a Role in each namespace of `targets.namespaces.include`. That list then contains plain names of existing namespaces. A namespace that is no longer in the list, also after a change from `cluster`, keeps its Secret and references, because the helper has no rights there. Before you remove a namespace, label it `acr-nopass.io/skip=true` and wait until the Secret is empty. */
  scope: 'cluster' | 'namespaces'
  /** The helper owns one Secret with this name in every target namespace. Choose a name that no other tool uses. If a Secret with this name exists, such as `regcred`, set `adopt: true`. After a change, Secrets and references with the old name stay. `acr-nopass cleanup --detach --secret-name` with the old name removes them. Pods that reference only the old name cannot pull after its credentials expire. */
  secretName: string
  /** If true, the helper takes over a Secret named `secretName` that another tool created. If false, the helper reports such a Secret and does not change it. */
  adopt: boolean
  /** A cluster whose nodes all pull without a Secret needs no helper. */
  helper: {
    /** With false, the chart installs only what nodes need, and no Secret is written. The helper must have removed what it wrote: `acr-nopass apply` deploys `retire: true` first and waits. With Helm alone this takes two upgrades, and the chart refuses the second upgrade until the helper reports `retired`. Tools that render without the cluster, such as Argo CD, cannot check this. */
    enabled: boolean
  }
  /** The helper removes all references, empties all pull secrets, and then does nothing. Before an uninstall by GitOps, set `retire` and wait until the status reports `retired`. */
  retire: boolean
  /** For Pods that cannot pull because they were created before the reference was added. The helper evicts such Pods of ReplicaSets (also of Deployments), StatefulSets and DaemonSets, one per owner and minute. It reports other Pods, as with `watchPods`. Needs the rights to list and to evict Pods. */
  heal: boolean
  /** The helper writes an Event for each Pod that cannot pull because it does not reference the pull secret. Such Pods were created before the reference was added, or have their own `imagePullSecrets`, which replace those of the ServiceAccount. Needs the right to list Pods. */
  watchPods: boolean
  /** The helper tests every new credential at the registry's token endpoint. If the registry refuses it, the helper keeps the current credential while that one works and at least a tenth of its lifetime is left. After that, the helper uses the new credential anyway, and reports it. */
  verify: ResolvedVerify
  /** For tools that select Secrets by label, such as the image accelerator. */
  secretLabels: ResolvedLabels
  /** `auth`: the field that the kubelet needs. `full`: also `username` and `password`, for tools that read only these fields. */
  authFormat: 'auth' | 'full'
  /** `auto`: the VPC for APIs in the cluster's `region`, the public network for others. `vpc` and `public`: always that network. `apiNetwork` of a registry overrides this value. */
  network: 'auto' | 'vpc' | 'public'
  /** For government clouds, private links and the sandbox. Always https, except for loopback addresses. */
  endpoints: ResolvedEndpoints
  /** PEM certificates, for a proxy or a private link with its own certificate. Private keys are refused. Lines end with LF or CRLF. */
  caBundle: string
  /** The helper logs one JSON line per event. No level logs a credential. */
  logLevel: 'debug' | 'info' | 'warn' | 'error'
  /** Part of the names of the chart's objects: the release `ci` with `pull` gives `ci-pull`. Labels, and objects outside the release's namespace, keep their names. Do not change it later, as with `fullnameOverride`. Two aliases of the chart in one umbrella chart need different names. No check can find equal names, because a chart does not see the values of another chart. */
  nameOverride: string
  /** For the Deployment, ServiceAccount, Lease and ConfigMaps. Choose it at the first installation, because a change renames the Lease and the ServiceAccount, which the role's trust policy names. The action and `acr-nopass apply` refuse a change (`RELEASE_RENAMED`). `helm upgrade` does not refuse it: the chart would have to list objects, and deployers without that right could not upgrade. */
  fullnameOverride: string
  /** The chart always creates it, because the guard applies to it. */
  serviceAccount: ResolvedServiceAccount
  /** Whole manifests, rendered as templates. */
  extraObjects: ResolvedKubernetesObject[]
  /** For nodes whose kubelet flags are yours: the kubelet asks a program on the node for a login whenever it pulls an image (an image credential provider). `acr-nopass node` prints what a node needs. The helper does not read these keys. */
  node: ResolvedNode
}
/** One Container Registry instance, or one login for a registry of any kind. */
export interface ResolvedRegistry {
  /** Unique in the list. Status, metrics and logs show it. */
  name: string
  /** `enterprise`: an instance with an id `cri-…`. `personal`: the free instance of a region, made before 2024-09-09. `static`: any registry with a user name and a password in a Secret. Use `static` for newer Personal Edition instances (`crpi-….personal.cr.aliyuncs.com`). */
  edition: 'enterprise' | 'personal' | 'static'
  /** The ID that the console shows. You can set `instanceName` instead. */
  instanceId?: string
  /** Use it instead of `instanceId`. The helper looks up the ID, which needs the right `cr:ListInstance`. */
  instanceName?: string
  /** May differ from the cluster's region. */
  region?: string
  /** `all`: the public domain, the VPC domain and the custom domains. `vpc` or `public`: that domain and the custom domains. */
  network: 'all' | 'vpc' | 'public'
  /** `auto` follows the global `network`. */
  apiNetwork: 'auto' | 'vpc' | 'public'
  /** Custom domains; for `static`, all domains. Write `host`, or `host/namespace` if two accounts share one domain. Only these domains and the registry's own domains get a credential. */
  domains: string[]
  /** The RAM policy allows only these repositories. Write `*`, or `namespace/repository`, where `*` matches any characters. */
  repositories: string[]
  /** `role`: everything that the RAM role may pull, also the repositories of other entries. `repositories`: in each namespace only the `repositories` of the limited entries of this instance that target it. Enterprise only; it needs `identity.type: rrsa` or `assumeRole`. `role` is the default because the limit is not proven on a live account yet. */
  limit: 'role' | 'repositories'
  /** With `limit: repositories`: one existing repository of this entry, without a tag. The helper asks the registry whether a limited credential may pull this repository. Without `probe`, the helper asks for an invented name, which often gives no result. */
  probe?: string
  /** Enterprise only. With null the registry decides: one hour, or the lifetime of the session that requested the token. The helper uses the time that the registry returns. */
  expiresInHours: number | null
  /** For a registry of another account. The identity assumes the first role, the first role assumes the second, and so on. */
  assumeRole: ResolvedAssumeRole[]
  /** For `static`: a Secret in the release's namespace with the keys `username` and `password`. The helper notices changes. */
  existingSecret?: string
  /** Each key given here replaces the same key of the global `targets.namespaces`. Other keys keep their global values. */
  targets?: ResolvedRegistryTargets
}
/** One step of a chain. */
export interface ResolvedAssumeRole {
  /** The trust policy of this role names the account or role before it in the list. */
  roleArn: string
  /** Needed if the role's trust policy requires it. */
  externalId?: string
  /** At most the role's own maximum. */
  durationSeconds: number
}
/** Replaces the global targets, key by key. */
export interface ResolvedRegistryTargets {
  /** Keys given here replace the global keys. */
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
  /** `rrsa`: a RAM role that only the helper's ServiceAccount can assume (ACK managed, Serverless and Edge clusters; the best choice). `worker-role`: the role of the ECS node, or on ECI the role in `workerRole.eciRoleName`; the metadata service provides its credentials. `access-key`: the key of a RAM user in a Secret (clusters outside Alibaba Cloud). */
  type: 'rrsa' | 'worker-role' | 'access-key'
  /** The action and `acr-nopass apply` fill in both ARNs. With Helm alone, set both ARNs yourself. */
  rrsa?: {
    /** Its trust policy names the helper's ServiceAccount. */
    roleArn?: string
    /** Created by ACK when RRSA is enabled. */
    oidcProviderArn?: string
  }
  /** The helper uses version 2 of the metadata service (with a session token), on the node or, on ECI, in the Pod. */
  workerRole: {
    /** The name, not the ARN, of a role that trusts ECS. For ACK Serverless clusters and virtual nodes, which have no worker role. The Pod gets the annotation `k8s.aliyun.com/eci-ram-role-name`. The helper must then run on ECI and uses no other role. */
    eciRoleName?: string
    /** Only for old nodes without version 2. */
    imdsV1: boolean
  }
  /** The values never contain the key itself. */
  accessKey?: {
    /** In the release's namespace, with the keys `accessKeyId` and `accessKeySecret`. The helper notices changes. */
    existingSecret?: string
  }
}
/** Namespaces and ServiceAccounts. */
export interface ResolvedTargets {
  /** A namespace is a target if a pattern of `include` matches its name, no pattern of `exclude` matches, and `selector` matches its labels. The release's own namespace is always a target. */
  namespaces: {
    /** `*` matches any characters. With `scope: namespaces`, write plain names only. */
    include: string[]
    /** Wins over `include`. */
    exclude: string[]
    /** A Kubernetes label selector; empty matches every namespace. */
    selector: ResolvedLabelSelector
  }
  /** This is a convenience, not a security boundary: anyone who can create Pods in a namespace can reference the Secret. */
  serviceAccounts: {
    /** `*` matches any characters. With plain names only, the helper gets rights on these ServiceAccounts only. Entries that it added to other ServiceAccounts then stay. To have them removed, first `exclude` those ServiceAccounts. */
    include: string[]
    /** Wins over `include`. */
    exclude: string[]
  }
}
/** By one login at the registry's token endpoint. */
export interface ResolvedVerify {
  /** If false, the helper distributes credentials without a test. */
  enabled: boolean
  /** Detects a credential that was revoked early. Each test is one login per registry. */
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
  /** Replaces each registry's own domain. For the sandbox. */
  registry?: string
}
/** Name and annotations. */
export interface ResolvedServiceAccount {
  /** If empty, the full name of the release is used. The trust policy of an RRSA role contains this name. */
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
/** How the program on a node calls the cloud. */
export interface ResolvedNode {
  /** `service-account`: the role in the annotation `acr-nopass.io/role-arn` of the Pod's ServiceAccount (Kubernetes 1.34 or newer). `worker-role`: the RAM role of the node, for every Pod of the node. */
  identity: 'service-account' | 'worker-role'
  /** For a ServiceAccount without the annotation or whose role is refused, and for a static Pod. `none`: no login. `worker-role`: the RAM role of the node. */
  fallback: 'none' | 'worker-role'
  /** With the role of the node, every Pod of the node may pull everything that this role may pull. Values with `limit: repositories` or with own `targets` of a registry are refused until this is true. */
  unbounded: boolean
  /** How the token of a ServiceAccount becomes a session of a RAM role. */
  serviceAccount: {
    /** Default: `identity.rrsa.oidcProviderArn`. */
    oidcProviderArn?: string
    /** `pod-identity.alibabacloud.com/role-name` names a role that a workload uses for other services. If true, that role also pulls images where `acr-nopass.io/role-arn` is absent. */
    useRrsaRole: boolean
  }
  /** The trust policy of each role must name its ServiceAccount; `acr-nopass policy` prints it. The chart lets nodes request tokens for `sts.aliyuncs.com` if the list is not empty. Annotate each ServiceAccount with `acr-nopass.io/role-arn`. */
  serviceAccounts: ResolvedNodeServiceAccount[]
}
/** The role that pulls images for Pods of the ServiceAccount. */
export interface ResolvedNodeServiceAccount {
  /** Of the ServiceAccount. */
  namespace: string
  /** Of the ServiceAccount. */
  name: string
  /** Its policy must allow to pull; the session is limited to the `repositories` of entries with `limit: repositories`. */
  role: string
}
