/** Codes of logins in a Docker configuration. */
export const DOCKER_CODES = {
  DOCKER_CONFIG_UNREADABLE: {
    what: "The user's Docker configuration cannot be read, so Docker cannot read it either.",
    fix: 'Correct the file that the message names, or use `config: isolated`, which leaves it alone.',
  },
  DOCKER_CONFIG_UNWRITABLE: {
    what: 'The Docker configuration cannot be written.',
    fix: 'Make the folder writable for the user of the job, or use `config: isolated`, which writes to a temporary folder.',
  },
  DOCKER_CONFIG_LOCKED: {
    what: 'Another job is changing the same Docker configuration and did not finish in time.',
    fix: 'Run again. If no other job runs on the machine, remove the lock file that the message names.',
  },
  DOCKER_LOGIN_EXISTS: {
    what: 'The Docker configuration already has a login for the domain. It is not overwritten, because it could not be put back.',
    fix: 'Use `config: isolated`, which leaves it alone, or remove it first with `docker logout DOMAIN`.',
  },
  DOCKER_LOGIN_SHADOWED: {
    what: 'The variable DOCKER_AUTH_CONFIG has a login for the domain. Docker uses that login before the login in its configuration.',
    fix: 'Remove the domain from DOCKER_AUTH_CONFIG in this job.',
  },
  CREDENTIAL_HELPER_FAILED: {
    what: 'The Docker configuration names a credential helper for the domain, and the helper is missing or did not store the login.',
    fix: 'Install or unlock the helper, remove it from `credHelpers` or `credsStore`, or use `config: isolated`, which uses no helper.',
  },
} as const
