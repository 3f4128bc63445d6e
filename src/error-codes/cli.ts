/** Codes of the command line tool. */
export const CLI_CODES = {
  RELEASE_NOT_FOUND: {
    what: 'No release of acr-nopass was found in the cluster.',
    cure: 'Check --kube-context, or name it by --namespace and --release.',
  },
  HELPER_AT_WORK: {
    what: 'The helper of the release still runs and would put back at once what is taken away.',
    cure: 'Use `acr-nopass uninstall`, or `helm uninstall` first; then run `acr-nopass cleanup` again.',
  },
  REFRESH_UNCONFIRMED: {
    what: 'The helper did not report new tokens in time.',
    cure: 'Run `acr-nopass doctor`; it shows what the helper reports and whether it runs.',
  },
  GITHUB_UNKNOWN: {
    what: 'The numeric ids of a GitHub repository and its owner could not be found out.',
    cure: "Ask for them with `gh api repos/OWNER/REPO --jq '.owner.id, .id'` and pass --owner-id and --repository-id.",
  },
  SANDBOX_ABSENT: {
    what: 'The sandbox is not part of the npm package.',
    cure: 'Clone the repository and run `npm run sandbox` there.',
  },
} as const
