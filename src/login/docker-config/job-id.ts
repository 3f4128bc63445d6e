/**
 * The variables that together name one job of a CI.
 * Sources: https://docs.github.com/en/actions/reference/workflows-and-actions/variables (a runner
 * runs one job at a time), https://docs.gitlab.com/ci/variables/predefined_variables/ (CI_JOB_ID),
 * https://www.jenkins.io/doc/book/pipeline/jenkinsfile/#using-environment-variables (BUILD_TAG).
 */
const JOB_VARIABLES: readonly (readonly string[])[] = [
  ['GITHUB_RUN_ID', 'GITHUB_RUN_ATTEMPT', 'GITHUB_JOB', 'RUNNER_NAME'],
  ['CI_SERVER_URL', 'CI_JOB_ID'],
  ['JENKINS_URL', 'BUILD_TAG'],
]

/**
 * Returns what names this job, so that jobs that share a Docker configuration can be told apart;
 * null outside of a CI, and in a CI that is not known.
 */
export function jobOf(environment: Readonly<Record<string, string | undefined>>): string | null {
  const variables = JOB_VARIABLES.find((names) => names.every((name) => environment[name]))
  return variables?.map((name) => environment[name]).join(' ') ?? null
}
