/**
 * The closed list of error codes, by area: what a code means in general, and how to cure it (docs/en/errors.md is
 * generated from it). A code never changes its meaning; a new failure gets a new code.
 */
export const ERROR_CODES = {
  INTERNAL: {
    what: 'Something failed that we did not foresee.',
    cure: 'Run again with --debug and open an issue with the output; no secret is in it.',
  },
  INTERRUPTED: { what: 'The run was ended by a signal.', cure: 'Run the command again; it goes on where it stopped.' },

  // input: command-line flags and action inputs
  INPUT_INVALID: {
    what: 'An input or flag holds something that it cannot mean.',
    cure: 'Write it as the message says; action.yml and --help describe every input.',
  },
  INPUT_CONFLICT: { what: 'Two inputs contradict each other.', cure: 'Remove one of the two.' },
  INPUT_MISSING: { what: 'An input that this mode needs is not set.', cure: 'Set the input that the message names.' },
  INPUT_CONFIRM: {
    what: 'An uninstall was asked for without its confirmation.',
    cure: 'Set `confirm` to `<release>/<number of clusters>`, as the message shows it.',
  },
  RUNNER_UNSUPPORTED: {
    what: 'The action runs on Linux and macOS runners.',
    cure: 'Use `runs-on: ubuntu-latest` (or macOS) for this job.',
  },
  PULL_REQUEST_REFUSED: {
    what: 'A pull request event may only validate and plan.',
    cure: 'Run `apply` on push or workflow_dispatch, or set `allow-on-pull-request: true` if you trust every author.',
  },

  // values: values and clusters files

  // cloud: Alibaba Cloud's APIs and identities

  // registry: ACR instances and their credentials

  // policy: RAM policies and roles

  // kube: Kubernetes API servers

  // helm: the helm program and releases
  HELM_NOT_FOUND: {
    what: 'No helm program was found.',
    cure: 'Install Helm 3.18 or newer (or 4.x), or set `helm-version` to have one downloaded.',
  },
  HELM_VERSION_UNSUPPORTED: {
    what: 'The helm program found is too old or not the one asked for.',
    cure: 'Use Helm 3.18 or newer, or Helm 4.x.',
  },
  HELM_DOWNLOAD_FAILED: {
    what: 'Helm could not be downloaded, or its checksum is not the pinned one.',
    cure: 'Check `helm-version`, `helm-mirror` and `helm-sha256`, or install Helm on the runner.',
  },
  HELM_PENDING: {
    what: 'An earlier run was ended in the middle: the release is marked as being changed.',
    cure: 'Run the command that the message names, or set `recover-pending: true`.',
  },
  HELM_CONFLICT: {
    what: 'Another field manager owns a field that the chart sets.',
    cure: 'Take the field out of the other tool, or set `force-conflicts: true` to take it over.',
  },
  HELM_OWNERSHIP: {
    what: 'An object of the chart exists already and belongs to something else.',
    cure: 'Delete it, or choose another `release` or `namespace`.',
  },
  HELM_TIMEOUT: {
    what: 'The objects did not become ready in time.',
    cure: 'Look at the Pods and Events in the message; raise `timeout` only if they are merely slow.',
  },
  HELM_FORBIDDEN: {
    what: 'The API server refused helm a right.',
    cure: 'Give the deployer the right that the message names.',
  },
  HELM_VALUES_REFUSED: {
    what: "The chart's own schema refused the values.",
    cure: 'Mend the values that the message names.',
  },
  HELM_CHART: {
    what: 'The chart could not be found, read or rendered.',
    cure: 'Check `chart` and `chart-version`; `helm template` with the same values shows the place.',
  },
  HELM_INVALID_OBJECT: {
    what: 'The API server refused an object of the chart.',
    cure: 'Mend the value that makes the field which the message names.',
  },
  HELM_UNREACHABLE: {
    what: 'Helm could not reach the API server.',
    cure: 'Check that the cluster is up and that its address is reachable from here.',
  },
  HELM_CANCELLED: {
    what: 'Helm was interrupted and marked the release as failed.',
    cure: 'Run again; nothing has to be repaired first.',
  },
  HELM_FAILED: { what: 'Helm failed.', cure: 'Read the line of helm in the message.' },

  // rollout: the work over all clusters
  CLUSTER_UNREACHABLE: {
    what: 'The API server of a cluster does not answer.',
    cure: 'Check that the cluster is up and that this machine may reach its address; then run again.',
  },
  CLUSTER_MISMATCH: {
    what: 'The API server is not the one that the entry names.',
    cure: 'Correct the kubeconfig, the context or `expect` of this entry. Nothing was written.',
  },
  CLUSTER_DUPLICATE: {
    what: 'Two entries are one cluster and one release.',
    cure: 'Remove one of the two entries, or give them different releases.',
  },
  CLUSTER_UNKNOWN: { what: 'No entry of the list has that name.', cure: 'Use one of the names in the message.' },
  KUBECONFIG_MISSING: {
    what: 'The kubeconfig of an entry is not there.',
    cure: 'Write the file in an earlier step, or set the variable; the ambient kubeconfig is never used.',
  },
  DEPLOYER_FORBIDDEN: {
    what: "The deployer's rights in the cluster do not suffice.",
    cure: 'Give the deployer the rights that the message lists. Nothing was written.',
  },
  RELEASE_ELSEWHERE: {
    what: 'Another release of acr-nopass works in this cluster.',
    cure: 'Use its release and namespace, or uninstall it first.',
  },
  ADDON_PRESENT: {
    what: "The vendor's credential add-on works in this cluster; two tools would write the same ServiceAccounts.",
    cure: 'Uninstall the add-on, or set `coexist: true`.',
  },
  WORKER_ROLE_UNKNOWN: {
    what: 'The worker roles of the cluster are not known.',
    cure: 'Set `workerRoles` of the entry, or `ram: none` and apply `acr-nopass policy` yourself.',
  },
  RAM_MODE_CONFLICT: {
    what: 'The input `ram` and `identity.type` of the values contradict each other.',
    cure: 'Use `ram: auto`, or change `identity.type`.',
  },
  RRSA_NOT_ENABLED: {
    what: 'RRSA is not enabled on the cluster.',
    cure: 'Enable RRSA in the ACK console (Basic Information, Security), or use `identity.type: worker-role`.',
  },
  PLAN_CHANGED: {
    what: 'What would change now is not what was approved.',
    cure: 'Run `plan` again and have it approved again.',
  },
  HELPER_FAILING: {
    what: 'The helper cannot do its work with this configuration.',
    cure: 'Mend what the helper reports; its own cure is in the message.',
  },
  POD_FAILING: {
    what: 'A Pod of the release cannot start, and waiting will not help.',
    cure: 'Read the reason in the message; `kubectl describe pod` shows the Events.',
  },
  VERIFY_STATUS: {
    what: 'The helper did not report every registry as live in time.',
    cure: "Run `acr-nopass doctor`; it shows the helper's report.",
  },
  VERIFY_SECRET: {
    what: 'The pull secret did not appear in the probe namespace.',
    cure: 'Run `acr-nopass doctor`; check `targets` and the log of the helper.',
  },
  VERIFY_ATTACH: {
    what: 'A new Pod does not get the reference to the pull secret.',
    cure: 'Check `attach` and the admission policies (`kubectl get mutatingadmissionpolicies`).',
  },
  VERIFY_IMAGE: {
    what: 'The image of `verify-image` was not pulled in the probe namespace.',
    cure: 'Read the Events in the message; check that a registry of the values covers the image.',
  },
  ROLLBACK_FAILED: {
    what: 'The rollback failed too.',
    cure: 'Run `helm history` and `helm rollback` by hand; the message of the rollback is above.',
  },
  RETIRE_INCOMPLETE: {
    what: 'The helper did not report that it took everything back.',
    cure: 'Run `acr-nopass cleanup`, then `acr-nopass uninstall` again.',
  },
  CLUSTER_SKIPPED: {
    what: 'The cluster was not touched because an earlier one failed.',
    cure: 'Mend the failed cluster and run again.',
  },
  ROLLOUT_FAILED: { what: 'At least one cluster failed.', cure: 'Each failed cluster is listed with its cure.' },

  // helper: the program in the cluster

  // tools: bootstrap and tool chest

  // sandbox: the emulated cloud, clusters and node
} as const
