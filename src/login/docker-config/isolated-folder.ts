import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { basename, join } from 'node:path'
import { NopassError } from '../../errors.ts'
import { orElse } from '../../lib/or-else.ts'
import { configFileOf } from './config-file.ts'

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
 * @throws DOCKER_CONFIG_UNWRITABLE
 */
export function createIsolatedFolder(temporaryFolder: string, userFolder: string): string {
  let folder: string
  try {
    mkdirSync(temporaryFolder, { recursive: true })
    folder = mkdtempSync(join(temporaryFolder, PREFIX))
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const message = `no Docker configuration can be created in ${temporaryFolder}`
    const hint = 'Make the temporary folder writable for the user of the job.'
    throw new NopassError('DOCKER_CONFIG_UNWRITABLE', message, { hint, cause, reason: code })
  }
  for (const name of SHARED_FOLDERS) {
    // Created if missing: a builder that the job creates can then be found, and removed, after the
    // job. If the user's folder is read-only, nothing could be kept there anyway.
    orElse(() => mkdirSync(join(userFolder, name), { recursive: true, mode: 0o700 }), undefined)
  }
  for (const name of [...SHARED_FOLDERS, ...SHARED_FILES]) {
    if (existsSync(join(userFolder, name))) symlinkSync(join(userFolder, name), join(folder, name))
  }
  return folder
}

/** True for the real path of a folder that `createIsolatedFolder` created. */
export function isIsolatedFolder(folder: string): boolean {
  return basename(folder).startsWith(PREFIX) && statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true
}

/**
 * Removes the folder and its links, but not what the links lead to.
 * @throws DOCKER_CONFIG_UNWRITABLE if something stays; the logins are removed then
 */
export function removeIsolatedFolder(folder: string): void {
  let what = `${folder} cannot be removed`
  try {
    // The logins go first, because the removal may stop at a folder of another user.
    rmSync(configFileOf(folder), { force: true })
    what = `${what}; its logins are removed`
    rmSync(folder, { recursive: true, force: true })
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const hint = 'Remove the folder as a user who may, for example as the user of the containers that wrote to it.'
    throw new NopassError('DOCKER_CONFIG_UNWRITABLE', what, { hint, cause, reason: code })
  }
}
