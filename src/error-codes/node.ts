/** Codes of logins that the kubelet asks a node's program for. */
export const NODE_CODES = {
  NODE_NO_REGISTRY: {
    what: 'The values have no registry that a node can log in to by itself.',
    fix: 'Add an entry of `edition: enterprise` or `personal`. A static login needs the pull secret.',
  },
  NODE_PROVIDER_MISSING: {
    what: 'The values do not name the OIDC provider, without which a ServiceAccount cannot have a RAM role.',
    fix: 'Set `node.serviceAccount.oidcProviderArn`, or use `node.identity: worker-role`.',
  },
  NODE_CONFIG_INVALID: {
    what: 'The file that the program on a node reads is missing, or belongs to another version.',
    fix: 'Install the node again with the files of one version: `acr-nopass node` prints them.',
  },
  NODE_REQUEST_INVALID: {
    what: 'The kubelet sent a request that the program on the node does not understand.',
    fix: 'Use the configuration that `acr-nopass node` prints, with Kubernetes 1.26 or newer.',
  },
  NODE_ROLE_INVALID: {
    what: 'The annotation of a ServiceAccount does not name a RAM role.',
    fix: 'Write the ARN into `acr-nopass.io/role-arn`: `acs:ram::<account id>:role/<name>`.',
  },
  NODE_TIMEOUT: {
    what: 'A node got no login within three seconds. The kubelet pulls without it, and asks again for the next attempt.',
    fix: 'Check from the node: DNS, the proxy, and the network path to STS, to the registry API and to the metadata service.',
  },
} as const
