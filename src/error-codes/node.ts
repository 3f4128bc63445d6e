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
} as const
