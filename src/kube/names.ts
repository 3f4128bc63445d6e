/** The field manager of what the helper applies, and of its patches except one. */
export const FIELD_MANAGER = 'acr-nopass'
/**
 * The field manager of patches of a pull secret. It identifies our content, so it is a name that no
 * client uses by default.
 */
export const CONTENT_MANAGER = 'acr-nopass-content'

/** The default name of the pull secret. */
export const DEFAULT_SECRET_NAME = 'acr-nopass'

export const LABEL_MANAGED_BY = 'app.kubernetes.io/managed-by'
export const LABEL_INSTANCE = 'app.kubernetes.io/instance'
/**
 * `app.kubernetes.io/instance` of a pull secret: `<release namespace>.<release name>`; another
 * release's Secret is foreign.
 */
export const MANAGED_BY = 'acr-nopass'

/** RFC 3339 time at which the first of the Secret's credentials expires; empty if none does. */
export const ANNOTATION_EXPIRES_AT = 'acr-nopass.io/expires-at'
/** RFC 3339 time at which the helper plans to replace the content; empty: never. */
export const ANNOTATION_REFRESH_AT = 'acr-nopass.io/refresh-at'
/** Lower-case hex SHA-256 of the bytes of `.dockerconfigjson`. */
export const ANNOTATION_CONTENT_HASH = 'acr-nopass.io/content-hash'
/** Comma-separated names of the registries inside, sorted. */
export const ANNOTATION_REGISTRIES = 'acr-nopass.io/registries'
/**
 * In the same order, comma-separated: the RFC 3339 time at which each credential was issued; empty
 * for a static login.
 */
export const ANNOTATION_ISSUED_AT = 'acr-nopass.io/issued-at'
/** The registry, domains and lifetime of each credential, as JSON without secrets. */
export const ANNOTATION_TOKENS = 'acr-nopass.io/tokens'

/**
 * Opt-out: a label on a Namespace or Pod, an annotation on a ServiceAccount; the value is "true".
 */
export const SKIP = 'acr-nopass.io/skip'
/**
 * Set on the status ConfigMap by `acr-nopass refresh`: RFC 3339 time of the request for a rotation.
 */
export const ANNOTATION_REFRESH_REQUESTED = 'acr-nopass.io/refresh-requested-at'
/** On the helper's Pods: the hash of the configuration that a rollout waits for. */
export const ANNOTATION_AWAITED_CONFIG = 'acr-nopass.io/awaited-config'
