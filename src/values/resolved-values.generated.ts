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
  /** `admission`: a MutatingAdmissionPolicy in the API server adds the reference to each Pod (Kubernetes 1.36 or newer; no rights on ServiceAccounts). `serviceAccounts`: the helper adds it to ServiceAccounts (every version). `both`: both. `auto`: `admission` where the cluster has it, else `serviceAccounts`. */
  attach: 'auto' | 'admission' | 'serviceAccounts' | 'both'
  /** `any`: every Pod of a target, as a ServiceAccount's own list would. `acr`: only Pods that name an image in a Container Registry domain or in one of the `domains` here. */
  admissionImages: 'any' | 'acr'
  /** `enabled`: the API server itself refuses whatever the helper should never write (Kubernetes 1.30 or newer). `disabled`: RBAC alone limits it; write this only where the guard cannot be installed. */
  guard: 'enabled' | 'disabled'
  /** `cluster`: one ClusterRole, namespaces chosen by globs and selectors. `namespaces`: no ClusterRole; a Role in each namespace of `targets.namespaces.include`, which then holds plain names of namespaces that exist. */
  scope: 'cluster' | 'namespaces'
  /** The one Secret that the helper owns in every target namespace. Choose a name that no other tool uses; a common one such as `regcred` needs `adopt: true`. */
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
  /** PEM certificates, for a proxy or a private link with its own certificate. Never a private key. Lines end with LF or CRLF. */
  caBundle: string
  /** One JSON line per event; no level ever logs a credential. */
  logLevel: 'debug' | 'info' | 'warn' | 'error'
  /** Change them only with `hostNetwork`, where another program may hold them. */
  ports: ResolvedPorts
  /** `registry/repository:tag`, or by digest. `global.imageRegistry` replaces `registry`. */
  image: ResolvedImage
  /** For a mirror that requires a login. They must exist in the release's namespace. */
  imagePullSecrets: ResolvedSecretReference[]
  /** In the names of the chart's objects: the release `ci` with `pull` gives `ci-pull`. Labels and the objects outside the release's namespace keep theirs. Cannot change later, as `fullnameOverride`. Two aliases of the chart in one umbrella need two names; a chart does not see the values of the other, so this is not checked. */
  nameOverride: string
  /** Deployment, ServiceAccount, Lease, ConfigMaps. Choose it at the first installation: a change renames the ServiceAccount, which the role's trust policy names, and the Lease. The action and `acr-nopass apply` refuse it (`RELEASE_RENAMED`). `helm upgrade` does not: a chart finds objects of another name only by listing, and would then fail for every deployer without that right. */
  fullnameOverride: string
  /** Always created by the chart, because the guard is bound to it. */
  serviceAccount: ResolvedServiceAccount
  /** One is active, the others stand by with warm caches. */
  replicas: number
  /** As in a container of a Pod. */
  resources: ResolvedResources
  /** Merged over the defaults, key by key. What would weaken them is refused. `runAsUser: null` and `runAsGroup: null` leave the IDs to the cluster, as OpenShift's `restricted-v2` needs it; `seccompProfile: null` leaves the profile to it. */
  podSecurityContext: ResolvedPodSecurityContext
  /** Merged over the defaults, key by key; Pod Security `restricted` accepts them. What would weaken them is refused, except `readOnlyRootFilesystem: false`, which the helper never needs. */
  securityContext: ResolvedSecurityContext
  /** As in a Pod; Linux is always required. */
  nodeSelector: ResolvedLabels
  /** As in a Pod. */
  tolerations: ResolvedToleration[]
  /** As in a Pod. */
  affinity: ResolvedAffinity
  /** `topologySpreadConstraints` of a Pod; a missing `labelSelector` becomes the helper's own labels. */
  topologySpread: ResolvedTopologySpread[]
  /** As in a Pod. */
  priorityClassName: string
  /** Needed with `worker-role` where Pods cannot reach the metadata service at 100.100.100.200. Not allowed in namespaces that enforce Pod Security restricted. Each replica needs its own node, whose ports it uses: an upgrade stops an old Pod before the new one starts. On a single node set `replicas: 1`. */
  hostNetwork: boolean
  /** `null` leaves it to the cluster, as OpenShift's `restricted-v2` needs it; the image itself names 65532. */
  runAsUser: number
  /** `null` leaves it to the cluster, as OpenShift's `restricted-v2` needs it. */
  runAsGroup: number
  /** As in a Pod; empty is `ClusterFirst`, and `ClusterFirstWithHostNet` with `hostNetwork`. */
  dnsPolicy: '' | 'ClusterFirst' | 'ClusterFirstWithHostNet' | 'Default' | 'None'
  /** As in a Pod, for example a resolver that knows the VPC's private zones. */
  dnsConfig: ResolvedDnsConfig
  /** As in a Pod, for names that no DNS of the cluster knows. */
  hostAliases: ResolvedHostAlias[]
  /** `strategy` of a Deployment. Empty: the old Pods are stopped only when a new one has verified its registries; with `hostNetwork` one Pod makes room first. */
  updateStrategy: ResolvedUpdateStrategy
  /** As in a Deployment. */
  revisionHistoryLimit: number
  /** On Pods too, and on nothing that the helper writes. Labels of the chart itself cannot be replaced; a label of the object itself, such as one of `podLabels`, takes precedence. */
  commonLabels: ResolvedLabels
  /** For tools that read them. */
  deploymentAnnotations: ResolvedAnnotations
  /** Labels of the chart itself cannot be replaced. */
  podLabels: ResolvedLabels
  /** For tools that read them. */
  podAnnotations: ResolvedAnnotations
  /** As in a container of a Pod, for example `HTTPS_PROXY` and `NO_PROXY`. */
  extraEnv: ResolvedEnvVar[]
  /** As in a Pod, of the kinds that Pod Security `restricted` accepts; a folder of the node (`hostPath`) is not one of them. */
  extraVolumes: ResolvedVolume[]
  /** As in a container of a Pod; the paths of the chart's own volumes are taken. */
  extraVolumeMounts: ResolvedVolumeMount[]
  /** Whole manifests, rendered as templates. */
  extraObjects: ResolvedKubernetesObject[]
  /** The helper serves Prometheus metrics at `/metrics` of `ports.http`. */
  metrics: ResolvedMetrics
  /** Allows scraping and probes in; DNS, the API server and https out. */
  networkPolicy: ResolvedNetworkPolicy
  /** Keeps a helper running while nodes are drained. Pods that are not ready may always be evicted. */
  podDisruptionBudget: ResolvedPodDisruptionBudget
  /** Helm passes this to every chart of an umbrella chart; only `imageRegistry` is read here. */
  global: {
    /** Replaces `image.registry` when it is not empty. */
    imageRegistry: string
    [k: string]: unknown
  }
  /** Read by Helm as the `condition` of a dependency; without effect otherwise. */
  enabled?: boolean
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
  /**
   * Custom domains, or for `static` all of them: `host`, or `host/namespace` where two accounts share one domain. Only these and the registry's own domains ever get a credential.
   *
   * Items: `host`, `host:port` or `host/namespace`; no scheme, no `*`, no IP address, lower case.
   */
  domains: string[]
  /**
   * What the RAM policy allows: `*`, or `namespace/repository` with `*` for any part.
   *
   * Items: `*`, or `namespace/repository` with `*` for any part.
   */
  repositories: string[]
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
    /**
     * Replaces `targets.namespaces.include` for this registry.
     *
     * Items: A namespace's name; `*` matches any characters.
     */
    include?: string[]
    /**
     * Replaces `targets.namespaces.exclude` for this registry.
     *
     * Items: A namespace's name; `*` matches any characters.
     */
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
  /**
   * For `In` and `NotIn`.
   *
   * Items: At most 63 letters, digits, `-`, `_`, `.`. Always a string: quote numbers and `true`.
   */
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
    /**
     * `*` matches any characters. In `scope: namespaces` plain names only.
     *
     * Items: A namespace's name; `*` matches any characters.
     */
    include: string[]
    /**
     * Wins over `include`.
     *
     * Items: A namespace's name; `*` matches any characters.
     */
    exclude: string[]
    /** A Kubernetes label selector; empty matches every namespace. */
    selector: ResolvedLabelSelector
  }
  /** A convenience, not a boundary: anyone who may create Pods in a namespace may name the Secret. */
  serviceAccounts: {
    /**
     * `*` matches any characters; plain names narrow the helper's rights to these.
     *
     * Items: A ServiceAccount's name; `*` matches any characters.
     */
    include: string[]
    /**
     * Wins over `include`.
     *
     * Items: A ServiceAccount's name; `*` matches any characters.
     */
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
/** Two different ports from 1024 up, because the helper is not root. */
export interface ResolvedPorts {
  /** Bound to the Pod's own address. */
  http: number
  /** Bound to 127.0.0.1, for `kubectl port-forward`. */
  status: number
}
/** Parts of an image's name. */
export interface ResolvedImage {
  /** Host of the registry; may be empty. */
  registry: string
  /** Path of the image in its registry. */
  repository: string
  /** Empty means the chart's appVersion. */
  tag: string
  /** Wins over the tag when set. */
  digest: string
  /** As in a container of a Pod. */
  pullPolicy: 'Always' | 'IfNotPresent' | 'Never'
}
/** As in a Pod. */
export interface ResolvedSecretReference {
  /** Of a Secret in the release's namespace. */
  name: string
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
/** Requests and limits. */
export interface ResolvedResources {
  /** What the scheduler sets aside. */
  requests: ResolvedQuantities
  /** What the container may use. */
  limits: ResolvedQuantities
}
/** As in a container of a Pod. */
export interface ResolvedQuantities {
  /** Number, with a unit such as `m`, `M` or `Mi` if needed. */
  [k: string]: string | number
}
/** Only what keeps or tightens the defaults. */
export interface ResolvedPodSecurityContext {
  /** Cannot be changed. */
  runAsNonRoot: true
  /** In place of the top-level `runAsUser`; `null` leaves it to the cluster. */
  runAsUser: number
  /** In place of the top-level `runAsGroup`; `null` leaves it to the cluster. */
  runAsGroup: number
  /** As in a Pod. */
  fsGroup?: number
  /** As in a Pod. */
  fsGroupChangePolicy?: 'OnRootMismatch' | 'Always'
  /** As in a Pod. */
  supplementalGroups?: number[]
  /** `null` leaves it to the cluster. */
  seccompProfile: ResolvedSeccompProfile
  /** Only the level, as OpenShift assigns it to a namespace. */
  seLinuxOptions?: ResolvedSeLinuxOptions
}
/** As in a Pod, except `Unconfined`. */
export interface ResolvedSeccompProfile {
  /** `Localhost` needs `localhostProfile`. */
  type: 'RuntimeDefault' | 'Localhost'
  /** A path below the kubelet's folder of profiles, without `..`. */
  localhostProfile?: string
}
/** As in a Pod. */
export interface ResolvedSeLinuxOptions {
  /** As in a Pod. */
  level?: string
}
/** Only what keeps or tightens the defaults. User and group belong to `podSecurityContext`. */
export interface ResolvedSecurityContext {
  /** Cannot be changed. */
  allowPrivilegeEscalation: false
  /** Off only where a tool that injects itself into the container writes there. */
  readOnlyRootFilesystem: boolean
  /** None. */
  capabilities: ResolvedCapabilities
}
/** As in a container of a Pod; none can be added. */
export interface ResolvedCapabilities {
  /** Cannot be changed. */
  drop: 'ALL'[]
}
/** As in a Pod. */
export interface ResolvedToleration {
  /** Empty with `operator: Exists` matches every taint. */
  key?: string
  /** `Exists` needs no value. */
  operator?: 'Exists' | 'Equal'
  /** A string. */
  value?: string
  /** Missing matches every effect. */
  effect?: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute'
  /** With `NoExecute` only. */
  tolerationSeconds?: number
}
/** As in a Pod. */
export interface ResolvedAffinity {
  /** As in a Pod. */
  nodeAffinity?: ResolvedNodeAffinity
  /** As in a Pod. */
  podAffinity?: ResolvedPodAffinity
  /** As in a Pod. */
  podAntiAffinity?: ResolvedPodAffinity
}
/** As in a Pod. */
export interface ResolvedNodeAffinity {
  /** As in a Pod. */
  requiredDuringSchedulingIgnoredDuringExecution?: ResolvedNodeSelector
  /** As in a Pod. */
  preferredDuringSchedulingIgnoredDuringExecution?: ResolvedPreferredNodes[]
}
/** As in a Pod. */
export interface ResolvedNodeSelector {
  /** One of them holds. */
  nodeSelectorTerms: ResolvedNodeSelectorTerm[]
}
/** As in a Pod. */
export interface ResolvedNodeSelectorTerm {
  /** All of them. */
  matchExpressions?: ResolvedNodeExpression[]
  /** All of them. */
  matchFields?: ResolvedNodeField[]
}
/** As in a Pod. */
export interface ResolvedNodeExpression {
  /** As in a Pod. */
  key: string
  /** `In` and `NotIn` need `values`, `Gt` and `Lt` one; the others have none. */
  operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt'
  /**
   * As the operator needs them.
   *
   * Items: At most 63 letters, digits, `-`, `_`, `.`. Always a string: quote numbers and `true`.
   */
  values?: string[]
}
/** `metadata.name` is the only one. */
export interface ResolvedNodeField {
  /** `metadata.name` is the only one. */
  key: 'metadata.name'
  /** As in a Pod. */
  operator: 'In' | 'NotIn'
  /**
   * Exactly one.
   *
   * Items: Lower-case letters, digits, `-` and `.`, as in a host name.
   */
  values: string[]
}
/** As in a Pod. */
export interface ResolvedPreferredNodes {
  /** From 1 to 100. */
  weight: number
  /** As in a Pod. */
  preference: ResolvedNodeSelectorTerm
}
/** As in a Pod. */
export interface ResolvedPodAffinity {
  /** As in a Pod. */
  requiredDuringSchedulingIgnoredDuringExecution?: ResolvedPodAffinityTerm[]
  /** As in a Pod. */
  preferredDuringSchedulingIgnoredDuringExecution?: ResolvedPreferredPods[]
}
/** As in a Pod. */
export interface ResolvedPodAffinityTerm {
  /** As in a Pod. */
  labelSelector?: ResolvedLabelSelector
  /**
   * As in a Pod.
   *
   * Items: Lower-case letters, digits and `-`.
   */
  namespaces?: string[]
  /** As in a Pod. */
  topologyKey: string
  /** As in a Pod. */
  namespaceSelector?: ResolvedLabelSelector
  /**
   * As in a Pod.
   *
   * Items: `name` or `prefix/name`: a name of at most 63 characters, a lower-case domain before it.
   */
  matchLabelKeys?: string[]
  /**
   * As in a Pod.
   *
   * Items: `name` or `prefix/name`: a name of at most 63 characters, a lower-case domain before it.
   */
  mismatchLabelKeys?: string[]
}
/** As in a Pod. */
export interface ResolvedPreferredPods {
  /** From 1 to 100. */
  weight: number
  /** As in a Pod. */
  podAffinityTerm: ResolvedPodAffinityTerm
}
/** As in a Pod. */
export interface ResolvedTopologySpread {
  /** Between two domains. */
  maxSkew: number
  /** Nodes with one value form one domain. */
  topologyKey: string
  /** `DoNotSchedule` waits. */
  whenUnsatisfiable: 'DoNotSchedule' | 'ScheduleAnyway'
  /** Missing means the helper's own Pods. */
  labelSelector?: ResolvedLabelSelector
  /** With `DoNotSchedule` only. */
  minDomains?: number
  /**
   * As in a Pod.
   *
   * Items: `name` or `prefix/name`: a name of at most 63 characters, a lower-case domain before it.
   */
  matchLabelKeys?: string[]
  /** As in a Pod. */
  nodeAffinityPolicy?: 'Honor' | 'Ignore'
  /** As in a Pod. */
  nodeTaintsPolicy?: 'Honor' | 'Ignore'
}
/** As in a Pod. */
export interface ResolvedDnsConfig {
  /**
   * Addresses; `dnsPolicy: None` needs one.
   *
   * Items: IPv4 or IPv6; an IPv4 address not as IPv6 (`::ffff:…`), which Kubernetes refuses from 1.36 on.
   */
  nameservers?: string[]
  /**
   * As in a Pod.
   *
   * Items: Lower-case letters, digits, `-` and `.`, as in a domain.
   */
  searches?: string[]
  /** As in a Pod. */
  options?: ResolvedDnsOption[]
}
/** As in a Pod. */
export interface ResolvedDnsOption {
  /** As in resolv.conf. */
  name: string
  /** A string: quote numbers. */
  value?: string
}
/** As in a Pod. */
export interface ResolvedHostAlias {
  /** IPv4 or IPv6; each once. */
  ip: string
  /**
   * Host names.
   *
   * Items: Lower-case letters, digits, `-` and `.`, as in a host name.
   */
  hostnames: string[]
}
/** As in a Deployment. */
export interface ResolvedUpdateStrategy {
  /** `Recreate` stops every old Pod before a new one starts; until one is ready nothing is refreshed. */
  type?: 'RollingUpdate' | 'Recreate'
  /** As in a Deployment. */
  rollingUpdate?: ResolvedRollingUpdate
}
/** As in a Deployment; one of the two is above zero. */
export interface ResolvedRollingUpdate {
  /** A number or a percentage. */
  maxSurge?: number | string
  /** A number or a percentage up to 100. */
  maxUnavailable?: number | string
}
/** As in a container of a Pod. */
export interface ResolvedEnvVar {
  /** Letters, digits, `_`, `-` and `.`. */
  name: string
  /** A string: quote numbers and `true`. For anything secret use `valueFrom`. */
  value?: string
  /** As in a container of a Pod. */
  valueFrom?: ResolvedEnvVarSource
}
/** As in a container of a Pod: one of them. */
export interface ResolvedEnvVarSource {
  /** As in a Pod. */
  secretKeyRef?: ResolvedKeyReference
  /** As in a Pod. */
  configMapKeyRef?: ResolvedKeyReference
  /** As in a Pod. */
  fieldRef?: ResolvedEnvFieldRef
  /** As in a Pod. */
  resourceFieldRef?: ResolvedEnvResourceRef
}
/** As in a Pod. */
export interface ResolvedKeyReference {
  /** Required. */
  name: string
  /** Letters, digits, `-`, `_` and `.`. */
  key: string
  /** As in a Pod. */
  optional?: boolean
}
/** As in a Pod. */
export interface ResolvedEnvFieldRef {
  /** `v1`. */
  apiVersion?: 'v1'
  /** `metadata.name`, `namespace`, `uid`, `labels['name']` or `annotations['name']`, `spec.nodeName`, `spec.serviceAccountName`, `status.hostIP`, `hostIPs`, `podIP` or `podIPs`. */
  fieldPath: string
}
/** As in a Pod. */
export interface ResolvedEnvResourceRef {
  /** `helper`. */
  containerName?: string
  /** Such as `limits.cpu`. */
  resource: string
  /** As in a Pod. */
  divisor?: string | number
}
/** As in a Pod: a name and one source. */
export interface ResolvedVolume {
  /** Other than `config`, `token` and `oidc`, which the chart uses. */
  name: string
  /** As in a Pod; `name` is needed. */
  configMap?: ResolvedConfigMapVolume
  /** As in a Pod, in the release's namespace; `secretName` is needed. */
  secret?: ResolvedSecretVolume
  /** As in a Pod. */
  projected?: ResolvedProjectedVolume
  /** As in a Pod. */
  emptyDir?: ResolvedEmptyDirVolume
  /** As in a Pod, for example of the Secrets Store CSI driver; `driver` is needed. */
  csi?: ResolvedCsiVolume
  /** As in a Pod; `claimName` is needed. */
  persistentVolumeClaim?: ResolvedClaimVolume
}
/** As in a Pod. */
export interface ResolvedConfigMapVolume {
  /** Required. */
  name: string
  /** As in a Pod. */
  items?: ResolvedKeyToPath[]
  /** From 0 to 0777. */
  defaultMode?: number
  /** As in a Pod. */
  optional?: boolean
}
/** As in a Pod. */
export interface ResolvedKeyToPath {
  /** Required. */
  key: string
  /** Below the folder. */
  path: string
  /** From 0 to 0777. */
  mode?: number
}
/** As in a Pod. */
export interface ResolvedSecretVolume {
  /** Required. */
  secretName: string
  /** As in a Pod. */
  items?: ResolvedKeyToPath[]
  /** From 0 to 0777. */
  defaultMode?: number
  /** As in a Pod. */
  optional?: boolean
}
/** As in a Pod. */
export interface ResolvedProjectedVolume {
  /** Each of one kind. */
  sources?: ResolvedProjectedSource[]
  /** From 0 to 0777. */
  defaultMode?: number
}
/** One kind. */
export interface ResolvedProjectedSource {
  /** As in a Pod. */
  configMap?: ResolvedProjectedObject
  /** As in a Pod. */
  secret?: ResolvedProjectedObject
  /** As in a Pod. */
  downwardAPI?: ResolvedDownwardSource
  /** As in a Pod. */
  serviceAccountToken?: ResolvedTokenSource
  /** As in a Pod. */
  clusterTrustBundle?: ResolvedTrustBundleSource
  /** As in a Pod. */
  podCertificate?: ResolvedCertificateSource
}
/** As in a Pod. */
export interface ResolvedProjectedObject {
  /** Required. */
  name: string
  /** As in a Pod. */
  items?: ResolvedKeyToPath[]
  /** As in a Pod. */
  optional?: boolean
}
/** As in a Pod. */
export interface ResolvedDownwardSource {
  /** As in a Pod. */
  items?: ResolvedDownwardFile[]
}
/** As in a Pod: one of `fieldRef` and `resourceFieldRef`. */
export interface ResolvedDownwardFile {
  /** Below the folder. */
  path: string
  /** As in a Pod. */
  fieldRef?: ResolvedVolumeFieldRef
  /** As in a Pod. */
  resourceFieldRef?: ResolvedVolumeResourceRef
  /** From 0 to 0777. */
  mode?: number
}
/** As in a Pod. */
export interface ResolvedVolumeFieldRef {
  /** `v1`. */
  apiVersion?: 'v1'
  /** `metadata.name`, `namespace`, `uid`, `labels` or `annotations`, or one of the last two as `['name']`. */
  fieldPath: string
}
/** As in a Pod. */
export interface ResolvedVolumeResourceRef {
  /** `helper`. */
  containerName: string
  /** Such as `limits.cpu`. */
  resource: string
  /** As in a Pod. */
  divisor?: string | number
}
/** As in a Pod. */
export interface ResolvedTokenSource {
  /** As in a Pod. */
  audience?: string
  /** From 600 on. */
  expirationSeconds?: number
  /** Below the folder. */
  path: string
}
/** As in a Pod: one of `name` and `signerName`. */
export interface ResolvedTrustBundleSource {
  /** As in a Pod. */
  name?: string
  /** As in a Pod. */
  signerName?: string
  /** As in a Pod. */
  labelSelector?: ResolvedLabelSelector
  /** As in a Pod. */
  optional?: boolean
  /** Below the folder. */
  path: string
}
/** As in a Pod. */
export interface ResolvedCertificateSource {
  /** Required. */
  signerName: string
  /** Required. */
  keyType: 'RSA3072' | 'RSA4096' | 'ECDSAP256' | 'ECDSAP384' | 'ECDSAP521' | 'ED25519'
  /** From 3600 on; to 86400 with a signer of `kubernetes.io`. */
  maxExpirationSeconds?: number
  /** Below the folder. */
  credentialBundlePath?: string
  /** Below the folder. */
  keyPath?: string
  /** Below the folder. */
  certificateChainPath?: string
  /** As in a Pod. */
  userAnnotations?: {
    [k: string]: string
  }
}
/** As in a Pod. */
export interface ResolvedEmptyDirVolume {
  /** Empty: the disk of the node. */
  medium?: string
  /** As in a Pod. */
  sizeLimit?: string | number
}
/** As in a Pod. */
export interface ResolvedCsiVolume {
  /** At most 63 letters, digits, `-` and `.`. */
  driver: string
  /** As in a Pod. */
  readOnly?: boolean
  /** As in a Pod. */
  fsType?: string
  /** Values are strings. */
  volumeAttributes?: {
    [k: string]: string
  }
  /** In the release's namespace. */
  nodePublishSecretRef?: ResolvedSecretReference
}
/** As in a Pod. */
export interface ResolvedClaimVolume {
  /** Required. */
  claimName: string
  /** As in a Pod. */
  readOnly?: boolean
}
/** As in a container of a Pod. */
export interface ResolvedVolumeMount {
  /** One of `extraVolumes`. */
  name: string
  /** An absolute path. */
  mountPath: string
  /** As in a container of a Pod. */
  subPath?: string
  /** As in a container of a Pod. */
  readOnly?: boolean
}
/** A whole manifest. */
export interface ResolvedKubernetesObject {
  /** Such as `v1`. */
  apiVersion: string
  /** Such as `ConfigMap`. */
  kind: string
  [k: string]: unknown
}
/** What is installed for Prometheus and Grafana. */
export interface ResolvedMetrics {
  /** A headless Service with the metrics port. Metrics themselves are always served. */
  enabled: boolean
  /** Its labels and annotations. */
  service: ResolvedMetricsService
  /** Needs the Prometheus operator. */
  serviceMonitor: ResolvedServiceMonitor
  /** In place of a ServiceMonitor, without a Service. Needs the Prometheus operator. */
  podMonitor: ResolvedPodMonitor
  /** Needs the Prometheus operator. */
  prometheusRule: ResolvedPrometheusRule
  /** A ConfigMap that Grafana's sidecar finds by its label. */
  dashboard: ResolvedDashboard
}
/** Labels and annotations. */
export interface ResolvedMetricsService {
  /** For tools that select by them. */
  labels: ResolvedLabels
  /** For example for a Prometheus without the operator. */
  annotations: ResolvedAnnotations
}
/** How Prometheus scrapes the helper. */
export interface ResolvedServiceMonitor {
  /** Off by default, because its CRD has to exist. */
  enabled: boolean
  /** What your Prometheus selects by. */
  labels: ResolvedLabels
  /** Shorter gives finer graphs. `null` leaves it to Prometheus. */
  interval: string
  /** Shorter than the interval. `null` leaves it to Prometheus. */
  scrapeTimeout: string
  /** Empty: the release's. */
  namespace: string
  /** Where a label of a metric and one of the target have the same name. */
  honorLabels: boolean
  /** `RelabelConfig` of the Prometheus operator. */
  relabelings: ResolvedRelabeling[]
  /** `RelabelConfig` of the Prometheus operator. */
  metricRelabelings: ResolvedRelabeling[]
}
/** `RelabelConfig` of the Prometheus operator. */
export interface ResolvedRelabeling {
  [k: string]: unknown
}
/** How Prometheus scrapes the helper, without a Service. */
export interface ResolvedPodMonitor {
  /** Off by default, because its CRD has to exist. */
  enabled: boolean
  /** What your Prometheus selects by. */
  labels: ResolvedLabels
  /** Shorter gives finer graphs. `null` leaves it to Prometheus. */
  interval: string
  /** Shorter than the interval. `null` leaves it to Prometheus. */
  scrapeTimeout: string
  /** Empty: the release's. */
  namespace: string
  /** Where a label of a metric and one of the target have the same name. */
  honorLabels: boolean
  /** `RelabelConfig` of the Prometheus operator. */
  relabelings: ResolvedRelabeling[]
  /** `RelabelConfig` of the Prometheus operator. */
  metricRelabelings: ResolvedRelabeling[]
}
/** Alerts with cause and fix. */
export interface ResolvedPrometheusRule {
  /** Off by default, because its CRD has to exist. */
  enabled: boolean
  /** What your Prometheus selects by. */
  labels: ResolvedLabels
  /** Empty: the release's. */
  namespace: string
  /** What your Alertmanager routes by. */
  alertLabels: ResolvedLabels
  /** By the name of the alert: `enabled: false`, `for`, `severity`, and `threshold`, the number that its expression compares with. */
  alerts: ResolvedAlerts
}
/** By name. */
export interface ResolvedAlerts {
  [k: string]: ResolvedAlert
}
/** What differs from the chart. */
export interface ResolvedAlert {
  /** `false` leaves it out. */
  enabled?: boolean
  /** A number with its unit. */
  for?: string
  /** The label `severity`. */
  severity?: string
  /** The number that its expression compares with; AcrNopassDown has none. */
  threshold?: number
}
/** ConfigMap with the dashboard's JSON. */
export interface ResolvedDashboard {
  /** Needs Grafana with the dashboard sidecar. */
  enabled: boolean
  /** What Grafana's sidecar selects by. */
  labels: ResolvedLabels
  /** For example the folder in Grafana. */
  annotations: ResolvedAnnotations
}
/** What may reach the helper, and what it may reach. */
export interface ResolvedNetworkPolicy {
  /** Works only where the network plug-in enforces policies. */
  enabled: boolean
  /** Peers as in a NetworkPolicy; empty means all. */
  metricsFrom: ResolvedNetworkPeer[]
  /** Behind the Service, where the plug-in looks after its translation: 5353 on OpenShift, 8053 on Gardener. */
  dnsPorts: number[]
  /** Rules as in a NetworkPolicy, for example for a proxy on another port than 443. */
  egress: ResolvedNetworkEgress[]
}
/** As in a NetworkPolicy. */
export interface ResolvedNetworkPeer {
  /** By their labels. */
  namespaceSelector?: ResolvedLabelSelector
  /** By their labels. */
  podSelector?: ResolvedLabelSelector
  /** As in a NetworkPolicy. */
  ipBlock?: ResolvedIpBlock
}
/** As in a NetworkPolicy. */
export interface ResolvedIpBlock {
  /** As `10.0.0.0/8`. */
  cidr: string
  /**
   * Parts of `cidr`.
   *
   * Items: An IPv4 or IPv6 range such as `10.0.0.0/8`.
   */
  except?: string[]
}
/** As in a NetworkPolicy. */
export interface ResolvedNetworkEgress {
  /** Missing means everywhere. */
  to?: ResolvedNetworkPeer[]
  /** As in a NetworkPolicy. */
  ports?: ResolvedNetworkPort[]
}
/** As in a NetworkPolicy. */
export interface ResolvedNetworkPort {
  /** A number, or the name of a port. */
  port?: number | string
  /** Missing: TCP. */
  protocol?: 'TCP' | 'UDP' | 'SCTP'
  /** With a number as `port`, and not below it. */
  endPort?: number
}
/** Without effect with one replica. */
export interface ResolvedPodDisruptionBudget {
  /** Rendered only with two or more replicas. */
  enabled: boolean
  /** A number or a percentage up to 100. */
  maxUnavailable: number | string
}
