/**
 * The field manager of the helper's applies, and of its patches, except patches of a pull Secret's
 * content.
 */
export const FIELD_MANAGER = 'acr-nopass'
/**
 * The field manager of patches of a pull Secret. It identifies our content, so no client uses this
 * name by default.
 */
export const CONTENT_MANAGER = 'acr-nopass-content'

/** The default name of the pull Secret. */
export const DEFAULT_SECRET_NAME = 'acr-nopass'

export const LABEL_MANAGED_BY = 'app.kubernetes.io/managed-by'
export const LABEL_INSTANCE = 'app.kubernetes.io/instance'
/** Selects the chart's objects of all releases. */
export const OUR_SELECTOR = 'app.kubernetes.io/name=acr-nopass'

/** Selects the chart's objects of one release. */
export function releaseSelector(release: string): string {
  return `${OUR_SELECTOR},${LABEL_INSTANCE}=${release}`
}

/**
 * A pull Secret has the label `app.kubernetes.io/instance`: `<release namespace>.<release name>`.
 * The Secret of another release is foreign.
 */
export const MANAGED_BY = 'acr-nopass'

/** RFC 3339 time at which the first credential in the Secret expires; empty if none does. */
export const ANNOTATION_EXPIRES_AT = 'acr-nopass.io/expires-at'
/** RFC 3339 time at which the helper plans to replace the content; empty if it never does. */
export const ANNOTATION_REFRESH_AT = 'acr-nopass.io/refresh-at'
/** Lower-case hex SHA-256 of the bytes of `.dockerconfigjson`. */
export const ANNOTATION_CONTENT_HASH = 'acr-nopass.io/content-hash'
/** Comma-separated names of the registries in the Secret, sorted. */
export const ANNOTATION_REGISTRIES = 'acr-nopass.io/registries'
/**
 * Which credentials of the log the content has: `<UID of the helper's own copy> <name>=<number>,…`.
 * In the helper's own copy: `last=<highest number>`.
 */
export const ANNOTATION_LOG = 'acr-nopass.io/log'
/**
 * Only in the helper's own copy: number, domains and times of each credential, as JSON without
 * secrets.
 */
export const ANNOTATION_TOKENS = 'acr-nopass.io/tokens'

/**
 * Opts out: a label on a Namespace or Pod, an annotation on a ServiceAccount. The value is "true".
 */
export const SKIP = 'acr-nopass.io/skip'
/**
 * Set on the status ConfigMap by `acr-nopass refresh`: the RFC 3339 time at which a rotation was
 * requested.
 */
export const ANNOTATION_REFRESH_REQUESTED = 'acr-nopass.io/refresh-requested-at'
/** Set on the helper's Pods: the hash of the configuration that a rollout waits for. */
export const ANNOTATION_AWAITED_CONFIG = 'acr-nopass.io/awaited-config'

/** On a ServiceAccount: the ARN of the RAM role that pulls images for its Pods on a node. */
export const ANNOTATION_ROLE_ARN = 'acr-nopass.io/role-arn'
/** On a ServiceAccount, from ACK's RRSA: the name of the RAM role of its Pods. */
export const RRSA_ROLE_ANNOTATION = 'pod-identity.alibabacloud.com/role-name'

/**
 * The name of our provider in a kubelet's configuration, which is also its program's file name.
 */
export const NODE_PROVIDER = 'acr-nopass-provider'
