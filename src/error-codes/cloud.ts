/** Codes of Alibaba Cloud's APIs and identities. */
export const CLOUD_CODES = {
  CLOUD_UNREACHABLE: {
    what: 'No complete response came from Alibaba Cloud.',
    fix: 'Check the network path, DNS, the proxy variables and `network` (vpc or public); the call is retried automatically.',
  },
  CLOUD_UNAVAILABLE: {
    what: 'Alibaba Cloud, or a gateway in front of it, responded with a server error or not in JSON.',
    fix: 'Wait and run again; if it lasts, see the service health page and give Alibaba Cloud the request id.',
  },
  CLOUD_THROTTLED: {
    what: 'Alibaba Cloud refused the call because too many were made.',
    fix: 'Lower max-parallel, or run again in a minute.',
  },
  CLOUD_DENIED: {
    what: 'The identity in use is not allowed to make this call.',
    fix: 'Grant the named permission; `acr-nopass policy` and `acr-nopass policy --ci` print the least that is needed. A control policy of the resource directory can only be changed by its administrators.',
  },
  CLOUD_NOT_FOUND: {
    what: 'The requested object does not exist, or not in this account and region.',
    fix: 'Check the id, the name, the region and the account.',
  },
  CLOUD_REJECTED: {
    what: 'Alibaba Cloud rejected the request.',
    fix: 'Look the code up at https://api.aliyun.com/troubleshoot with the request id.',
  },
  CLOUD_CLOCK: {
    what: 'The time of the request was refused, even after it had been corrected by the time in the response.',
    fix: 'Set the clock of this machine (NTP).',
  },
  CREDENTIALS_EXPIRED: {
    what: 'The session that signs the calls, or the OIDC token for it, has expired and could not be renewed.',
    fix: 'Renew the session; in a cluster, see why the identity cannot be renewed (status, log).',
  },
  CREDENTIALS_REFUSED: {
    what: 'Alibaba Cloud does not know the access key, or the secret does not belong to it.',
    fix: 'Check the access key: active, of this account, id and secret belong together.',
  },
  CREDENTIALS_MISSING: {
    what: 'No credentials were found where they are configured.',
    fix: 'Set them where the message says.',
  },
  IDENTITY_NOT_TRUSTED: {
    what: 'The role does not trust the identity that requested it.',
    fix: "Compare the role's trust policy with what `acr-nopass policy` prints: issuer, audience and subject must be equal. The OIDC provider in RAM must have the fingerprint of the issuer's certificate authority.",
  },
  IDENTITY_UNAVAILABLE: {
    what: 'The identity is not available on this machine.',
    fix: 'See the message; `identity.type` must be one that this cluster offers.',
  },
  ENDPOINT_INVALID: {
    what: 'An API address cannot be used.',
    fix: 'Use https; http is allowed on loopback only.',
  },
} as const

/** Codes of ACR instances and their credentials. */
export const REGISTRY_CODES = {
  REGISTRY_NOT_FOUND: {
    what: 'No ACR instance has this name.',
    fix: 'Check instanceName and region, or give instanceId.',
  },
  REGISTRY_NO_DOMAIN: {
    what: 'The registry has no domain on the chosen network.',
    fix: 'Open that endpoint of the instance, or set network: all.',
  },
  REGISTRY_LOGIN_REFUSED: {
    what: 'The registry itself refuses a credential that the cloud issued or that a Secret contains.',
    fix: 'Check that the registry and its account are the right ones; the last good credential stays in use as long as it lives, then the refused one is used.',
  },
  DOCKER_CONFIG_INVALID: {
    what: 'The content of a pull secret is not what the helper writes.',
    fix: 'Nothing to do: the helper replaces its own Secret, and leaves others alone.',
  },
} as const

/** Codes of RAM policies and roles. */
export const POLICY_CODES = {
  POLICY_NOT_OURS: {
    what: 'A policy of the name that acr-nopass would use exists and does not have its mark.',
    fix: 'Review it; then set adopt-policy: true to take it over, or rename or delete it.',
  },
  POLICY_TOO_LARGE: {
    what: 'The policy document is larger than RAM allows.',
    fix: 'Name fewer repositories (a namespace with /* instead of single ones), or use ram-scope: all.',
  },
  POLICY_UNREADABLE: {
    what: 'A document in RAM is not a readable policy.',
    fix: 'Repair or delete it in the RAM console.',
  },
  POLICY_INPUT_INVALID: {
    what: 'The given input does not make a policy.',
    fix: 'See the message.',
  },
  POLICY_ROLE_MISSING: {
    what: 'A RAM role that the policy is for does not exist.',
    fix: 'Check the name of the worker role, or of the role in identity.rrsa.roleArn.',
  },
  POLICY_LIMIT: {
    what: 'The account, or the role, has as many policies as RAM allows.',
    fix: 'Detach or delete unused policies (10 custom policies per role), or ask Alibaba Cloud for a higher quota.',
  },
  POLICY_UNSETTLED: {
    what: 'The policy kept changing, RAM kept failing, or RAM did not show within a minute what was written to it.',
    fix: 'Find out what else changes it, or wait; then run again: completed steps are kept.',
  },
} as const
