/** Codes of Alibaba Cloud's APIs and identities. */
export const CLOUD_CODES = {
  CLOUD_UNREACHABLE: {
    what: 'Alibaba Cloud returned no complete response.',
    fix: 'Check the network path, DNS, the proxy variables and `network` (vpc or public); the call is retried automatically.',
  },
  CLOUD_UNAVAILABLE: {
    what: 'Alibaba Cloud, or a gateway in front of it, returned a server error or a response that is not JSON.',
    fix: 'Wait and run again. If the error persists, check the service health page and give Alibaba Cloud the request ID.',
  },
  CLOUD_THROTTLED: {
    what: 'Alibaba Cloud throttled the call because too many calls were made.',
    fix: 'Lower max-parallel, or run again in a minute.',
  },
  CLOUD_DENIED: {
    what: 'The identity in use is not allowed to make this call.',
    fix: 'Grant the named permission; `acr-nopass policy` and `acr-nopass policy --ci` print the minimal permissions. Only the administrators of the resource directory can change a control policy.',
  },
  CLOUD_NOT_FOUND: {
    what: 'The requested object does not exist, or is in another account or region.',
    fix: 'Check the ID, the name, the region and the account.',
  },
  CLOUD_REJECTED: {
    what: 'Alibaba Cloud rejected the request.',
    fix: 'Look up the error code at https://api.aliyun.com/troubleshoot with the request ID.',
  },
  CLOUD_CLOCK: {
    what: 'Alibaba Cloud refused the time of the request, even after acr-nopass corrected it by the time in the response.',
    fix: 'Synchronize the clock of this machine (NTP).',
  },
  CREDENTIALS_EXPIRED: {
    what: 'The session that signs the calls, or the OIDC token for that session, has expired and could not be renewed.',
    fix: 'Renew the session. In a cluster, the status and the log of the helper show why the session cannot be renewed.',
  },
  CREDENTIALS_REFUSED: {
    what: 'Alibaba Cloud does not know the access key, or its secret is wrong.',
    fix: 'Check that the access key is active, belongs to this account, and is used with its own secret.',
  },
  CREDENTIALS_MISSING: {
    what: 'No credentials were found where they are configured.',
    fix: 'Set the credentials where the message says.',
  },
  IDENTITY_NOT_TRUSTED: {
    what: 'The role does not trust the identity that requested it.',
    fix: "Compare the role's trust policy with what `acr-nopass policy` prints: issuer, audience and subject must be equal. The OIDC provider in RAM must have the fingerprint of the issuer's certificate authority.",
  },
  IDENTITY_UNAVAILABLE: {
    what: 'The identity is not available on this machine.',
    fix: 'Read the message; `identity.type` must be a type that this cluster offers.',
  },
  ENDPOINT_INVALID: {
    what: 'The address of an API cannot be used.',
    fix: 'Use https; http is allowed for loopback addresses only.',
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
    what: 'The registry refuses a credential that Alibaba Cloud issued or that a Secret contains.',
    fix: 'Check that the values name the right registry and account. The helper keeps the last good credential until it expires, and then uses the refused credential.',
  },
  DOCKER_CONFIG_INVALID: {
    what: 'The pull secret has content that the helper did not write.',
    fix: 'Nothing to do: the helper replaces its own Secret, and never changes Secrets of other owners.',
  },
} as const

/** Codes of RAM policies and roles. */
export const POLICY_CODES = {
  POLICY_NOT_OURS: {
    what: 'A policy already has the name that acr-nopass would use, but lacks the mark of acr-nopass.',
    fix: 'Review the policy. Then set adopt-policy: true to take it over, or rename or delete it.',
  },
  POLICY_TOO_LARGE: {
    what: 'The policy document is larger than RAM allows.',
    fix: 'Name fewer repositories (a namespace with /* instead of single repositories), or use ram-scope: all.',
  },
  SESSION_POLICY_LONG: {
    what: 'The `repositories` of a limited registry do not fit into an STS session policy.',
    fix: 'Name a namespace with /* instead of single repositories, or divide the entry by namespaces.',
  },
  POLICY_UNREADABLE: {
    what: 'A document in RAM is not a readable policy.',
    fix: 'Repair or delete the document in the RAM console.',
  },
  POLICY_INPUT_INVALID: {
    what: 'No policy can be made from the given input.',
    fix: 'Correct the input that the message names.',
  },
  POLICY_ROLE_MISSING: {
    what: 'The RAM role for the policy does not exist.',
    fix: 'Check the name of the worker role, or the role in identity.rrsa.roleArn.',
  },
  POLICY_LIMIT: {
    what: 'The account, or the role, has as many policies as RAM allows.',
    fix: 'Detach or delete unused policies (RAM allows 10 custom policies per role), or ask Alibaba Cloud for a higher quota.',
  },
  POLICY_UNSETTLED: {
    what: 'The policy kept changing, RAM kept failing, or RAM did not show the written change within a minute.',
    fix: 'Find out what else changes the policy, or wait; then run again. Completed steps are kept.',
  },
} as const
