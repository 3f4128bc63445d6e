/** Codes of Kubernetes API servers. */
export const KUBE_CODES = {
  KUBE_CONNECTION: {
    what: 'The connection to the API server is not configured.',
    fix: 'In a Pod: mount a ServiceAccount token and keep the variables KUBERNETES_SERVICE_*. Elsewhere: pass a kubeconfig whose proxy, if it has one, is an HTTP proxy.',
  },
  KUBECONFIG_INVALID: {
    what: 'The kubeconfig cannot be read, or its user cannot be authenticated.',
    fix: 'Try `kubectl --kubeconfig FILE --context CONTEXT version`; it must print a server version.',
  },
  KUBE_UNREACHABLE: {
    what: 'The API server cannot be reached, or the connection broke.',
    fix: 'Check the address, the network path (VPN, security group, proxy) and that the server is up.',
  },
  KUBE_TIMEOUT: {
    what: 'The API server did not respond in time.',
    fix: 'Check its load and the network path; the call is retried automatically where that is safe.',
  },
  KUBE_UNAUTHORIZED: {
    what: 'The API server does not know who is calling (401).',
    fix: 'The token or client certificate has expired or belongs to another cluster: get a new one.',
  },
  KUBE_FORBIDDEN: {
    what: 'The API server refuses the call (403): the user lacks a right, a quota is used up, or the namespace is being deleted.',
    fix: 'Compare the rights with docs/en/security.md; the message names user, verb and resource.',
  },
  KUBE_NOT_FOUND: { what: 'The object or the API does not exist (404).', fix: 'Check name, namespace and cluster.' },
  KUBE_CONFLICT: {
    what: 'Another client changed or owns the object (409).',
    fix: 'The helper retries with the newer object. In your own tool, read the object again and repeat the change.',
  },
  KUBE_EXPIRED: {
    what: 'The requested version of the list is too old (410).',
    fix: 'Nothing to do: acr-nopass reads the list again.',
  },
  KUBE_INVALID: {
    what: 'The API server or an admission policy refuses the object as invalid (422).',
    fix: 'The message names the field or the policy.',
  },
  KUBE_THROTTLED: {
    what: 'The API server throttles the requests (429).',
    fix: 'Nothing to do: acr-nopass slows down its requests. If this persists, check the flow schemas of API priority and fairness.',
  },
  KUBE_SERVER_ERROR: {
    what: 'The API server, one of its webhooks or a proxy in front of it failed (5xx).',
    fix: 'Check the API server and its admission webhooks; the call is retried automatically where that is safe.',
  },
  KUBE_REFUSED: { what: 'The API server refuses the call (4xx).', fix: 'The message says why.' },
  KUBE_BAD_ANSWER: {
    what: 'The response does not come from a Kubernetes API server.',
    fix: 'Check that the address is that of the API server, not of a login page or another service.',
  },
} as const
