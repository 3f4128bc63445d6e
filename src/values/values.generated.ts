// Generated from schemas/ by scripts/generate-values.ts. Do not edit.

/**
 * Password-free pulls of private images from Alibaba Cloud Container Registry. Only `registries` and `identity` have to be set.
 */
export interface Values {
  /**
   * Each entry is one Container Registry instance (or one login) whose images may be pulled in the target namespaces.
   */
  registries: Registry[]
  /**
   * Exactly this identity is used; there is no fallback to another one.
   */
  identity: Identity
  /**
   * Tells `network: auto` which registries are near: APIs in this region are called inside the VPC, all others over the public network. Empty means that everything counts as far away.
   */
  region?: string
  /**
   * Namespaces that get the pull secret, and ServiceAccounts that reference it.
   */
  targets?: Targets
  /**
   * `admission`: a MutatingAdmissionPolicy in the API server adds the reference to each Pod (Kubernetes 1.36 or newer; no rights on ServiceAccounts). `serviceAccounts`: the helper adds it to ServiceAccounts (every version). `both`: both. `auto`: `admission` where the cluster has it, else `serviceAccounts`.
   */
  attach?: 'auto' | 'admission' | 'serviceAccounts' | 'both'
  /**
   * `any`: every Pod of a target, as a ServiceAccount's own list would. `acr`: only Pods that name an image in a Container Registry domain or in one of the `domains` here.
   */
  admissionImages?: 'any' | 'acr'
  /**
   * `enabled`: the API server itself refuses whatever the helper should never write (Kubernetes 1.30 or newer). `disabled`: RBAC alone limits it; write this only where the guard cannot be installed.
   */
  guard?: 'enabled' | 'disabled'
  /**
   * `cluster`: one ClusterRole, namespaces chosen by globs and selectors. `namespaces`: no ClusterRole; a Role in each namespace of `targets.namespaces.include`, which then holds plain names of namespaces that exist.
   */
  scope?: 'cluster' | 'namespaces'
  /**
   * The one Secret that the helper owns in every target namespace. Choose a name that no other tool uses; a common one such as `regcred` needs `adopt: true`.
   */
  secretName?: string
  /**
   * Takes over a Secret named `secretName` that another tool created. Without it such a Secret is reported and left alone.
   */
  adopt?: boolean
  /**
   * Detaches the pull secret everywhere and empties it, then idles. Set it and wait until the status reports `retired` before an uninstall by GitOps.
   */
  retire?: boolean
  /**
   * Plans, metrics and status as usual, but no write to any namespace.
   */
  dryRun?: boolean
  /**
   * Pods of a ReplicaSet (so of a Deployment), StatefulSet or DaemonSet that are stuck because they were created before the pull secret was attached are evicted, one per owner and minute; others, as with `watchPods`, are reported. Needs the right to list Pods and to evict.
   */
  heal?: boolean
  /**
   * Writes an Event on Pods that cannot pull because they lack the pull secret: created before it was attached, or with their own `imagePullSecrets`, which hide those of their ServiceAccount. Needs the right to list Pods.
   */
  watchPods?: boolean
  /**
   * Every new credential is tested at the registry's token endpoint; a refused one is held back while the credential in use is known to work and a tenth of its life is left; then it is used anyway, and reported.
   */
  verify?: Verify
  /**
   * Paces rotations over many namespaces. New namespaces, and credentials that are expired or refused, are never paced.
   */
  refreshRate?: number
  /**
   * For tools that look for them, such as the image accelerator.
   */
  secretLabels?: Labels
  /**
   * `auth`: what the kubelet needs. `full`: `username` and `password` beside it, for tools that read only those.
   */
  authFormat?: 'auth' | 'full'
  /**
   * `auto`: inside the VPC for the cluster's own `region`, public elsewhere. `vpc` and `public`: always that one. A registry may differ by its `apiNetwork`.
   */
  network?: 'auto' | 'vpc' | 'public'
  /**
   * For government clouds, private links and the sandbox. Always https, except for loopback addresses.
   */
  endpoints?: Endpoints
  /**
   * PEM certificates, for a proxy or a private link with its own certificate. Never a private key. Lines end with LF or CRLF.
   */
  caBundle?: string
  /**
   * One JSON line per event; no level ever logs a credential.
   */
  logLevel?: 'debug' | 'info' | 'warn' | 'error'
  /**
   * Change them only with `hostNetwork`, where another program may hold them.
   */
  ports?: Ports
  /**
   * `registry/repository:tag`, or by digest. `global.imageRegistry` replaces `registry`.
   */
  image?: Image
  /**
   * For a mirror that requires a login. They must exist in the release's namespace.
   */
  imagePullSecrets?: SecretReference[]
  /**
   * Always created by the chart, because the guard is bound to it.
   */
  serviceAccount?: ServiceAccount
  /**
   * One is active, the others stand by with warm caches.
   */
  replicas?: number
  /**
   * As in a container of a Pod.
   */
  resources?: Resources
  /**
   * As in a Pod; Linux is always required.
   */
  nodeSelector?: Labels
  /**
   * As in a Pod.
   */
  tolerations?: Toleration[]
  /**
   * As in a Pod.
   */
  affinity?: Affinity
  /**
   * `topologySpreadConstraints` of a Pod; a missing `labelSelector` becomes the helper's own labels.
   */
  topologySpread?: TopologySpread[]
  /**
   * As in a Pod.
   */
  priorityClassName?: string
  /**
   * Needed with `worker-role` where Pods cannot reach the metadata service at 100.100.100.200. Not allowed in namespaces that enforce Pod Security restricted. Each replica needs its own node, whose ports it uses: an upgrade stops an old Pod before the new one starts. On a single node set `replicas: 1`.
   */
  hostNetwork?: boolean
  /**
   * `null` leaves it to the cluster, as OpenShift's `restricted-v2` needs it; the image itself names 65532.
   */
  runAsUser?: number
  /**
   * `null` leaves it to the cluster, as OpenShift's `restricted-v2` needs it.
   */
  runAsGroup?: number
  /**
   * Labels of the chart itself cannot be replaced.
   */
  podLabels?: Labels
  /**
   * For tools that read them.
   */
  podAnnotations?: Annotations
  /**
   * As in a container of a Pod, for example `HTTPS_PROXY` and `NO_PROXY`.
   */
  extraEnv?: EnvVar[]
  /**
   * Whole manifests, rendered as templates.
   */
  extraObjects?: KubernetesObject[]
  /**
   * The helper serves Prometheus metrics at `/metrics` of `ports.http`.
   */
  metrics?: Metrics
  /**
   * Allows scraping and probes in; DNS, the API server and https out.
   */
  networkPolicy?: NetworkPolicy
  /**
   * Keeps a helper running while nodes are drained. Pods that are not ready may always be evicted.
   */
  podDisruptionBudget?: PodDisruptionBudget
  /**
   * Helm passes this to every chart of an umbrella chart; only `imageRegistry` is read here.
   */
  global?: {
    /**
     * Replaces `image.registry` when it is not empty.
     */
    imageRegistry?: string
    [k: string]: unknown
  }
  /**
   * Read by Helm as the `condition` of a dependency; without effect otherwise.
   */
  enabled?: boolean
}
/**
 * One Container Registry instance, or one login for a registry of any kind.
 */
