/**
 * The documented objects of Alibaba's own helper: the recipe of 2018-10 (v18.10.29.0) with the Secrets `-a` and `-b`, and the
 * add-on since 2019 with its ConfigMap; the add-on's aggregated Secret is that of installs of 2026.
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

/** On registered and self-built clusters: the AccessKey of several add-ons, with `access-key-id` and `access-key-secret`. */
export const ADDON_KEY_SECRET = 'alibaba-addon-secret'

/** Names by which the managed and the self-managed add-on are installed through ACK. */
export const ADDON_NAMES: readonly string[] = ['managed-aliyun-acr-credential-helper', LEGACY_HELPER]
