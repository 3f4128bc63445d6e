import { userInfo } from 'node:os'
import { join, resolve } from 'node:path'
import { NopassError } from '../../errors.ts'

/**
 * Returns the absolute path of Docker's folder: `DOCKER_CONFIG`, or `.docker` in the home of the
 * user. As for Docker, an empty variable counts as missing.
 * Source: https://github.com/docker/cli/blob/v29.3.0/cli/config/config.go#L61
 * @throws DOCKER_CONFIG_UNWRITABLE if the user has no home
 */
export function dockerFolderOf({ DOCKER_CONFIG, HOME }: NodeJS.ProcessEnv, workingDirectory: string): string {
  return resolve(workingDirectory, DOCKER_CONFIG || join(HOME || homeOfUser(), '.docker'))
}

/** `homedir` of node:os returns an empty HOME, which would be the working directory. */
function homeOfUser(): string {
  try {
    return userInfo().homedir
  } catch (cause) {
    throw new NopassError('DOCKER_CONFIG_UNWRITABLE', 'HOME is not set, and the system knows no home of this user', {
      hint: 'Set HOME or DOCKER_CONFIG, also for the steps that use the login.',
      cause,
    })
  }
}
