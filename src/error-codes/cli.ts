/** Codes of the command line tool. */
export const CLI_CODES = {
  RELEASE_NOT_FOUND: {
    what: 'No release of acr-nopass was found in the cluster.',
    fix: 'Check --context, or name the release with --namespace and --release.',
  },
  HELPER_AT_WORK: {
    what: 'The helper is still running and would immediately recreate what the cleanup removes.',
    fix: 'Run `acr-nopass uninstall` or `helm uninstall` first, then `acr-nopass cleanup` again. If Helm has no record of the release, remove it with the tool that installed it, such as Argo CD. To remove what an earlier `secretName` left, pass that name with `--secret-name`; the helper may keep running.',
  },
  CLEANUP_UNREADABLE: {
    what: 'acr-nopass could not read whether a helper of the release is still running, so it removes nothing.',
    fix: 'Use a kubeconfig that may list ConfigMaps in all namespaces, and Deployments and Pods in the namespace of the release.',
  },
  REFRESH_UNCONFIRMED: {
    what: 'The helper did not report new tokens in time, or requests no tokens because `retire: true` is set.',
    fix: 'Run `acr-nopass doctor`: it shows whether the helper runs and what it reports.',
  },
  GITHUB_UNKNOWN: {
    what: 'The numeric ids of a GitHub repository and its owner could not be determined.',
    fix: "Query them with `gh api repos/OWNER/REPO --jq '.owner.id, .id'` and pass --owner-id and --repository-id.",
  },
  IMPORT_NOTHING: {
    what: "No configuration, Secret, ServiceAccount or Deployment of Alibaba's own helper was found.",
    fix: 'ACK keeps the parameters of the managed add-on. Save the output of `aliyun cs DescribeClusterAddonInstance --region REGION --ClusterID CLUSTER --AddonName managed-aliyun-acr-credential-helper`, and pass the file with `import -f`.',
  },
  IMPORT_UNREADABLE: {
    what: 'A file to import is neither YAML nor JSON, or its kind is not known.',
    fix: 'Pass manifests as `kubectl get -o yaml` prints them, or the JSON of the add-on.',
  },
  IMPORT_SETTING: {
    what: 'A setting of the old helper has an invalid value.',
    fix: 'Correct the setting in a copy of the configuration, and pass the copy with `import -f`.',
  },
  IMPORT_REGION: {
    what: 'The region of a registry is not known.',
    fix: 'Pass the region of the cluster with --region; the old helper uses that region too.',
  },
  IMPORT_IDENTITIES: {
    what: 'The old helper called Alibaba Cloud as several identities, but a release of acr-nopass has one identity.',
    fix: 'Let one identity assume the roles of the others (`assumeRoleARN`), or keep only the entries of one identity in a copy of the configuration and import the copy.',
  },
  IMPORT_REFUSED: {
    what: 'The configuration is readable, but the values made from it cannot work.',
    fix: 'Correct what the message names in a copy of the configuration, and pass the copy with `import -f`.',
  },
  IMPORT_FILE_EXISTS: {
    what: 'The output file already exists.',
    fix: 'Write to another file with --to, or overwrite the file with --force.',
  },
  INIT_FILE_EXISTS: {
    what: 'A file that `init` would write already exists; `init` never overwrites a file.',
    fix: 'Move the file away, write to another folder with --to, or see the new text with --dry-run.',
  },
  INIT_NOTHING: {
    what: 'The account has no ACK cluster, or no Enterprise instance, in the regions that were read.',
    fix: 'Check the credentials and the regions (--region, repeatable). For a self-built cluster or a Personal Edition instance, write the values yourself: docs/en/values.md.',
  },
  INIT_REFUSED: {
    what: 'The files that `init` would write would not be valid.',
    fix: 'The message names the value. Leave out what has it, or write the values yourself: docs/en/values.md.',
  },
  LEGACY_IN_USE: {
    what: 'Something may still need the objects that the cleanup would remove.',
    fix: 'Do what the list says for each entry, or confirm with `--abandon` and its name that an entry is no longer needed. Then run `acr-nopass cleanup --legacy` again.',
  },
  LEGACY_UNREADABLE: {
    what: 'Objects that may depend on the old helper could not be read, so nothing is removed.',
    fix: 'Use a kubeconfig that may list Pods, workloads, ServiceAccounts, ConfigMaps, Roles, admission policies and Secrets in all namespaces.',
  },
} as const
