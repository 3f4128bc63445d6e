/** Codes of the program in the cluster. */
export const HELPER_CODES = {
  HELPER_ARGUMENTS: {
    what: 'The helper was started with arguments or an environment that it does not understand.',
    fix: 'Use the chart; it renders the arguments.',
  },
  HELPER_CONFIG_INVALID: {
    what: "The helper's configuration cannot be read or breaks the schema.",
    fix: 'Check the values with `acr-nopass validate`; the helper continues with the last good configuration.',
  },
  FOREIGN_SECRET: {
    what: "A Secret with the pull secret's name belongs to another owner; it is left alone.",
    fix: 'Delete or rename it, choose another secretName, or set adopt: true.',
  },
  FOREIGN_LIST: {
    what: 'The imagePullSecrets of a ServiceAccount are owned by another tool that applies them; a change would break its next apply.',
    fix: 'Add the pull secret to the list in that tool (its chart or manifest), or use attach: admission (Kubernetes 1.36 or newer).',
  },
  LIST_OVERLONG: {
    what: 'The imagePullSecrets of a ServiceAccount have more than 100 entries or more than 4,096 characters of names; the helper does not keep such a list and attaches nothing.',
    fix: 'Remove the entries whose Secret does not exist, or use attach: admission (Kubernetes 1.36 or newer).',
  },
  LIST_CONFLICT: {
    what: 'Another writer keeps removing our entry from the imagePullSecrets of a ServiceAccount.',
    fix: 'Configure that writer to keep entries it does not know, or opt the ServiceAccount out with the annotation acr-nopass.io/skip: "true".',
  },
  RIVAL_ADDON: {
    what: "Alibaba's own credential helper (aliyun-acr-credential-helper) attaches its pull secret to the same ServiceAccounts.",
    fix: 'Both together pull, but some of its versions overwrite the list: uninstall the add-on, or keep it away from these namespaces; `acr-nopass import` takes its settings over.',
  },
  SECRET_NEEDS_DELETE: {
    what: 'The pull secret cannot be updated in place: another type, immutable, or with more data than the helper writes.',
    fix: 'Delete that Secret; the helper immediately creates a new one.',
  },
  WRITE_REFUSED: {
    what: 'A write in one namespace is refused, by rights, a quota or an admission policy.',
    fix: 'The message names the cause; the helper retries from time to time, and continues elsewhere.',
  },
  WRITE_MUTATED: {
    what: 'A mutating webhook or policy changes what the helper writes: the guard refuses such a write, or the change has no effect.',
    fix: 'Exempt the helper from it, by its user name or by the name of the Secret; a policy that sets imagePullSecrets can also add the pull secret. A label that it adds to all Secrets can also be written in secretLabels. Do not delete the Secret: it could not be created again.',
  },
  WRITE_FAILING: {
    what: 'A write in one namespace repeatedly fails in the API server: mostly because an admission webhook does not respond.',
    fix: 'Repair the webhook that the message names, or let its namespaceSelector or failurePolicy spare the Secret; the helper retries automatically, and continues elsewhere.',
  },
  PULL_SECRET_MISSING: {
    what: 'A Pod cannot pull its image because it was admitted without the reference to the pull secret; the list of a Pod never changes.',
    fix: 'The message contains the reason and what to do: mostly, delete the Pod so that its owner creates it again; heal: true does that.',
  },
  SECRET_CONFLICT: {
    what: 'Another writer keeps changing or deleting the pull secret of a namespace.',
    fix: 'Configure that writer to leave this Secret alone, or opt the namespace out with the label acr-nopass.io/skip: "true".',
  },
  NAMESPACE_UNREADABLE: {
    what: 'With `scope: namespaces`: the helper lacks the right to read a listed namespace, mostly because the namespace was deleted and its Role with it.',
    fix: 'Remove the namespace from targets.namespaces.include, or create it and run helm upgrade again, which creates its Role; all other namespaces are served meanwhile.',
  },
  LEASE_MISSING: {
    what: 'The Lease for leader election does not exist and the helper cannot create it, so no replica writes anything.',
    fix: 'Install the chart again with the same values: it renders the Lease, and the Role with which the helper creates it.',
  },
  LEASE_REFUSED: {
    what: 'The API server refuses to let a replica of the helper acquire the Lease for leader election; if it is the same for all replicas, nothing is refreshed.',
    fix: 'The message names what refuses it: restore the rights from the release, or exempt the Lease. Else delete the Lease, and the helper creates it within a minute.',
  },
  LEASE_LOST: {
    what: 'The lease could not be renewed in time, or another replica took it.',
    fix: 'Nothing to do: the helper restarts and follows. If it persists, check the API server.',
  },
} as const