export interface Registry {
  /**
   * Unique; shown in status, metrics and logs.
   */
  name: string
  /**
   * `enterprise`: an instance with an id `cri-…`. `personal`: the free instance of a region, made before 2024-09-09. `static`: any registry, with a user name and a password of your own, kept in a Secret (newer Personal Edition instances, `crpi-….personal.cr.aliyuncs.com`, too).
   */
  edition: 'enterprise' | 'personal' | 'static'
  /**
   * As the console shows it; or set `instanceName`.
   */
  instanceId?: string
  /**
   * Instead of `instanceId`; the helper looks the id up, which needs the right `cr:ListInstance`.
   */
  instanceName?: string
  /**
   * May differ from the cluster's own.
   */
  region?: string
  /**
   * `all`: the public and the VPC domain and its custom domains. `vpc` or `public`: only that one and the custom domains.
   */
  network?: 'all' | 'vpc' | 'public'
  /**
   * `auto` follows the global `network`.
   */
  apiNetwork?: 'auto' | 'vpc' | 'public'
  /**
   * Custom domains, or for `static` all of them: `host`, or `host/namespace` where two accounts share one domain. Only these and the registry's own domains ever get a credential.
   *
   * Items: `host`, `host:port` or `host/namespace`; no scheme, no `*`, no IP address, lower case.
   */
  domains?: string[]
  /**
   * What the RAM policy allows: `*`, or `namespace/repository` with `*` for any part.
   *
   * Items: `*`, or `namespace/repository` with `*` for any part.
   */
  repositories?: string[]
  /**
   * Enterprise only; null leaves it to the registry (one hour, or the life of the session that requested it). The time that the registry returns counts.
   */
  expiresInHours?: number | null
  /**
   * For a registry of another account: the identity assumes the first role, that one the next.
   */
  assumeRole?: AssumeRole[]
  /**
   * For `static`: a Secret in the release's namespace with the keys `username` and `password`. Changes are noticed.
   */
  existingSecret?: string
  /**
   * Each key given here replaces that of the global `targets.namespaces`; the others stay.
   */
  targets?: RegistryTargets
}
/**
 * One step of a chain.
 */
