/**
 * The variable with the Kubernetes version: `oldest`, or `1.24` with `npm test -- --kubernetes
 * 1.24`.
 */
export const KUBERNETES_VARIABLE = 'ACR_NOPASS_KUBERNETES'

/**
 * The variable with the Helm version of `npm test -- --helm 3.18`, which is used instead of Helm 3
 * and 4.
 */
export const HELM_VARIABLE = 'ACR_NOPASS_HELM'

/** The versions of Node.js after `npm test -- --node`, separated by commas. */
export const NODES_VARIABLE = 'ACR_NOPASS_NODES'
