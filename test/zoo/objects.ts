import { apiVersionOf, type ZooObject } from './kinds.ts'

/** Images of the two registries of the release, and others. */
export const DEMO = 'demo-registry-vpc.cn-hangzhou.cr.aliyuncs.com'
export const DEMO_PUBLIC = 'demo-registry.cn-hangzhou.cr.aliyuncs.com'
export const PERSONAL = 'registry.cn-shanghai.aliyuncs.com'
export const PERSONAL_VPC = 'registry-vpc.cn-shanghai.aliyuncs.com'
/** An Enterprise instance that is not in the release's values. */
export const OTHER = 'other-registry-vpc.cn-hangzhou.cr.aliyuncs.com'
/** A custom domain of that instance. */
export const CUSTOM = 'img.second.example.com'
export const ELSEWHERE = 'registry.example.com'

export const PRIVATE_HOSTS: readonly string[] = [DEMO, DEMO_PUBLIC, PERSONAL, PERSONAL_VPC, OTHER, CUSTOM, ELSEWHERE]

/**
 * The vendor's own names. The recipe of 2018 has two Secrets (v18.10.29.0 in the change log,
 * https://www.alibabacloud.com/help/en/ack/product-overview/aliyun-acr-credential-helper). The
 * add-on since 2019 has one
 * (https://www.alibabacloud.com/help/en/acr/user-guide/non-secret-pulling-container-image).
 */
export const OLD_SECRETS: readonly string[] = [
  'aliyun-acr-credential-a',
  'aliyun-acr-credential-b',
  'acr-credential-secret-aggregation',
]
export const OLD_HELPER = 'aliyun-acr-credential-helper'

/** Uses of a Secret other than pulling. */
export type Use = 'volume' | 'projected' | 'env' | 'envFrom'

export interface PodParts {
  readonly image: string
  readonly account?: string
  /** The Pod's own list of pull secrets. */
  readonly own?: readonly string[]
  readonly use?: { readonly how: Use; readonly secret: string }
}

function podSpec({ image, account = 'default', own, use }: PodParts): Record<string, unknown> {
  const container: Record<string, unknown> = { name: 'app', image }
  if (use?.how === 'env') {
    const secretKeyRef = { name: use.secret, key: '.dockerconfigjson' }
    container.env = [{ name: 'LOGIN', valueFrom: { secretKeyRef } }]
  }
  if (use?.how === 'envFrom') container.envFrom = [{ secretRef: { name: use.secret } }]
  const volumes =
    use?.how === 'volume'
      ? [{ name: 'login', secret: { secretName: use.secret } }]
      : use?.how === 'projected'
        ? [{ name: 'login', projected: { sources: [{ secret: { name: use.secret } }] } }]
        : undefined
  return {
    serviceAccountName: account,
    containers: [container],
    ...(own && { imagePullSecrets: own.map((name) => ({ name })) }),
    ...(volumes && { volumes }),
  }
}

export interface OwnerParts {
  readonly kind: string
  readonly name: string
}

interface Parts {
  readonly spec?: unknown
  readonly owner?: OwnerParts
  readonly [field: string]: unknown
}

export function object(kind: string, namespace: string | undefined, name: string, parts: Parts = {}): ZooObject {
  const { owner, ...rest } = parts
  const ownerReferences = owner && [
    // No garbage collector runs, so any UID works.
    {
      apiVersion: apiVersionOf(owner.kind),
      kind: owner.kind,
      name: owner.name,
      uid: `uid-of-${owner.name}`,
      controller: true,
    },
  ]
  const metadata = { name, ...(namespace && { namespace }), ...(ownerReferences && { ownerReferences }) }
  return { apiVersion: apiVersionOf(kind), kind, metadata, ...rest } as ZooObject
}

export type Workload =
  | 'Pod'
  | 'Deployment'
  | 'ReplicaSet'
  | 'ReplicationController'
  | 'StatefulSet'
  | 'DaemonSet'
  | 'Job'
  | 'CronJob'
  | 'PodTemplate'
  | 'Rollout'
  | 'CloneSet'
  | 'AdvancedCronJob'
  | 'Revision'
  | 'Prometheus'

export interface WorkloadParts extends PodParts {
  readonly owner?: OwnerParts
  readonly replicas?: number
}

/** Returns an object of that kind whose Pods have these parts. */
export function workload(kind: Workload, namespace: string, name: string, parts: WorkloadParts): ZooObject {
  const { owner, replicas = 0 } = parts
  const labels = { app: name }
  const matching = { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: podSpec(parts) } }
  const job = { template: { metadata: { labels }, spec: { ...podSpec(parts), restartPolicy: 'Never' } } }
  const base = owner === undefined ? {} : { owner }
  const make = (spec: unknown): ZooObject => object(kind, namespace, name, { ...base, spec })
  switch (kind) {
    case 'Pod':
      return make(podSpec(parts))
    case 'PodTemplate':
      return object(kind, namespace, name, { ...base, template: matching.template })
    case 'ReplicationController':
      return make({ replicas, selector: labels, template: matching.template })
    case 'DaemonSet':
      return make(matching)
    case 'StatefulSet':
      return make({ ...matching, replicas, serviceName: name })
    case 'Job':
      return make(job)
    case 'CronJob':
      return make({ schedule: '0 3 * * *', jobTemplate: { spec: job } })
    case 'AdvancedCronJob':
      return make({ schedule: '0 3 * * *', template: { jobTemplate: { spec: job } } })
    case 'Revision':
      return make(podSpec(parts))
    case 'Prometheus': {
      const { imagePullSecrets } = podSpec(parts)
      return make({ replicas, image: parts.image, serviceAccountName: parts.account ?? 'default', imagePullSecrets })
    }
    default:
      return make({ ...matching, replicas })
  }
}

/**
 * The login that the old helper writes. All other Secrets contain a robot's login, which does not
 * expire.
 */
export const OLD_LOGIN = 'cr_temp_user:old'

export function dockerSecret(
  namespace: string,
  name: string,
  hosts: readonly string[],
  login = 'robot:secret',
): ZooObject {
  const auth = Buffer.from(login).toString('base64')
  const text = JSON.stringify({ auths: Object.fromEntries(hosts.map((host) => [host, { auth }])) })
  return object('Secret', namespace, name, {
    type: 'kubernetes.io/dockerconfigjson',
    data: { '.dockerconfigjson': Buffer.from(text).toString('base64') },
  })
}