export interface AssumeRole {
  /**
   * Its trust policy names the account or role before it in the chain.
   */
  roleArn: string
  /**
   * If the role's trust policy requires one.
   */
  externalId?: string
  /**
   * At most the role's own maximum.
   */
  durationSeconds?: number
}
/**
 * Replaces the global targets, key by key.
 */
export interface RegistryTargets {
  /**
   * Keys given here replace the global ones.
   */
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
    /**
     * Replaces `targets.namespaces.selector` for this registry.
     */
    selector?: LabelSelector
  }
}
/**
 * As in Kubernetes.
 */
export interface LabelSelector {
  /**
   * All of them.
   */
  matchLabels?: Labels
  /**
   * All of them.
   */
  matchExpressions?: LabelExpression[]
}
/**
 * Names and values of labels; values are strings.
 */
export interface Labels {
  /**
   * At most 63 letters, digits, `-`, `_`, `.`. Always a string: quote numbers and `true`.
   */
  [k: string]: string
}
/**
 * As in Kubernetes.
 */
export interface LabelExpression {
  /**
   * `name` or `prefix/name`.
   */
  key: string
  /**
   * `In` and `NotIn` need `values`; the others have none.
   */
  operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist'
  /**
   * For `In` and `NotIn`.
   *
   * Items: At most 63 letters, digits, `-`, `_`, `.`. Always a string: quote numbers and `true`.
   */
  values?: string[]
}
/**
 * How the cloud is called.
 */
export interface Identity {
  /**
   * `rrsa`: a RAM role for the helper's ServiceAccount alone (ACK managed, Serverless and Edge clusters; the best choice). `worker-role`: the role of the ECS node, or on ECI the role in `workerRole.eciRoleName`, by the metadata service. `access-key`: a key of a RAM user, kept in a Secret (clusters outside Alibaba Cloud).
   */
  type: 'rrsa' | 'worker-role' | 'access-key'
  /**
   * The action and `acr-nopass apply` fill in both automatically; with Helm alone, both are needed.
   */
  rrsa?: {
    /**
     * Its trust policy names the helper's ServiceAccount.
     */
    roleArn?: string
    /**
     * Created by ACK when RRSA is enabled.
     */
    oidcProviderArn?: string
  }
  /**
   * Uses the metadata service of the node, or of the Pod on ECI, version 2 (with a session token).
   */
  workerRole?: {
    /**
     * Name, not ARN, of a role that trusts ECS. For ACK Serverless clusters and virtual nodes, which have no worker role: the Pod gets the annotation `k8s.aliyun.com/eci-ram-role-name`. The helper must then run on ECI and uses no other role.
     */
    eciRoleName?: string
    /**
     * Only for old nodes without version 2.
     */
    imdsV1?: boolean
  }
  /**
   * The key itself is never part of the values.
   */
  accessKey?: {
    /**
     * In the release's namespace, with the keys `accessKeyId` and `accessKeySecret`. Changes are noticed.
     */
    existingSecret?: string
  }
}
/**
 * Namespaces and ServiceAccounts.
 */
