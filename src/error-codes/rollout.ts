/** Codes of the work over all clusters. */
export const ROLLOUT_CODES = {
  CLUSTER_UNREACHABLE: {
    what: 'The API server of a cluster does not respond.',
    fix: 'Check that the cluster is up and that this machine can reach its address; then run again.',
  },
  CLUSTER_PRIVATE: {
    what: 'The API server has no public endpoint, and the entry does not use the private one.',
    fix: 'Set `private-endpoint: true` (in a clusters file `ack.privateEndpoint`), and run on a runner in the VPC of the cluster or one connected to it.',
  },
  CLUSTER_MISMATCH: {
    what: 'The API server is not the one that the entry names.',
    fix: 'Correct the kubeconfig, the context or `expect` of this entry. Nothing was written.',
  },
  CLUSTER_DUPLICATE: {
    what: 'Two entries are the same release in the same cluster.',
    fix: 'Remove one of the two entries, or give them different releases.',
  },
  CLUSTER_UNKNOWN: { what: 'No entry of the list has that name.', fix: 'Use one of the names in the message.' },
  KUBECONFIG_MISSING: {
    what: 'The kubeconfig of an entry does not exist.',
    fix: 'Write the file in an earlier step, or set the variable; the ambient kubeconfig is never used.',
  },
  KUBECONFIG_REFUSED: {
    what: 'A kubeconfig that a pull request can change would run a program or read a file outside of the workspace.',
    fix: 'On pull requests use `ack`, or a kubeconfig from a secret (`kubeconfig: { env: … }`); docs/en/security.md describes what a pull request may do.',
  },
  DEPLOYER_FORBIDDEN: {
    what: "The deployer's rights in the cluster do not suffice.",
    fix: 'Give the deployer the rights that the message lists; on ACK make its user or role administrator of the cluster (Authorizations). Nothing was written.',
  },
  RELEASE_ELSEWHERE: {
    what: 'Another release of acr-nopass is installed in this cluster.',
    fix: 'Use its release and namespace, or uninstall it first.',
  },
  RELEASE_RENAMED: {
    what: 'The values would rename the objects of an installed release: its ServiceAccount, which the trust policy of its role names, and its Lease.',
    fix: 'Restore `nameOverride` and `fullnameOverride`. For another name uninstall the release and install it again. Nothing was written.',
  },
  ADDON_PRESENT: {
    what: "The vendor's credential add-on is installed in this cluster; two tools would write the same ServiceAccounts.",
    fix: 'Set `coexist: true` and migrate as docs/en/migrate.md describes; uninstall the add-on only when nothing depends on it any more.',
  },
  WORKER_ROLE_UNKNOWN: {
    what: 'The worker roles of the cluster are not known.',
    fix: 'Set `workerRoles` of the entry, or `ram: none` and apply `acr-nopass policy` yourself.',
  },
  RAM_MODE_CONFLICT: {
    what: 'The input `ram` and `identity.type` of the values contradict each other.',
    fix: 'Use `ram: auto`, or change `identity.type`.',
  },
  RRSA_NOT_ENABLED: {
    what: 'RRSA is not enabled on the cluster.',
    fix: 'Enable RRSA in the ACK console (Basic Information, Security), or use `identity.type: worker-role`.',
  },
  RELEASE_CHANGED: {
    what: 'Another deployer changed the release after this run had checked it.',
    fix: 'Run again once the other deployer has finished. This run did not touch the release.',
  },
  RELEASE_OVERTAKEN: {
    what: 'Another deployer changed the release while this run deployed or verified it, so its result does not count.',
    fix: 'Check `helm history`, agree on one deployer, and run again. What the other deployer completed was kept.',
  },
  RRSA_ISSUER_MISMATCH: {
    what: 'The API server issues ServiceAccount tokens under an issuer that ACK does not list, so RAM would refuse them.',
    fix: 'Check that the entry names the right cluster; if it does, turn RRSA off and on again in the ACK console. Nothing was written.',
  },
  PLAN_CHANGED: {
    what: 'The run would do something other than the approved plan, or more.',
    fix: 'Run `plan` again and have it approved again.',
  },
  HELPER_FAILING: {
    what: 'The helper cannot work with this configuration.',
    fix: 'Fix what the helper reports; the message contains its own fix.',
  },
  POD_FAILING: {
    what: 'A Pod of the release does not start.',
    fix: 'Change what the message names: the image, a Secret or ConfigMap, the resources, or the place on the nodes.',
  },
  VERIFY_STATUS: {
    what: 'The helper did not report every registry as live in time.',
    fix: "Run `acr-nopass doctor`; it shows the helper's report.",
  },
  VERIFY_NAMESPACE: {
    what: 'The verification cannot work in its namespace: the one of `verify-namespace` does not exist or the helper does not write there, or the cluster refused a new one.',
    fix: 'Set `verify-namespace` to an existing namespace that is a target of the values and does not carry the label `acr-nopass.io/skip`.',
  },
  VERIFY_SECRET: {
    what: 'The pull secret in the probe namespace did not appear, or is not what the values ask for.',
    fix: 'Run `acr-nopass doctor`; check `targets` and the log of the helper.',
  },
  VERIFY_ATTACH: {
    what: 'A new Pod does not get the reference to the pull secret.',
    fix: 'Check `attach` and the admission policies (`kubectl get mutatingadmissionpolicies`).',
  },
  VERIFY_IMAGE: {
    what: 'The image of `verify-image` was not pulled in the probe namespace.',
    fix: 'Read what the node reports in the message; check that the image exists and a registry of the values covers it.',
  },
  UNINSTALL_CHART: {
    what: 'The release was installed from another chart than the one that the uninstall was given.',
    fix: 'Give that chart with `chart`, or uninstall as the message shows. Nothing was written.',
  },
  RETIRE_INCOMPLETE: {
    what: 'The helper did not report that it removed everything.',
    fix: 'Run `acr-nopass cleanup`, then `acr-nopass uninstall` again.',
  },
} as const
