import { existsSync, lstatSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { basename, join } from 'node:path'
import { NopassError } from '../../errors.ts'

const PREFIX = 'acr-nopass-docker-'
/**
 * What Docker keeps beside config.json and a build needs: builders of buildx, plugins, contexts,
 * and the default TLS files of a remote daemon.
 * Sources: https://github.com/docker/buildx/blob/v0.30.1/util/confutil/config.go#L49,
 * https://github.com/docker/cli/blob/v29.3.0/cli-plugins/manager/manager.go#L48,
 * https://github.com/docker/cli/blob/v29.3.0/cli/config/config.go#L88,
 * https://github.com/docker/cli/blob/v29.3.0/cli/flags/options.go#L109
 */
const SHARED_FOLDERS = ['buildx', 'cli-plugins', 'contexts']
const SHARED_FILES = ['ca.pem', 'cert.pem', 'key.pem']

/**
 * Creates a private folder (mode 0700) for a Docker configuration of one job. Links in it lead to
 * what buildx and Docker keep beside the user's configuration.
 */
export function createIsolatedFolder(temporaryFolder: string, userFolder: string): string {
  try {
    mkdirSync(temporaryFolder, { recursive: true })
    const folder = mkdtempSync(join(temporaryFolder, PREFIX))
    // Created if missing, because buildx cannot create a folder behind a link. A builder that the
    // job creates can then still be found, and removed, after the job.
    for (const name of SHARED_FOLDERS) mkdirSync(join(userFolder, name), { recursive: true, mode: 0o700 })
    for (const name of [...SHARED_FOLDERS, ...SHARED_FILES]) {
      if (existsSync(join(userFolder, name))) symlinkSync(join(userFolder, name), join(folder, name))
    }
    return folder
  } catch (cause) {
    throw new NopassError('DOCKER_CONFIG_UNWRITABLE', `no Docker configuration can be created in ${temporaryFolder}`, {
      hint: 'Make the temporary folder and the Docker configuration of the user writable.',
      reason: (cause as NodeJS.ErrnoException).code,
      cause,
    })
  }
}

/** Removes the folder and its links, but not what the links lead to. */
export function removeIsolatedFolder(folder: string): void {
  const found = lstatSync(folder, { throwIfNoEntry: false })
  if (found?.isDirectory() && basename(folder).startsWith(PREFIX)) rmSync(folder, { recursive: true, force: true })
}
