/** So that a cluster that enforces Pod Security restricted takes the Pod of a probe. */
export const RESTRICTED_CONTAINER: { readonly securityContext: object } = {
  securityContext: {
    allowPrivilegeEscalation: false,
    runAsNonRoot: true,
    runAsUser: 65532,
    capabilities: { drop: ['ALL'] },
    seccompProfile: { type: 'RuntimeDefault' },
  },
}