export interface Targets {
  /**
   * A namespace is a target when a name of `include` matches, none of `exclude` does, and `selector` matches its labels. The release's own namespace is always a target.
   */
  namespaces?: {
    /**
     * `*` matches any characters. In `scope: namespaces` plain names only.
     *
     * Items: A namespace's name; `*` matches any characters.
     */
    include?: string[]
    /**
     * Wins over `include`.
     *
     * Items: A namespace's name; `*` matches any characters.
     */
    exclude?: string[]
    /**
     * A Kubernetes label selector; empty matches every namespace.
     */
    selector?: LabelSelector
  }
  /**
   * A convenience, not a boundary: anyone who may create Pods in a namespace may name the Secret.
   */
  serviceAccounts?: {
    /**
     * `*` matches any characters; plain names narrow the helper's rights to these.
     *
     * Items: A ServiceAccount's name; `*` matches any characters.
     */
    include?: string[]
    /**
     * Wins over `include`.
     *
     * Items: A ServiceAccount's name; `*` matches any characters.
     */
    exclude?: string[]
  }
}
/**
 * By one login at the registry's token endpoint.
 */
export interface Verify {
  /**
   * Off: credentials are distributed without a test.
   */
  enabled?: boolean
  /**
   * Finds a credential that was revoked early: one login per registry.
   */
  interval?: string
}
/**
 * Addresses without a path.
 */
export interface Endpoints {
  /**
   * Sessions and roles.
   */
  sts?: string
  /**
   * For every registry.
   */
  cr?: string
  /**
   * Used by the action only.
   */
  cs?: string
  /**
   * Used by the action only.
   */
  ram?: string
  /**
   * For `identity.type: worker-role`.
   */
  imds?: string
  /**
   * Instead of each registry's own domain; for the sandbox.
   */
  registry?: string
}
/**
 * Two different ports from 1024 up, because the helper is not root.
 */
export interface Ports {
  /**
   * Bound to the Pod's own address.
   */
  http?: number
  /**
   * Bound to 127.0.0.1, for `kubectl port-forward`.
   */
  status?: number
}
/**
 * Parts of an image's name.
 */
export interface Image {
  /**
   * Host of the registry; may be empty.
   */
  registry?: string
  /**
   * Path of the image in its registry.
   */
  repository?: string
  /**
   * Empty means the chart's appVersion.
   */
  tag?: string
  /**
   * Wins over the tag when set.
   */
  digest?: string
  /**
   * As in a container of a Pod.
   */
  pullPolicy?: 'Always' | 'IfNotPresent' | 'Never'
}
/**
 * As in a Pod.
 */
export interface SecretReference {
  /**
   * Of a Secret in the release's namespace.
   */
  name: string
}
/**
 * Name and annotations.
 */
export interface ServiceAccount {
  /**
   * Empty means the full name of the release. The trust policy of an RRSA role names it.
   */
  name?: string
  /**
   * For tools that read them.
   */
  annotations?: Annotations
}
/**
 * Names and values of annotations; values are strings.
 */
export interface Annotations {
  [k: string]: string
}
/**
 * Requests and limits.
 */
export interface Resources {
  /**
   * What the scheduler sets aside.
   */
  requests?: Quantities
  /**
   * What the container may use.
   */
  limits?: Quantities
}
/**
 * As in a container of a Pod.
 */
export interface Quantities {
  [k: string]: string | number
}
/**
 * As in a Pod.
 */
export interface Toleration {
  /**
   * Empty with `operator: Exists` matches every taint.
   */
  key?: string
  /**
   * `Exists` needs no value.
   */
  operator?: 'Exists' | 'Equal' | 'Lt' | 'Gt'
  /**
   * A string.
   */
  value?: string
  /**
   * Missing matches every effect.
   */
  effect?: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute'
  /**
   * With `NoExecute` only.
   */
  tolerationSeconds?: number
}
/**
 * As in a Pod; validated by the API server.
 */
export interface Affinity {
  /**
   * As in a Pod.
   */
  nodeAffinity?: {
    [k: string]: unknown
  }
  /**
   * As in a Pod.
   */
  podAffinity?: {
    [k: string]: unknown
  }
  /**
   * As in a Pod.
   */
  podAntiAffinity?: {
    [k: string]: unknown
  }
}
/**
 * As in a Pod.
 */
