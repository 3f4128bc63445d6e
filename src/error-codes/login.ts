/** Codes of a login to registries, by `mode: login` or `acr-nopass login`. */
export const LOGIN_CODES = {
  LOGIN_FIXED_PASSWORD: {
    what: 'The registry issues no temporary logins, because it has only its fixed password.',
    fix: 'Keep that password as a secret of the CI and log in with `docker login --password-stdin`, or use an Enterprise instance.',
  },
  LOGIN_TOO_SHORT: {
    what: 'The token would expire before `min-life`, so the job could not finish its pushes and pulls.',
    fix: "A token lives as long as its session, and by default one hour. Set `expires-in-hours` and a `session-duration` of as many hours, within the role's maximum session duration. Or lower `min-life`.",
  },
  LOGIN_REFUSED: {
    what: 'The registry refuses a login that Alibaba Cloud has just issued.',
    fix: 'Run again. If the registry still refuses the login, check that the domain belongs to this instance, and whether a policy denies the role access to this instance.',
  },
  LOGIN_PULL_DENIED: {
    what: 'The registry accepts the login, but does not let it pull a repository of the list.',
    fix: 'Check that the repository exists, and that the role allows `cr:PullRepository` on it; `acr-nopass policy --ci --login` prints the policy of the role.',
  },
  LOGIN_PUSH_DENIED: {
    what: 'The registry accepts the login, but does not let it push to a repository of the list.',
    fix: 'The role needs `cr:PushRepository` on the repository; `acr-nopass policy --ci --login --push` prints its policy. Create a repository that does not exist, or set `create-repositories: true` where the namespace creates repositories automatically.',
  },
  LOGIN_UNVERIFIED: {
    what: 'No domain of the registry gave a response that shows whether the login works, so the login was not stored.',
    fix: 'Check that this machine reaches the registry: the endpoint must be open and its allow-list must include this address. With `network: vpc` the machine must be in a linked VPC.',
  },
} as const
