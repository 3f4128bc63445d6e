import { parseImage } from '../../acr/registry-domains.ts'
import { declaredBy } from '../../kube/managed-fields.ts'
import { apiRoot, type KubeObject, namespacedPath, type ObjectMeta } from '../../kube/types.ts'
import { isRecord } from '../../lib/json.ts'
import type { OldLogins } from './old-logins.ts'

/**
 * The Secrets of Alibaba's own helper in its documents. The recipe of 2018-10 (v18.10.29.0) writes
 * `-a` and `-b`, the add-on since 2019 has a ConfigMap, and installs of 2026 also write the
 * aggregated Secret.
 */
export const LEGACY_SECRETS: readonly string[] = [
  'aliyun-acr-credential-a',
  'aliyun-acr-credential-b',
  'acr-credential-secret-aggregation',
]

/** The namespace of all objects of the helper, except its pull secrets. */
export const LEGACY_NAMESPACE = 'kube-system'

/**
 * The name of the helper's Deployment, ServiceAccount, and (since 2019) ClusterRole and
 * ClusterRoleBinding.
 */
export const LEGACY_HELPER = 'aliyun-acr-credential-helper'

/** The Deployments of the helper and of the add-on's webhook for ServiceAccounts. */
export const LEGACY_DEPLOYMENTS: readonly string[] = [LEGACY_HELPER, 'acr-credential-helper-webhook']

/** True for the vendor's image and for a copy of it in another registry. */
export function isHelpersImage(image: string): boolean {
  return parseImage(image).repository.includes('acr-credential-helper')
}

/**
 * Services of the add-on's webhook. The names are not documented, but installs name the Service
 * like the Deployment.
 */
export const LEGACY_SERVICES: readonly string[] = [
  'acr-credential-helper-webhook',
  'acr-credential-helper-webhook-service',
  'acr-credential-helper-webhook-svc',
  LEGACY_HELPER,
]

/** The ConfigMap with the add-on's configuration. */
export const LEGACY_CONFIG = 'acr-configuration'

/** The keys of that ConfigMap, from the vendor's pages of 2019 to 2026. */
export const LEGACY_CONFIG_KEYS: readonly string[] = [
  'acr-api-version',
  'acr-registry',
  'acr-registry-info',
  'watch-namespace',
  'service-account',
  'expiring-threshold',
  'webhook-configuration',
  'rrsa',
]

/**
 * On registered and self-built clusters: the Secret with the AccessKey of several add-ons, in
 * `access-key-id` and `access-key-secret`.
 */
export const ADDON_KEY_SECRET = 'alibaba-addon-secret'

/** The names of the managed and the self-managed add-on in ACK. */
export const ADDON_NAMES: readonly string[] = ['managed-aliyun-acr-credential-helper', LEGACY_HELPER]

/** Any Kubernetes object, from the API server or a file. */
export interface AnyObject extends KubeObject {
  readonly kind: string
  readonly [key: string]: unknown
}

/** The controller of an object. */
export interface Owner {
  /** API group; '' for the core group. */
  readonly group: string
  readonly kind: string
  readonly name: string
}

/** The images and Secrets of a Pod, or of an object with a Pod template. */
export interface Workload {
  readonly kind: string
  readonly namespace: string
  readonly name: string
  readonly serviceAccount: string
  /** The pull secrets. For a Pod, this includes the pull secrets of its ServiceAccount. */
  readonly references: readonly string[]
  /** Old Secrets that the Pods use in volumes and environments. */
  readonly uses: readonly string[]
  /**
   * Old Secrets whose names occur in any other text of the object. It is not known which namespace
   * the text means.
   */
  readonly mentions: readonly string[]
  readonly images: readonly string[]
  readonly optedOut: boolean
  readonly clusterScoped: boolean
  /** Undefined: no controller. */
  readonly owner: Owner | undefined
}

/** An object of the old helper that can be removed. */
export interface LegacyPart {
  readonly kind: string
  readonly path: string
  readonly metadata: ObjectMeta
  /** Of a Deployment: the labels of its Pods. */
  readonly selector?: Readonly<Record<string, string>>
  /** The tool that would create the object again. */
  readonly declaredBy?: string | undefined
}

const CLUSTER_SCOPED: readonly string[] = ['ClusterRole', 'ClusterRoleBinding', 'MutatingWebhookConfiguration']

/** An old Secret. Of its content only the hosts and kinds of logins are kept. */
export type OldSecret = ReturnType<typeof describeSecret>

export function describeSecret(object: AnyObject) {
  const { managedFields = [], creationTimestamp } = object.metadata
  const times = managedFields.filter(({ fieldsV1 }) => isRecord(fieldsV1) && 'f:data' in fieldsV1)
  return {
    ...describePart(object),
    /** Undefined: not readable, so it is not known what the Secret can pull. */
    logins: object.logins as OldLogins | undefined,
    /** The time of the last write of its content, RFC 3339. */
    writtenAt:
      times
        .map(({ time = '' }) => time)
        .sort()
        .at(-1) || creationTimestamp,
  }
}

/** Describes an object to delete. */
export function describePart(object: AnyObject): LegacyPart {
  const { kind } = object
  const { namespace = LEGACY_NAMESPACE, ...rest } = object.metadata
  // The manifest of 2018 writes a namespace into its ClusterRoleBinding, which has no effect.
  const metadata = CLUSTER_SCOPED.includes(kind) ? rest : { ...rest, namespace }
  return { kind, path: objectPath({ ...object, metadata }), metadata }
}

/** Returns the path of an object of one of Kubernetes' own kinds. */
export function objectPath({ kind, apiVersion, metadata }: AnyObject): string {
  const root = apiRoot(String(apiVersion))
  const plural = `${kind.toLowerCase()}s`
  const { name, namespace } = metadata
  return namespace === undefined
    ? `${root}/${plural}/${encodeURIComponent(name)}`
    : namespacedPath(root, namespace, plural, name)
}

/**
 * Returns the tool that would create the object again. `kubectl apply`, which the vendor's
 * documents use, does not count.
 */
export function gitOpsTool({ metadata }: AnyObject, path: readonly string[]): string | undefined {
  return declaredBy(metadata.managedFields, path, ['kubectl', 'kubectl-client-side-apply'])
}

/** An object of the helper, and why it stays. Undefined: nothing else needs it. */
export interface Judged {
  readonly object: AnyObject
  readonly why: string | undefined
}

export function appliedBy(object: AnyObject, path: readonly string[]): string | undefined {
  const tool = gitOpsTool(object, path)
  return tool && `${tool} applies it`
}

/** Returns the objects that nothing else needs. */
export function freeOf(judged: readonly Judged[]): readonly AnyObject[] {
  return judged.filter(({ why }) => why === undefined).map(({ object }) => object)
}

/** Returns one line per object that stays, with the reason. */
export function stayingOf(judged: readonly Judged[]): readonly string[] {
  return judged.flatMap(({ object, why }) => {
    const { kind, metadata } = object
    const { name, namespace = LEGACY_NAMESPACE } = metadata
    const title = CLUSTER_SCOPED.includes(kind) ? `${kind} ${name}` : `${kind} ${namespace}/${name}`
    return why === undefined ? [] : [`${title}: ${why}`]
  })
}
