import { parseImage } from '../../acr/registry-domains.ts'
import { declaredBy } from '../../kube/managed-fields.ts'
import { apiRoot, type KubeObject, namespacedPath, type ObjectMeta } from '../../kube/types.ts'
import { isRecord } from '../../lib/json.ts'
import type { OldLogins } from './old-logins.ts'

/**
 * The documented objects of Alibaba's own helper: the recipe of 2018-10 (v18.10.29.0) with the
 * Secrets `-a` and `-b`, and the add-on since 2019 with its ConfigMap; the add-on's aggregated
 * Secret is that of installs of 2026.
 */
export const LEGACY_SECRETS: readonly string[] = [
  'aliyun-acr-credential-a',
  'aliyun-acr-credential-b',
  'acr-credential-secret-aggregation',
]

/** The namespace of everything except the Secrets. */
export const LEGACY_NAMESPACE = 'kube-system'

/** The helper's Deployment, ServiceAccount, and (since 2019) ClusterRole and ClusterRoleBinding. */
export const LEGACY_HELPER = 'aliyun-acr-credential-helper'

/** The helper's Deployments: itself, and the add-on's webhook for ServiceAccounts. */
export const LEGACY_DEPLOYMENTS: readonly string[] = [LEGACY_HELPER, 'acr-credential-helper-webhook']

/** Whether it is the vendor's image, or a copy of it in another registry. */
export function isHelpersImage(image: string): boolean {
  return parseImage(image).repository.includes('acr-credential-helper')
}

/** Services of the add-on's webhook; undocumented, but installs name it like the Deployment. */
export const LEGACY_SERVICES: readonly string[] = [
  'acr-credential-helper-webhook',
  'acr-credential-helper-webhook-service',
  'acr-credential-helper-webhook-svc',
  LEGACY_HELPER,
]

/** The add-on's configuration. */
export const LEGACY_CONFIG = 'acr-configuration'

/** Its keys, from the pages of 2019 to 2026. */
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
 * On registered and self-built clusters: the AccessKey of several add-ons, with `access-key-id` and
 * `access-key-secret`.
 */
export const ADDON_KEY_SECRET = 'alibaba-addon-secret'

/** Names by which the managed and the self-managed add-on are installed through ACK. */
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

/** A Pod, or an object with a Pod template, reduced to its images and Secrets. */
export interface Workload {
  readonly kind: string
  readonly namespace: string
  readonly name: string
  readonly serviceAccount: string
  /** Its pull secrets; of a Pod also those of its ServiceAccount. */
  readonly references: readonly string[]
  /** Old Secrets that its Pods use otherwise: in volumes and environments. */
  readonly uses: readonly string[]
  /**
   * Old Secrets whose names are in any other text of it. Which namespace a text means is not known.
   */
  readonly mentions: readonly string[]
  readonly images: readonly string[]
  readonly optedOut: boolean
  readonly clusterScoped: boolean
  /** Undefined: no controller. */
  readonly owner: Owner | undefined
}

/** A leftover object. */
export interface LegacyPart {
  readonly kind: string
  readonly path: string
  readonly metadata: ObjectMeta
  /** Of a Deployment: the labels of its Pods. */
  readonly selector?: Readonly<Record<string, string>>
  /** The tool that would create it again. */
  readonly declaredBy?: string | undefined
}

const CLUSTER_SCOPED: readonly string[] = ['ClusterRole', 'ClusterRoleBinding', 'MutatingWebhookConfiguration']

/** An old Secret; of its content only what it is for. */
export type OldSecret = ReturnType<typeof describeSecret>

export function describeSecret(object: AnyObject) {
  const { managedFields = [], creationTimestamp } = object.metadata
  const times = managedFields.filter(({ fieldsV1 }) => isRecord(fieldsV1) && 'f:data' in fieldsV1)
  return {
    ...part(object),
    /** Undefined: not readable, so nothing is known about what it pulls. */
    logins: object.logins as OldLogins | undefined,
    /** When its content was written last, RFC 3339. */
    writtenAt:
      times
        .map(({ time = '' }) => time)
        .sort()
        .at(-1) || creationTimestamp,
  }
}

/** An object to delete. */
export function part(object: AnyObject): LegacyPart {
  const { kind } = object
  const { namespace = LEGACY_NAMESPACE, ...rest } = object.metadata
  // The 2018 manifest writes a namespace into its ClusterRoleBinding, which means nothing.
  const metadata = CLUSTER_SCOPED.includes(kind) ? rest : { ...rest, namespace }
  return { kind, path: objectPath({ ...object, metadata }), metadata }
}

/** The path of an object of a kind that Kubernetes itself has. */
export function objectPath({ kind, apiVersion, metadata }: AnyObject): string {
  const root = apiRoot(String(apiVersion))
  const plural = `${kind.toLowerCase()}s`
  const { name, namespace } = metadata
  return namespace === undefined
    ? `${root}/${plural}/${encodeURIComponent(name)}`
    : namespacedPath(root, namespace, plural, name)
}

/** A tool that would recreate the object, unlike the `kubectl apply` of the vendor's documents. */
export function gitOpsTool({ metadata }: AnyObject, path: readonly string[]): string | undefined {
  return declaredBy(metadata.managedFields, path, ['kubectl', 'kubectl-client-side-apply'])
}

/** An object of the helper, and why it stays; undefined: nothing else needs it. */
export interface Judged {
  readonly object: AnyObject
  readonly why: string | undefined
}

export function appliedBy(object: AnyObject, path: readonly string[]): string | undefined {
  const tool = gitOpsTool(object, path)
  return tool && `${tool} applies it`
}

/** The objects that nothing else needs. */
export function freeOf(judged: readonly Judged[]): readonly AnyObject[] {
  return judged.filter(({ why }) => why === undefined).map(({ object }) => object)
}

/** One line for each object that stays, with the reason. */
export function stayingOf(judged: readonly Judged[]): readonly string[] {
  return judged.flatMap(({ object, why }) => {
    const { kind, metadata } = object
    const { name, namespace = LEGACY_NAMESPACE } = metadata
    const title = CLUSTER_SCOPED.includes(kind) ? `${kind} ${name}` : `${kind} ${namespace}/${name}`
    return why === undefined ? [] : [`${title}: ${why}`]
  })
}
