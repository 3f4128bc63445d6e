import type { FindingRows } from './page.ts'

/** The symptom and the fix of every finding. */
export const ROWS_EN: FindingRows = {
  NOT_INSTALLED: [
    'acr-nopass is not installed in the cluster.',
    'Install the chart, or name the release by `--namespace` and `--release`.',
  ],
  LEFTOVERS: [
    'A release was uninstalled by `helm uninstall` alone, and its pull secrets are still there.',
    '`acr-nopass cleanup --detach` lists them and the ServiceAccounts; with `--confirm` it removes them.',
  ],
  RELEASE_UNREADABLE: [
    'doctor cannot determine whether there is a release.',
    'Pass its namespace, or get the right to list ConfigMaps there.',
  ],
  KUBERNETES_OLD: [
    'The API server lacks what `attach: admission` (1.36) or the guard (1.30) needs.',
    '`attach: serviceAccounts`, or a newer Kubernetes; `guard: disabled` only if you accept what it gives up.',
  ],
  CONFIG_UNREADABLE: [
    'The ConfigMap of the helper was edited or deleted.',
    'Restore what the release has, and check the values with `acr-nopass validate`.',
  ],
  CONFIG_PENDING: [
    'Values were changed, and the helper still works with the old ones.',
    'Wait a minute; then check its log.',
  ],
  RETIRING: ['Pull secrets are being removed.', 'Wait, then uninstall the release; or set `retire: false`.'],
  DRY_RUN: ['The helper runs and writes nothing.', '`dryRun: false`.'],
  HELPER_DOWN: [
    'No Pod of the helper runs: nothing is refreshed, new namespaces get nothing.',
    'Restore the Deployment as the release has it, or fix what its Pods report.',
  ],
  HELPER_DEGRADED: [
    'A replica is missing, or an upgrade does not progress.',
    'Fix what its Pods report: image, Pod Security, quota, scheduling.',
  ],
  HELPER_LEADERLESS: [
    'The Pods of the helper run, and none leads.',
    'Restore the Lease and the Role as the release has them, or do what `LEASE_REFUSED` in the log of its Pods says.',
  ],
  HELPER_SILENT: ['The helper runs and does not report.', 'Restore the ConfigMap of its report, or check its log.'],
  STATUS_UNREADABLE: [
    "Parts of the helper's report (ConfigMap `<release>-status`) cannot be read; doctor does not know what they say.",
    'Run the version that the helper has; else find the other writer and restart the helper.',
  ],
  HELPER_PROBLEM: [
    'The helper reports another problem.',
    'The finding has its code; all codes are in [errors](errors.md).',
  ],
  CLOCK_SKEW: [
    'A clock is more than 30 seconds off, or the cloud refuses the time of requests.',
    'NTP on that machine.',
  ],
  RIGHTS_MISSING: [
    'A role or a binding of the helper was deleted or changed.',
    'Restore them as the release has them.',
  ],
  RIGHTS_WIDE: [
    "The helper's ServiceAccount may do more than the chart allows, such as read other Secrets.",
    'Restore the roles as the release has them; remove other bindings of that ServiceAccount.',
  ],
  GUARD_MISSING: [
    'The policies that limit the helper to its own Secret are missing.',
    'Restore them as the release has them.',
  ],
  GUARD_INACTIVE: [
    'A policy of the guard was changed, so that it no longer refuses what it must.',
    "Delete the policy and its binding and apply the release's manifest again.",
  ],
  WEBHOOK_REFUSES: [
    'An admission webhook refuses pull secrets, or does not respond.',
    'Exempt Secrets of that name, or repair the webhook.',
  ],
  QUOTA_EXCEEDED: ['A ResourceQuota has no room for one more Secret.', 'Raise `secrets` of that quota by one.'],
  WRITE_REFUSED: [
    'The API server refuses a write because of another policy.',
    'Exempt the pull secret from that policy.',
  ],
  RIVAL_RELEASE: [
    'Two releases are installed in one cluster.',
    'Keep their namespaces and `secretName` apart, or uninstall one.',
  ],
  RIVAL_ADDON: [
    "The vendor's credential helper is installed in the same cluster.",
    'Keep it until `acr-nopass cleanup --legacy` lists nothing; then uninstall the add-on.',
  ],
  RAM_DENIED: [
    'The identity is not allowed to request tokens: the RAM policy is missing or too narrow, or a control policy of the resource directory denies it.',
    'Apply what `acr-nopass policy -f values.yaml` prints, or run `acr-nopass apply`. Only the administrators of the resource directory can change a control policy.',
  ],
  ROLE_NOT_TRUSTED: [
    "The role's trust policy names another ServiceAccount, issuer or audience; or STS does not accept the OIDC provider: `PublicKeyFingerprintMismatch`, `HttpsUrlInvalid`, `AudienceNotMatch`.",
    'Write the trust that the finding shows; `ram: rrsa` does it. For the OIDC provider: [what STS checks](quick-start-self-built.md#what-sts-checks).',
  ],
  IDENTITY_MISSING: [
    'The configured identity does not exist: no metadata service, no token, no login in a Secret.',
    'Set `identity` to what this cluster offers; fill the Secret.',
  ],
  CREDENTIALS_REFUSED: [
    'The access key is disabled, deleted or has another secret.',
    'Put a valid key into the Secret.',
  ],
  CLOUD_OUT_OF_REACH: [
    "The helper does not reach Alibaba Cloud's API.",
    'DNS, security group, NAT gateway or VPC endpoint; `network: vpc`; proxy variables.',
  ],
  OIDC_ISSUER_MISMATCH: [
    "The API server issues the cluster's tokens under an issuer that ACK does not list.",
    'Check `--ack-cluster-id`; else turn RRSA off and on again in the ACK console.',
  ],
  OIDC_PROVIDER_WRONG: [
    "RAM's OIDC provider is missing, has another issuer, or lacks the audience.",
    'Create it again for the issuer of this cluster, with the client id `sts.aliyuncs.com`.',
  ],
  ROLE_MISSING: [
    'A RAM role assumed by the helper does not exist.',
    'Create it with the command, or run `acr-nopass apply`.',
  ],
  ROLE_TRUST_DIFFERS: [
    "A role's trust policy does not allow the helper to assume it: issuer, audience, subject, caller or external id.",
    'The command adds what is missing, and keeps everything else.',
  ],
  ROLE_TRUST_WIDE: [
    "A role's trust policy also allows others than the helper.",
    'The command narrows it to the helper.',
  ],
  ROLE_RIGHTS_MISSING: [
    'The policies of a role allow less than the values need; or a Deny forbids it.',
    'The command grants the right; or narrow `repositories`.',
  ],
  INSTANCE_NOT_FOUND: [
    'The values name an instance that does not exist.',
    'Check `instanceId` (or `instanceName`), `region` and the account.',
  ],
  INSTANCE_ELSEWHERE: ['The instance is in another region than in the values.', 'Correct `region` of that registry.'],
  INSTANCE_NOT_RUNNING: ['The instance is not RUNNING.', 'Wait, or renew it in the console.'],
  VPC_UNLINKED: [
    "The cluster's VPC is not linked to the instance, so its VPC domain is not known there.",
    'Link VPC and vSwitch; or pull by the public domain.',
  ],
  VPC_LINK_ISSUE: [
    "The link of the instance to the cluster's VPC exists, and Container Registry reports something about it.",
    'Resolve the conflict with the private zone, or check on a node that the VPC domain resolves.',
  ],
  PUBLIC_CLOSED: [
    'The public endpoint of the instance is turned off, or its allow-list is empty.',
    "Open it for the nodes' public address; or pull through the VPC.",
  ],
  PUBLIC_RESTRICTED: [
    'The public endpoint allows some addresses only.',
    "Check whether the nodes' public address is among them.",
  ],
  REGISTRY_REFUSES: [
    'The cloud issues logins, and the registry refuses them.',
    'Check `instanceId`, `region` and `domains` of that registry.',
  ],
  REGISTRY_FAILING: [
    'No new login for some other reason, such as throttling.',
    'The finding names it; the last good login stays in use meanwhile.',
  ],
  REGISTRY_PENDING: ['A registry has no login yet.', 'Wait half a minute.'],
  REGISTRY_EXPIRED: ['The login of a registry has expired: pulls fail.', 'Fix the helper, then `acr-nopass refresh`.'],
  REGISTRY_EXPIRING: [
    'The login of a registry expires soon, and was not refreshed.',
    'Fix the helper, then `acr-nopass refresh`.',
  ],
  SECRET_MISSING: ['A target namespace has no pull secret.', 'Fix the helper; it then creates the Secret.'],
  SECRET_FOREIGN: [
    'A Secret of another owner has the name of the pull secret. A warning with `adopt: true`: the helper has not taken it over yet.',
    'Choose another `secretName`, set `adopt: true`, or have its owner rename it. With `adopt: true`: wait half a minute, then see the findings about the helper.',
  ],
  SECRET_STUCK: [
    'The pull secret cannot be changed in place: immutable, or of another type.',
    'Delete it; the helper creates a new one.',
  ],
  SECRET_CHANGED: ['Another client changed the pull secret.', 'Find the writer; the helper restores its own content.'],
  SECRET_EXPIRED: ['The login inside the pull secret has expired.', 'Fix the helper, then `acr-nopass refresh`.'],
  SECRET_INCOMPLETE: [
    'The pull secret lacks a registry that it should have.',
    'See the findings about registries; wait half a minute.',
  ],
  ACCOUNT_UNATTACHED: [
    'A ServiceAccount does not name the pull secret.',
    'Fix the helper; then delete Pods that were created meanwhile.',
  ],
  ACCOUNT_FOREIGN: [
    'Argo CD or Helm 4 applies the list of a ServiceAccount.',
    'Add the entry where the list is applied from, or `attach: admission`.',
  ],
  SECRET_CONFLICT: [
    'Another writer keeps changing or deleting the pull secret of a namespace.',
    'Configure it to leave this Secret alone, or opt the namespace out.',
  ],
  NAMESPACE_UNREADABLE: [
    'With `scope: namespaces`, the helper lacks the right to read a listed namespace: it was deleted, and its Role with it.',
    'Remove it from `targets.namespaces.include`, or create it and run `helm upgrade` again; all others are served.',
  ],
  LIST_CONFLICT: [
    'Another writer keeps removing the entry from a ServiceAccount.',
    'Configure it to keep entries that it does not know, or opt the ServiceAccount out.',
  ],
  POLICY_MISSING: ['The admission policy that adds the reference is missing.', 'Restore it as the release has it.'],
  POLICY_INACTIVE: ['The admission policy exists and adds nothing.', 'Restore what the release has.'],
  POD_UNCOVERED: [
    'The image is in a registry that the values do not have.',
    'Add the instance, or the host to `domains`.',
  ],
  POD_NOT_TARGETED: [
    "The Pod's namespace or ServiceAccount is not a target.",
    'Add it to `targets`, then have the Pod created again.',
  ],
  POD_OPTED_OUT: [
    'The namespace, ServiceAccount or Pod has `acr-nopass.io/skip`.',
    'Remove it, then have the Pod created again.',
  ],
  POD_HAS_OWN_PULL_SECRETS: [
    "The Pod has its own pull secrets, so its ServiceAccount's are not used.",
    'Add ours to that list, or `attach: admission`.',
  ],
  POD_TOO_OLD: [
    'The Pod was admitted before the reference existed; its list never changes.',
    'Delete the Pod if a controller creates it again; otherwise create it again from its manifest.',
  ],
  POD_STATIC: [
    'The Pod is a static Pod of a node; those can name no pull secret.',
    'Give the node a credential (image credential provider), or have the image on the node.',
  ],
  POD_UNREFERENCED: [
    'The Pod has no reference because its ServiceAccount has none.',
    'See the finding about ServiceAccounts; then have the Pod created again.',
  ],
  POD_WITHOUT_SECRET: [
    'The Pod names a Secret that does not exist.',
    'Fix the helper; after that the Pod pulls automatically.',
  ],
  POD_CREDENTIAL: ['The Secret has no login that works.', 'See the finding about the Secret or the registry.'],
  POD_LOGIN_REFUSED: ['The registry refuses the login in the Secret.', '`acr-nopass refresh`.'],
  POD_DENIED: [
    'The login is not allowed to pull this repository, or the repository does not exist.',
    'Check the name; add it to `repositories` and apply the RAM policy.',
  ],
  POD_IMAGE_ABSENT: ['The registry does not have the repository.', 'Check namespace and name, or push it.'],
  POD_TAG_ABSENT: ['The registry has the repository, and not the tag.', 'Check the tag, or push it.'],
  POD_ARCHITECTURE: [
    "The image does not exist for the node's platform.",
    'Build it for that one too, or choose other nodes.',
  ],
  POD_NETWORK: [
    'The node cannot reach the registry.',
    'DNS, NAT gateway, public endpoint and its allow-list; or the VPC domain.',
  ],
  POD_PROXY: [
    "A proxy or a mirror of the node's runtime refuses the pull, or is out of reach.",
    'HTTPS_PROXY and NO_PROXY of the runtime, `hosts.toml`; a pull secret changes nothing.',
  ],
  POD_VPC_UNLINKED: ["The node's VPC is not linked to the instance.", 'Link VPC and vSwitch (Access Control, VPC).'],
  POD_THROTTLED: ['The registry throttles the node.', 'Wait, or raise the limit of the instance.'],
  POD_CERTIFICATE: [
    'The node does not accept the certificate of the registry: unknown CA, expired, or of another host.',
    "Add its CA to those of the node's runtime, or renew it; look for a proxy that inspects TLS.",
  ],
  POD_HTTP: [
    'The registry uses http, and the node https.',
    'Give it a certificate, or configure the runtime (`hosts.toml`).',
  ],
  POD_NEVER_PULLS: [
    '`imagePullPolicy: Never`, and the node has no such image for this Pod.',
    '`imagePullPolicy: IfNotPresent`.',
  ],
  POD_IMAGE_NAME: ['The image is not a valid image name.', 'host/namespace/name:tag, without `https://`.'],
  POD_UNSCHEDULED: ['The Pod has no node yet.', 'Its Events show why none is suitable.'],
  POD_DISK_FULL: ['The disk of the node is full.', "Free space on the node's image file system, or enlarge it."],
  POD_SANDBOX: [
    'A node cannot pull the sandbox (pause) image that every Pod begins with.',
    "Another sandbox image, or a login in the runtime's own configuration; no pull secret is used for it.",
  ],
  POD_STUCK: [
    'The node cannot pull, and the reason is its own runtime or not known.',
    'The finding quotes its message; check the Events of the Pod. Without the right to read ServiceAccounts the reason may not be known.',
  ],
  POD_UNKNOWN: [
    'It is not known whether a container can pull: an unknown waiting reason, a message from an earlier attempt, or ten minutes without a start or a reason.',
    'Wait for the next try, or `--ask-registry`; see the Events of the Pod.',
  ],
  POD_CACHED: [
    "The Pod runs, perhaps from the node's cache.",
    '`doctor pod … --ask-registry` proves that today’s login pulls.',
  ],
  KUBELET_LENIENT: [
    'The node gives its cached images to any Pod.',
    '`imagePullCredentialsVerificationPolicy`, or `imagePullPolicy: Always`.',
  ],
  PODS_OLD: ['Pods run without the reference.', 'Nothing now; after a rollout restart the new Pods have it.'],
}
