/** Names the minor of a run of the cluster suite: `oldest`, or `1.24` with `npm test -- --kubernetes 1.24`. */
export const KUBERNETES_VARIABLE = 'ACR_NOPASS_KUBERNETES'

/** `3.18` with `npm test -- --helm 3.18`: takes the place of Helm 3, and installs in place of Helm 4. */
export const HELM_VARIABLE = 'ACR_NOPASS_HELM'

/** The versions of Node.js after `npm test -- --node`, separated by commas. */
export const NODES_VARIABLE = 'ACR_NOPASS_NODES'
