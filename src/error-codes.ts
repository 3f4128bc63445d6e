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

  // values: values and clusters files

  // cloud: Alibaba Cloud's APIs and identities

  // registry: ACR instances and their credentials

  // policy: RAM policies and roles

  // kube: Kubernetes API servers

  // helm: the helm program and releases

  // rollout: the work over all clusters

  // helper: the program in the cluster

  // tools: bootstrap and tool chest

  // sandbox: the emulated cloud, clusters and node
} as const
