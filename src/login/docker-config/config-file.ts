import { randomUUID } from 'node:crypto'
import {
  type BigIntStats,
  chmodSync,
  chownSync,
  closeSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { NopassError } from '../../errors.ts'
import { orElse } from '../../lib/or-else.ts'
import { type DockerConfig, parseConfig, renderConfig } from './config-text.ts'

/** How often a change is computed again because another program wrote the file meanwhile. */
const ATTEMPTS = 20
/** The system's own limit (ELOOP). */
const MAX_LINKS = 40
const DRAFT = '.acr-nopass-'

export function configFileOf(folder: string): string {
  return join(folder, 'config.json')
}

/** @throws DOCKER_CONFIG_UNREADABLE */
export function readConfig(folder: string): DockerConfig {
  const name = configFileOf(folder)
  return parseConfig(readRaw(name).text, name)
}

/**
 * Changes config.json as Docker's own `Save` does: a complete file in the same folder replaces the
 * file by a rename, and a symbolic link stays. `change` returns undefined if there is nothing to
 * change, and runs again if another program wrote the file meanwhile. Source:
 * https://github.com/docker/cli/blob/v29.3.0/cli/config/configfile/file.go#L175
 * @throws DOCKER_CONFIG_UNREADABLE, DOCKER_CONFIG_UNWRITABLE, and what `change` throws
 */
export function updateConfig(
  folder: string,
  change: (config: DockerConfig) => DockerConfig['auths'] | undefined,
): void {
  const name = configFileOf(folder)
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const file = targetOf(name)
    const { text, stat } = readRaw(file)
    const config = parseConfig(text, name)
    const auths = change(config)
    if (auths === undefined || replaceFile(file, renderConfig({ ...config, auths }), stat)) return
  }
  throw new NopassError('DOCKER_CONFIG_UNWRITABLE', `${name} is written again and again by another program`, {
    hint: 'Run again when the other program has finished, or use `config: isolated`.',
  })
}

/**
 * Writes a private file by a rename, so that no reader sees a part of it.
 * @throws DOCKER_CONFIG_UNWRITABLE
 */
export function writeWhole(file: string, text: string): void {
  replaceFile(file, text, 'whatever it is')
}

/**
 * Removes files that a process left when it was killed between writing and renaming, because they
 * may hold a login. The caller holds the lock.
 */
export function removeDrafts(name: string): void {
  const file = targetOf(name)
  const drafts = orElse(() => readdirSync(dirname(file)), []).filter((one) =>
    one.startsWith(`${basename(file)}${DRAFT}`),
  )
  for (const draft of drafts) rmSync(join(dirname(file), draft), { force: true })
}

/** Follows symbolic links, also to a file that does not exist yet. */
function targetOf(name: string): string {
  let file = name
  for (let link = 0; link < MAX_LINKS; link += 1) {
    if (lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() !== true) break
    file = resolve(dirname(file), readlinkSync(file))
  }
  return file
}

function readRaw(file: string): { readonly text: string; readonly stat: BigIntStats | undefined } {
  let handle: number | undefined
  try {
    handle = openSync(file, 'r')
    return { stat: fstatSync(handle, { bigint: true }), text: readFileSync(handle, 'utf8') }
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT') return { text: '', stat: undefined }
    throw new NopassError('DOCKER_CONFIG_UNREADABLE', `${file} cannot be read`, { cause, reason: code })
  } finally {
    if (handle !== undefined) closeSync(handle)
  }
}

/** Returns false, and writes nothing, if the file is no longer the file that was read. */
function replaceFile(file: string, text: string, before: BigIntStats | undefined | 'whatever it is'): boolean {
  const draft = `${file}${DRAFT}${randomUUID()}`
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    writeFileSync(draft, text, { mode: 0o600, flag: 'wx' })
    if (before !== 'whatever it is') {
      if (before !== undefined) keepOwner(draft, before)
      // Docker has no lock, so a `docker login` within the microseconds from here to the rename
      // would be lost. Two concurrent `docker login` have the same problem for as long as both run.
      if (!isSameFile(lstatSync(file, { bigint: true, throwIfNoEntry: false }), before)) return false
    }
    renameSync(draft, file)
    return true
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new NopassError('DOCKER_CONFIG_UNWRITABLE', `${file} cannot be written`, { cause, reason: code })
  } finally {
    rmSync(draft, { force: true })
  }
}

function isSameFile(now: BigIntStats | undefined, before: BigIntStats | undefined): boolean {
  if (now === undefined || before === undefined) return now === before
  return now.dev === before.dev && now.ino === before.ino && now.size === before.size && now.mtimeNs === before.mtimeNs
}

/**
 * Like Docker's `copyFilePermissions`, which ignores errors too. Docker does not restore an owner
 * that is root or in root's group, so a user in that group could not read the file after a login as
 * root.
 */
function keepOwner(draft: string, before: BigIntStats): void {
  chmodSync(draft, Number(before.mode & 0o777n))
  orElse(() => chownSync(draft, Number(before.uid), Number(before.gid)), undefined)
}