export interface TopologySpread {
  /**
   * Between two domains.
   */
  maxSkew: number
  /**
   * Nodes with one value form one domain.
   */
  topologyKey: string
  /**
   * `DoNotSchedule` waits.
   */
  whenUnsatisfiable: 'DoNotSchedule' | 'ScheduleAnyway'
  /**
   * Missing means the helper's own Pods.
   */
  labelSelector?: LabelSelector
  /**
   * With `DoNotSchedule` only.
   */
  minDomains?: number
  /**
   * As in a Pod.
   *
   * Items: `name` or `prefix/name`.
   */
  matchLabelKeys?: string[]
  /**
   * As in a Pod.
   */
  nodeAffinityPolicy?: 'Honor' | 'Ignore'
  /**
   * As in a Pod.
   */
  nodeTaintsPolicy?: 'Honor' | 'Ignore'
}
/**
 * As in a container of a Pod.
 */
export interface EnvVar {
  /**
   * Letters, digits and `_`.
   */
  name: string
  /**
   * A string: quote numbers and `true`. For anything secret use `valueFrom`.
   */
  value?: string
  /**
   * As in a container of a Pod.
   */
  valueFrom?: {
    [k: string]: unknown
  }
}
/**
 * A whole manifest.
 */
export interface KubernetesObject {
  /**
   * Such as `v1`.
   */
  apiVersion: string
  /**
   * Such as `ConfigMap`.
   */
  kind: string
  [k: string]: unknown
}
/**
 * What is installed for Prometheus and Grafana.
 */
export interface Metrics {
  /**
   * A headless Service with the metrics port. Metrics themselves are always served.
   */
  enabled?: boolean
  /**
   * Needs the Prometheus operator.
   */
  serviceMonitor?: ServiceMonitor
  /**
   * Needs the Prometheus operator.
   */
  prometheusRule?: PrometheusRule
  /**
   * A ConfigMap that Grafana's sidecar finds by its label.
   */
  dashboard?: Dashboard
}
/**
 * How Prometheus scrapes the helper.
 */
export interface ServiceMonitor {
  /**
   * Off by default, because its CRD has to exist.
   */
  enabled?: boolean
  /**
   * What your Prometheus selects by.
   */
  labels?: Labels
  /**
   * Shorter gives finer graphs.
   */
  interval?: string
  /**
   * Shorter than the interval.
   */
  scrapeTimeout?: string
}
/**
 * Alerts with cause and cure.
 */
export interface PrometheusRule {
  /**
   * Off by default, because its CRD has to exist.
   */
  enabled?: boolean
  /**
   * What your Prometheus selects by.
   */
  labels?: Labels
}
/**
 * ConfigMap with the dashboard's JSON.
 */
export interface Dashboard {
  /**
   * Needs Grafana with the dashboard sidecar.
   */
  enabled?: boolean
  /**
   * What Grafana's sidecar selects by.
   */
  labels?: Labels
  /**
   * For example the folder in Grafana.
   */
  annotations?: Annotations
}
/**
 * What may reach the helper, and what it may reach.
 */
export interface NetworkPolicy {
  /**
   * Works only where the network plug-in enforces policies.
   */
  enabled?: boolean
  /**
   * Peers as in a NetworkPolicy; empty means all.
   */
  metricsFrom?: NetworkPeer[]
  /**
   * Behind the Service, where the plug-in looks after its translation: 5353 on OpenShift, 8053 on Gardener.
   */
  dnsPorts?: number[]
  /**
   * Rules as in a NetworkPolicy, for example for a proxy on another port than 443.
   */
  egress?: NetworkEgress[]
}
/**
 * As in a NetworkPolicy.
 */
export interface NetworkPeer {
  /**
   * By their labels.
   */
  namespaceSelector?: LabelSelector
  /**
   * By their labels.
   */
  podSelector?: LabelSelector
  /**
   * As in a NetworkPolicy.
   */
  ipBlock?: {
    [k: string]: unknown
  }
}
/**
 * As in a NetworkPolicy.
 */
export interface NetworkEgress {
  /**
   * Missing means everywhere.
   */
  to?: NetworkPeer[]
  /**
   * As in a NetworkPolicy.
   */
  ports?: {
    [k: string]: unknown
  }[]
}
/**
 * Without effect with one replica.
 */
export interface PodDisruptionBudget {
  /**
   * Rendered only with two or more replicas.
   */
  enabled?: boolean
  /**
   * A number or a percentage.
   */
  maxUnavailable?: number | string
}
