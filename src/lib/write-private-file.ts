import { closeSync, constants, fchmodSync, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import { NopassError } from '../errors.ts'

/**
 * Overwrites a file that only its user may read; never through a symbolic or hard link, which another user of the folder
 * could have created.
 * @throws NopassError `INPUT_INVALID`
 */
export function writePrivateFile(file: string, text: string): void {
  const refuse = (what: string, cause?: unknown): NopassError =>
    new NopassError('INPUT_INVALID', `${file} ${what}`, {
      hint: 'Remove it, or name another file.',
      ...(cause === undefined ? {} : { cause }),
    })
  let handle: number
  try {
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK
    handle = openSync(file, flags, 0o600)
  } catch (cause) {
    const isLink = (cause as NodeJS.ErrnoException).code === 'ELOOP'
    throw refuse(isLink ? 'is a symbolic link and is not written through' : 'cannot be written', cause)
  }
  try {
    const found = fstatSync(handle)
    if (!found.isFile() || found.nlink !== 1) throw refuse('is not a regular file of one name')
    fchmodSync(handle, 0o600)
    ftruncateSync(handle)
    writeAll(handle, Buffer.from(text))
  } finally {
    closeSync(handle)
  }
}

function writeAll(handle: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(handle, bytes, at)
}
