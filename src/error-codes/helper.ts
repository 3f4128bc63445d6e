/** Codes of the program in the cluster. */
export const HELPER_CODES = {
  HELPER_ARGUMENTS: {
    what: 'The helper was started with arguments or an environment that it does not understand.',
    fix: 'Install the helper with the chart, which renders its arguments.',
  },
  HELPER_CONFIG_INVALID: {
    what: "The helper's configuration cannot be read or breaks the schema.",
    fix: 'Check the values with `acr-nopass validate`; the helper continues with the last good configuration.',
  },
  FOREIGN_SECRET: {
    what: 'A Secret of another owner has the name of the pull secret; the helper does not change it.',
    fix: 'Delete or rename that Secret, choose another secretName, or set adopt: true.',
  },
  FOREIGN_LIST: {
    what: 'Another tool applies the imagePullSecrets of a ServiceAccount; a change by the helper would break the next apply of that tool.',
    fix: 'Add the pull secret to the list in that tool (its chart or manifest), or use attach: admission (Kubernetes 1.36 or newer).',
  },
  LIST_OVERLONG: {
    what: 'The imagePullSecrets of a ServiceAccount have more than 100 entries or more than 4,096 characters of names. The helper does not change such a list.',
    fix: 'Remove the entries whose Secret does not exist, or use attach: admission (Kubernetes 1.36 or newer).',
  },
  LIST_CONFLICT: {
    what: 'Another writer keeps removing the entry of acr-nopass from the imagePullSecrets of a ServiceAccount.',
    fix: 'Configure that writer to keep entries that it does not know, or exclude the ServiceAccount with the annotation acr-nopass.io/skip: "true".',
  },
  RIVAL_ADDON: {
    what: "Alibaba's own credential helper (aliyun-acr-credential-helper) attaches its pull secret to the same ServiceAccounts.",
    fix: 'Pulls work with both, but some versions of the add-on overwrite the list. Uninstall the add-on, or exclude these namespaces from it; `acr-nopass import` converts its settings.',
  },
  SECRET_NEEDS_DELETE: {
    what: 'The pull secret cannot be updated in place: it has another type, is immutable, or has data that the helper did not write.',
    fix: 'Delete that Secret; the helper immediately creates it again.',
  },
  WRITE_REFUSED: {
    what: 'RBAC, a quota or an admission policy refuses a write in one namespace.',
    fix: 'The message names the cause. The helper retries from time to time, and keeps serving all other namespaces.',
  },
  WRITE_MUTATED: {
    what: 'A mutating webhook or policy changes what the helper writes: the guard refuses the changed write, or the write has no effect.',
    fix: 'Exempt the helper from the webhook or policy, by its user name or by the name of the Secret. A policy that sets imagePullSecrets can also add the pull secret. If the policy adds a label to all Secrets, you can also write this label in secretLabels. Do not delete the Secret: it could not be created again.',
  },
  WRITE_FAILING: {
    what: 'A write in one namespace keeps failing in the API server, usually because an admission webhook does not respond.',
    fix: 'Repair the webhook that the message names, or exclude the Secret from it by namespaceSelector or failurePolicy. The helper retries automatically, and keeps serving all other namespaces.',
  },
  PULL_SECRET_MISSING: {
    what: 'A Pod cannot pull its image because it was admitted without the reference to the pull secret. The imagePullSecrets of a Pod never change.',
    fix: 'The message contains the reason and the fix. Usually: delete the Pod, and its owner creates it again; heal: true does that automatically.',
  },
  SECRET_CONFLICT: {
    what: 'Another writer keeps changing or deleting the pull secret of a namespace.',
    fix: 'Configure that writer to leave this Secret alone, or exclude the namespace with the label acr-nopass.io/skip: "true".',
  },
  LOG_UNWRITABLE: {
    what: "The pull secret in the helper's own namespace, which is its log of credentials, cannot be written; namespaces get new credentials all the same.",
    fix: 'The problem of that namespace names what refuses it (a quota, a policy, a foreign or immutable Secret): remove it. Until then a new leader requests every credential again.',
  },
  LIMIT_TOO_LONG: {
    what: 'The repositories that the limited entries give to a namespace do not fit into an STS session policy (2,048 characters). Its Secret keeps the last good credential.',
    fix: 'Merge the repositories of these entries into fewer globs, such as `team-a/*`, or let fewer limited entries target the same namespace.',
  },
  LIMIT_NOT_ACCEPTED: {
    what: 'The registry does not let a limited credential pull its own repositories. The helper keeps the last good credential; if there is none, it writes no credential.',
    fix: 'Check that the repository in `probe` exists, and that the role may pull it (`acr-nopass policy`). If both are right, this registry does not accept limited sessions: set `limit: role`.',
  },
  CREDENTIAL_TOO_WIDE: {
    what: 'The registry lets a limited credential pull a repository of another list. So the limit does not protect the repositories of other teams there; pulls continue.',
    fix: 'Do not rely on `limit: repositories` for this instance. Give each team a RAM role of its own (`assumeRole`), or an instance of its own.',
  },
  NAMESPACE_UNREADABLE: {
    what: 'With `scope: namespaces`, the helper lacks the right to read a listed namespace, usually because the namespace and its Role were deleted.',
    fix: 'Remove the namespace from targets.namespaces.include, or create it and run helm upgrade again, which creates its Role. The helper keeps serving all other namespaces.',
  },
  LEASE_MISSING: {
    what: 'The Lease for leader election does not exist and the helper cannot create it, so no replica writes anything.',
    fix: 'Install the chart again with the same values: it renders the Lease, and the Role that allows the helper to create the Lease.',
  },
  LEASE_REFUSED: {
    what: 'The API server refuses to let a replica of the helper acquire the Lease for leader election. If it refuses all replicas, nothing is refreshed.',
    fix: 'The message names the cause: restore the rights from the release, or exempt the Lease. If neither is possible, delete the Lease; the helper creates it again within a minute.',
  },
  LEASE_LOST: {
    what: 'A replica could not renew the Lease in time, or another replica took it.',
    fix: 'Nothing to do: the replica restarts and waits for the Lease. If this persists, check the API server.',
  },
} as const
