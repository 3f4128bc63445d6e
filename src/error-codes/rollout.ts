/** Codes of the work over all clusters. */
export const ROLLOUT_CODES = {
  CLUSTER_UNREACHABLE: {
    what: 'The API server of a cluster does not respond.',
    fix: 'Check that the cluster is up and that this machine can reach its address; then run again.',
  },
  CLUSTER_PRIVATE: {
    what: 'The API server has no public endpoint, and the entry does not use the private one.',
    fix: "Set `private-endpoint: true` (in a clusters file `ack.privateEndpoint`), and use a runner in the cluster's VPC or in a connected network.",
  },
  CLUSTER_MISMATCH: {
    what: 'The API server does not belong to the cluster that the entry names.',
    fix: 'Correct the kubeconfig, the context or `expect` of this entry. Nothing was written.',
  },
  CLUSTER_DUPLICATE: {
    what: 'Two entries name the same release in the same cluster.',
    fix: 'Remove one of the two entries, or give them different releases.',
  },
  CLUSTER_UNKNOWN: { what: 'No entry of the list has that name.', fix: 'Use one of the names in the message.' },
  KUBECONFIG_MISSING: {
    what: 'The kubeconfig of an entry does not exist.',
    fix: 'Write the file in an earlier step, or set the variable. acr-nopass never uses the ambient kubeconfig.',
  },
  KUBECONFIG_REFUSED: {
    what: 'A pull request can change this kubeconfig, which would run a program or read a file outside of the workspace.',
    fix: 'On pull requests use `ack`, or a kubeconfig from a secret (`kubeconfig: { env: … }`); docs/en/security.md describes what a pull request may do.',
  },
  DEPLOYER_FORBIDDEN: {
    what: 'The deployer lacks rights in the cluster.',
    fix: 'Give the deployer the rights that the message lists. On ACK, make its user or role an administrator of the cluster (Authorizations). Nothing was written.',
  },
  RELEASE_ELSEWHERE: {
    what: 'Another release of acr-nopass is installed in this cluster.',
    fix: 'Use the name and namespace of that release, or uninstall it first.',
  },
  RELEASE_RENAMED: {
    what: "The values would rename two objects of an installed release: the Lease, and the ServiceAccount that the role's trust policy names.",
    fix: 'Restore `nameOverride` and `fullnameOverride`. To use another name, uninstall the release and install it again. Nothing was written.',
  },
  ADDON_PRESENT: {
    what: "The vendor's credential add-on is installed in this cluster; two tools would write the same ServiceAccounts.",
    fix: 'Set `coexist: true` and migrate as docs/en/migrate.md describes. Uninstall the add-on only when nothing depends on it any more.',
  },
  WORKER_ROLE_UNKNOWN: {
    what: 'The worker roles of the cluster are unknown.',
    fix: 'Set `workerRoles` in the entry, or use `ram: none` and apply `acr-nopass policy` yourself.',
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
    what: 'Another deployer changed the release while this run deployed or verified it, so the result of this run does not count.',
    fix: 'Check `helm history`, agree on one deployer, and run again. The changes of the other deployer were kept.',
  },
  RRSA_ISSUER_MISMATCH: {
    what: "The API server's tokens name an issuer that ACK does not list, so RAM would refuse the tokens.",
    fix: 'Check that the entry names the right cluster. If it does, turn RRSA off and on again in the ACK console. Nothing was written.',
  },
  PLAN_CHANGED: {
    what: 'The run would make a change that the approved plan does not contain.',
    fix: 'Run `plan` again, and have the new plan approved.',
  },
  HELPER_FAILING: {
    what: 'The helper cannot work with this configuration.',
    fix: 'Fix what the helper reports; the message contains the fix.',
  },
  POD_FAILING: {
    what: 'A Pod of the release does not start.',
    fix: 'Correct what the message names: the image, a Secret or ConfigMap, the resources, or the scheduling of the Pod.',
  },
  VERIFY_STATUS: {
    what: 'The helper did not report every registry as live in time.',
    fix: "Run `acr-nopass doctor`; it shows the helper's report.",
  },
  VERIFY_NAMESPACE: {
    what: 'The verification cannot use its namespace: `verify-namespace` does not exist, the helper does not write there, or the cluster refused a new namespace.',
    fix: 'Set `verify-namespace` to an existing namespace that is a target of the values and lacks the label `acr-nopass.io/skip`.',
  },
  VERIFY_SECRET: {
    what: 'The pull secret did not appear in the probe namespace, or differs from what the values require.',
    fix: 'Run `acr-nopass doctor`; check `targets` and the log of the helper.',
  },
  VERIFY_ATTACH: {
    what: 'A new Pod does not get the reference to the pull secret.',
    fix: 'Check `attach` and the admission policies (`kubectl get mutatingadmissionpolicies`).',
  },
  VERIFY_IMAGE: {
    what: 'The image of `verify-image` was not pulled in the probe namespace.',
    fix: "Read the node's error in the message. Check that the image exists, and that a registry in the values covers it.",
  },
  UNINSTALL_CHART: {
    what: 'The release was installed from a chart other than the one given to the uninstall.',
    fix: 'Pass the chart of the release with `chart`, or uninstall as the message shows. Nothing was written.',
  },
  RETIRE_INCOMPLETE: {
    what: 'The helper did not report that it has removed everything.',
    fix: 'Run `acr-nopass cleanup`, then `acr-nopass uninstall` again.',
  },
} as const
