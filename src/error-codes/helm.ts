/** Codes of the helm program and releases. */
export const HELM_CODES = {
  HELM_NOT_FOUND: {
    what: 'No helm program was found.',
    fix: 'Install Helm 3.18 or newer (or 4.x). In a workflow: the action `azure/setup-helm`, whose `downloadBaseURL` takes a mirror.',
  },
  HELM_VERSION_UNSUPPORTED: {
    what: 'The helm program found is too old.',
    fix: 'Use Helm 3.18 or newer, or Helm 4.x.',
  },
  HELM_DRIVER: {
    what: 'Helm stores its records where acr-nopass cannot read which run made a revision.',
    fix: 'Unset `HELM_DRIVER`, or set it to `secret` or `configmap`.',
  },
  HELM_PENDING: {
    what: 'An earlier run was interrupted, and the release is still marked as being changed.',
    fix: 'Run the command in the message, or set `recover-pending: true` if the message suggests it.',
  },
  HELM_CONFLICT: {
    what: 'Another field manager owns a field that the chart sets.',
    fix: "Set the field back to the chart's value with the tool that changed it, or use the changed value in your values. To overwrite the field, set `force-conflicts: true`.",
  },
  HELM_CRD_MISSING: {
    what: 'The cluster does not serve a kind that the chart renders: its CustomResourceDefinition is not installed.',
    fix: 'Install the CustomResourceDefinition first. For another chart, `helm show crds <chart>` prints the definitions in its folder `crds/`. Without the Prometheus operator, set `enabled: false` of `metrics.serviceMonitor`, `podMonitor` and `prometheusRule`.',
  },
  HELM_OWNERSHIP: {
    what: 'An object of the chart already exists and belongs to another release or tool.',
    fix: 'Delete the object, or choose another `release` or `namespace`.',
  },
  HELM_TIMEOUT: {
    what: 'The objects did not become ready in time.',
    fix: 'Check the Pods and Events in the message; raise `timeout` only if the Pods start slowly but without errors.',
  },
  HELM_FORBIDDEN: {
    what: 'Helm lacks a right in the cluster.',
    fix: 'Give the deployer the right that the message names.',
  },
  HELM_VALUES_REFUSED: {
    what: "The chart's own schema refused the values.",
    fix: 'Fix the values that the message names.',
  },
  HELM_CHART: {
    what: 'The chart could not be found, read or rendered.',
    fix: 'Check `chart` and `chart-version`; `helm template` with the same values shows where the chart fails.',
  },
  HELM_INVALID_OBJECT: {
    what: 'The API server refused an object of the chart.',
    fix: 'Fix the value that renders the field named in the message.',
  },
  HELM_UNREACHABLE: {
    what: 'Helm could not reach the API server.',
    fix: 'Check that the cluster is up and that its address is reachable from here.',
  },
  HELM_CANCELLED: {
    what: 'Helm was interrupted and marked the release as failed.',
    fix: 'Run again; nothing has to be repaired first.',
  },
  HELM_FAILED: { what: 'Helm failed.', fix: "Read Helm's own error in the message." },
} as const
