/** Codes of the command line tool. */
export const CLI_CODES = {
  RELEASE_NOT_FOUND: {
    what: 'No release of acr-nopass was found in the cluster.',
    fix: 'Check --kube-context, or name it by --namespace and --release.',
  },
  HELPER_AT_WORK: {
    what: 'The helper is still running and would immediately recreate whatever is removed.',
    fix: 'Use `acr-nopass uninstall`, or `helm uninstall` first; then run `acr-nopass cleanup` again. If Helm has no record of the release, remove it with what installed it, such as Argo CD. For what an earlier `secretName` left, add `--secret-name` with that name: the helper may keep running.',
  },
  CLEANUP_UNREADABLE: {
    what: 'Whether a helper of the release is still running could not be read, so nothing is removed.',
    fix: 'Use a kubeconfig that may list ConfigMaps in all namespaces, and Deployments and Pods in that of the release.',
  },
  REFRESH_UNCONFIRMED: {
    what: 'The helper did not report new tokens in time, or requests none because of `retire: true`.',
    fix: 'Run `acr-nopass doctor`; it shows what the helper reports and whether it runs.',
  },
  GITHUB_UNKNOWN: {
    what: 'The numeric ids of a GitHub repository and its owner could not be determined.',
    fix: "Query them with `gh api repos/OWNER/REPO --jq '.owner.id, .id'` and pass --owner-id and --repository-id.",
  },
  IMPORT_NOTHING: {
    what: "Alibaba's own helper was not found: no configuration, Secret, ServiceAccount or Deployment of it.",
    fix: 'The managed add-on keeps its parameters in ACK: save what `aliyun cs DescribeClusterAddonInstance --region REGION --ClusterID CLUSTER --AddonName managed-aliyun-acr-credential-helper` shows, and pass it with `import -f`.',
  },
  IMPORT_UNREADABLE: {
    what: 'A file to import is not YAML or JSON, or not of a known kind.',
    fix: 'Give manifests as `kubectl get -o yaml` writes them, or the JSON of the add-on.',
  },
  IMPORT_SETTING: {
    what: 'A setting of the old helper has an invalid value.',
    fix: 'Fix it in a copy of the configuration and pass that with `import -f`.',
  },
  IMPORT_REGION: {
    what: 'The region of a registry is not known.',
    fix: "Add --region with the cluster's region, which is what the old helper uses.",
  },
  IMPORT_IDENTITIES: {
    what: 'The old helper called the cloud as several identities; a release of acr-nopass has one.',
    fix: 'Let one identity assume a role for each of the others (`assumeRoleARN`), or import the entries of one identity from a copy of the configuration.',
  },
  IMPORT_REFUSED: {
    what: 'The configuration can be read, but the resulting values cannot work.',
    fix: 'Fix what the message names in a copy of the configuration and pass that with `import -f`.',
  },
  IMPORT_FILE_EXISTS: {
    what: 'The file to write already exists.',
    fix: 'Name another one with --to, or overwrite it with --force.',
  },
  LEGACY_IN_USE: {
    what: 'Something may still need what is to be removed.',
    fix: 'Do what the list says for each, or confirm by name with `--abandon` what is no longer needed; then run `acr-nopass cleanup --legacy` again.',
  },
  LEGACY_UNREADABLE: {
    what: 'What might depend on the old helper could not be read, so nothing is removed.',
    fix: 'Use a kubeconfig that may list Pods, workloads, ServiceAccounts, ConfigMaps, Roles, admission policies and Secrets in all namespaces.',
  },
} as const
