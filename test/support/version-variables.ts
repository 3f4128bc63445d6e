/** The variable with the Kubernetes version: `oldest`, `1.24`, or unset for the newest. */
export const KUBERNETES_VARIABLE = 'ACR_NOPASS_KUBERNETES'

/** The variable with the Helm version: `3` for the newest Helm 3, `3.18`, or unset for Helm 4. */
export const HELM_VARIABLE = 'ACR_NOPASS_HELM'

/** The versions of Node.js of the suite `nodejs`, separated by commas. */
export const NODES_VARIABLE = 'ACR_NOPASS_NODES'
