/** Codes of the program in the cluster. */
export const HELPER_CODES = {
  HELPER_ARGUMENTS: {
    what: 'The helper was started with arguments or an environment that it does not understand.',
    cure: 'Use the chart; it renders the arguments.',
  },
  HELPER_CONFIG_INVALID: {
    what: "The helper's configuration cannot be read or breaks the schema.",
    cure: 'Check the values with `acr-nopass validate`; the helper goes on with the last good configuration.',
  },
  FOREIGN_SECRET: {
    what: "A Secret of the pull secret's name belongs to somebody else; it is left alone.",
    cure: 'Delete or rename it, choose another secretName, or set adopt: true.',
  },
  FOREIGN_LIST: {
    what: 'The imagePullSecrets of a ServiceAccount are owned by another tool that applies them; a change would break its next apply.',
    cure: 'Add the pull secret to the list in that tool (its chart or manifest), or use attach: admission.',
  },
  LIST_OVERLONG: {
    what: 'The imagePullSecrets of a ServiceAccount have more than 100 entries or more than 4,096 characters of names; the helper does not keep such a list and attaches nothing.',
    cure: 'Remove the entries that name no Secret, or use attach: admission.',
  },
  LIST_FOUGHT: {
    what: 'Another writer keeps removing our entry from the imagePullSecrets of a ServiceAccount.',
    cure: 'Let that writer keep entries it does not know, or opt the ServiceAccount out by the annotation acr-nopass.io/skip: "true".',
  },
  RIVAL_ADDON: {
    what: "Alibaba's own credential helper (aliyun-acr-credential-helper) attaches its pull secret to the same ServiceAccounts.",
    cure: 'Both together pull, but some of its versions overwrite the list: uninstall the add-on, or keep it away from these namespaces; `acr-nopass import` takes its settings over.',
  },
  SECRET_NEEDS_DELETE: {
    what: 'The pull secret cannot be replaced in place: another type, immutable, or with more in it than we write.',
    cure: 'Delete that Secret; the helper makes a new one at once.',
  },
  WRITE_REFUSED: {
    what: 'A write in one namespace is refused, by rights, a quota or an admission policy.',
    cure: 'The message says by what; the helper tries again from time to time, and goes on elsewhere.',
  },
  WRITE_FAILING: {
    what: 'A write in one namespace fails again and again on the side of the API server: mostly an admission webhook that does not answer.',
    cure: 'Repair the webhook that the message names, or let its namespaceSelector or failurePolicy spare the Secret; the helper tries again by itself, and goes on elsewhere.',
  },
  PULL_SECRET_MISSING: {
    what: 'A Pod cannot pull its image, for it was admitted without the reference to the pull secret; the list of a Pod never changes.',
    cure: 'The message says why and what to do: mostly, delete the Pod and let its owner make another; heal: true does that.',
  },
  SECRET_FOUGHT: {
    what: 'Another writer keeps changing or deleting the pull secret of a namespace.',
    cure: 'Let that writer leave this Secret alone, or opt the namespace out by the label acr-nopass.io/skip: "true".',
  },
  NAMESPACE_UNREADABLE: {
    what: 'With `scope: namespaces`: the helper lacks the right to read a listed namespace, mostly because the namespace was deleted and its Role with it.',
    cure: 'Take the namespace out of targets.namespaces.include, or create it and run helm upgrade again, which creates its Role; all other namespaces are served meanwhile.',
  },
  LEASE_MISSING: {
    what: 'The Lease by which the replicas choose a leader does not exist, so none of them writes anything.',
    cure: 'Run helm upgrade again with the same values: the chart creates the Lease.',
  },
  LEASE_LOST: {
    what: 'The lease could not be renewed in time, or another replica took it.',
    cure: 'Nothing to do: the helper restarts and follows. If it lasts, look at the API server.',
  },
} as const
